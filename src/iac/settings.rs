//! What the person who runs the check knows of the deployment: parameters, Region, account.

use std::collections::BTreeMap;

/// Values that a file leaves open.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Parameters of templates and variables, by name.
    pub parameters: BTreeMap<String, String>,
    /// The Region of the deployment.
    pub region: Option<String>,
    /// The account of the deployment.
    pub account: Option<String>,
}

impl Settings {
    /// Returns a parameter's value, pseudo parameters included.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        if let Some(value) = self.parameters.get(name) {
            return Some(value.clone());
        }
        match name {
            "AWS::Region" => self.region.clone(),
            "AWS::AccountId" => self.account.clone(),
            "AWS::Partition" => Some(self.partition().to_owned()),
            "AWS::URLSuffix" => {
                Some(if self.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }.to_owned())
            }
            _ => None,
        }
    }

    /// Returns the partition of the Region, `aws` where none is given.
    pub(crate) fn partition(&self) -> &str {
        match self.region.as_deref() {
            Some(region) if region.starts_with("cn-") => "aws-cn",
            Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}
