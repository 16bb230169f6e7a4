//! What could not be seen, and why: every sentence about it, for all formats.

use super::wording::{listed, statement_name};
use crate::diagnose::{
    Excluded, Gap, GapReason, GateName, Missing, NotChecked, RecordedRefusal, ScpExemption, Unchecked, Why,
};
use crate::evidence::{SkipReason, Unseen};
use crate::iam::PolicyType;

/// Says what was not checked, and why.
pub(super) fn line(not_checked: &NotChecked) -> String {
    format!("{}: {}", what(&not_checked.what), why(&not_checked.why))
}

/// Names what was not checked.
pub(super) fn what(what: &Unchecked) -> String {
    let fixed = match what {
        Unchecked::Gate(name) => gate(*name),
        Unchecked::AvailabilityField(field) => return format!("`{field}` of the model"),
        Unchecked::Availability => "the account's access to the model (authorization, entitlement, agreement)",
        Unchecked::OtherAccount => "the other account's access to the model",
        Unchecked::ModelBehindArn => "access to the model behind the ARN",
        Unchecked::MarketplaceAgreement => "the model's AWS Marketplace agreement",
        Unchecked::RetentionFits => "whether the account's data-retention mode suits the model",
        Unchecked::ProfileReach => "whether the profile reaches the model from this Region",
        Unchecked::ProfileOfPastCall => "the inference profile that the refused call went through",
        Unchecked::PrincipalIsAssumed(service) => {
            return format!("whether `{}` may assume the principal", service.principal());
        }
        Unchecked::RoleIsAssumed(service) => return format!("whether `{}` may assume the role", service.principal()),
        Unchecked::Trust { service, role } => return format!("whether `{}` may assume `{role}`", service.principal()),
        Unchecked::PolicyTexts => "the texts of the policies, beside what the policy simulator says of them",
        Unchecked::TestCall => "the test call",
        Unchecked::TestCallAnswer => "the test call's answer",
        Unchecked::ServiceRole(kind) => return format!("what the {}'s service role may do", kind.replace('-', " ")),
        Unchecked::ModelAccess => "the account's access to the model",
        Unchecked::TrustedAccessPrograms => "whether a trusted access program hides the model",
        Unchecked::KeyPolicy => "the key's own policy",
        Unchecked::BucketPolicy => "the bucket's own policy",
        Unchecked::Requirement { action, resource } => {
            return format!("the IAM policies for {action} on {resource}");
        }
        Unchecked::Requirements(count) => {
            return format!("the IAM policies for any of the {count} resources that the call needs");
        }
        Unchecked::ConditionKeys(keys) => return format!("policies that look at {}", keys.join(", ")),
        Unchecked::FurtherRequirements => "every authorization that the call needs",
        Unchecked::Call => "the call itself",
        Unchecked::SessionPolicy => "the session policy",
        Unchecked::QuarantinePolicy => "a quarantine policy",
        Unchecked::VpcEndpointPolicy => "the VPC endpoint policy",
        Unchecked::OtherRoutes => "the other Regions that the profile may route to",
        Unchecked::OrganizationGuardrails => "guardrails that the organization enforces",
        Unchecked::AccountGates => {
            "account-level gates of AWS and the provider (AWS Sales, geography, payment, data retention)"
        }
        Unchecked::EvaluationOfTestCall => "AWS's own evaluation of the test call",
        Unchecked::EvaluationOfGivenError => "AWS's own evaluation of the given error",
        Unchecked::Reads(apis) => return apis.join(" and "),
        Unchecked::GivenError => "the given error",
        Unchecked::GivenErrorStands => "whether the given error would still come",
        Unchecked::Credentials => "the credentials",
        Unchecked::Policies => "the principal's policies",
        Unchecked::Models(region) => return format!("the models of {region}"),
        Unchecked::Profiles(region) => return format!("the inference profiles of {region}"),
    };
    fixed.to_owned()
}

/// Names a checkpoint of model access.
fn gate(name: GateName) -> &'static str {
    match name {
        GateName::InferenceProfile => "the inference profile",
        GateName::EnforcedGuardrails => "enforced guardrails",
        GateName::Listing | GateName::Region => "whether the Region offers the model, and its lifecycle",
        GateName::Lifecycle => "the model's lifecycle",
        GateName::InvocationType => "how the model may be called",
        GateName::Authorization => "the account's authorization for the model",
        GateName::Entitlement => "the account's entitlement to the model",
        GateName::Agreement => "the model's agreement",
        GateName::DataRetention => "the account's data-retention mode",
        GateName::UseCaseForm => "Anthropic's use case form",
    }
}

/// Says why something could not be seen or decided.
pub(super) fn why(reason: &Why) -> String {
    match reason {
        Why::Unseen(unseen) => self::unseen(unseen),
        Why::DeniedInPart(statement) => denied_in_part(&statement_name(statement)),
        Why::DeniedOnDefaultProject(statement) => format!(
            "{} denies it on the default project, and whether a call that names no project is authorized there, AWS's pages \
             leave open; `--probe` settles it",
            statement_name(statement)
        ),
        Why::ResourcePolicyUnread { resource, is_allowed, unseen } => {
            let unseen = self::unseen(unseen);
            if *is_allowed {
                format!("the policy of `{resource}` could not be read: {unseen}")
            } else {
                format!(
                    "no identity policy allows it; the policy of `{resource}` alone could, and could not be read: {unseen}"
                )
            }
        }
        Why::NotRecorded(unseen) => format!(
            "{}; IAM records it some seconds after the refusal, and keeps it for at least a day",
            self::unseen(unseen)
        ),
        Why::UnknownWord(word) => {
            format!("AWS answered {}, whose meaning is not known", word.as_deref().unwrap_or("nothing"))
        }
        Why::RetentionOfProject => {
            "the mode of the project comes before the account's, and is not read; `--probe` settles it".to_owned()
        }
        Why::RetentionMode { mode, needed } => {
            format!("AWS says `{mode}`, and the model is documented to need `{needed}`")
        }
        Why::OfferedAs(kinds) => format!("it is offered as {} only", kinds.join(", ")),
        Why::TrustUnparsable(error) => format!("the trust policy cannot be parsed: {error}"),
        Why::TrustDependsOn(keys) => format!("its trust policy hangs on {}, which is not known here", listed(keys)),
        Why::Incomplete(gap) => self::gap(gap),
        Why::AnswerSettlesNothing(text) => format!("it settles nothing: {text}"),
        Why::Throttled(text) => format!("it came too often, which proves nothing: {text}"),
        Why::NotGated(operation) => {
            format!("what Bedrock's read APIs tell of it is not known to count for `{operation}`")
        }
        Why::Unlisted(why) => why.clone(),
        Why::VpcEndpointHost(host) => {
            format!("calls go to `{host}`, which is a VPC endpoint, and {VPC_ENDPOINT_POLICY_GIVEN}")
        }
        Why::PrivateAddress { host, address } => format!(
            "`{host}` resolves to the private address {address}: calls pass a VPC endpoint, and {VPC_ENDPOINT_POLICY_GIVEN}"
        ),
        Why::EndpointNotRead(unseen) => {
            format!("whether calls pass a VPC endpoint is not known: {}", self::unseen(unseen))
        }
        Why::Refusals(all) => {
            let refusals: Vec<String> = all.iter().map(refusal).collect();
            format!("AWS's own evaluation of the refusal says {}", refusals.join("; "))
        }
        Why::ExcludedNow { said, because, by_caller } => {
            let settles = if *by_caller { "`--probe` settles it" } else { "a test call by that principal settles it" };
            format!("it says {said}, and {} now: it may have been fixed since; {settles}", excluded(because))
        }
        Why::ExemptFromScps(exemption) => format!(
            "the policy simulator attributes a refusal to a service control policy, and {}",
            self::exemption(exemption)
        ),
        Why::KeyNotSimulated(key) => format!(
            "the policies look at the condition key `{key}`, which the simulation was not given: `--context {key}=VALUE` gives it"
        ),
        Why::PoliciesDependOn { simulator, key } => format!(
            "{}; the policies look at the condition key `{key}`: `--context {key}=VALUE` gives it",
            why(simulator)
        ),
        Why::OnlyPoliciesAllow(simulator) => format!(
            "{}; the policies of the principal allow it, and what its organization allows only the policy simulator tells",
            why(simulator)
        ),
        Why::SuppliedUnparsable { policy_type, name, error } => {
            format!("{} is not a policy: {error}", unsimulated(*policy_type, name))
        }
        Why::SuppliedDependsOn { policy_type, name, keys } => {
            let policy = unsimulated(*policy_type, name);
            match keys.as_slice() {
                [] => denied_in_part(&policy),
                keys => format!("{policy} depends on {}; `--context` gives them", keys.join(", ")),
            }
        }
        Why::ResourceOfAnotherAccount(account) => format!(
            "the resource belongs to account {account}: its own policy must allow the principal as well, and only that account can read it"
        ),
        Why::RoleOfAnotherAccount { account, caller } => format!(
            "the service role belongs to account {account}, and the caller to {caller}: its policies can only be read there"
        ),
        other => fixed(other).to_owned(),
    }
}

fn denied_in_part(policy: &str) -> String {
    format!("{policy} denies a part of it, and whether the call falls in that part is not known")
}

/// Names a policy that no simulation evaluates: a resource's own was read, the others were given.
fn unsimulated(policy_type: PolicyType, name: &str) -> String {
    match policy_type {
        PolicyType::ResourcePolicy => format!("the policy of `{name}`"),
        given => format!("the given {given} `{name}`"),
    }
}

/// What supplies the policy of a VPC endpoint.
const VPC_ENDPOINT_POLICY_GIVEN: &str = "no simulation evaluates it; `--vpc-endpoint-policy` gives it";

/// Says the reasons that hold no name.
fn fixed(reason: &Why) -> &'static str {
    match reason {
        Why::PrincipalUnknown => "the principal is not known",
        Why::NotSimulated => "the policy simulator was not asked",
        Why::CallersAccount => "what was read is about the caller's account",
        Why::ModelNotRead => "which foundation model it is could not be read",
        Why::ErrorNamesModel => {
            "the given error names one of the models behind it, and the model is offered through profiles only: `--model` names the profile"
        }
        Why::ProfileWithoutModel => {
            "AWS offers the profile here and says `regionAvailability` = NOT_AVAILABLE of its model"
        }
        Why::AmazonModelsWork => {
            "AWS reports it as closed, and Amazon's own models have been seen to work all the same"
        }
        Why::AgreementMayBeNeeded => {
            "there is none, and whether the provider's models need one is documented both ways"
        }
        Why::OpensAtFirstCall => {
            "there is none yet: the first invocation opens it, and thereby accepts the model's licence"
        }
        Why::NotARole => "services assume roles, and the principal is none",
        Why::TrustNotShown => "the role's trust policy was not shown",
        Why::ProbeAnswered => {
            "something answered the probe as if a model had accepted its body, which no model does: tokens may have been billed"
        }
        Why::LikelyClosed => {
            "what AWS reports of the account makes it likely that this refuses the call, and calls that AWS reports so about have been seen to work; a test call settles it"
        }
        Why::ServiceRoleNotNamed { names_model: true } => "the role was not named; `--service-role` names it",
        Why::ServiceRoleNotNamed { names_model: false } => {
            "the role was not named; `--service-role` names it, and `--model` the model that it calls"
        }
        Why::KeyPolicyNotGiven => "the policy simulator was not given it, and a key's policy decides too",
        Why::BucketPolicyNotRead => "it was not read, and it may deny what the role's policies allow",
        Why::KeysNotGiven => {
            "the simulation was not given these keys, and without them a policy may decide otherwise; `--context` gives them"
        }
        Why::NoTestCall => "the operation has no test call that starts or makes nothing",
        Why::TestCallNotAsked => "no test call was asked for; `--probe` makes one that no model accepts",
        Why::OnlyThePrincipal => "only the principal itself can make a test call",
        Why::SessionPolicyHidden => {
            "a policy handed over when the role was assumed restricts it further, and no API shows it; `--session-policy` gives it"
        }
        Why::MaybeQuarantined => {
            "AWS attaches `AWSCompromisedKeyQuarantineV3` to a user whose access key leaked, and it denies invoking; what is attached to this user could not be simulated"
        }
        Why::RouteUnknown => "which way the principal's own calls take is not known",
        Why::RouteNotProved => {
            "the test call proves the route that it took, and the policy simulator alone denies another"
        }
        Why::OnlyManagementAccount => {
            "they need bedrock:ApplyGuardrail like the account's own, and only the management account's policies show them"
        }
        Why::OnlyACall => "no API shows them; only a call does",
        Why::UnknownError => {
            "nothing in its text is an error that is known, so what is read here need not be its cause"
        }
        Why::SimulatorContradictsItself => {
            "the policy simulator contradicts itself: allowed, and not by the organization or the boundary"
        }
        Why::Contradiction => "the policy simulator and the policies that were read contradict each other",
        Why::EndpointAndOtherRegions => {
            "the VPC endpoint policy does not allow it, and whether it is asked about other Regions than its own is documented nowhere"
        }
        Why::ScpControlDenied => {
            "the policy simulator says that a service control policy denies it, and says the same of a read that has just succeeded: it lacks a condition key that the policy looks at, and `--probe` settles it"
        }
        Why::CallerUnknown => "the caller is not known",
        // Worded with the names that they hold.
        Why::Unseen(_)
        | Why::ResourcePolicyUnread { .. }
        | Why::DeniedInPart(_)
        | Why::DeniedOnDefaultProject(_)
        | Why::RetentionOfProject
        | Why::NotRecorded(_)
        | Why::UnknownWord(_)
        | Why::RetentionMode { .. }
        | Why::OfferedAs(_)
        | Why::TrustUnparsable(_)
        | Why::TrustDependsOn(_)
        | Why::Incomplete(_)
        | Why::AnswerSettlesNothing(_)
        | Why::Throttled(_)
        | Why::NotGated(_)
        | Why::Unlisted(_)
        | Why::VpcEndpointHost(_)
        | Why::PrivateAddress { .. }
        | Why::EndpointNotRead(_)
        | Why::Refusals(_)
        | Why::ExcludedNow { .. }
        | Why::ExemptFromScps(_)
        | Why::KeyNotSimulated(_)
        | Why::PoliciesDependOn { .. }
        | Why::OnlyPoliciesAllow(_)
        | Why::SuppliedUnparsable { .. }
        | Why::SuppliedDependsOn { .. }
        | Why::ResourceOfAnotherAccount(_)
        | Why::RoleOfAnotherAccount { .. } => "",
    }
}

/// Says why nothing was seen.
#[must_use]
pub fn unseen(unseen: &Unseen) -> String {
    match unseen {
        Unseen::Refused(error) => error.without_pointer(),
        Unseen::Failed(failure) => failure.to_string(),
        Unseen::Skipped(reason) => skipped(reason),
    }
}

/// Says why nothing was asked.
fn skipped(reason: &SkipReason) -> String {
    let fixed = match reason {
        SkipReason::NotAsked => "it was not asked for",
        SkipReason::NoCredentials => "there are no credentials",
        SkipReason::OnlyApiKey => "there are no credentials beside the Bedrock API key",
        SkipReason::OnlyApiKeyToRead => "there are no credentials to read policies with, beside the Bedrock API key",
        SkipReason::NoCredentialsToAsk => "there are no credentials to ask with",
        SkipReason::RoleNotAssumed => "the role could not be assumed",
        SkipReason::CallerUnknown => "the caller is not known",
        SkipReason::ApiKeyOfSomebody => {
            "Bedrock sees the principal whose access key made the Bedrock API key in `AWS_BEARER_TOKEN_BEDROCK`, and which that is, is not known"
        }
        SkipReason::OtherAccount { account, reader } => {
            return format!(
                "the principal belongs to account {account}, and the caller to {reader}: its policies can only be read there"
            );
        }
        SkipReason::RootUser => "the root user cannot be simulated",
        SkipReason::FederatedUser => "a federated user cannot be simulated",
        SkipReason::NeitherUserNorRole => "the principal is neither a user nor a role",
        SkipReason::SessionWithoutRole => "the session's ARN names no role",
        SkipReason::NoModelAnswers => "no model answers the operation",
        SkipReason::NoServiceRole => "the call has no service role",
        SkipReason::ModelUnknown => "which foundation model it is, is not known",
        SkipReason::NotAProfile => "the model is not an inference profile",
        SkipReason::NoRetentionNeeded => "the model is not documented to need a certain mode",
        SkipReason::NoRetentionNeededByAny => "no model is documented to need a certain mode",
        SkipReason::FormNotNeeded => "only Anthropic's models need the form",
        SkipReason::NoRegion => "no Region was asked about",
        SkipReason::EndpointUnknown => "the endpoint of the runtime is not known",
        SkipReason::BehindProxy => "a proxy makes the connections, and where it looks the name up is not known",
        SkipReason::NoTestCallAsked => "no test call was asked for",
        SkipReason::NoTestCall => "the operation has no test call",
        SkipReason::NoNativeBody => "the model's native request body is not known; `--probe` needs none",
        SkipReason::TestCallOfAnother { principal } => {
            return format!("the given error is of {principal}, and a test call would be the caller's own");
        }
        SkipReason::NotCalled => "it was not called",
        SkipReason::Said(text) => text,
    };
    fixed.to_owned()
}

/// Says which part of the principal's policies was not read, and why.
fn gap(gap: &Gap) -> String {
    let why = match &gap.why {
        GapReason::Unseen(unseen) => self::unseen(unseen),
        GapReason::Unparsable(error) => format!("it cannot be parsed: {error}"),
        GapReason::NotRead => "its text was not read".to_owned(),
    };
    match &gap.what {
        Missing::Groups => format!("the user's groups: {why}"),
        Missing::Attached { kind, name } => {
            format!("what is attached to the {kind} `{name}` could not be listed: {why}")
        }
        Missing::List { list, kind, name } => format!("the {list} policies of the {kind} `{name}`: {why}"),
        Missing::Text(policy) => format!("the policy `{policy}`: {why}"),
    }
}

/// Says what refused in AWS's own evaluation.
fn refusal(refusal: &RecordedRefusal) -> String {
    let by = refusal.policy_type.map(|policy_type| format!(" by {policy_type}")).unwrap_or_default();
    let named: String = refusal.statements.iter().map(|statement| format!(", {}", statement_name(statement))).collect();
    format!("{}{by}{named}", refusal.decision)
}

/// Says why no service control policy restricts a principal.
pub(super) fn exemption(exemption: &ScpExemption) -> String {
    match exemption {
        ScpExemption::ServiceLinkedRole(role) => {
            format!("`{role}` is a service-linked role, which no service control policy restricts")
        }
        ScpExemption::ManagementAccount(account) => format!(
            "account {account} is the organization's management account, which no service control policy restricts"
        ),
    }
}

/// Says why a cause is excluded.
pub(super) fn excluded(because: &Excluded) -> String {
    let fixed = match because {
        Excluded::TestCallPassed => "the test call passed every authorization and every access check",
        Excluded::SimulatorAllows => "the policy simulator allows every requirement",
        Excluded::Exempt(exemption) => return self::exemption(exemption),
        Excluded::Trusted { service, role } => {
            return format!("the role trust policy lets `{}` assume `{role}`", service.principal());
        }
        Excluded::Open(GateName::Agreement) => "the model's agreement is AVAILABLE",
        Excluded::Open(GateName::Listing) => "the Region lists the model",
        Excluded::Open(GateName::Lifecycle) => "the model's lifecycle is ACTIVE",
        Excluded::Open(GateName::UseCaseForm) => "the use case form is submitted",
        Excluded::Open(name) => return format!("{} is as it should be", gate(*name)),
        Excluded::AccessReported => "AWS reports the account as authorized and the agreement as made",
        Excluded::StsAccepted => "STS accepted the credentials",
        Excluded::ProfileKnown => "the Region knows the profile",
        Excluded::ModelListed => "the Region lists the model",
        Excluded::NamesProfile => "the call names an inference profile",
        Excluded::OnDemand => "AWS lists the model as one for on-demand throughput",
        Excluded::BedrockAnswers => "Bedrock answers from here",
        Excluded::RequirementAllowed { action, resource } => {
            return format!("the policy simulator allows {action} on {resource}");
        }
        Excluded::RefusedOtherwise { decision, policy_type, action, resource } => {
            return format!(
                "the policy simulator says {decision} by {policy_type} for {action} on {resource}, and names nothing behind it"
            );
        }
    };
    fixed.to_owned()
}
