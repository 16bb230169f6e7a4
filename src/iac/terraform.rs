//! Terraform's JSON: `terraform show -json` of a plan or a state, and what it leaves open.
//!
//! Reads the format that Terraform documents as "JSON Output Format" (format versions 1.x) as a stream: of 50,000
//! resources only those that can matter are kept. What the deployment makes is a marked name; a reference to another
//! resource, through modules, variables and outputs, gets the name or ARN that that resource will have.

use super::node::{Node, Place, Value};
use super::resource::Resource;
use super::settings::Settings;
use super::template::marked;
use super::thinned::Thinned;
use super::yaml::SyntaxError;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

/// The resource types that can matter, by the beginning of their names.
const KEPT: [&str; 16] = [
    "aws_iam_",
    "aws_bedrock",
    "aws_lambda_function",
    "aws_ecs_task_definition",
    "aws_sagemaker_domain",
    "aws_sagemaker_model",
    "aws_sagemaker_notebook_instance",
    "aws_sagemaker_user_profile",
    "aws_organizations_policy",
    "aws_vpc_endpoint",
    "aws_instance",
    "aws_sfn_state_machine",
    "aws_caller_identity",
    "aws_region",
    "aws_s3_bucket_policy",
    "aws_kms_key",
];

fn can_matter(kind: &str) -> bool {
    KEPT.iter().any(|start| kind.starts_with(start))
}

/// A plan or state, as far as it matters.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Terraform {
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    resource_changes: Option<Changes>,
    #[serde(default)]
    prior_state: Option<State>,
    #[serde(default)]
    values: Option<Values>,
    #[serde(default)]
    configuration: Option<Configuration>,
}

#[derive(Debug, Default, Deserialize)]
struct Variable {
    #[serde(default)]
    value: Json,
}

#[derive(Debug, Default, Deserialize)]
struct State {
    #[serde(default)]
    values: Option<Values>,
}

#[derive(Debug, Default, Deserialize)]
struct Values {
    #[serde(default)]
    root_module: Module,
}

#[derive(Debug, Default, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Kept<Stored>,
    #[serde(default)]
    child_modules: Vec<Module>,
}

/// A resource of a state.
#[derive(Debug, Deserialize)]
struct Stored {
    address: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    values: Option<Box<RawValue>>,
}

/// A resource of a plan.
#[derive(Debug, Deserialize)]
struct Planned {
    address: String,
    #[serde(rename = "type")]
    kind: String,
    change: Box<RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Change {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    after: Json,
    #[serde(default)]
    after_unknown: Json,
}

type Changes = Kept<Planned>;

/// A list of which only the elements that can matter are kept, and the number of all.
#[derive(Debug)]
struct Kept<T> {
    items: Vec<T>,
    all: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { items: Vec::new(), all: 0 }
    }
}

trait Typed {
    fn kind(&self) -> &str;
}

impl Typed for Stored {
    fn kind(&self) -> &str {
        &self.kind
    }
}

impl Typed for Planned {
    fn kind(&self) -> &str {
        &self.kind
    }
}

impl Typed for Configured {
    fn kind(&self) -> &str {
        &self.kind
    }
}

impl<'de, T: Deserialize<'de> + Typed> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Filter<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Typed> Visitor<'de> for Filter<T> {
            type Value = Kept<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of resources")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kept<T>, A::Error> {
                let mut kept = Kept::default();
                while let Some(item) = list.next_element::<T>()? {
                    kept.all += 1;
                    if can_matter(item.kind()) {
                        kept.items.push(item);
                    }
                }
                Ok(kept)
            }
        }
        deserializer.deserialize_seq(Filter(std::marker::PhantomData))
    }
}

#[derive(Debug, Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    provider_config: BTreeMap<String, Provider>,
    #[serde(default)]
    root_module: ConfiguredModule,
}

#[derive(Debug, Default, Deserialize)]
struct Provider {
    #[serde(default)]
    name: String,
    #[serde(default)]
    expressions: BTreeMap<String, Json>,
}

#[derive(Debug, Default, Deserialize)]
struct ConfiguredModule {
    #[serde(default)]
    resources: Kept<Configured>,
    #[serde(default)]
    module_calls: BTreeMap<String, ModuleCall>,
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
}

#[derive(Debug, Deserialize)]
struct Configured {
    address: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    expressions: Json,
}

#[derive(Debug, Default, Deserialize)]
struct ModuleCall {
    #[serde(default)]
    expressions: Json,
    #[serde(default)]
    module: ConfiguredModule,
}

#[derive(Debug, Default, Deserialize)]
struct Output {
    #[serde(default)]
    expression: Json,
}

impl Terraform {
    /// Reads a plan or state as a stream.
    ///
    /// # Errors
    /// Not JSON, cut short, or of another shape.
    pub fn read(input: impl Read) -> Result<Self, SyntaxError> {
        let mut thinned = Thinned::new(input, can_matter);
        serde_json::from_reader(BufReader::new(&mut thinned)).map_err(|error| {
            let place = thinned.place(error.line(), error.column());
            let said = error.to_string();
            // The place within the message is the one in what was parsed.
            let words = said.rsplit_once(" at line ").map_or(said.as_str(), |(words, _)| words);
            SyntaxError { place, message: words.to_owned() }
        })
    }

    /// Returns `true` for a plan, `false` for a state.
    pub fn is_plan(&self) -> bool {
        self.resource_changes.is_some()
    }

    /// Returns the number of resources, those that do not matter included.
    pub fn size(&self) -> usize {
        fn all(module: &Module) -> usize {
            module.resources.all + module.child_modules.iter().map(all).sum::<usize>()
        }
        match (&self.resource_changes, &self.values) {
            (Some(changes), _) => changes.all,
            (None, Some(values)) => all(&values.root_module),
            (None, None) => 0,
        }
    }

    /// Fills in the Region and the account that the provider's configuration and the data sources tell.
    pub fn settle(&self, settings: &mut Settings) {
        let stored = self.stored();
        let of = |kind: &str, attribute: &str| {
            let resource = stored.iter().find(|resource| resource.kind == kind)?;
            resource.properties.get(attribute)?.as_str().map(str::to_owned)
        };
        if settings.account.is_none() {
            settings.account = of("aws_caller_identity", "account_id");
        }
        if settings.region.is_none() {
            settings.region =
                self.provider_region().or_else(|| of("aws_region", "region")).or_else(|| of("aws_region", "name"));
        }
    }

    fn provider_region(&self) -> Option<String> {
        let providers = &self.configuration.as_ref()?.provider_config;
        let provider = providers.get("aws").or_else(|| providers.values().find(|provider| provider.name == "aws"))?;
        let region = provider.expressions.get("region")?;
        if let Some(constant) = region.get("constant_value").and_then(Json::as_str) {
            return Some(constant.to_owned());
        }
        let name = references(region).next()?.strip_prefix("var.")?.to_owned();
        self.variables.get(&name)?.value.as_str().map(str::to_owned)
    }

    fn stored(&self) -> Vec<Resource> {
        let values = self.values.as_ref().or_else(|| self.prior_state.as_ref()?.values.as_ref());
        let mut resources = Vec::new();
        let mut modules: Vec<&Module> = values.iter().map(|values| &values.root_module).collect();
        while let Some(module) = modules.pop() {
            modules.extend(&module.child_modules);
            for stored in &module.resources.items {
                let values = stored.values.as_ref().and_then(|raw| serde_json::from_str::<Json>(raw.get()).ok());
                resources.push(Resource {
                    address: stored.address.clone(),
                    kind: stored.kind.clone(),
                    place: Place::START,
                    properties: Node::from_json(values.unwrap_or_default(), Place::START),
                });
            }
        }
        resources
    }

    /// Lists the resources as they will be, with references resolved.
    pub fn resources(&self, settings: &Settings) -> Vec<Resource> {
        let Some(changes) = &self.resource_changes else { return self.stored() };
        let mut resources: Vec<Resource> = changes.items.iter().filter_map(planned).collect();
        // Data sources that were read during the plan are in the state alone.
        let known: Vec<Resource> = self.stored().into_iter().filter(|stored| is_data(&stored.address)).collect();
        resources
            .extend(known.into_iter().filter(|data| changes.items.iter().all(|change| change.address != data.address)));
        let Some(configuration) = &self.configuration else { return resources };
        let before = resources.clone();
        let resolver = Resolver { root: &configuration.root_module, resources: &before, settings };
        for resource in &mut resources {
            resolver.resolve(resource);
        }
        resources
    }
}

fn is_data(address: &str) -> bool {
    address.starts_with("data.") || address.contains(".data.")
}

fn planned(planned: &Planned) -> Option<Resource> {
    let change: Change = serde_json::from_str(planned.change.get()).ok()?;
    if change.actions.iter().all(|action| action == "delete") && !change.actions.is_empty() {
        return None;
    }
    Some(Resource {
        address: planned.address.clone(),
        kind: planned.kind.clone(),
        place: Place::START,
        properties: merged(change.after, &change.after_unknown, &planned.address),
    })
}

/// Puts the known values and the marks of the unknown ones together.
fn merged(after: Json, unknown: &Json, name: &str) -> Node {
    let value = match (after, unknown) {
        (_, Json::Bool(true)) => Value::Unknown(name.to_owned()),
        (Json::Object(members), Json::Object(marks)) => {
            let mut all: Vec<(String, Node)> = members
                .into_iter()
                .map(|(key, value)| {
                    let node = merged(value, marks.get(&key).unwrap_or(&Json::Null), &format!("{name}.{key}"));
                    (key, node)
                })
                .collect();
            for (key, mark) in marks.iter().filter(|(_, mark)| !matches!(mark, Json::Null | Json::Bool(false))) {
                if all.iter().all(|(known, _)| known != key) {
                    all.push((key.clone(), merged(Json::Null, mark, &format!("{name}.{key}"))));
                }
            }
            Value::Map(all)
        }
        (Json::Array(items), Json::Array(marks)) => {
            let mut items = items.into_iter();
            let length = items.len().max(marks.len());
            let item = |index: usize| {
                let value = items.next().unwrap_or_default();
                merged(value, marks.get(index).unwrap_or(&Json::Null), name)
            };
            Value::List((0..length).map(item).collect())
        }
        (Json::Null, Json::Object(marks)) if marks.values().any(|mark| mark == &Json::Bool(true)) => {
            return merged(Json::Object(serde_json::Map::new()), unknown, name);
        }
        (after, _) => return Node::from_json(after, Place::START),
    };
    Node::new(Place::START, value)
}

/// Follows references between resources, through variables and outputs of modules.
struct Resolver<'t> {
    root: &'t ConfiguredModule,
    resources: &'t [Resource],
    settings: &'t Settings,
}

/// The attributes that name a whole other resource, or hold a document of one.
const FOLLOWED: [&str; 16] = [
    "role",
    "role_arn",
    "policy",
    "policy_arn",
    "assume_role_policy",
    "permissions_boundary",
    "task_role_arn",
    "execution_role_arn",
    "agent_resource_role_arn",
    "managed_policy_arns",
    "roles",
    "iam_instance_profile",
    "foundation_model",
    "content",
    "customer_encryption_key_arn",
    "agent_id",
];

/// Attributes within blocks that are followed likewise.
const FOLLOWED_WITHIN: [&str; 6] =
    ["copy_from", "embedding_model_arn", "execution_role", "guardrail_identifier", "model_id", "prompt_arn"];

impl Resolver<'_> {
    /// Replaces unknown attributes by what they refer to.
    fn resolve(&self, resource: &mut Resource) {
        let (path, local) = split_address(&resource.address);
        let Some(module) = self.module(&path) else { return };
        let Some(configured) = module.resources.items.iter().find(|configured| configured.address == local) else {
            return;
        };
        let data = documented(resource);
        let address = resource.address.clone();
        let Value::Map(members) = &mut resource.properties.value else { return };
        // What the configuration does not set and the plan does not know is the provider's to compute, and no input.
        members.retain(|(name, node)| {
            let is_open = node.is_unknown() || node.items().iter().any(Node::is_unknown);
            !is_open || configured.expressions.get(name).is_some()
        });
        for (name, node) in members.iter_mut().filter(|(name, _)| FOLLOWED.contains(&name.as_str())) {
            let lists_unknown = matches!(&node.value, Value::List(items) if items.iter().any(Node::is_unknown));
            if !node.is_unknown() && !lists_unknown {
                continue;
            }
            let expression = configured.expressions.get(name.as_str()).unwrap_or(&Json::Null);
            let found: Vec<Node> = direct(expression)
                .into_iter()
                .filter_map(|reference| self.value(&path, reference, &address, 0))
                .collect();
            match (found.as_slice(), lists_unknown) {
                ([only], false) => *node = only.clone(),
                (values @ [_, ..], _) => {
                    let known = node.items().iter().filter(|item| !item.is_unknown()).cloned();
                    let list = known.chain(values.iter().cloned()).collect();
                    *node = Node::new(Place::START, Value::List(list));
                }
                _ => {}
            }
        }
        for (name, node) in members.iter_mut() {
            if let Some(expression) = configured.expressions.get(name.as_str()) {
                self.resolve_within(node, expression, &path, &address);
            }
        }
        if let Some(document) = data {
            members.retain(|(name, _)| name != "json");
            members.push(("json".to_owned(), document));
        }
    }

    /// Replaces unknown attributes within a block, whose expressions the configuration lists block by block.
    fn resolve_within(&self, block: &mut Node, expressions: &Json, path: &[String], address: &str) {
        match (&mut block.value, expressions) {
            (Value::List(blocks), Json::Array(expressions)) => {
                for (block, expressions) in blocks.iter_mut().zip(expressions) {
                    self.resolve_within(block, expressions, path, address);
                }
            }
            (Value::Map(members), Json::Object(expressions)) => {
                for (name, node) in members.iter_mut() {
                    let Some(expression) = expressions.get(name) else { continue };
                    if !node.is_unknown() {
                        self.resolve_within(node, expression, path, address);
                    } else if FOLLOWED_WITHIN.contains(&name.as_str())
                        && let [reference] = direct(expression).as_slice()
                        && let Some(found) = self.value(path, reference, address, 0)
                    {
                        *node = found;
                    }
                }
            }
            _ => {}
        }
    }

    fn module(&self, path: &[String]) -> Option<&ConfiguredModule> {
        path.iter().try_fold(self.root, |module, name| module.module_calls.get(name).map(|call| &call.module))
    }

    /// Returns what a reference such as `aws_iam_role.app.arn`, `var.role_arn` or `module.iam.role_arn` will be.
    fn value(&self, path: &[String], reference: &str, from: &str, depth: usize) -> Option<Node> {
        const MAX_DEPTH: usize = 16;
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(name) = reference.strip_prefix("var.") {
            let name = name.split('.').next()?;
            let (last, parents) = path.split_last()?;
            let call = self.module(parents)?.module_calls.get(last)?;
            let expression = call.expressions.get(name)?;
            if let Some(constant) = expression.get("constant_value") {
                return Some(Node::from_json(constant.clone(), Place::START));
            }
            let reference = direct(expression).into_iter().next()?;
            return self.value(parents, reference, from, depth + 1);
        }
        if let Some(rest) = reference.strip_prefix("module.") {
            let (call, output) = rest.split_once('.')?;
            let call = call.split('[').next()?;
            let inner = self.module(path)?.module_calls.get(call)?;
            let expression = &inner.module.outputs.get(output.split(['.', '[']).next()?)?.expression;
            let reference = direct(expression).into_iter().next()?;
            let inside: Vec<String> = path.iter().cloned().chain([call.to_owned()]).collect();
            return self.value(&inside, reference, from, depth + 1);
        }
        let (target, attribute) = reference.rsplit_once('.')?;
        let target = self.instance(path, target, from)?;
        Some(self.attribute(target, attribute))
    }

    /// Finds the instance that a reference means: the only one, or the one with the same key.
    fn instance(&self, path: &[String], target: &str, from: &str) -> Option<&Resource> {
        let bare = |address: &str| without_keys(address);
        let wanted: String = path.iter().map(|name| format!("module.{name}.")).collect::<String>() + &bare(target);
        let candidates: Vec<&Resource> =
            self.resources.iter().filter(|resource| bare(&resource.address) == wanted).collect();
        if let [only] = candidates.as_slice() {
            return Some(only);
        }
        // `aws_iam_role.app["a"]` names its key; `aws_iam_role.app` in a resource with a key means the same key.
        let keys = |address: &str| -> Vec<String> {
            address
                .match_indices('[')
                .filter_map(|(at, _)| address.get(at..)?.split(']').next().map(str::to_owned))
                .collect()
        };
        let named = keys(target);
        let own = keys(from);
        let matches = |candidate: &&&Resource| {
            let key = keys(&candidate.address);
            if named.is_empty() {
                key == own
            } else {
                key.ends_with(&named)
                    && (key.len() == named.len()
                        || key.get(..key.len() - named.len()).is_some_and(|outer| own.starts_with(outer)))
            }
        };
        let mut fitting = candidates.iter().filter(matches);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    fn attribute(&self, resource: &Resource, attribute: &str) -> Node {
        let known = resource.properties.get(attribute).filter(|node| !node.is_unknown());
        if let Some(node) = known.filter(|node| node.value != Value::Null) {
            return node.clone();
        }
        if attribute == "json"
            && let Some(document) = documented(resource)
        {
            return document;
        }
        let text = |text: String| Node::new(Place::START, Value::Text(text));
        let name = resource.properties.get("name").and_then(Node::as_str);
        let name = name.map_or_else(|| marked(&resource.address), str::to_owned);
        let path = resource.properties.get("path").and_then(Node::as_str).unwrap_or("/").to_owned();
        let (partition, account) = (self.settings.partition(), self.pseudo(self.settings.account.as_ref(), "account"));
        let region = self.pseudo(self.settings.region.as_ref(), "region");
        let regional = |resource_type: &str| {
            text(format!("arn:{partition}:bedrock:{region}:{account}:{resource_type}/{}", marked(&resource.address)))
        };
        match (resource.kind.as_str(), attribute) {
            ("aws_iam_role", "arn") => text(format!("arn:{partition}:iam::{account}:role{path}{name}")),
            ("aws_iam_policy", "arn" | "id") => text(format!("arn:{partition}:iam::{account}:policy{path}{name}")),
            ("aws_iam_role" | "aws_iam_policy" | "aws_iam_instance_profile", "name" | "id") => text(name),
            ("aws_bedrock_inference_profile", "arn" | "inference_profile_arn") => {
                regional("application-inference-profile")
            }
            ("aws_bedrock_guardrail", "guardrail_arn" | "arn") => regional("guardrail"),
            ("aws_bedrockagent_agent", "agent_arn") => regional("agent"),
            ("aws_bedrockagent_prompt", "arn") => regional("prompt"),
            ("aws_bedrock_guardrail", "guardrail_id") | ("aws_bedrockagent_prompt", "id") => {
                text(marked(&resource.address))
            }
            _ => Node::new(Place::START, Value::Unknown(format!("{}.{attribute}", resource.address))),
        }
    }

    fn pseudo(&self, known: Option<&String>, name: &str) -> String {
        known.cloned().unwrap_or_else(|| marked(name))
    }
}

/// Writes the document of an `aws_iam_policy_document` whose statements are known and whose text is not.
fn documented(resource: &Resource) -> Option<Node> {
    if resource.kind != "aws_iam_policy_document" {
        return None;
    }
    if let Some(text) = resource.properties.get("json").and_then(Node::as_str) {
        return Some(Node::new(Place::START, Value::Text(text.to_owned())));
    }
    let outside = ["source_policy_documents", "override_policy_documents", "source_json", "override_json"];
    if outside.iter().any(|name| resource.properties.get(name).is_some_and(|node| !node.items().is_empty())) {
        return None;
    }
    let statements = resource.properties.get("statement")?.items();
    let statements = statements.iter().map(statement).collect();
    let pair = |name: &str, node: Node| (name.to_owned(), node);
    let text = |text: &str| Node::new(Place::START, Value::Text(text.to_owned()));
    Some(Node::new(
        Place::START,
        Value::Map(vec![
            pair("Version", text("2012-10-17")),
            pair("Statement", Node::new(Place::START, Value::List(statements))),
        ]),
    ))
}

/// Writes one statement block as IAM's JSON has it.
fn statement(block: &Node) -> Node {
    let map = |members: Vec<(String, Node)>| Node::new(Place::START, Value::Map(members));
    let mut members: Vec<(String, Node)> = Vec::new();
    if let Some(sid) = block.get("sid").and_then(Node::as_str).filter(|sid| !sid.is_empty()) {
        members.push(("Sid".to_owned(), Node::new(Place::START, Value::Text(sid.to_owned()))));
    }
    let effect = block.get("effect").and_then(Node::as_str).unwrap_or("Allow");
    members.push(("Effect".to_owned(), Node::new(Place::START, Value::Text(effect.to_owned()))));
    for (from, to) in [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        if let Some(values) = block.get(from).filter(|values| !values.items().is_empty()) {
            members.push((to.to_owned(), values.clone()));
        }
    }
    for (from, to) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let blocks = block.get(from).map(Node::items).unwrap_or_default();
        let kinds: Vec<(String, Node)> = blocks
            .iter()
            .filter_map(|block| Some((block.get("type")?.as_str()?.to_owned(), block.get("identifiers")?.clone())))
            .collect();
        if kinds.iter().any(|(kind, _)| kind == "*") {
            members.push((to.to_owned(), Node::new(Place::START, Value::Text("*".to_owned()))));
        } else if !kinds.is_empty() {
            members.push((to.to_owned(), map(kinds)));
        }
    }
    let mut conditions: Vec<(String, Node)> = Vec::new();
    for condition in block.get("condition").map(Node::items).unwrap_or_default() {
        let field = |name: &str| condition.get(name);
        let (Some(test), Some(key), Some(values)) =
            (field("test").and_then(Node::as_str), field("variable").and_then(Node::as_str), field("values"))
        else {
            continue;
        };
        match conditions.iter_mut().find(|(known, _)| known == test) {
            Some((_, Node { value: Value::Map(keys), .. })) => keys.push((key.to_owned(), values.clone())),
            _ => conditions.push((test.to_owned(), map(vec![(key.to_owned(), values.clone())]))),
        }
    }
    if !conditions.is_empty() {
        members.push(("Condition".to_owned(), map(conditions)));
    }
    map(members)
}

/// Returns the references of an expression, most specific first.
fn references(expression: &Json) -> impl Iterator<Item = &str> {
    expression.get("references").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// Returns the references that are values of their own: Terraform lists `a.b.arn` and then `a.b` behind it.
fn direct(expression: &Json) -> Vec<&str> {
    let all: Vec<&str> = references(expression).collect();
    all.iter()
        .filter(|reference| {
            !all.iter().any(|other| {
                other.len() > reference.len()
                    && other.starts_with(**reference)
                    && other.as_bytes().get(reference.len()).is_some_and(|next| matches!(next, b'.' | b'['))
            })
        })
        .copied()
        .collect()
}

/// Splits `module.a["x"].module.b.aws_iam_role.app[0]` into the modules' names and the rest, without keys.
fn split_address(address: &str) -> (Vec<String>, String) {
    let bare = without_keys(address);
    let mut path = Vec::new();
    let mut rest = bare.as_str();
    while let Some(inner) = rest.strip_prefix("module.") {
        let Some((name, behind)) = inner.split_once('.') else { break };
        path.push(name.to_owned());
        rest = behind;
    }
    (path, rest.to_owned())
}

/// Returns an address without the keys of its instances; a key may hold dots and brackets in its quotes.
fn without_keys(address: &str) -> String {
    let mut bare = String::with_capacity(address.len());
    let (mut depth, mut quoted) = (0_usize, false);
    for c in address.chars() {
        match c {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}
