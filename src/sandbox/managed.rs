//! AWS managed policies that a world may name.

/// An AWS managed policy.
pub(super) struct AwsManagedPolicy;

impl AwsManagedPolicy {
    /// Returns the id of the default version.
    pub(super) fn version(&self) -> &'static str {
        "v1"
    }

    /// Returns the document's text.
    pub(super) fn text(&self) -> String {
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#.to_owned()
    }
}

/// Finds an AWS managed policy by its name.
pub(super) fn find(name: &str) -> Option<AwsManagedPolicy> {
    (name == "AdministratorAccess").then_some(AwsManagedPolicy)
}
