//! Remedies: who does what so that the call works, as data. `report` words the steps and notes.

use super::statement::DecidedBy;
use crate::bedrock::TrustedAccessProgram;
use crate::iam::{Arn, AssumingService, ContextValue, PolicyType};
use serde_json::{Map, Value};

/// What fixes a cause in this case; who does it, and the general steps, are in the catalogue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remedy {
    /// The policy to attach, where one is missing.
    pub policy: Option<Value>,
    /// Commands that do it or show how, ready to paste; never run by this program.
    pub commands: Vec<String>,
    /// The steps of this call; where there are none, the catalogue's apply.
    pub steps: Vec<Step>,
    /// The page of the AWS console where it is done.
    pub console: Option<String>,
    /// What to know before taking them.
    pub notes: Vec<Note>,
    /// Whether the change was tried in simulation.
    pub verified: Option<Verified>,
    /// The changes, as data.
    pub changes: Vec<Change>,
    /// The smallest change that does the same, where a statement nearly allowed.
    pub edit: Option<Edit>,
}

/// A change of some lines of a policy, where the policy stands as one line an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The policy's name, or its ARN where it is a managed one.
    pub policy: String,
    /// Who holds the policy, as `role/NAME`; none of a managed one.
    pub holder: Option<String>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// The number of the first line that goes, 1-based; what is added stands in its place.
    pub line: usize,
    /// The lines that go.
    pub removed: Vec<String>,
    /// The lines that come.
    pub added: Vec<String>,
    /// The policy before.
    pub before: String,
    /// The policy after.
    pub after: String,
    /// The lines that put it in place, ready to paste.
    pub commands: Vec<String>,
}

impl Edit {
    /// Returns the policy's name, without the rest of an ARN.
    #[must_use]
    pub fn policy_name(&self) -> &str {
        self.policy.rsplit('/').next().unwrap_or(&self.policy)
    }
}

/// How a remedy was tried in simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Every requirement was simulated allowed with the change.
    Allowed,
    /// Every requirement was simulated allowed with the blocking policy excluded.
    AllowedWithout,
}

impl Verified {
    /// Returns the word that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::AllowedWithout => "allowed-without",
        }
    }
}

/// One change, as data that a program could apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// The type of the policy that changes.
    pub policy_type: Option<PolicyType>,
    /// The policy's name or ARN, where it is known.
    pub policy: Option<String>,
    /// Whose policy it is: `role/NAME`, `user/NAME` or `group/NAME`; of a session policy, whose session.
    pub attached_to: Option<String>,
    /// The statements that are removed or edited.
    pub statements: Vec<DecidedBy>,
}

impl Change {
    /// Begins a change about which nothing more is known.
    pub(super) fn new(kind: ChangeKind) -> Self {
        Self { kind, policy_type: None, policy: None, attached_to: None, statements: Vec::new() }
    }

    /// Begins a change of a policy of a type.
    pub(super) fn of_policy(kind: ChangeKind, policy_type: PolicyType) -> Self {
        Self { policy_type: Some(policy_type), ..Self::new(kind) }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// Adds statements to a policy of the type.
    AddStatement {
        /// A policy that holds the statements and nothing else.
        statements: Value,
    },
    /// Removes the denying statements.
    RemoveStatement {
        /// What is left of the policy.
        left: Left,
    },
    /// Lets further values through a denying statement's condition.
    Exempt {
        /// The condition key.
        key: String,
        /// The values that are let through.
        values: Vec<String>,
        /// The policy as it is then.
        document: Value,
    },
    /// Exempts the refused requests in a policy whose text was not read.
    ExemptUnread {
        /// The condition keys of the refused requests, with their values.
        keys: Map<String, Value>,
        /// The Regions that they ask for.
        regions: Vec<String>,
    },
    /// Meets a condition of a policy with the call.
    MeetCondition(Condition),
    /// Makes a new session.
    NewSession,
    /// Submits the use case form of the provider.
    SubmitUseCaseForm(String),
    /// Accepts the model's agreement.
    AcceptAgreement(String),
    /// Takes part in the trusted access program with this id.
    JoinProgram(String),
    /// Calls another model or profile; `None` where which one is not known.
    UseModel(Option<String>),
    /// Calls another Region; `None` where which one is not known.
    UseRegion(Option<String>),
    /// Gets fresh credentials; names the environment variable that holds them, where it is one.
    RenewCredentials(Option<&'static str>),
    /// Sets the account's data-retention mode in the Region.
    SetRetentionMode(&'static str),
}

/// A condition that a call does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether the statement denies where the condition holds; else it allows where it does.
    pub denies: bool,
    /// The operator, such as `StringNotEquals`.
    pub operator: String,
    /// The condition key.
    pub key: String,
    /// The values that the policy names.
    pub expected: Vec<String>,
    /// What the call carries; `None` where it lacks the key, or where that is not known.
    pub actual: Option<ContextValue>,
}

impl Condition {
    /// Returns whether the call has to carry the key at all, where the condition asks for nothing else (`Null`).
    #[must_use]
    pub fn must_carry(&self) -> Option<bool> {
        let asks_for_absence = self.expected.first().is_some_and(|value| value.eq_ignore_ascii_case("true"));
        self.is_null().then_some(asks_for_absence == self.denies)
    }

    /// Returns a value that the policy accepts, where the condition names those that it accepts.
    #[must_use]
    pub fn accepted(&self) -> Option<&str> {
        let is_negated = self.operator.to_ascii_lowercase().contains("not");
        self.expected.first().map(String::as_str).filter(|_| !self.is_null() && is_negated == self.denies)
    }

    fn is_null(&self) -> bool {
        self.operator.rsplit(':').next().is_some_and(|operator| operator.eq_ignore_ascii_case("Null"))
    }
}

/// What is left of a policy once statements are removed.
#[derive(Clone, Debug, PartialEq)]
pub enum Left {
    /// The policy was not read.
    Unknown,
    /// Nothing: the policy is taken away.
    Nothing,
    /// This document.
    Document(Value),
}

impl ChangeKind {
    /// Returns the word that JSON uses.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AddStatement { .. } => "add-statement",
            Self::RemoveStatement { .. } => "remove-statement",
            Self::Exempt { .. } | Self::ExemptUnread { .. } => "exempt",
            Self::MeetCondition(_) => "meet-condition",
            Self::NewSession => "new-session",
            Self::SubmitUseCaseForm(_) => "submit-use-case-form",
            Self::AcceptAgreement(_) => "accept-agreement",
            Self::JoinProgram(_) => "join-program",
            Self::UseModel(_) => "use-model",
            Self::UseRegion(_) => "use-region",
            Self::RenewCredentials(_) => "renew-credentials",
            Self::SetRetentionMode(_) => "set-retention-mode",
        }
    }

    /// Returns `true` if a policy changes, and not the call or the account.
    #[must_use]
    pub fn is_of_policy(&self) -> bool {
        matches!(
            self,
            Self::AddStatement { .. } | Self::RemoveStatement { .. } | Self::Exempt { .. } | Self::ExemptUnread { .. }
        )
    }

    /// Returns the policy document that the change adds or leaves.
    #[must_use]
    pub fn document(&self) -> Option<&Value> {
        match self {
            Self::AddStatement { statements: document }
            | Self::RemoveStatement { left: Left::Document(document) }
            | Self::Exempt { document, .. } => Some(document),
            _ => None,
        }
    }

    /// Returns what is used, accepted, set or exempted, as one word.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        match self {
            Self::Exempt { key, values, .. } => Some(format!("{key}={}", values.join(","))),
            Self::MeetCondition(condition) => {
                Some(format!("{} {}={}", condition.operator, condition.key, condition.expected.join(",")))
            }
            Self::ExemptUnread { regions, .. } => (!regions.is_empty()).then(|| regions.join(",")),
            Self::SubmitUseCaseForm(value) | Self::AcceptAgreement(value) | Self::JoinProgram(value) => {
                Some(value.clone())
            }
            Self::UseModel(value) | Self::UseRegion(value) => value.clone(),
            Self::RenewCredentials(value) => value.map(str::to_owned),
            Self::SetRetentionMode(mode) => Some((*mode).to_owned()),
            Self::AddStatement { .. } | Self::RemoveStatement { .. } | Self::NewSession => None,
        }
    }
}

/// One step of a remedy.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A step that the catalogue has for the cause.
    Catalogue(&'static str),
    /// Let the role's trust policy name the caller.
    TrustNames {
        /// The role.
        role: Arn,
        /// The caller, where it is known.
        who: Option<String>,
    },
    /// Give the external id that the trust policy asks for.
    GiveExternalId,
    /// Let the caller's policies allow assuming the role.
    AllowAssumeRole(Option<String>),
    /// Copy a boundary that AWS manages, with the statements added.
    CopyManagedBoundary(String),
    /// Add the statements to the boundary.
    AddToBoundary(String),
    /// Save the boundary and make it the default version.
    SaveBoundary,
    /// Add the policy to an IAM Identity Center permission set.
    AddToPermissionSet(String),
    /// Attach the policy to a user or role.
    Attach {
        /// `user` or `role`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Meet a condition with the call.
    MeetCondition(Condition),
    /// Let the principal apply the guardrail as well.
    AllowGuardrail(String),
    /// Make a new session first: this one is refused whatever it asks for.
    NewSessionFirst,
    /// Or meet another condition of the same statement with the call.
    OrMeetCondition(Condition),
    /// Or ask those who keep the policy, because its condition protects something.
    OwnerDecides(Statements),
    /// Decide on the data-retention mode of the project that the call names, which comes before the account's.
    SetRetentionOfProject(Option<&'static str>),
    /// Ask those who keep a guard, which denies more than this call.
    OwnerOfGuardDecides(Statements),
    /// Or ask them.
    OrOwnerOfGuardDecides(Statements),
    /// Deal with the access key that leaked before anything else.
    KeyFirst,
    /// Name a model that exists before anything else: a permission for one that does not is of no use.
    ModelFirst,
    /// Merge the policy into the permission set's inline policy, of which there is one.
    MergePermissionSet,
    /// Provision the permission set.
    ProvisionPermissionSet,
    /// An SCP denies subscribing, so that no identity of the account may.
    ScpDeniesSubscribe,
    /// Read what the denying statement of an SCP looks at, and meet that with the call where it can.
    ReadScpCondition,
    /// The policy that denies.
    DenyingPolicy(String),
    /// Add Regions to those that an SCP allows, if it restricts Regions.
    AllowRegions(Vec<String>),
    /// Exempt calls through a profile from an SCP.
    ExemptProfile(String),
    /// Exempt the principal from an SCP.
    ExemptPrincipal(String),
    /// Where AWS Control Tower manages the SCP.
    ControlTower,
    /// Allow the action at every level of the organization.
    AllowAtEveryLevel,
    /// Remove or narrow the denying statement of a policy that is known by name alone.
    NarrowNamed {
        /// The policy's type.
        policy_type: PolicyType,
        /// The policy.
        policy: String,
    },
    /// Find the policy with the denying statement.
    FindDenying(PolicyType),
    /// Deactivate the access key that leaked.
    DeactivateKey(String),
    /// Look through what the key did.
    ReviewKeyUse,
    /// Detach the quarantine policy only then.
    DetachQuarantine(String),
    /// Detach an AWS managed policy.
    DetachManaged(String),
    /// Ask those who keep the policy whether it is still to deny: nothing else comes before.
    AskWhyDenied(Statements),
    /// Remove or narrow statements of a policy; by hand, because its text was not read.
    NarrowByHand(Statements),
    /// Remove the statements, after which nothing is left.
    TakeAway(Statements),
    /// Let values through the condition of statements.
    LetThrough {
        /// The statements.
        statements: Statements,
        /// The condition key.
        key: String,
        /// The values.
        values: Vec<String>,
    },
    /// Remove or narrow statements of a policy.
    Narrow(Statements),
    /// An explicit deny wins over every allow.
    ExplicitDenyWins,
    /// Request access on the console's page, in AWS GovCloud (US).
    RequestAccessInGovCloud,
    /// Enable the model in the linked commercial account.
    EnableInCommercialAccount,
    /// Take part in a trusted access program, by what the account's status in it is.
    JoinProgram(TrustedAccessProgram),
    /// Invoke the model once, or make its agreement.
    InvokeOrAgree,
    /// Complete in the model catalog what is asked for, or make the agreement anew.
    CompleteOrAgreeAnew,
    /// Open the model in the model catalog.
    OpenInCatalog,
    /// Submit Anthropic's use case form.
    SubmitForm,
    /// Ask for the model's availability again.
    AskAgain,
    /// Open a case with AWS Support.
    OpenCase,
    /// Decide whether a data-retention mode is acceptable.
    DecideRetention {
        /// The mode that the model needs.
        needed: &'static str,
        /// The account's mode.
        mode: String,
        /// The Region.
        region: String,
    },
    /// Set the data-retention mode.
    SetRetention,
    /// Set it for the bedrock-mantle endpoint too.
    SetRetentionOnMantle,
    /// Call the model through an inference profile.
    CallThroughProfile {
        /// The Region.
        region: String,
        /// The profile.
        profile: String,
    },
    /// Or through one of these, which may route to other Regions.
    OrThrough(Vec<String>),
    /// Call a Region that has the model.
    CallRegion(Vec<String>),
    /// Call the nearest id that the Region lists.
    CallNearest {
        /// The Region.
        region: String,
        /// The nearest id.
        id: String,
        /// Further ids.
        others: Vec<String>,
    },
    /// Else compare the id with the Region's lists.
    CompareWithLists,
    /// Call another model.
    CallAnother {
        /// The Region.
        region: String,
        /// The models.
        models: Vec<String>,
    },
    /// The policies allow the other call, as far as can be simulated.
    PoliciesAllowIt,
    /// The policies do not allow the other call yet.
    PoliciesMustChange,
    /// The policies must allow the other call, which was not simulated.
    PoliciesMustAllow,
    /// What to do about TLS.
    Tls(TlsFault),
    /// Name a service role that exists.
    NameExistingRole(Arn),
    /// Name the service role by the ARN that it has.
    NameRoleByItsArn(Arn),
    /// Name a service role of this account.
    NameRoleOfAccount(String),
    /// Remove or narrow the trust policy's statement that denies the action.
    NarrowTrust(&'static str),
    /// Let the service assume the role.
    LetAssume(AssumingService),
    /// Remove the trust in Bedrock unless an agent, knowledge base or job runs with the role.
    DropBedrockTrust,
}

/// Statements of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statements {
    /// The policy's name.
    pub policy: String,
    /// The statements' `Sid`s; empty where one of them has none.
    pub sids: Vec<String>,
}

/// What is wrong with TLS between here and AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is not valid at this machine's time.
    Clock,
    /// The certificate has another name.
    Name,
    /// The certificate is not trusted.
    Trust,
    /// No root certificates may be installed.
    NoRoots,
    /// What answers does not speak TLS.
    Handshake,
}

/// What to know before taking the steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Creating the agreement accepts the model's licence.
    AcceptsLicence,
    /// What the file for the use case form holds.
    UseCaseFile,
    /// A form of the management account need not show.
    FormMayBeInherited,
    /// Whether it is the right Region.
    IsRightRegion(String),
    /// The policy may not be all that is needed.
    MayNotBeAll(String),
    /// The endpoint's file holds the whole policy.
    WholeEndpointPolicy,
    /// A session keeps the policy that it was made with.
    SessionKeepsPolicy,
    /// LiteLLM made the session, with a policy of its own.
    LiteLlmAttachesPolicy,
    /// The account is a member of the organization.
    MemberAccount,
    /// This change alone is not enough.
    NotEnoughAlone,
    /// The command replaces the whole trust policy.
    ReplacesTrustPolicy,
    /// What is added stands under the conditions of these statements, which grant what is nearest to it.
    KeepsConditions(Statements),
}
