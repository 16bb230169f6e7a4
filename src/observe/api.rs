//! Every call that this program can make, in one table.
//!
//! A call is made through [`super::call_runner::CallRunner`], which takes an [`Api`], and every client carries
//! [`AllowListedApis`], which rejects any other call before it is signed or sent. All are reads except for the test calls,
//! which are made only if the request asks for one.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Makes the enum of calls and its rows from one table.
macro_rules! apis {
    ($($variant:ident: $name:literal, $kind:ident, $permission:expr, $purpose:literal;)*) => {
        /// A call that this program can make.
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

            /// Returns whether the call reads, gets credentials or tests.
            #[must_use]
            pub fn kind(self) -> ApiKind {
                match self { $(Self::$variant => ApiKind::$kind,)* }
            }

            /// Returns the IAM action that the caller needs for it; `None` if everybody may call it.
            #[must_use]
            pub fn permission(self) -> Option<&'static str> {
                match self { $(Self::$variant => $permission,)* }
            }

            /// Returns what the answer is used for.
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
    GetPolicy: "iam:GetPolicy", Read, Some("iam:GetPolicy"), "the default version of a managed policy";
    GetPolicyVersion: "iam:GetPolicyVersion", Read, Some("iam:GetPolicyVersion"), "the text of a managed policy";
    GetRolePolicy: "iam:GetRolePolicy", Read, Some("iam:GetRolePolicy"), "the text of an inline policy of the role";
    GetUserPolicy: "iam:GetUserPolicy", Read, Some("iam:GetUserPolicy"), "the text of an inline policy of the user";
    GetGroupPolicy: "iam:GetGroupPolicy", Read, Some("iam:GetGroupPolicy"), "the text of an inline policy of a group";
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
    ListTrustedAccessPrograms: "bedrock:ListTrustedAccessPrograms", Read, Some("bedrock:ListTrustedAccessPrograms"),
        "whether a program that the account is not in hides a model that is not listed";
    ListInferenceProfiles: "bedrock:ListInferenceProfiles", Read, Some("bedrock:ListInferenceProfiles"),
        "the inference profiles that can be called instead";
    GetBucketPolicy: "s3:GetBucketPolicy", Read, Some("s3:GetBucketPolicy"), "the policy of a bucket that the call names";
    GetKeyPolicy: "kms:GetKeyPolicy", Read, Some("kms:GetKeyPolicy"), "the policy of a KMS key that the call names";
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
    /// It gets the credentials of a role, and changes nothing; only with `--assume-role`.
    Session,
    /// It reads the history of calls; only with `denials --live`.
    History,
    /// It calls a model, once; only with `--probe` or `--invoke`.
    Test,
}

impl Api {
    /// Finds the call that an SDK client is about to make.
    pub(super) fn from_metadata(metadata: &Metadata) -> Option<Self> {
        let prefix = match metadata.service() {
            "STS" => "sts",
            "IAM" | "IAM Toolbox" => "iam",
            "Bedrock" | "Bedrock Runtime" => "bedrock",
            _ => return None,
        };
        Self::ALL.iter().copied().find(|api| api.name().split_once(':') == Some((prefix, metadata.name())))
    }

    /// Returns `true` if the answer is an XML document of the query protocol, as those of STS and IAM are.
    pub(super) fn is_in_query_protocol(self) -> bool {
        self != Self::GetRequestAuthorizationDetails
            && ["sts:", "iam:"].iter().any(|prefix| self.name().starts_with(prefix))
    }

    /// Returns `true` if the answer is an event stream.
    pub(super) fn streams(self) -> bool {
        matches!(self, Self::InvokeModelWithResponseStream | Self::ConverseStream)
    }
}

/// Rejects every call that [`Api`] does not list.
#[derive(Debug)]
pub(super) struct AllowListedApis;

impl Intercept for AllowListedApis {
    fn name(&self) -> &'static str {
        "AllowListedApis"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match config.load::<Metadata>() {
            Some(metadata) if Api::from_metadata(metadata).is_some() => Ok(()),
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
            .interceptor(AllowListedApis)
            .build();
        let error = runtime.block_on(aws_sdk_iam::Client::from_conf(config).delete_role().role_name("r").send());
        let text = super::super::sdk_error::innermost(&error.unwrap_err());
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
