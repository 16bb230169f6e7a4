//! What a tool says where it has no answer: which argument is wrong, why, and what to do.

use crate::answer::Failure;

/// Why a tool has no answer.
#[derive(Debug)]
pub(super) struct ToolError {
    /// The argument that is wrong; one of the tool's own.
    pub(super) argument: Option<String>,
    /// What is wrong, which may quote anything.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl ToolError {
    /// An argument that is wrong.
    pub(super) fn argument(name: &str, message: impl Into<String>) -> Self {
        Self { argument: Some(name.to_owned()), message: message.into(), hint: None }
    }

    /// Something that is no argument's fault.
    pub(super) fn general(message: impl Into<String>) -> Self {
        Self { argument: None, message: message.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the argument, where none is named yet.
    #[must_use]
    pub(super) fn about(mut self, name: &str) -> Self {
        self.argument.get_or_insert_with(|| name.to_owned());
        self
    }
}

impl From<Failure> for ToolError {
    /// Takes a command's failure over: its options are this server's arguments.
    fn from(failure: Failure) -> Self {
        let argument = first_option(&failure.message).or_else(|| failure.hint.as_deref().and_then(first_option));
        let hint = failure.hint.map(|hint| in_words_of_tools(&hint));
        Self { argument, message: in_words_of_tools(&failure.message), hint }
    }
}

/// Returns the name of the first option in a text, as an argument.
fn first_option(text: &str) -> Option<String> {
    let (_, behind) = text.split_once("`--")?;
    let name: String = behind.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
    (!name.is_empty()).then(|| argument_of(&name))
}

/// Replaces the options of the command line in a text by the names of arguments: in each quotation that begins with one.
pub(super) fn in_words_of_tools(text: &str) -> String {
    let words = |word: &str| match word.strip_prefix("--") {
        Some(option) => argument_of(option),
        None => word.to_owned(),
    };
    let part = |(number, part): (usize, &str)| match number % 2 == 1 && part.starts_with("--") {
        true => part.split(' ').map(words).collect::<Vec<_>>().join(" "),
        false => part.to_owned(),
    };
    text.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}

/// Returns the argument that stands for an option.
fn argument_of(option: &str) -> String {
    match option {
        "destination-region" => "destination_regions".to_owned(),
        "resource" => "resources".to_owned(),
        "scp" => "service_control_policies".to_owned(),
        "rcp" => "resource_control_policies".to_owned(),
        "policy" => "policies".to_owned(),
        "probe" | "invoke" => "test_call".to_owned(),
        "parameter" => "parameters".to_owned(),
        other => other.replace('-', "_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_arguments() {
        let failure = Failure::usage("the ARN names the Region `us-east-1`, and `--region` says `us-west-2`")
            .hint("add `--destination-region us-east-1`, or leave `--any-destination` out");
        let error = ToolError::from(failure);
        assert_eq!(error.argument.as_deref(), Some("region"));
        assert_eq!(error.message, "the ARN names the Region `us-east-1`, and `region` says `us-west-2`");
        assert_eq!(error.hint.as_deref(), Some("add `destination_regions us-east-1`, or leave `any_destination` out"));
        let failure = Failure::usage("no model is given").hint("name it: `--model a.b --region us-east-1`");
        let error = ToolError::from(failure);
        assert_eq!(error.argument.as_deref(), Some("model"));
        assert_eq!(error.hint.as_deref(), Some("name it: `model a.b region us-east-1`"));
        assert_eq!(ToolError::from(Failure::input("`x--y` is not there")).argument, None);
    }
}
