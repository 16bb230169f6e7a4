//! CloudFormation and SAM templates: functions are evaluated as far as they can be before the deployment.
//!
//! `Ref`, `Fn::Sub`, `Fn::Join`, `Fn::GetAtt`, `Fn::If`, `Fn::FindInMap`, `Fn::Select`, `Fn::Split`, `Fn::ImportValue`
//! and the pseudo parameters (CloudFormation User Guide, "Intrinsic function reference"). What only the deployment
//! makes becomes a marked name, the same wherever it is used. Takes a tree, gives the resources that its conditions
//! leave; reads no file.

use super::node::{CLOSE, Node, OPEN, Value};
use super::resource::Resource;
use super::settings::Settings;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Attributes that are the last part of their resource's ARN.
const IDENTIFIERS: [(&str, &str); 5] = [
    ("AWS::Bedrock::Agent", "AgentId"),
    ("AWS::Bedrock::ApplicationInferenceProfile", "InferenceProfileId"),
    ("AWS::Bedrock::Guardrail", "GuardrailId"),
    ("AWS::Bedrock::KnowledgeBase", "KnowledgeBaseId"),
    ("AWS::Bedrock::Prompt", "Id"),
];

/// How deep functions, conditions and resources may refer to each other.
const MAX_DEPTH: usize = 64;

/// How long a text may become by substitution, in bytes: names and ARNs are far shorter, and texts that are made of one
/// another double with each step.
const MAX_TEXT: usize = 64 * 1024;

/// The parameters, mappings and conditions of one template.
pub(crate) struct Template<'t> {
    root: &'t Node,
    settings: &'t Settings,
    /// Values that the parent stack passes in.
    passed: BTreeMap<String, Node>,
    /// Properties of resources as text, by logical id and name: evaluated once, and `None` while they are evaluated, which
    /// ends the resources that refer to themselves.
    texts: RefCell<BTreeMap<(String, String), Option<String>>>,
    /// What the conditions are, likewise.
    conditions: RefCell<BTreeMap<String, Option<bool>>>,
}

impl<'t> Template<'t> {
    pub fn new(root: &'t Node, settings: &'t Settings, passed: BTreeMap<String, Node>) -> Self {
        Self { root, settings, passed, texts: RefCell::default(), conditions: RefCell::default() }
    }

    /// Returns `true` if the tree has the form of a template.
    pub fn is_one(root: &Node) -> bool {
        root.get("Resources").is_some_and(|resources| {
            resources.members().iter().any(|(_, resource)| {
                resource.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.contains("::"))
            })
        })
    }

    /// Returns `true` if SAM's transform applies.
    pub fn is_serverless(root: &Node) -> bool {
        let transforms = root.get("Transform").map(Node::items).unwrap_or_default();
        transforms.iter().filter_map(Node::as_str).any(|name| name.starts_with("AWS::Serverless"))
    }

    /// Lists the resources whose conditions hold, or may hold, with their properties evaluated.
    pub fn resources(&self) -> Vec<Resource> {
        let members = self.root.get("Resources").map(Node::members).unwrap_or_default();
        let mut resources = Vec::new();
        for (name, resource) in members {
            let Some(kind) = resource.get("Type").and_then(Node::as_str) else { continue };
            let condition = resource.get("Condition").and_then(Node::as_str);
            if condition.is_some_and(|condition| self.condition(condition, 0) == Some(false)) {
                continue;
            }
            let properties = resource.get("Properties").map(|properties| self.evaluate(properties, 0));
            resources.push(Resource {
                address: name.clone(),
                kind: kind.to_owned(),
                place: resource.place,
                properties: properties.unwrap_or_else(|| Node::new(resource.place, Value::Map(Vec::new()))),
            });
        }
        resources
    }

    /// Returns a section evaluated, such as SAM's `Globals`.
    pub fn section(&self, name: &str) -> Option<Node> {
        self.root.get(name).map(|section| self.evaluate(section, 0))
    }

    /// Returns the ARN of a role that a transform makes under a logical id.
    pub fn role_arn(&self, name: &str) -> String {
        self.own_arn("iam", "", &format!("role/{}", marked(name)))
    }

    fn evaluate(&self, node: &Node, depth: usize) -> Node {
        if depth > MAX_DEPTH {
            return unknown(node, "functions nested too deeply");
        }
        match &node.value {
            Value::List(items) => {
                let items = items.iter().map(|item| self.evaluate(item, depth + 1));
                Node::new(node.place, Value::List(items.filter(|item| !is_no_value(item)).collect()))
            }
            Value::Map(members) => match members.as_slice() {
                [(name, argument)] if name == "Ref" || name.starts_with("Fn::") => {
                    self.function(name, argument, node, depth + 1)
                }
                members => {
                    let members = members.iter().map(|(key, item)| (key.clone(), self.evaluate(item, depth + 1)));
                    Node::new(node.place, Value::Map(members.filter(|(_, item)| !is_no_value(item)).collect()))
                }
            },
            _ => node.clone(),
        }
    }

    fn function(&self, name: &str, argument: &Node, node: &Node, depth: usize) -> Node {
        let value = match name {
            "Ref" => argument.as_str().map(|name| self.reference(name, depth)),
            "Fn::GetAtt" => {
                attribute(argument).map(|(resource, attribute)| self.attribute(&resource, &attribute, depth))
            }
            "Fn::Sub" => self.substitute(argument, depth),
            "Fn::Join" => self.join(argument, depth),
            "Fn::If" => return self.choose(argument, node, depth),
            "Fn::FindInMap" => self.find_in_map(argument, depth),
            "Fn::Select" => self.select(argument, depth),
            "Fn::Split" => self.split(argument, depth),
            "Fn::ToJsonString" => Some(Value::Text(self.evaluate(argument, depth).to_json().to_string())),
            "Fn::ImportValue" => {
                let name = self.evaluate(argument, depth);
                name.as_str().map(|name| Value::Text(marked(&format!("import {name}"))))
            }
            _ => None,
        };
        match value {
            Some(value) => Node::new(node.place, value),
            None => unknown(node, name),
        }
    }

    /// `Ref`: a pseudo parameter, a parameter, or what CloudFormation calls a resource's physical id.
    fn reference(&self, name: &str, depth: usize) -> Value {
        if name == "AWS::NoValue" {
            return Value::Unknown(NO_VALUE.to_owned());
        }
        if let Some(node) = self.passed.get(name) {
            return node.value.clone();
        }
        if let Some(value) = self.settings.parameter(name) {
            return Value::Text(value);
        }
        if let Some(parameter) = self.root.get("Parameters").and_then(|parameters| parameters.get(name)) {
            return match parameter.get("Default").filter(|_| !is_looked_up(parameter)) {
                Some(default) if is_list_type(parameter) => {
                    let text = text_value(default.value.clone()).unwrap_or_default();
                    let item = |item: &str| Node::new(default.place, Value::Text(item.trim().to_owned()));
                    Value::List(text.split(',').map(item).collect())
                }
                Some(default) => text_value(default.value.clone()).map_or_else(|| default.value.clone(), Value::Text),
                None => Value::Text(marked(name)),
            };
        }
        match self.resource(name) {
            Some(resource) => Value::Text(self.physical_id(name, resource, depth)),
            None => Value::Unknown(name.to_owned()),
        }
    }

    fn resource(&self, name: &str) -> Option<&Node> {
        self.root.get("Resources")?.get(name)
    }

    /// Returns a property of a resource as text, where it is one and does not depend on itself.
    fn property(&self, name: &str, resource: &Node, property: &str, depth: usize) -> Option<String> {
        let node = resource.get("Properties")?.get(property)?;
        let key = (name.to_owned(), property.to_owned());
        if let Some(known) = self.texts.borrow().get(&key) {
            return known.clone();
        }
        self.texts.borrow_mut().insert(key.clone(), None);
        let text = self.text_of(node, depth);
        self.texts.borrow_mut().insert(key, text.clone());
        text
    }

    /// Returns what `Ref` gives for a resource: its name, or its ARN where its type's page says so.
    fn physical_id(&self, name: &str, resource: &Node, depth: usize) -> String {
        let kind = resource.get("Type").and_then(Node::as_str).unwrap_or_default();
        match kind {
            "AWS::IAM::Role" => self.property(name, resource, "RoleName", depth).unwrap_or_else(|| marked(name)),
            "AWS::IAM::ManagedPolicy"
            | "AWS::Bedrock::ApplicationInferenceProfile"
            | "AWS::Bedrock::Guardrail"
            | "AWS::Bedrock::Prompt"
            | "AWS::Bedrock::PromptVersion" => self.arn(name, resource, depth),
            _ => marked(name),
        }
    }

    fn attribute(&self, name: &str, attribute: &str, depth: usize) -> Value {
        let Some(resource) = self.resource(name) else {
            // SAM makes a role `NAMERole` for a function `NAME`.
            let made = name.strip_suffix("Role").and_then(|function| self.resource(function));
            return match (made, attribute) {
                (Some(_), "Arn") => Value::Text(self.role_arn(name)),
                _ => Value::Text(marked(&format!("{name}.{attribute}"))),
            };
        };
        let is_arn = attribute == "Arn" || attribute.ends_with("Arn");
        // The last part of the ARN, where the attribute is what the deployment makes it of.
        if IDENTIFIERS.contains(&(resource.get("Type").and_then(Node::as_str).unwrap_or_default(), attribute)) {
            return Value::Text(marked(name));
        }
        Value::Text(if is_arn { self.arn(name, resource, depth) } else { marked(&format!("{name}.{attribute}")) })
    }

    /// Returns the ARN that the deployment will make, with a marked name where it makes the name.
    fn arn(&self, name: &str, resource: &Node, depth: usize) -> String {
        let kind = resource.get("Type").and_then(Node::as_str).unwrap_or_default();
        let text = |property: &str| self.property(name, resource, property, depth);
        let named = |property: &str| text(property).unwrap_or_else(|| marked(name));
        let path = || text("Path").unwrap_or_else(|| "/".to_owned());
        match kind {
            "AWS::IAM::Role" => self.own_arn("iam", "", &format!("role{}{}", path(), named("RoleName"))),
            "AWS::IAM::ManagedPolicy" => {
                self.own_arn("iam", "", &format!("policy{}{}", path(), named("ManagedPolicyName")))
            }
            "AWS::Bedrock::ApplicationInferenceProfile" => {
                self.own_arn("bedrock", "region", &format!("application-inference-profile/{}", marked(name)))
            }
            "AWS::Bedrock::Guardrail" => self.own_arn("bedrock", "region", &format!("guardrail/{}", marked(name))),
            "AWS::Bedrock::Agent" => self.own_arn("bedrock", "region", &format!("agent/{}", marked(name))),
            "AWS::Bedrock::Prompt" => self.own_arn("bedrock", "region", &format!("prompt/{}", marked(name))),
            "AWS::Bedrock::PromptVersion" => match text("PromptArn") {
                Some(prompt) => format!("{prompt}:{}", marked(&format!("{name}.Version"))),
                None => marked(&format!("{name}.Arn")),
            },
            "AWS::Bedrock::KnowledgeBase" => {
                self.own_arn("bedrock", "region", &format!("knowledge-base/{}", marked(name)))
            }
            "AWS::Lambda::Function" | "AWS::Serverless::Function" => {
                self.own_arn("lambda", "region", &format!("function:{}", named("FunctionName")))
            }
            "AWS::S3::Bucket" => format!("arn:{}:s3:::{}", self.pseudo("AWS::Partition"), named("BucketName")),
            _ => marked(&format!("{name}.Arn")),
        }
    }

    fn own_arn(&self, service: &str, region: &str, resource: &str) -> String {
        let region = if region.is_empty() { String::new() } else { self.pseudo("AWS::Region") };
        let (partition, account) = (self.pseudo("AWS::Partition"), self.pseudo("AWS::AccountId"));
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    fn pseudo(&self, name: &str) -> String {
        self.settings.parameter(name).unwrap_or_else(|| marked(name))
    }

    /// Returns a value as text, where it is one.
    fn text_of(&self, node: &Node, depth: usize) -> Option<String> {
        text_value(self.evaluate(node, depth).value)
    }

    fn substitute(&self, argument: &Node, depth: usize) -> Option<Value> {
        let (text, given) = match &argument.value {
            Value::Text(text) => (text.as_str(), None),
            Value::List(items) => (items.first()?.as_str()?, items.get(1)),
            _ => return None,
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            result.push_str(before);
            let Some((name, after)) = behind.split_once('}') else {
                result.push_str("${");
                rest = behind;
                continue;
            };
            rest = after;
            // `${!Literal}` is left as `${Literal}`, which IAM reads as a policy variable.
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let name = name.trim();
            let value = match given.and_then(|given| given.get(name)) {
                Some(node) => self.text_of(node, depth),
                None => match name.split_once('.') {
                    Some((resource, attribute)) => text_value(self.attribute(resource, attribute, depth)),
                    None => text_value(self.reference(name, depth)),
                },
            };
            result.push_str(&value.unwrap_or_else(|| marked(name)));
            if result.len() > MAX_TEXT {
                return None;
            }
        }
        result.push_str(rest);
        Some(Value::Text(result))
    }

    fn join(&self, argument: &Node, depth: usize) -> Option<Value> {
        let [separator, list] = argument.items() else { return None };
        let list = self.evaluate(list, depth);
        let parts: Option<Vec<String>> = match &list.value {
            Value::List(items) => items.iter().map(|item| text_value(item.value.clone())).collect(),
            other => text_value(other.clone()).map(|text| vec![text]),
        };
        let text = parts?.join(separator.as_str()?);
        (text.len() <= MAX_TEXT).then_some(Value::Text(text))
    }

    fn choose(&self, argument: &Node, node: &Node, depth: usize) -> Node {
        let [condition, yes, no] = argument.items() else { return unknown(node, "Fn::If") };
        match condition.as_str().and_then(|name| self.condition(name, depth)) {
            Some(true) => self.evaluate(yes, depth),
            Some(false) => self.evaluate(no, depth),
            None => {
                let (yes, no) = (self.evaluate(yes, depth), self.evaluate(no, depth));
                if yes.value == no.value {
                    return yes;
                }
                unknown(node, condition.as_str().unwrap_or("Fn::If"))
            }
        }
    }

    fn find_in_map(&self, argument: &Node, depth: usize) -> Option<Value> {
        let [map, first, second, ..] = argument.items() else { return None };
        let key = |node: &Node| self.text_of(node, depth);
        // Mappings hold no functions.
        let found = self.root.get("Mappings")?.get(&key(map)?)?.get(&key(first)?)?.get(&key(second)?)?;
        Some(found.value.clone())
    }

    fn select(&self, argument: &Node, depth: usize) -> Option<Value> {
        let [index, list] = argument.items() else { return None };
        let index: usize = self.text_of(index, depth)?.parse().ok()?;
        match self.evaluate(list, depth).value {
            Value::List(items) => items.into_iter().nth(index).map(|item| item.value),
            _ => None,
        }
    }

    fn split(&self, argument: &Node, depth: usize) -> Option<Value> {
        let [separator, text] = argument.items() else { return None };
        let (separator, text) = (separator.as_str()?, self.text_of(text, depth)?);
        let items = text.split(separator).map(|part| Node::new(argument.place, Value::Text(part.to_owned())));
        Some(Value::List(items.collect()))
    }

    /// Evaluates a condition by name; `None` where it depends on what is not known.
    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        let expression = self.root.get("Conditions")?.get(name)?;
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        self.conditions.borrow_mut().insert(name.to_owned(), None);
        let is_met = self.holds(expression, depth + 1);
        self.conditions.borrow_mut().insert(name.to_owned(), is_met);
        is_met
    }

    fn holds(&self, node: &Node, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let [(name, argument)] = node.members() else { return None };
        match name.as_str() {
            "Condition" => self.condition(argument.as_str()?, depth),
            "Fn::Not" => argument.items().first().and_then(|item| self.holds(item, depth + 1)).map(|holds| !holds),
            "Fn::And" | "Fn::Or" => {
                let decisive = name == "Fn::Or";
                let answers: Vec<Option<bool>> =
                    argument.items().iter().map(|item| self.holds(item, depth + 1)).collect();
                if answers.contains(&Some(decisive)) {
                    return Some(decisive);
                }
                (!answers.contains(&None)).then_some(!decisive)
            }
            "Fn::Equals" => {
                let [left, right] = argument.items() else { return None };
                let (left, right) = (self.text_of(left, depth)?, self.text_of(right, depth)?);
                if left == right {
                    return Some(true);
                }
                (!left.contains(OPEN) && !right.contains(OPEN)).then_some(false)
            }
            _ => None,
        }
    }
}

/// What `AWS::NoValue` leaves: the property is as if it were not there.
const NO_VALUE: &str = "AWS::NoValue";

fn is_no_value(node: &Node) -> bool {
    matches!(&node.value, Value::Unknown(what) if what == NO_VALUE)
}

/// Returns `true` for parameters whose default names an entry of Parameter Store, not a value.
fn is_looked_up(parameter: &Node) -> bool {
    parameter.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter"))
}

fn is_list_type(parameter: &Node) -> bool {
    let kind = parameter.get("Type").and_then(Node::as_str).unwrap_or_default();
    kind == "CommaDelimitedList" || kind.starts_with("List<")
}

fn unknown(node: &Node, what: &str) -> Node {
    Node::new(node.place, Value::Unknown(what.to_owned()))
}

/// Returns the marked name of something that only the deployment makes.
pub(crate) fn marked(name: &str) -> String {
    format!("{OPEN}{name}{CLOSE}")
}

fn text_value(value: Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Number(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Unknown(what) => Some(marked(&what)),
        _ => None,
    }
}

/// Reads the argument of `Fn::GetAtt`: a list of two, or both with a dot between.
fn attribute(argument: &Node) -> Option<(String, String)> {
    match &argument.value {
        Value::Text(text) => text.split_once('.').map(|(resource, name)| (resource.to_owned(), name.to_owned())),
        Value::List(items) => Some((items.first()?.as_str()?.to_owned(), items.get(1)?.as_str()?.to_owned())),
        _ => None,
    }
}
