//! A resource of infrastructure code, whatever the language that declares it.

use super::node::{Node, Place};

/// One resource with its properties evaluated as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// What the language calls it: `aws_iam_role.app`, `module.x.aws_iam_role.app["a"]`, a logical id.
    pub address: String,
    /// `aws_iam_role`, `AWS::IAM::Role`.
    pub kind: String,
    pub place: Place,
    pub properties: Node,
}
