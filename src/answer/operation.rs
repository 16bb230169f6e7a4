//! The names that people give to operations: the program's, the API's, the IAM action's, and that of a method in Python.

use crate::bedrock::Operation;

/// Finds an operation by any of its names, without regard to case.
#[must_use]
pub fn operation_named(text: &str) -> Option<Operation> {
    let name = text.rsplit_once(':').map_or(text, |(_, name)| name).trim();
    let by_name = || Operation::ALL.into_iter().find(|operation| operation.as_str().eq_ignore_ascii_case(name));
    let by_python = || {
        let kebab = name.replace('_', "-");
        Operation::ALL.into_iter().find(|operation| operation.as_str().eq_ignore_ascii_case(&kebab))
    };
    let by_api = || Operation::from_api_name(name);
    by_name().or_else(by_api).or_else(by_python).or_else(|| Operation::from_action(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_has_many_names() {
        for (text, name) in [
            ("converse", "converse"),
            ("Converse", "converse"),
            ("InvokeModel", "invoke-model"),
            ("invoke_model", "invoke-model"),
            ("bedrock:InvokeModel", "invoke-model"),
            ("bedrock:invokemodelwithresponsestream", "invoke-model-with-response-stream"),
            ("bedrock-runtime:ConverseStream", "converse-stream"),
        ] {
            assert_eq!(operation_named(text).map(Operation::as_str), Some(name), "{text}");
        }
        assert_eq!(operation_named("chat"), None);
    }
}
