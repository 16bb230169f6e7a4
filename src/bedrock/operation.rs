//! The operations that can be diagnosed, and what each one needs of IAM.
//!
//! INVARIANT: this table is the only place that knows which IAM action an API call is authorized as
//! (Service Authorization Reference, "Actions, resources, and condition keys for Amazon Bedrock").

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An API operation of Bedrock, by its command-line name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `InvokeModel`.
    #[default]
    InvokeModel,
    /// `InvokeModelWithResponseStream`.
    InvokeModelWithResponseStream,
    /// `Converse`, authorized as `bedrock:InvokeModel`.
    Converse,
    /// `ConverseStream`, authorized as `bedrock:InvokeModelWithResponseStream`.
    ConverseStream,
}

struct Row {
    operation: Operation,
    name: &'static str,
    api: &'static str,
    action: &'static str,
    streams: bool,
}

const TABLE: [Row; 4] = [
    Row {
        operation: Operation::InvokeModel,
        name: "invoke-model",
        api: "InvokeModel",
        action: "bedrock:InvokeModel",
        streams: false,
    },
    Row {
        operation: Operation::InvokeModelWithResponseStream,
        name: "invoke-model-with-response-stream",
        api: "InvokeModelWithResponseStream",
        action: "bedrock:InvokeModelWithResponseStream",
        streams: true,
    },
    Row {
        operation: Operation::Converse,
        name: "converse",
        api: "Converse",
        action: "bedrock:InvokeModel",
        streams: false,
    },
    Row {
        operation: Operation::ConverseStream,
        name: "converse-stream",
        api: "ConverseStream",
        action: "bedrock:InvokeModelWithResponseStream",
        streams: true,
    },
];

impl Operation {
    /// Every operation, in the order of the table.
    pub const ALL: [Self; 4] =
        [Self::InvokeModel, Self::InvokeModelWithResponseStream, Self::Converse, Self::ConverseStream];

    fn row(self) -> &'static Row {
        let [first, ..] = &TABLE;
        TABLE.iter().find(|row| row.operation == self).unwrap_or(first)
    }

    /// Returns the command-line name, such as `invoke-model`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Returns the name of the API call, such as `InvokeModel`, as error texts and CloudTrail have it.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        self.row().api
    }

    /// Returns the IAM action that the call is authorized as.
    #[must_use]
    pub fn iam_action(self) -> &'static str {
        self.row().action
    }

    /// Tells whether the answer comes as a stream.
    #[must_use]
    pub fn streams(self) -> bool {
        self.row().streams
    }

    /// Finds the operation of an API call's name, without regard to case.
    #[must_use]
    pub fn from_api_name(api: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.api.eq_ignore_ascii_case(api)).map(|row| row.operation)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.operation).ok_or_else(|| {
            let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
            format!("`{name}` is not an operation; known are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_own_row() {
        for operation in Operation::ALL {
            assert_eq!(operation.row().operation, operation);
            assert_eq!(operation.as_str().parse::<Operation>(), Ok(operation));
            assert_eq!(Operation::from_api_name(operation.api_name()), Some(operation));
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.as_str());
        }
        assert_eq!(TABLE.len(), Operation::ALL.len());
    }

    #[test]
    fn converse_has_no_action_of_its_own() {
        assert_eq!(Operation::Converse.iam_action(), "bedrock:InvokeModel");
        assert_eq!(Operation::ConverseStream.iam_action(), "bedrock:InvokeModelWithResponseStream");
    }
}
