//! What could matter and could not be seen, and why not: facts that `report` words.

use super::statement::DecidedBy;
use crate::bedrock::Operation;
use crate::cause::Cause;
use crate::evidence::Unseen;
use crate::iam::{Arn, AssumingService, Decision, PolicyType};
use core::net::IpAddr;

/// Something that could matter and could not be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// What.
    pub what: Unchecked,
    /// Why not.
    pub why: Why,
}

impl NotChecked {
    pub(crate) fn new(what: Unchecked, why: impl Into<Why>) -> Self {
        Self { what, why: why.into() }
    }
}

/// What was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// A checkpoint of model access.
    Gate(GateName),
    /// A field of `GetFoundationModelAvailability`, by its name.
    AvailabilityField(&'static str),
    /// The whole of `GetFoundationModelAvailability`.
    Availability,
    /// Access to the model in the other account that the principal belongs to.
    OtherAccount,
    /// Access to the model behind an ARN that does not name it.
    ModelBehindArn,
    /// The agreement with a provider that sells through AWS Marketplace.
    MarketplaceAgreement,
    /// Whether the account's data-retention mode suits the model.
    RetentionFits,
    /// Whether the profile reaches the model from the source Region.
    ProfileReach,
    /// The profile that a call of the past went through.
    ProfileOfPastCall,
    /// Whether the principal, which is not a role, can be assumed by a service.
    PrincipalIsAssumed(AssumingService),
    /// Whether the role of the principal can be assumed by a service.
    RoleIsAssumed(AssumingService),
    /// Whether a role can be assumed by a service.
    Trust {
        /// The service.
        service: AssumingService,
        /// The role.
        role: Arn,
    },
    /// Whether a trusted access program hides the model.
    TrustedAccessPrograms,
    /// The texts of the policies, besides what the policy simulator says of them.
    PolicyTexts,
    /// The test call.
    TestCall,
    /// What the test call's answer means.
    TestCallAnswer,
    /// What the service role of a resource of the kind may do.
    ServiceRole(&'static str),
    /// Whether the account has access to a model that is not gated for the operation.
    ModelAccess,
    /// A KMS key's own policy.
    KeyPolicy,
    /// An S3 bucket's own policy.
    BucketPolicy,
    /// The IAM policies for one requirement.
    Requirement {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
    /// The IAM policies for several requirements.
    Requirements(usize),
    /// Policies that look at condition keys which the simulation was not given.
    ConditionKeys(Vec<String>),
    /// Whether further authorizations are needed.
    FurtherRequirements,
    /// The call itself: the verdict is a prediction.
    Call,
    /// The session policy.
    SessionPolicy,
    /// A quarantine policy.
    QuarantinePolicy,
    /// The VPC endpoint policy.
    VpcEndpointPolicy,
    /// Routes of the profile other than the one that the test call took.
    OtherRoutes,
    /// Guardrails that the organization enforces.
    OrganizationGuardrails,
    /// Gates of AWS and of the provider that no API shows.
    AccountGates,
    /// AWS's own evaluation of the refused test call.
    EvaluationOfTestCall,
    /// AWS's own evaluation of the call of the given error.
    EvaluationOfGivenError,
    /// Calls of this program that IAM refused.
    Reads(Vec<String>),
    /// The given error.
    GivenError,
    /// Whether the given error would still come.
    GivenErrorStands,
    /// The credentials of a survey.
    Credentials,
    /// The policies of a survey's principal.
    Policies,
    /// The models of a Region.
    Models(String),
    /// The inference profiles of a Region.
    Profiles(String),
}

/// A checkpoint of model access, besides IAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateName {
    /// The inference profile exists in the Region.
    InferenceProfile,
    /// Guardrails that the account enforces, each one more authorization.
    EnforcedGuardrails,
    /// The Region lists the model.
    Listing,
    /// The model has not reached the end of its life.
    Lifecycle,
    /// The model takes calls by the id that the request names.
    InvocationType,
    /// The Region offers the model to the account.
    Region,
    /// The account is authorized for the model.
    Authorization,
    /// The account is entitled to the model.
    Entitlement,
    /// The agreement with the model's provider.
    Agreement,
    /// The account's data-retention mode.
    DataRetention,
    /// Anthropic's use case form.
    UseCaseForm,
}

impl GateName {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InferenceProfile => "inference-profile",
            Self::EnforcedGuardrails => "enforced-guardrails",
            Self::Listing => "listing",
            Self::Lifecycle => "lifecycle",
            Self::InvocationType => "invocation-type",
            Self::Region => "region",
            Self::Authorization => "authorization",
            Self::Entitlement => "entitlement",
            Self::Agreement => "agreement",
            Self::DataRetention => "data-retention",
            Self::UseCaseForm => "use-case-form",
        }
    }
}

/// Why something could not be seen or decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The call for it was refused, failed or was not made.
    Unseen(Unseen),
    /// The policy of a resource, by its ARN, was not read, and could decide.
    ResourcePolicyUnread {
        /// The resource.
        resource: Box<Arn>,
        /// Whether other policies allow the call, so that this one could only deny it. Otherwise it could allow it.
        is_allowed: bool,
        /// Why its policy was not read.
        unseen: Unseen,
    },
    /// A statement that was read denies a part of what the call may touch, and which part it touches is not known.
    DeniedInPart(Box<DecidedBy>),
    /// A statement that was read denies the call on the default project, on which it may be authorized.
    DeniedOnDefaultProject(Box<DecidedBy>),
    /// The principal's ARN is not known.
    PrincipalUnknown,
    /// The policy simulator was not asked.
    NotSimulated,
    /// What was read is about the caller's account.
    CallersAccount,
    /// Which foundation model it is could not be read.
    ModelNotRead,
    /// AWS answered with a word that is not known, or with none.
    UnknownWord(Option<String>),
    /// The data-retention mode is neither the one that the model needs nor one that is known to be too low.
    RetentionMode {
        /// The account's mode.
        mode: String,
        /// The mode that the model is documented to need.
        needed: &'static str,
    },
    /// The call names a project, whose data-retention mode comes before the account's.
    RetentionOfProject,
    /// The given error names a model that is offered through profiles only.
    ErrorNamesModel,
    /// The model is offered in ways that are not known to be callable.
    OfferedAs(Vec<String>),
    /// AWS offers the profile here and says that its model is not available in the Region.
    ProfileWithoutModel,
    /// AWS reports the authorization of Amazon's own models as closed where they work.
    AmazonModelsWork,
    /// There is no agreement, and whether the provider's models need one is documented both ways.
    AgreementMayBeNeeded,
    /// There is no agreement yet: the first invocation makes one.
    OpensAtFirstCall,
    /// The principal is not a role, and services assume roles.
    NotARole,
    /// The role's trust policy was not shown.
    TrustNotShown,
    /// The trust policy cannot be parsed.
    TrustUnparsable(String),
    /// The trust policy depends on keys whose values are not known.
    TrustDependsOn(Vec<String>),
    /// A text of the principal's policies, or a list of them, was not read.
    Incomplete(Box<Gap>),
    /// The test call's answer, which settles nothing.
    AnswerSettlesNothing(String),
    /// A probe was answered as if a model had accepted its body.
    ProbeAnswered,
    /// The test call came too often.
    Throttled(String),
    /// What was read makes it likely that the gate is closed, and proves nothing.
    LikelyClosed,
    /// The service role was not named.
    ServiceRoleNotNamed {
        /// Whether the call names its model: then the role may call another one.
        names_model: bool,
    },
    /// The read APIs are not known to count for the operation.
    NotGated(Operation),
    /// The simulator was not given the resource's own policy.
    KeyPolicyNotGiven,
    /// The bucket's policy was not read.
    BucketPolicyNotRead,
    /// The simulation was not given condition keys that policies look at.
    KeysNotGiven,
    /// Why further requirements may exist, in the words of the request's expansion.
    Unlisted(String),
    /// The operation has no test call.
    NoTestCall,
    /// No test call was asked for.
    TestCallNotAsked,
    /// Only the principal itself can make a test call.
    OnlyThePrincipal,
    /// No API shows a session's policy.
    SessionPolicyHidden,
    /// What is attached to the user could not be simulated.
    MaybeQuarantined,
    /// Which way the principal's own calls take is not known.
    RouteUnknown,
    /// Calls go to a VPC endpoint's own host name.
    VpcEndpointHost(String),
    /// The host name resolves to a private address.
    PrivateAddress {
        /// The host.
        host: String,
        /// The address.
        address: IpAddr,
    },
    /// Whether calls pass a VPC endpoint is not known.
    EndpointNotRead(Unseen),
    /// A test call proves the route that it took, and the simulator alone denies another.
    RouteNotProved,
    /// Only the management account's policies show it.
    OnlyManagementAccount,
    /// No API shows it.
    OnlyACall,
    /// IAM Toolbox did not show the evaluation.
    NotRecorded(Unseen),
    /// AWS's own evaluation says what refused.
    Refusals(Vec<RecordedRefusal>),
    /// Nothing in the given text is an error that is known.
    UnknownError,
    /// The given error names a cause that is excluded now.
    ExcludedNow {
        /// The cause that the text names.
        said: Cause,
        /// Why it is excluded.
        because: Excluded,
        /// Whether the caller itself can make a test call.
        by_caller: bool,
    },
    /// The policy simulator contradicts itself.
    SimulatorContradictsItself,
    /// The simulator and the policies that were read contradict each other.
    Contradiction,
    /// The simulator attributes a refusal to a service control policy, and the principal is exempt.
    ExemptFromScps(ScpExemption),
    /// The simulation was not given a condition key on which the answer depends.
    KeyNotSimulated(String),
    /// The simulator did not answer, and the policies that were read depend on a condition key.
    PoliciesDependOn {
        /// Why the simulator did not answer.
        simulator: Box<Self>,
        /// The key.
        key: String,
    },
    /// The simulator did not answer, and the policies that were read allow it.
    OnlyPoliciesAllow(Box<Self>),
    /// A supplied policy is not a policy.
    SuppliedUnparsable {
        /// Its type.
        policy_type: PolicyType,
        /// The file's name.
        name: String,
        /// What is wrong with it.
        error: String,
    },
    /// A supplied policy depends on condition keys whose values are not known.
    SuppliedDependsOn {
        /// Its type.
        policy_type: PolicyType,
        /// The file's name.
        name: String,
        /// The keys.
        keys: Vec<String>,
    },
    /// Whether a VPC endpoint's policy is asked about other Regions is documented nowhere.
    EndpointAndOtherRegions,
    /// The service role belongs to another account than the caller.
    RoleOfAnotherAccount {
        /// The role's account.
        account: String,
        /// The caller's account.
        caller: String,
    },
    /// The resource belongs to another account, whose policy for it the simulator does not know.
    ResourceOfAnotherAccount(String),
    /// The simulator says that an SCP denies a read that has just succeeded: it lacks a key that the SCP looks at.
    ScpControlDenied,
    /// The caller is not known.
    CallerUnknown,
}

impl From<Unseen> for Why {
    fn from(unseen: Unseen) -> Self {
        Self::Unseen(unseen)
    }
}

impl From<Option<Unseen>> for Why {
    /// An observation that was looked for and is there has no reason; none is needed then.
    fn from(unseen: Option<Unseen>) -> Self {
        unseen.map_or(Self::Unseen(Unseen::Skipped(crate::evidence::SkipReason::NotAsked)), Self::Unseen)
    }
}

/// A part of the principal's policies that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What was not read.
    pub what: Missing,
    /// Why not.
    pub why: GapReason,
}

/// What of the principal's policies was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The groups of the user.
    Groups,
    /// What is attached to a user, group or role.
    Attached {
        /// `user`, `group` or `role`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The managed or inline policies of a user, group or role.
    List {
        /// `managed` or `inline`.
        list: &'static str,
        /// `user`, `group` or `role`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The text of a policy.
    Text(String),
}

/// Why a part of the principal's policies was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The call for it was refused, failed or was not made.
    Unseen(Unseen),
    /// It cannot be parsed.
    Unparsable(String),
    /// Its text was not read.
    NotRead,
}

/// Why no service control policy restricts a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScpExemption {
    /// It is a service-linked role.
    ServiceLinkedRole(Arn),
    /// Its account manages the organization.
    ManagementAccount(String),
}

/// What refused in AWS's own evaluation of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRefusal {
    /// The decision.
    pub decision: Decision,
    /// The type of the policies, where AWS tells it.
    pub policy_type: Option<PolicyType>,
    /// The statements that denied.
    pub statements: Vec<super::statement::DecidedBy>,
}

/// Why a cause is excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Excluded {
    /// The test call passed every check.
    TestCallPassed,
    /// The policy simulator allows every requirement.
    SimulatorAllows,
    /// No service control policy restricts the principal.
    Exempt(ScpExemption),
    /// The role's trust policy lets the service assume it.
    Trusted {
        /// The service.
        service: AssumingService,
        /// The role.
        role: Arn,
    },
    /// A gate of model access is open.
    Open(GateName),
    /// AWS reports the account as authorized and the agreement as made.
    AccessReported,
    /// STS accepted the credentials.
    StsAccepted,
    /// The Region knows the profile.
    ProfileKnown,
    /// The Region lists the model.
    ModelListed,
    /// The call names an inference profile.
    NamesProfile,
    /// AWS lists the model as one for on-demand throughput.
    OnDemand,
    /// Bedrock answers from here.
    BedrockAnswers,
    /// The simulator allows what the text says was refused.
    RequirementAllowed {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
    /// The simulator says that another policy type refuses, and names nothing behind it.
    RefusedOtherwise {
        /// The decision.
        decision: Decision,
        /// The type of policy.
        policy_type: PolicyType,
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
}
