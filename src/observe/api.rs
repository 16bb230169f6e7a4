//! Every call that the probe can make, in one table.
//!
//! A call is made through [`super::call::Caller`], which takes an [`Api`], and every client carries [`OnlyListed`],
//! which stops what the table does not hold before it is signed or sent. All are reads but for the test calls, which
//! are made only where the request asks for one.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Makes the enum of calls and its rows from one table.
macro_rules! apis {
    ($($variant:ident: $name:literal, $kind:ident, $permission:expr, $purpose:literal;)*) => {
        /// A call that the probe can make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the variants are the names of AWS's own APIs")]
        pub enum Api {
            $($variant,)*
        }

        impl Api {
            /// Every call, reads first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name with its service prefix, such as `iam:GetRole`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Tells whether the call reads or tests.
            #[must_use]
            pub fn kind(self) -> ApiKind {
                match self { $(Self::$variant => ApiKind::$kind,)* }
            }

            /// Returns the IAM action that the caller needs for it; none where everybody may call.
            #[must_use]
            pub fn permission(self) -> Option<&'static str> {
                match self { $(Self::$variant => $permission,)* }
            }

            /// Returns what the answer is wanted for.
            #[must_use]
            pub fn purpose(self) -> &'static str {
                match self { $(Self::$variant => $purpose,)* }
            }
        }
    };
}

// The permissions stand in the Service Authorization Reference; GetCallerIdentity needs none (STS API Reference), and
// the Converse operations are authorized as invocations (Bedrock API Reference, "Converse").
apis! {
    GetCallerIdentity: "sts:GetCallerIdentity", Read, None, "who calls";
    AssumeRole: "sts:AssumeRole", Session, Some("sts:AssumeRole"), "the credentials of the role that `--assume-role` names";
    GetRole: "iam:GetRole", Read, Some("iam:GetRole"), "the path of the role behind a session, its boundary, tags and trust policy; the service role";
    GetUser: "iam:GetUser", Read, Some("iam:GetUser"), "the user's boundary and tags";
    ListAttachedRolePolicies: "iam:ListAttachedRolePolicies", Read, Some("iam:ListAttachedRolePolicies"), "the managed policies of the role";
    ListRolePolicies: "iam:ListRolePolicies", Read, Some("iam:ListRolePolicies"), "the inline policies of the role";
    ListAttachedUserPolicies: "iam:ListAttachedUserPolicies", Read, Some("iam:ListAttachedUserPolicies"), "the managed policies of the user";
    ListUserPolicies: "iam:ListUserPolicies", Read, Some("iam:ListUserPolicies"), "the inline policies of the user";
    ListGroupsForUser: "iam:ListGroupsForUser", Read, Some("iam:ListGroupsForUser"), "the groups of the user";
    ListAttachedGroupPolicies: "iam:ListAttachedGroupPolicies", Read, Some("iam:ListAttachedGroupPolicies"), "the managed policies of its groups";
    ListGroupPolicies: "iam:ListGroupPolicies", Read, Some("iam:ListGroupPolicies"), "the inline policies of its groups";
    GetPolicy: "iam:GetPolicy", Read, Some("iam:GetPolicy"), "which version of a managed policy is in force";
    GetPolicyVersion: "iam:GetPolicyVersion", Read, Some("iam:GetPolicyVersion"), "what a managed policy says";
    GetRolePolicy: "iam:GetRolePolicy", Read, Some("iam:GetRolePolicy"), "what an inline policy of the role says";
    GetUserPolicy: "iam:GetUserPolicy", Read, Some("iam:GetUserPolicy"), "what an inline policy of the user says";
    GetGroupPolicy: "iam:GetGroupPolicy", Read, Some("iam:GetGroupPolicy"), "what an inline policy of a group says";
    SimulatePrincipalPolicy: "iam:SimulatePrincipalPolicy", Read, Some("iam:SimulatePrincipalPolicy"),
        "whether the policies allow the call";
    GetRequestAuthorizationDetails: "iam:GetRequestAuthorizationDetails", Read,
        Some("iam:GetRequestAuthorizationDetails"), "how AWS itself evaluated a refused call that carries an authorization id";
    GetInferenceProfile: "bedrock:GetInferenceProfile", Read, Some("bedrock:GetInferenceProfile"),
        "the models behind an inference profile";
    ListFoundationModels: "bedrock:ListFoundationModels", Read, Some("bedrock:ListFoundationModels"),
        "whether the Region has the model, and its lifecycle";
    GetFoundationModelAvailability: "bedrock:GetFoundationModelAvailability", Read,
        Some("bedrock:GetFoundationModelAvailability"), "the account's access to the model";
    GetUseCaseForModelAccess: "bedrock:GetUseCaseForModelAccess", Read, Some("bedrock:GetUseCaseForModelAccess"),
        "whether the use case form was submitted";
    ListEnforcedGuardrailsConfiguration: "bedrock:ListEnforcedGuardrailsConfiguration", Read,
        Some("bedrock:ListEnforcedGuardrailsConfiguration"), "the guardrails that every call must pass";
    GetAccountDataRetention: "bedrock:GetAccountDataRetention", Read, Some("bedrock:GetAccountDataRetention"),
        "the account's data-retention mode, where the model asks for one";
    ListInferenceProfiles: "bedrock:ListInferenceProfiles", Read, Some("bedrock:ListInferenceProfiles"),
        "the inference profiles that can be called instead";
    LookupEvents: "cloudtrail:LookupEvents", History, Some("cloudtrail:LookupEvents"),
        "calls that were denied before, where `denials --live` asks for them";
    InvokeModel: "bedrock:InvokeModel", Test, Some("bedrock:InvokeModel"), "the test call";
    InvokeModelWithResponseStream: "bedrock:InvokeModelWithResponseStream", Test,
        Some("bedrock:InvokeModelWithResponseStream"), "the test call of a streaming operation";
    Converse: "bedrock:Converse", Test, Some("bedrock:InvokeModel"), "the test call of `converse`";
    ConverseStream: "bedrock:ConverseStream", Test, Some("bedrock:InvokeModelWithResponseStream"),
        "the test call of `converse-stream`";
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    /// It reads, and changes nothing.
    Read,
    /// It gets the credentials of a role, and changes nothing: only where `--assume-role` asks for it.
    Session,
    /// It reads what was called before: only where `denials --live` asks for it.
    History,
    /// It calls a model: only where `--probe` or `--invoke` asks for it, and once.
    Test,
}

impl Api {
    /// Finds the call that an SDK client is about to make.
    fn of(metadata: &Metadata) -> Option<Self> {
        let prefix = match metadata.service() {
            "STS" => "sts",
            "IAM" | "IAM Toolbox" => "iam",
            "Bedrock" | "Bedrock Runtime" => "bedrock",
            _ => return None,
        };
        Self::ALL.iter().copied().find(|api| api.name().split_once(':') == Some((prefix, metadata.name())))
    }
}

/// Stops every call that [`Api`] does not list.
#[derive(Debug)]
pub(super) struct OnlyListed;

impl Intercept for OnlyListed {
    fn name(&self) -> &'static str {
        "OnlyListed"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match config.load::<Metadata>() {
            Some(metadata) if Api::of(metadata).is_some() => Ok(()),
            Some(metadata) => Err(format!("{} of {} is not listed", metadata.name(), metadata.service()).into()),
            None => Err("the call has no name".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_the_table_does_not_hold_is_stopped() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let config = aws_sdk_iam::Config::builder()
            .behavior_version(aws_sdk_iam::config::BehaviorVersion::latest())
            .region(aws_sdk_iam::config::Region::new("us-west-2"))
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .credentials_provider(aws_sdk_iam::config::Credentials::new("AKIAEXAMPLE", "none", None, None, "test"))
            .http_client(super::super::http::loopback())
            .interceptor(OnlyListed)
            .build();
        let error = runtime.block_on(aws_sdk_iam::Client::from_conf(config).delete_role().role_name("r").send());
        let text = super::super::call::innermost(&error.unwrap_err());
        assert_eq!(text, "DeleteRole of IAM is not listed");
        let silence = listener.accept().unwrap_err();
        assert_eq!(silence.kind(), std::io::ErrorKind::WouldBlock, "nobody connected");
    }

    #[test]
    fn reads_have_names_of_reads() {
        for api in Api::ALL {
            let (_, verb) = api.name().split_once(':').unwrap();
            let reads = ["Get", "List", "Lookup", "Simulate"].iter().any(|prefix| verb.starts_with(prefix));
            assert_eq!(reads, matches!(api.kind(), ApiKind::Read | ApiKind::History), "{}", api.name());
        }
    }
}
