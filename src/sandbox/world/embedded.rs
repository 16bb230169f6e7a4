//! The embedded worlds, in the order of their documentation.

macro_rules! worlds {
    ($($name:literal),* $(,)?) => {
        /// Name and file of each embedded world.
        pub(super) const WORLDS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../worlds/", $name, ".json")))),*];
    };
}

worlds![
    "healthy",
    "iam-missing",
    "iam-explicit-deny",
    "permissions-boundary",
    "scp-region-deny",
    "global-profile",
    "profile-leg-missing",
    "session-policy",
    "vpc-endpoint",
    "read-only",
    "wrong-action-name",
    "model-access-missing",
    "use-case-form",
    "marketplace",
    "legacy-model",
    "both",
    "no-simulator",
    "no-simulator-denied",
    "on-demand-unsupported",
    "expired-credentials",
    "throttled",
    "two-denying-policies",
    "scp-behind-missing-allow",
    "deny-on-condition",
    "quarantined-key",
    "application-profile",
    "read-not-simulate",
    "simulate-not-read",
    "enforced-guardrail",
    "api-key-other-user",
    "api-key-expired",
    "data-retention",
    "agent-role",
    "knowledge-base",
    "batch-service-role",
    "lambda-trusts-bedrock",
    "mantle-prefix",
    "authorization-details",
    "scp-denies-reading",
];
