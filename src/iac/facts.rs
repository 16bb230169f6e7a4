//! What a file declares that matters to Bedrock: roles with their policies, what runs with them, and which models it names.
//!
//! Takes resources of either language and gives the same facts for the same infrastructure.

use super::aws_managed::has_no_say;
use super::kinds::{KINDS, Kind, Language};
use super::node::{Node, Place, Value, comparable, is_marked, is_partly_unknown, readable};
use super::resource::Resource;
use super::settings::Settings;
use super::template::marked;
use crate::bedrock::{ModelReference, Operation, is_model_id, without_version};
use crate::policy::ManagedPolicy;
use serde_json::{Value as Json, json};

/// A policy, and where it is declared.
#[derive(Clone, Debug)]
pub(crate) struct PolicySource {
    pub address: String,
    pub name: String,
    pub place: Place,
    /// Its document, in which marked names stand for what only the deployment makes; `None` where all of it is unknown.
    pub document: Option<Node>,
}

/// A role.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub address: String,
    pub name: String,
    pub arn: String,
    pub place: Place,
    pub trust: Option<PolicySource>,
    pub identity: Vec<PolicySource>,
    pub boundary: Option<PolicySource>,
}

/// Something that is not known before the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The resource's address.
    pub address: String,
    /// What is not known, as a lower-case fragment.
    pub what: String,
}

/// Something that runs with a role.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub address: String,
    pub service: &'static str,
    /// The role's ARN or name as the resource names it.
    pub role: String,
    pub models: Vec<NamedModel>,
    pub guardrails: Vec<NamedGuardrail>,
    pub in_vpc: bool,
}

/// A guardrail that a workload names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedGuardrail {
    pub arn: String,
    /// What `bedrock:GuardrailIdentifier` holds, where the calls themselves carry the guardrail and its version is known.
    pub passed_as: Option<String>,
}

/// A model that a workload names.
#[derive(Clone, Debug)]
pub(crate) struct NamedModel {
    pub model: ModelReference,
    /// The model as people read it.
    pub shown: String,
    pub operation: Operation,
    /// Such as `aws_lambda_function.app environment MODEL_ID`.
    pub named_by: String,
}

/// An application inference profile that the file makes.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub arn: String,
    /// The model or system-defined profile that it copies.
    pub source: String,
}

/// A prompt that the file makes, or a version of it.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub arn: String,
    /// The models of the variant that is used, or of all where none is the default.
    pub models: Vec<ModelReference>,
}

/// A resource of the file whose ARN only the deployment makes, and how the file's language refers to that.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub arn: String,
    /// The ARN as people read it.
    pub shown: String,
    pub address: String,
    pub attribute: &'static str,
}

/// Everything that one file declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub roles: Vec<Role>,
    /// Every policy document, for the lint.
    pub documents: Vec<PolicySource>,
    pub workloads: Vec<Workload>,
    pub profiles: Vec<Profile>,
    pub prompts: Vec<Prompt>,
    pub made: Vec<Made>,
    pub service_control: Vec<PolicySource>,
    pub vpc_endpoint: Vec<PolicySource>,
    pub unknown: Vec<Unknown>,
}

/// Reads the facts out of resources.
pub(crate) fn facts(resources: &[Resource], language: Language, settings: &Settings) -> Facts {
    let mut reader = Reader { language, settings, facts: Facts::default() };
    let resources: Vec<Resource> = resources.iter().map(with_documents_read).collect();
    let resources = resources.as_slice();
    reader.roles(resources);
    reader.attached(resources);
    for resource in resources {
        reader.organization_and_endpoint(resource);
        reader.profile(resource);
        reader.prompt(resource);
        reader.guardrail(resource);
    }
    for resource in resources {
        reader.prompt_version(resource);
    }
    for resource in resources {
        if let Some(kind) = KINDS.iter().find(|kind| kind.kind.of(language) == resource.kind) {
            reader.workload(resource, kind, resources);
        }
    }
    reader.facts
}

struct Reader<'r> {
    language: Language,
    settings: &'r Settings,
    facts: Facts,
}

impl Reader<'_> {
    fn pick(&self, terraform: &'static str, cloudformation: &'static str) -> &'static str {
        match self.language {
            Language::Terraform => terraform,
            Language::CloudFormation => cloudformation,
        }
    }

    fn roles(&mut self, resources: &[Resource]) {
        let kind = self.pick("aws_iam_role", "AWS::IAM::Role");
        for resource in resources.iter().filter(|resource| resource.kind == kind && !is_read(resource)) {
            let text = |name: &str| resource.properties.get(name).and_then(Node::as_str);
            let name = text(self.pick("name", "RoleName")).map_or_else(|| marked(&resource.address), str::to_owned);
            let path = text(self.pick("path", "Path")).unwrap_or("/");
            let arn = text("arn").map_or_else(|| self.iam_arn(&format!("role{path}{name}")), str::to_owned);
            let trust =
                self.source(resource, self.pick("assume_role_policy", "AssumeRolePolicyDocument"), "trust policy");
            let mut role = Role {
                address: resource.address.clone(),
                name,
                arn,
                place: resource.place,
                trust,
                identity: Vec::new(),
                boundary: None,
            };
            for inline in resource.properties.find(self.pick("inline_policy", "Policies")) {
                let name = inline.1.get(self.pick("name", "PolicyName")).and_then(Node::as_str).unwrap_or("inline");
                let document = inline.1.get(self.pick("policy", "PolicyDocument"));
                if let Some(document) = document.filter(|document| document.value != Value::Null) {
                    role.identity.push(policy_source(&resource.address, name, document));
                }
            }
            self.facts.documents.extend(role.identity.iter().chain(&role.trust).cloned());
            self.facts.roles.push(role);
        }
        let names: Vec<(String, Vec<Node>, Option<Node>)> = resources
            .iter()
            .filter(|resource| resource.kind == kind && !is_read(resource))
            .map(|resource| {
                let attached = resource.properties.find(self.pick("managed_policy_arns", "ManagedPolicyArns"));
                let boundary = resource.properties.get(self.pick("permissions_boundary", "PermissionsBoundary"));
                (
                    resource.address.clone(),
                    attached.into_iter().map(|(_, node)| node.clone()).collect(),
                    boundary.cloned(),
                )
            })
            .collect();
        for (address, attached, boundary) in names {
            for arn in attached {
                self.attach(&address, &arn, resources);
            }
            if let Some(boundary) = boundary.filter(|node| node.value != Value::Null) {
                let found = self.managed(&address, &boundary, resources);
                if let Some(role) = self.facts.roles.iter_mut().find(|role| role.address == address) {
                    role.boundary = Some(found);
                }
            }
        }
    }

    /// Reads what is attached to roles by resources of their own.
    fn attached(&mut self, resources: &[Resource]) {
        for resource in resources.iter().filter(|resource| !is_read(resource)) {
            let properties = &resource.properties;
            match resource.kind.as_str() {
                "aws_iam_role_policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::Policy" => {
                    let Some(source) = self.source(resource, self.pick("policy", "PolicyDocument"), "policy") else {
                        continue;
                    };
                    self.facts.documents.push(source.clone());
                    let names = properties.find(match resource.kind.as_str() {
                        "AWS::IAM::Policy" => "Roles",
                        _ => self.pick("role", "RoleName"),
                    });
                    self.give(&resource.address, names.into_iter().map(|(_, node)| node), &source);
                }
                "aws_iam_policy" | "AWS::IAM::ManagedPolicy" => {
                    let Some(source) = self.source(resource, self.pick("policy", "PolicyDocument"), "policy") else {
                        continue;
                    };
                    self.facts.documents.push(source.clone());
                    let names = properties.find("Roles");
                    self.give(&resource.address, names.into_iter().map(|(_, node)| node), &source);
                }
                "aws_iam_user_policy" | "aws_iam_group_policy" | "AWS::IAM::UserPolicy" | "AWS::IAM::GroupPolicy" => {
                    let source = self.source(resource, self.pick("policy", "PolicyDocument"), "policy");
                    self.facts.documents.extend(source);
                }
                "aws_iam_role_policy_attachment" | "aws_iam_policy_attachment" => {
                    let Some(arn) = properties.get("policy_arn") else { continue };
                    let source = self.managed(&resource.address, arn, resources);
                    let mut roles = properties.find("role");
                    roles.extend(properties.find("roles"));
                    self.give(&resource.address, roles.into_iter().map(|(_, node)| node), &source);
                }
                _ => {}
            }
        }
    }

    /// Gives a policy to the roles that are named.
    fn give<'n>(&mut self, address: &str, names: impl Iterator<Item = &'n Node>, source: &PolicySource) {
        for name in names {
            let Some(name) = name.as_str() else {
                self.facts.unknown.push(Unknown {
                    address: address.to_owned(),
                    what: "the role that the policy is attached to".to_owned(),
                });
                continue;
            };
            if let Some(role) = self.facts.roles.iter_mut().find(|role| role.is_named(name)) {
                role.identity.push(source.clone());
            }
        }
    }

    fn attach(&mut self, address: &str, arn: &Node, resources: &[Resource]) {
        let source = self.managed(address, arn, resources);
        if let Some(role) = self.facts.roles.iter_mut().find(|role| role.address == address) {
            role.identity.push(source);
        }
    }

    /// Finds a managed policy: one of the file's own, or one of AWS whose text this program carries.
    fn managed(&self, address: &str, arn: &Node, resources: &[Resource]) -> PolicySource {
        let unread =
            |name: String| PolicySource { address: address.to_owned(), name, place: arn.place, document: None };
        let Some(text) = arn.as_str() else { return unread("a managed policy".to_owned()) };
        if let Some(managed) = ManagedPolicy::find(text).filter(|_| text.contains(":iam::aws:policy/")) {
            let document = Some(Node::from_json(managed.json.clone(), arn.place));
            return PolicySource { document, ..unread(managed.name.to_owned()) };
        }
        if has_no_say(text) {
            let document = Some(Node::from_json(json!({"Version": "2012-10-17", "Statement": []}), arn.place));
            return PolicySource { document, ..unread(text.to_owned()) };
        }
        let kind = self.pick("aws_iam_policy", "AWS::IAM::ManagedPolicy");
        let own = resources.iter().filter(|resource| resource.kind == kind).find(|resource| {
            let property = |name: &str| resource.properties.get(name).and_then(Node::as_str);
            let name = property(self.pick("name", "ManagedPolicyName"));
            let name = name.map_or_else(|| marked(&resource.address), str::to_owned);
            let path = property(self.pick("path", "Path")).unwrap_or("/").to_owned();
            property("arn") == Some(text) || self.iam_arn(&format!("policy{path}{name}")) == text
        });
        let source = own.and_then(|own| self.source(own, self.pick("policy", "PolicyDocument"), "policy"));
        source.unwrap_or_else(|| unread(readable(text)))
    }

    fn iam_arn(&self, resource: &str) -> String {
        let account =
            self.settings.parameter("AWS::AccountId").unwrap_or_else(|| marked(self.pick("account", "AWS::AccountId")));
        format!("arn:{}:iam::{account}:{resource}", self.settings.partition())
    }

    fn source(&self, resource: &Resource, property: &str, name: &str) -> Option<PolicySource> {
        let document = resource.properties.get(property).filter(|document| document.value != Value::Null)?;
        let own = resource.properties.get(self.pick("name", "PolicyName")).and_then(Node::as_str);
        Some(policy_source(&resource.address, own.unwrap_or(name), document))
    }

    fn organization_and_endpoint(&mut self, resource: &Resource) {
        let properties = &resource.properties;
        match resource.kind.as_str() {
            "aws_organizations_policy" | "AWS::Organizations::Policy" => {
                let kind = properties.get(self.pick("type", "Type")).and_then(Node::as_str);
                let source = self.source(resource, self.pick("content", "Content"), "policy");
                if let Some(source) = source.filter(|_| kind.is_none_or(|kind| kind == "SERVICE_CONTROL_POLICY")) {
                    self.facts.service_control.push(source.clone());
                    self.facts.documents.push(source);
                }
            }
            "aws_vpc_endpoint" | "AWS::EC2::VPCEndpoint" => {
                let service = properties.get(self.pick("service_name", "ServiceName")).and_then(Node::as_str);
                if !service
                    .is_some_and(|service| service.ends_with(".bedrock-runtime") || service.ends_with(".bedrock"))
                {
                    return;
                }
                if let Some(source) = self.source(resource, self.pick("policy", "PolicyDocument"), "endpoint policy") {
                    if service.is_some_and(|service| service.ends_with(".bedrock-runtime")) {
                        self.facts.vpc_endpoint.push(source.clone());
                    }
                    self.facts.documents.push(source);
                }
            }
            _ => {}
        }
    }

    fn profile(&mut self, resource: &Resource) {
        let kind = self.pick("aws_bedrock_inference_profile", "AWS::Bedrock::ApplicationInferenceProfile");
        if resource.kind != kind {
            return;
        }
        let source = resource.properties.find(self.pick("model_source.copy_from", "ModelSource.CopyFrom"));
        let Some(source) = source.first().and_then(|(_, node)| node.as_str()) else { return };
        let own = resource.properties.get("arn").and_then(Node::as_str).map(str::to_owned);
        let made = || self.bedrock_arn("application-inference-profile", &marked(&resource.address));
        let arn = own.unwrap_or_else(made);
        self.made(resource, &arn, self.pick("arn", "InferenceProfileArn"));
        self.facts.profiles.push(Profile { arn: comparable(&arn), source: source.to_owned() });
    }

    /// Returns the ARN of a resource of Bedrock's in the account and Region of the deployment.
    fn bedrock_arn(&self, resource_type: &str, id: &str) -> String {
        let parameter = |name: &str, own: &str| self.settings.parameter(name).unwrap_or_else(|| marked(own));
        let account = parameter("AWS::AccountId", self.pick("account", "AWS::AccountId"));
        let region = parameter("AWS::Region", self.pick("region", "AWS::Region"));
        format!("arn:{}:bedrock:{region}:{account}:{resource_type}/{id}", self.settings.partition())
    }

    fn prompt(&mut self, resource: &Resource) {
        if resource.kind != self.pick("aws_bedrockagent_prompt", "AWS::Bedrock::Prompt") {
            return;
        }
        let properties = &resource.properties;
        let text = |node: &Node, name: &str| node.get(name).and_then(Node::as_str).map(str::to_owned);
        let used = text(properties, self.pick("default_variant", "DefaultVariant"));
        let variants = properties.get(self.pick("variant", "Variants")).map(Node::items).unwrap_or_default();
        let (named, model) = (self.pick("name", "Name"), self.pick("model_id", "ModelId"));
        let is_used = |variant: &&Node| {
            let name = text(variant, named);
            used.is_none() || name.is_none() || name == used
        };
        let mut models = Vec::new();
        for variant in variants.iter().filter(is_used) {
            let Some(node) = variant.get(model) else { continue };
            let model = node.as_str().map(comparable).map(|text| text.parse::<ModelReference>());
            match model {
                Some(Ok(model)) if !models.contains(&model) => models.push(model),
                Some(Ok(_)) => {}
                _ => self
                    .facts
                    .unknown
                    .push(Unknown { address: resource.address.clone(), what: "the model of a variant".to_owned() }),
            }
        }
        let arn = text(properties, "arn").unwrap_or_else(|| self.bedrock_arn("prompt", &marked(&resource.address)));
        self.made(resource, &arn, self.pick("arn", "Arn"));
        self.facts.prompts.push(Prompt { arn: comparable(&arn), models });
    }

    fn guardrail(&mut self, resource: &Resource) {
        if resource.kind == self.pick("aws_bedrock_guardrail", "AWS::Bedrock::Guardrail") {
            let attribute = self.pick("guardrail_arn", "GuardrailArn");
            let own = resource.properties.get(attribute).and_then(Node::as_str).map(str::to_owned);
            let arn = own.unwrap_or_else(|| self.bedrock_arn("guardrail", &marked(&resource.address)));
            self.made(resource, &arn, attribute);
        }
    }

    /// Keeps how to refer to a resource whose ARN is not known yet.
    fn made(&mut self, resource: &Resource, arn: &str, attribute: &'static str) {
        if is_partly_unknown(arn) {
            let address = resource.address.clone();
            self.facts.made.push(Made { arn: comparable(arn), shown: readable(arn), address, attribute });
        }
    }

    fn prompt_version(&mut self, resource: &Resource) {
        if resource.kind != "AWS::Bedrock::PromptVersion" {
            return;
        }
        let Some(of) = resource.properties.get("PromptArn").and_then(Node::as_str) else { return };
        let of_prompt = comparable(of);
        let arn = format!("{of}:{}", marked(&format!("{}.Version", resource.address)));
        self.made(resource, &arn, "Arn");
        let arn = comparable(&arn);
        if let Some(prompt) = self.facts.prompts.iter().find(|prompt| prompt.arn == of_prompt) {
            let models = prompt.models.clone();
            self.facts.prompts.push(Prompt { arn, models });
        }
    }

    /// Takes what names a guardrail: its ARN, or its id in the account and Region of the deployment.
    fn guardrail_arn(&self, node: &Node) -> Option<String> {
        let text = node.as_str().map(str::trim).filter(|text| !text.is_empty())?;
        // Bedrock's ids have ten characters or more, and digits among them: `disabled` is none.
        let is_id = |text: &str| {
            text.len() >= 10
                && text.bytes().any(|byte| byte.is_ascii_digit())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.starts_with("arn:") {
            let (arn, _) = without_version(text);
            return arn.contains(":guardrail/").then(|| comparable(arn));
        }
        if is_id(text) {
            return Some(comparable(&self.bedrock_arn("guardrail", text)));
        }
        // A name that is no guardrail's of this file, such as an import, may be any guardrail's.
        let arn = is_marked(text).then(|| comparable(&self.bedrock_arn("guardrail", text)))?;
        self.facts.made.iter().any(|made| made.arn == arn).then_some(arn)
    }

    fn guardrails(&mut self, resource: &Resource, kind: &Kind) -> Vec<NamedGuardrail> {
        let mut guardrails = Vec::new();
        let mut add = |arn: String, passed_as: Option<String>| {
            let named = NamedGuardrail { arn, passed_as };
            if !guardrails.contains(&named) {
                guardrails.push(named);
            }
        };
        for path in kind.guardrails {
            for (_, node) in resource.properties.find(path.of(self.language)) {
                match self.guardrail_arn(node) {
                    Some(arn) => add(arn, None),
                    None => {
                        let what = "the guardrail that it applies".to_owned();
                        self.facts.unknown.push(Unknown { address: resource.address.clone(), what });
                    }
                }
            }
        }
        for path in kind.values {
            let values = resource.properties.find(path.of(self.language));
            let version = values.iter().find(|(name, _)| names_guardrail_version(name));
            let version = version.and_then(|(_, node)| node.as_str());
            for (_, node) in values.iter().filter(|(name, _)| names_guardrail(name)) {
                if let Some(arn) = self.guardrail_arn(node) {
                    let passed_as = match version {
                        Some("DRAFT") => Some(arn.clone()),
                        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => {
                            Some(format!("{arn}:{number}"))
                        }
                        _ => None,
                    };
                    add(arn, passed_as);
                } else if node.is_partly_unknown() {
                    let what = "the guardrail that a variable names".to_owned();
                    self.facts.unknown.push(Unknown { address: resource.address.clone(), what });
                }
            }
        }
        guardrails
    }

    fn workload(&mut self, resource: &Resource, kind: &Kind, resources: &[Resource]) {
        let properties = &resource.properties;
        let role = properties.find(kind.role.of(self.language));
        let Some((_, role)) = role.first() else { return };
        let Some(mut role) = role.as_str().map(str::to_owned) else {
            let what = "the role that it runs with".to_owned();
            self.facts.unknown.push(Unknown { address: resource.address.clone(), what });
            return;
        };
        if kind.service == "ec2.amazonaws.com" {
            let Some(of_profile) = self.role_of_instance_profile(&role, resources) else { return };
            role = of_profile;
        }
        let mut models = Vec::new();
        for path in kind.models {
            for (_, node) in properties.find(path.of(self.language)) {
                let last = path.of(self.language).rsplit('.').next().unwrap_or_default();
                self.name_model(resource, last, node, kind.operation, true, &mut models);
            }
        }
        for path in kind.values {
            for (name, node) in properties.find(path.of(self.language)) {
                self.name_model(resource, &format!("environment {name}"), node, kind.operation, false, &mut models);
            }
        }
        let in_vpc = !kind.vpc.of(self.language).is_empty() && !properties.find(kind.vpc.of(self.language)).is_empty();
        let guardrails = self.guardrails(resource, kind);
        self.facts.workloads.push(Workload {
            address: resource.address.clone(),
            service: kind.service,
            role,
            models,
            guardrails,
            in_vpc,
        });
    }

    /// Takes a value that is a model or inference profile; one that must be and is not known is named.
    fn name_model(
        &mut self,
        resource: &Resource,
        what: &str,
        node: &Node,
        operation: Operation,
        must_be: bool,
        models: &mut Vec<NamedModel>,
    ) {
        let text = node.as_str().map(str::trim).filter(|text| !text.is_empty());
        let comparable = text.map(comparable);
        let model = comparable.as_deref().filter(|text| must_be || is_model_id(text) || is_invocable(text));
        let model = model.map(str::parse::<ModelReference>);
        match (model, node.is_partly_unknown()) {
            (Some(Ok(model)), _) => models.push(NamedModel {
                model,
                shown: readable(text.unwrap_or_default()),
                operation,
                named_by: format!("{} {what}", resource.address),
            }),
            (_, true) if must_be || looks_like_model_name(what) => {
                let what = format!("the model in {what}");
                self.facts.unknown.push(Unknown { address: resource.address.clone(), what });
            }
            _ => {}
        }
    }

    fn role_of_instance_profile(&self, profile: &str, resources: &[Resource]) -> Option<String> {
        let kind = self.pick("aws_iam_instance_profile", "AWS::IAM::InstanceProfile");
        let found = resources.iter().filter(|resource| resource.kind == kind).find(|resource| {
            let name = resource.properties.get(self.pick("name", "InstanceProfileName")).and_then(Node::as_str);
            name == Some(profile) || marked(&resource.address) == profile
        })?;
        let role = found.properties.find(self.pick("role", "Roles"));
        role.first().and_then(|(_, node)| node.as_str()).map(str::to_owned)
    }
}

impl Role {
    /// Returns `true` if a text names the role: its name, its ARN, or an ARN with its name at the end.
    pub fn is_named(&self, text: &str) -> bool {
        text == self.name || text == self.arn || text.contains(":role/") && text.rsplit('/').next() == Some(&self.name)
    }
}

/// Attributes that hold JSON as text.
const JSON_TEXTS: [&str; 3] = ["container_definitions", "definition", "DefinitionString"];

/// Returns a resource whose attributes of JSON in text are trees.
fn with_documents_read(resource: &Resource) -> Resource {
    let mut resource = resource.clone();
    if let Value::Map(members) = &mut resource.properties.value {
        for (_, node) in members.iter_mut().filter(|(name, _)| JSON_TEXTS.contains(&name.as_str())) {
            if let Some(json) = node.as_str().and_then(|text| serde_json::from_str::<Json>(text).ok()) {
                *node = Node::from_json(json, node.place);
            }
        }
    }
    resource
}

/// Returns `true` for data sources: what is read is not made by this file.
fn is_read(resource: &Resource) -> bool {
    resource.address.starts_with("data.") || resource.address.contains(".data.")
}

fn is_invocable(text: &str) -> bool {
    text.starts_with("arn:") && text.contains(":bedrock:") && text.parse::<ModelReference>().is_ok()
}

/// Returns `true` for a variable such as `GUARDRAIL_ID`; its version is in another.
fn names_guardrail(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    upper.contains("GUARDRAIL") && ["ID", "ARN", "IDENTIFIER", "GUARDRAIL"].iter().any(|end| upper.ends_with(end))
}

fn names_guardrail_version(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    upper.contains("GUARDRAIL") && upper.ends_with("VERSION")
}

fn looks_like_model_name(what: &str) -> bool {
    let upper = what.to_ascii_uppercase();
    upper.contains("MODEL") || upper.contains("INFERENCE_PROFILE")
}

/// Takes a policy's document, which Terraform writes as text and templates as a tree.
fn policy_source(address: &str, name: &str, node: &Node) -> PolicySource {
    let document = match &node.value {
        Value::Text(text) => serde_json::from_str::<Json>(text).ok().map(|json| Node::from_json(json, node.place)),
        Value::Map(_) => Some(node.clone()),
        _ => None,
    };
    PolicySource { address: address.to_owned(), name: readable(name), place: node.place, document }
}
