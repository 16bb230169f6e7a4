//! The AWS services that assume a role so that a workload can call Bedrock, or so that Bedrock can act.
//!
//! Which principal a role's trust policy has to name, which actions it has to allow, and what the service says about itself
//! (IAM User Guide, "The confused deputy problem"; EKS User Guide, "Pod Identity"; ECS Developer Guide, "Task IAM
//! role").

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// A service that assumes roles for workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "kebab-case")]
pub enum AssumingService {
    /// AWS Lambda, for a function's execution role.
    Lambda,
    /// Amazon EC2, for an instance profile's role.
    Ec2,
    /// Amazon ECS, for a task's role.
    Ecs,
    /// Amazon EKS Pod Identity.
    EksPodIdentity,
    /// Amazon Bedrock, for agents, knowledge bases and jobs.
    Bedrock,
    /// Amazon SageMaker AI, for an execution role.
    #[serde(rename = "sagemaker")]
    SageMaker,
}

impl AssumingService {
    /// Every service, in the order of the command line's help.
    pub const ALL: [Self; 6] =
        [Self::Lambda, Self::Ec2, Self::Ecs, Self::EksPodIdentity, Self::Bedrock, Self::SageMaker];

    /// Returns the command line's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Ec2 => "ec2",
            Self::Ecs => "ecs",
            Self::EksPodIdentity => "eks-pod-identity",
            Self::Bedrock => "bedrock",
            Self::SageMaker => "sagemaker",
        }
    }

    /// Returns the service principal that a trust policy names.
    #[must_use]
    pub fn principal(self) -> &'static str {
        match self {
            Self::Lambda => "lambda.amazonaws.com",
            Self::Ec2 => "ec2.amazonaws.com",
            Self::Ecs => "ecs-tasks.amazonaws.com",
            Self::EksPodIdentity => "pods.eks.amazonaws.com",
            Self::Bedrock => "bedrock.amazonaws.com",
            Self::SageMaker => "sagemaker.amazonaws.com",
        }
    }

    /// Returns the actions that the trust policy has to allow.
    #[must_use]
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::EksPodIdentity => &["sts:AssumeRole", "sts:TagSession"],
            _ => &["sts:AssumeRole"],
        }
    }

    /// Returns the service part of the ARNs that the service passes in `aws:SourceArn`; `None` if it passes none.
    #[must_use]
    pub fn source_service(self) -> Option<&'static str> {
        match self {
            Self::Lambda | Self::Ec2 => None,
            Self::Ecs => Some("ecs"),
            Self::EksPodIdentity => Some("eks"),
            Self::Bedrock => Some("bedrock"),
            Self::SageMaker => Some("sagemaker"),
        }
    }

    /// Returns the statement of a trust policy that lets the service assume a role, limited to this account and these
    /// sources if the service's documentation does so.
    #[must_use]
    pub fn trust_statement(self, account: Option<&str>, sources: &[String]) -> Value {
        let one_or_many = |values: &[String]| match values {
            [only] => json!(only),
            many => json!(many),
        };
        let actions: Vec<String> = self.actions().iter().map(|action| (*action).to_owned()).collect();
        let mut statement = json!({
            "Effect": "Allow", "Principal": {"Service": self.principal()}, "Action": one_or_many(&actions),
        });
        let narrows = matches!(self, Self::Bedrock | Self::Ecs);
        if let (true, Some(account), Some(fields)) = (narrows, account, statement.as_object_mut()) {
            let condition = json!({
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": one_or_many(sources)},
            });
            fields.insert("Condition".to_owned(), condition);
        }
        statement
    }
}

impl fmt::Display for AssumingService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AssumingService {
    type Err = ParseServiceError;

    fn from_str(name: &str) -> Result<Self, ParseServiceError> {
        let known = Self::ALL.into_iter().find(|service| service.as_str() == name);
        known.ok_or_else(|| ParseServiceError { name: name.to_owned() })
    }
}

/// A name that is none of those of [`AssumingService`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseServiceError {
    name: String,
}

impl fmt::Display for ParseServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = AssumingService::ALL.map(AssumingService::as_str).join(", ");
        write!(f, "`{}` is not a service that assumes roles here; known are {names}", self.name)
    }
}

impl std::error::Error for ParseServiceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for service in AssumingService::ALL {
            assert_eq!(service.as_str().parse(), Ok(service));
            assert_eq!(serde_json::to_value(service).unwrap(), service.as_str());
        }
        assert!("s3".parse::<AssumingService>().is_err());
    }
}
