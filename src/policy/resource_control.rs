//! Which requests resource control policies apply to: those to a service on AWS's list.
//!
//! The list is that of the AWS Organizations User Guide, "Resource control policies (RCPs)", section "List of AWS services
//! that support RCPs". Amazon Bedrock is not on it.

use super::query::Query;

/// The day on which the list was read.
pub(super) const LIST_OF: &str = "2026-11-30";

/// The prefixes of the services that support RCPs, sorted.
const SERVICES: [&str; 62] = [
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

/// Returns `true` if RCPs apply to the action.
///
/// `kms:RetireGrant` is the one action of a listed service that they do not restrict.
pub(super) fn applies_to(query: &Query<'_>) -> bool {
    let is_exempt = query.action.eq_ignore_ascii_case("kms:RetireGrant");
    SERVICES.iter().any(|known| known.eq_ignore_ascii_case(query.service)) && !is_exempt
}
