//! Projects that a call on bedrock-runtime can belong to: what `--project` may hold.
//!
//! InvokeModel, InvokeModelWithResponseStream, Converse and ConverseStream take `projectIdentifier`, and are then authorized
//! on the project besides their target (Bedrock API Reference, "InvokeModel"). Only the form of a reference is checked.

use super::Region;
use crate::iam::Arn;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The project to which calls belong that name none.
pub const DEFAULT_PROJECT: &str = "default";

/// The longest project identifier that the API takes, in characters (API Reference, "InvokeModel").
const MAX_LENGTH: usize = 2048;

/// A project as a call names it: by its id or its ARN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectReference(Name);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Id(String),
    Arn(Arn),
}

/// A text that names no project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectError(String);

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a project's id, such as `default` or `proj_…`, nor its ARN", self.0.escape_debug())
    }
}

impl std::error::Error for ProjectError {}

impl ProjectReference {
    /// Returns the project's ARN in bedrock-runtime; an id belongs to the account and Region of the call.
    #[must_use]
    pub fn arn(&self, region: &Region, account: Option<&str>) -> Option<Arn> {
        match &self.0 {
            Name::Arn(arn) => Some(arn.clone()),
            Name::Id(id) => {
                let resource = format!("project/{id}");
                Some(Arn::new(region.partition().as_str(), "bedrock", region.as_str(), account?, &resource))
            }
        }
    }

    /// Returns `true` if it is the project to which calls belong that name none.
    #[must_use]
    pub fn is_default(&self) -> bool {
        match &self.0 {
            Name::Id(id) => id == DEFAULT_PROJECT,
            Name::Arn(arn) => arn.resource_id() == DEFAULT_PROJECT,
        }
    }
}

/// Returns `true` if a text has the form of a project's id (Bedrock API Reference, "InvokeModel", `projectIdentifier`).
fn is_id(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl FromStr for ProjectReference {
    type Err = ProjectError;

    fn from_str(text: &str) -> Result<Self, ProjectError> {
        let wrong = || ProjectError(text.chars().take(80).collect());
        if is_id(text) {
            return Ok(Self(Name::Id(text.to_owned())));
        }
        let arn: Arn = text.parse().map_err(|_| wrong())?;
        let is_project = arn.service == "bedrock" && arn.resource_type() == "project" && is_id(arn.resource_id());
        if is_project { Ok(Self(Name::Arn(arn))) } else { Err(wrong()) }
    }
}

impl fmt::Display for ProjectReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Id(id) => f.write_str(id),
            Name::Arn(arn) => arn.fmt(f),
        }
    }
}

impl From<ProjectReference> for String {
    fn from(reference: ProjectReference) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for ProjectReference {
    type Error = ProjectError;

    fn try_from(text: String) -> Result<Self, ProjectError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns_are_projects_and_nothing_else_is() {
        let arn = "arn:aws:bedrock:us-west-2:111122223333:project/proj_abcdefghijkl234567mn";
        for good in ["default", "proj_abcdefghijkl234567mn", arn] {
            assert_eq!(good.parse::<ProjectReference>().unwrap().to_string(), good);
        }
        let region = "us-west-2".parse().unwrap();
        let id: ProjectReference = "proj_abcdefghijkl234567mn".parse().unwrap();
        assert_eq!(id.arn(&region, Some("111122223333")).unwrap().to_string(), arn);
        assert_eq!(id.arn(&region, None), None);
        for bad in [
            "",
            "proj abc",
            "proj_abc$(id)",
            "arn:aws:iam::111122223333:role/a",
            "arn:aws:bedrock:us-west-2:111122223333:agent/a",
        ] {
            assert!(bad.parse::<ProjectReference>().is_err(), "{bad}");
        }
    }
}
