//! Worlds: the facts of an AWS account, read from JSON.
//!
//! Takes a text and gives a checked [`World`], or says what is wrong in it and where. A world holds no cause,
//! verdict or remedy: what the sandbox answers is derived from these facts when it is asked.

mod agents;
mod api_keys;
mod check;
mod edit;
mod embedded;
mod error;
mod fault;
mod models;
mod principals;
mod programs;

pub(super) use agents::{Agent, AgentRuntime, Gateway, KnowledgeBase};
pub(super) use api_keys::ApiKey;
pub(super) use edit::{Attachments, PolicyVersions};
pub use error::WorldError;
pub use fault::{Fault, FaultError, FaultKind};
pub(super) use models::{
    AgreementStatus, Authorization, Availability, DataRetention, ErrorShape, Gate, Guardrail, Lifecycle,
    LifecycleStatus, LiveError, Model, Profile, ProfileType,
};
pub(super) use principals::{AttachedPolicy, Group, ManagedPolicy, PolicyText, PrincipalFacts, is_session_name};
pub(super) use programs::{ProgramStatus, Project, TrustedAccessProgram};

use crate::bedrock::{GuardrailReference, ModelReference, Operation, ProjectReference, Region};
use crate::iam::{Arn, AssumingService};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// The secret access key of every principal in every world. It opens nothing outside the sandbox.
pub(super) const SECRET_ACCESS_KEY: &str = "sandbox/secret/that/opens/nothing/EXAMPLEKEY";

/// The session token of every role session in every world. It opens nothing outside the sandbox.
pub(super) const SESSION_TOKEN: &str = "sandbox-session-token-that-opens-nothing-EXAMPLE";

/// The facts of an AWS account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a world (an object)")]
pub struct World {
    /// The world's name, as reports show it.
    pub name: String,
    /// What is the case in this world, in one line.
    pub description: String,
    /// The account's id.
    pub account: String,
    /// The organization that the account belongs to, if any.
    #[serde(default)]
    pub(super) organization: Option<Organization>,
    /// IAM users and roles.
    pub(super) principals: Vec<PrincipalFacts>,
    /// IAM groups, which users name.
    #[serde(default)]
    pub(super) groups: Vec<Group>,
    /// Foundation models, and how the account stands to each of them in each Region.
    pub(super) models: Vec<Model>,
    /// Inference profiles.
    #[serde(default)]
    pub(super) profiles: Vec<Profile>,
    /// Guardrails of the account.
    #[serde(default)]
    pub(super) guardrails: Vec<Guardrail>,
    /// Agents, each with the role that Bedrock assumes for it.
    #[serde(default)]
    pub(super) agents: Vec<Agent>,
    /// Knowledge bases, likewise.
    #[serde(default)]
    pub(super) knowledge_bases: Vec<KnowledgeBase>,
    /// Runtimes of AgentCore.
    #[serde(default)]
    pub(super) agent_runtimes: Vec<AgentRuntime>,
    /// Gateways of AgentCore.
    #[serde(default)]
    pub(super) gateways: Vec<Gateway>,
    /// The policies of KMS keys, S3 buckets and ECR repositories, by ARN; null where there is none, which for a key means
    /// that there is no such key.
    #[serde(default)]
    pub(super) resource_policies: BTreeMap<String, Option<PolicyText>>,
    /// Trusted access programs, and how the account takes part in them.
    #[serde(default)]
    pub(super) trusted_access_programs: Vec<TrustedAccessProgram>,
    /// Projects on the runtime.
    #[serde(default)]
    pub(super) projects: Vec<Project>,
    /// Whether a call without a project is evaluated on the default project.
    #[serde(default)]
    pub(super) default_project: bool,
    /// What the runtime answers to every call in a Region while the account is on hold.
    #[serde(default)]
    pub(super) account_hold: BTreeMap<Region, LiveError>,
    /// How many first calls succeed while a subscription is set up, before form and agreement are checked.
    #[serde(default)]
    pub(super) subscription_setup_calls: u32,
    /// The forms that the account has submitted, by model provider.
    #[serde(default)]
    pub(super) forms: BTreeMap<String, UseCaseForm>,
    /// The account's data-retention mode in each Region where it is not the default.
    #[serde(default)]
    pub(super) data_retention: BTreeMap<Region, DataRetention>,
    /// The interface endpoint that calls to the runtime pass, if they pass one.
    #[serde(default)]
    pub(super) vpc_endpoint_policy: Option<VpcEndpoint>,
    /// Bedrock API keys.
    #[serde(default)]
    pub(super) api_keys: Vec<ApiKey>,
    /// The API key in the caller's environment, which its Bedrock calls bear instead of a signature: the key, or the
    /// ARN of the principal that it stands for.
    #[serde(default)]
    pub(super) bearer_token: Option<String>,
    /// Permission sets of IAM Identity Center, each with the role that it is provisioned as.
    #[serde(default)]
    pub(super) permission_sets: Vec<PermissionSet>,
    /// The services whose refusals carry an authorization id: today most of IAM's, and none of Bedrock's (IAM User Guide,
    /// "Troubleshoot access denied error messages").
    #[serde(default = "AuthorizationIds::of_today")]
    pub(super) authorization_ids: Vec<AuthorizationIds>,
    /// What the services do wrong.
    #[serde(default)]
    pub(super) faults: Vec<Fault>,
    /// The ARN of the principal whose credentials are used.
    pub(super) caller: Arn,
    /// The Bedrock call that this world is about.
    pub request: WorldRequest,
    /// The customer managed policies that writes have made or changed.
    #[serde(skip)]
    managed: edit::ManagedPolicies,
}

/// The Bedrock call that a world is about: what `doctor --sandbox` asks when nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a request (an object)")]
pub struct WorldRequest {
    /// The model, as a caller names it; none where the operation takes none.
    #[serde(default)]
    pub model: Option<ModelReference>,
    /// The operation.
    pub operation: Operation,
    /// The Region that the call goes to.
    pub region: Region,
    /// What else the call names.
    #[serde(default)]
    pub resources: Vec<Arn>,
    /// The role that Bedrock assumes to carry the operation out.
    #[serde(default)]
    pub service_role: Option<Arn>,
    /// The service whose workload runs with the caller's role.
    #[serde(default)]
    pub service: Option<AssumingService>,
    /// The guardrail that the call names.
    #[serde(default)]
    pub guardrail: Option<GuardrailReference>,
    /// The project that the call belongs to.
    #[serde(default)]
    pub project: Option<ProjectReference>,
    /// The live call, where only a live answer can tell.
    #[serde(default)]
    pub live: Option<Live>,
}

/// A live call that goes with a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Live {
    /// A call with a body that no model accepts.
    Probe,
    /// The operation's own call.
    Invoke,
}

/// An organization of AWS Organizations, as one of its accounts meets it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an organization (an object)")]
pub(super) struct Organization {
    /// The organization's id, such as `o-exampleorgid`.
    pub(super) id: String,
    /// The id of the management account, which service control policies do not restrict.
    pub(super) management_account: String,
    /// The paths from the organization to the account, `aws:PrincipalOrgPaths`.
    #[serde(default)]
    pub(super) paths: Vec<String>,
    /// The service control policies of the root, of each organizational unit on the way, and of the account.
    pub(super) levels: Vec<Vec<OrganizationPolicy>>,
}

/// A service control policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a service control policy (an object)")]
pub(super) struct OrganizationPolicy {
    pub(super) name: String,
    pub(super) arn: Arn,
    pub(super) document: PolicyText,
}

/// The use case form for a provider's models (Bedrock API Reference, "PutUseCaseForModelAccess").
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a form (an object)")]
pub(super) struct UseCaseForm {
    company_name: String,
    company_website: String,
    intended_users: String,
    industry_option: String,
    #[serde(default)]
    other_industry_option: String,
    use_cases: String,
}

/// A service whose refusals may carry an authorization id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AuthorizationIds {
    Iam,
    Bedrock,
}

impl Organization {
    /// Returns the id of the root, unit or account that a level of policies is attached to.
    pub(super) fn target(&self, depth: usize, account: &str) -> Option<String> {
        if depth + 1 == self.levels.len() {
            return Some(account.to_owned());
        }
        let path = self.paths.first()?;
        path.split('/').filter(|part| !part.is_empty()).nth(depth + 1).map(str::to_owned)
    }
}

impl AuthorizationIds {
    fn of_today() -> Vec<Self> {
        vec![Self::Iam]
    }
}

/// A permission set of IAM Identity Center.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a permission set (an object)")]
pub(super) struct PermissionSet {
    /// The ARN, `arn:aws:sso:::permissionSet/ssoins-…/ps-…`.
    pub(super) arn: Arn,
    pub(super) name: String,
    /// The role of the account that it is provisioned as.
    pub(super) role: Arn,
    /// The inline policy; provisioning copies it to the role.
    #[serde(default)]
    pub(super) inline_policy: Option<PolicyText>,
}

impl PermissionSet {
    /// Returns the ARN of the instance that the permission set belongs to.
    pub(super) fn instance(&self) -> Arn {
        let id = self.arn.resource.split('/').nth(1).unwrap_or_default();
        Arn::new(&self.arn.partition, "sso", "", "", &format!("instance/{id}"))
    }
}

/// An interface VPC endpoint for `bedrock-runtime`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an endpoint (an object)")]
pub(super) struct VpcEndpoint {
    /// The endpoint's id, `aws:SourceVpce`.
    pub(super) vpc_endpoint: String,
    /// The id of its VPC, `aws:SourceVpc`.
    pub(super) vpc: String,
    /// The endpoint policy.
    pub(super) document: PolicyText,
}

impl World {
    /// Returns the embedded world of a name.
    ///
    /// ```
    /// # use bedrock_access::sandbox::World;
    /// let world = World::embedded("iam-missing").expect("it is embedded");
    /// assert_eq!(world.request.region.as_str(), "us-west-2");
    /// assert!(World::embedded("atlantis").is_none());
    /// ```
    #[must_use]
    pub fn embedded(name: &str) -> Option<Self> {
        // The embedded texts are held to the parser by a test.
        Self::parse(Self::embedded_text(name)?).ok()
    }

    /// Returns the file of an embedded world, byte for byte.
    #[must_use]
    pub fn embedded_text(name: &str) -> Option<&'static str> {
        embedded::FILES.text(name)
    }

    /// Walks over the names of the embedded worlds, in the order of their documentation.
    pub fn names() -> impl Iterator<Item = &'static str> {
        embedded::WORLDS.iter().copied()
    }

    /// Reads a world from the text of its file.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, does not have the form of a world (unknown fields are refused), or its facts
    /// contradict one another. The error names the place.
    pub fn parse(text: &str) -> Result<Self, WorldError> {
        if text.trim().is_empty() {
            return Err(WorldError::empty());
        }
        let mut world: Self = serde_json::from_str(text).map_err(|error| WorldError::json(&error))?;
        for key in &mut world.api_keys {
            key.complete(&world.principals);
        }
        // A key that the world does not spell out is borne by naming whose it is.
        let named = world.bearer_token.as_ref().filter(|token| token.starts_with("arn:"));
        if let Some(own) = named.and_then(|arn| world.api_keys.iter().find(|key| key.principal.to_string() == *arn)) {
            world.bearer_token = Some(own.key.clone());
        }
        check::check(&world, text)?;
        Ok(world)
    }

    /// Adds a fault to those of the world.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Returns the caller's access key id, its secret and, for the session of a role, the session token.
    ///
    /// Secret and token are the same in every world and open nothing outside the sandbox.
    #[must_use]
    pub fn caller_credentials(&self) -> (&str, &'static str, Option<&'static str>) {
        let caller = self.principals.iter().find(|principal| principal.arn == self.caller);
        let access_key = caller.and_then(|caller| caller.access_key.as_deref()).unwrap_or_default();
        let token = caller.is_some_and(PrincipalFacts::is_role).then_some(SESSION_TOKEN);
        (access_key, SECRET_ACCESS_KEY, token)
    }

    /// Returns the access key id and, for the session of a role, the session token of a principal by its ARN or its
    /// name; none where there is no such principal or it has no key.
    #[must_use]
    pub fn credentials_of(&self, principal: &str) -> Option<(&str, Option<&'static str>)> {
        let named = |facts: &&PrincipalFacts| facts.arn.to_string() == principal || facts.name() == principal;
        let facts = self.principals.iter().find(named)?;
        Some((facts.access_key.as_deref()?, facts.is_role().then_some(SESSION_TOKEN)))
    }

    /// Walks over the names of the principals that have a key to call with.
    pub fn principals_with_keys(&self) -> impl Iterator<Item = &str> {
        self.principals.iter().filter(|facts| facts.access_key.is_some()).map(PrincipalFacts::name)
    }

    /// Returns the Bedrock API key in the caller's environment, `AWS_BEARER_TOKEN_BEDROCK`, if there is one.
    #[must_use]
    pub fn caller_bearer_token(&self) -> Option<&str> {
        self.bearer_token.as_deref()
    }

    /// Returns the name of the runtime's host in the Region that the world is about.
    #[must_use]
    pub fn runtime_host(&self) -> String {
        format!("bedrock-runtime.{}.amazonaws.com", self.request.region)
    }

    /// Returns the address that the runtime's host name resolves to for the world's caller: one of its VPC where
    /// calls pass an interface endpoint, and loopback, where the sandbox itself is, where they do not.
    #[must_use]
    pub fn runtime_address(&self) -> IpAddr {
        match self.vpc_endpoint_policy {
            Some(_) => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 10)),
            None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// Returns the account's data-retention mode in a Region; none where it was never set.
    pub(super) fn data_retention_in(&self, region: &str) -> Option<DataRetention> {
        let mut modes = self.data_retention.iter();
        modes.find(|(here, _)| here.as_str() == region).map(|(_, mode)| *mode)
    }

    /// Returns `true` if the account sees a model: no trusted access program hides it.
    pub(super) fn sees(&self, model: &str) -> bool {
        let hides = |program: &TrustedAccessProgram| {
            program.status != ProgramStatus::Enabled && program.models.iter().any(|id| id == model)
        };
        !self.trusted_access_programs.iter().any(hides)
    }

    /// Returns the policy of a resource: none where the world says nothing of the resource, and none within where the
    /// resource has no policy.
    pub(super) fn resource_policy(&self, arn: &str) -> Option<Option<&PolicyText>> {
        self.resource_policies.get(arn).map(Option::as_ref)
    }

    /// Returns the partition, as the caller's ARN has it.
    pub(super) fn partition(&self) -> &str {
        &self.caller.partition
    }
}
