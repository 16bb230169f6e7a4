//! Infrastructure code before its deployment: which roles it makes, what they may call, and which mistakes are in it.
//!
//! Reads Terraform's plans and states as JSON, CloudFormation and SAM templates, the output of the CDK and plain policy
//! files, all recognized by their content; gives for every role its calls with a decision each, and findings with a
//! change that was tried. What only the deployment knows is named and never guessed. Makes no call, and reads no file
//! but what it is handed.

mod assembly;
mod assumed;
mod aws_managed;
mod check;
mod decide;
mod facts;
mod kinds;
mod node;
mod resource;
mod sam;
mod settings;
mod template;
mod terraform;
mod thinned;
mod yaml;

pub use assembly::Assembly;
pub use check::{
    Change, ChangeTarget, Checked, CheckedCall, CheckedRequirement, CheckedRole, Code, DeniedRequirement, Finding,
    Level, Problem, Reference,
};
pub use facts::Unknown;
pub use node::Place;
pub use settings::Settings;
pub use yaml::SyntaxError;

use crate::bedrock::ModelReference;
use assumed::Assumed;
use facts::{Facts, PolicySource, facts};
use kinds::Language;
use node::{Node, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};
use template::Template;
use terraform::Terraform;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `terraform show -json` of a plan.
    TerraformPlan,
    /// `terraform show -json` of a state.
    TerraformState,
    /// A CloudFormation template.
    CloudFormation,
    /// A template with SAM's transform.
    Sam,
    /// A template that the CDK wrote.
    CdkOut,
    /// A policy document.
    Policy,
}

impl Form {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TerraformPlan => "terraform-plan",
            Self::TerraformState => "terraform-state",
            Self::CloudFormation => "cloudformation",
            Self::Sam => "sam",
            Self::CdkOut => "cdk-out",
            Self::Policy => "policy",
        }
    }

    /// Returns the language that a change is best written in: `hcl`, `yaml` or `json`.
    #[must_use]
    pub fn is_terraform(self) -> bool {
        matches!(self, Self::TerraformPlan | Self::TerraformState)
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub file: String,
    /// What it is.
    pub form: Form,
    /// How many resources it declares.
    pub resources: usize,
    /// `true` if it is written in JSON.
    pub is_json: bool,
    facts: Facts,
    settings: Settings,
    assumed: Assumed,
    /// The same for the other places where it may be deployed.
    elsewhere: Vec<(Settings, Facts)>,
    /// Templates of nested stacks: logical id, the file that it names, and what is passed in.
    nested: Vec<Nested>,
}

/// A nested stack.
#[derive(Clone, Debug)]
pub struct Nested {
    /// Its logical id.
    pub address: String,
    template: NestedTemplate,
    passed: BTreeMap<String, Node>,
}

/// How a nested stack's template is named.
#[derive(Clone, Debug)]
enum NestedTemplate {
    /// By its file.
    File(String),
    /// By the id of an asset of the CDK.
    Asset(String),
}

impl Nested {
    /// Returns the template's file, relative to the one that names it; `None` where the assembly does not tell.
    #[must_use]
    pub fn file<'a>(&'a self, assembly: &'a Assembly) -> Option<&'a str> {
        match &self.template {
            NestedTemplate::File(file) => Some(file),
            NestedTemplate::Asset(id) => assembly.asset(id),
        }
    }
}

/// Why a file cannot be checked.
#[derive(Debug)]
pub enum ReadError {
    /// It is neither JSON nor YAML, or cut short.
    Syntax(SyntaxError),
    /// It is none of the forms that are known.
    Unrecognized,
    /// It is Terraform's binary plan, or its source, which `terraform show -json` turns into JSON.
    NotJson(&'static str),
    /// It cannot be read.
    Io(std::io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(SyntaxError { place, message }) => {
                write!(f, "line {}, column {}: {message}", place.line, place.column)
            }
            Self::Unrecognized => {
                f.write_str("neither a Terraform plan or state in JSON, nor a template, nor a policy")
            }
            Self::NotJson(what) => write!(f, "{what}"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The largest template that is read: CloudFormation takes 1 MB, and the CDK writes somewhat more.
const MAX_TEMPLATE: u64 = 64 << 20;
/// How much of a file is looked at to tell its form.
const HEAD: usize = 4096;

impl Input {
    /// Reads a file, and tells from its content what it is.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(file: &str, input: impl Read, settings: &Settings) -> Result<Self, ReadError> {
        Self::read_passed(file, input, settings, BTreeMap::new())
    }

    /// Reads the template of a nested stack, with the parameters that its parent passes.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_nested(nested: &Nested, file: &str, input: impl Read, settings: &Settings) -> Result<Self, ReadError> {
        Self::read_passed(file, input, settings, nested.passed.clone())
    }

    fn read_passed(
        file: &str,
        input: impl Read,
        settings: &Settings,
        passed: BTreeMap<String, Node>,
    ) -> Result<Self, ReadError> {
        let mut input = BufReader::with_capacity(1 << 17, input);
        let mut head = Vec::new();
        input.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(ReadError::Io)?;
        if head.starts_with(b"PK\x03\x04") {
            return Err(ReadError::NotJson("a plan in Terraform's binary form"));
        }
        let text = String::from_utf8_lossy(&head);
        if is_hcl(&text) {
            return Err(ReadError::NotJson("Terraform source"));
        }
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with('{') && (text.contains("\"terraform_version\"") || text.contains("\"resource_changes\"")) {
            return Self::terraform(file, head.as_slice().chain(input), settings);
        }
        let mut rest = Vec::new();
        input.take(MAX_TEMPLATE).read_to_end(&mut rest).map_err(ReadError::Io)?;
        head.extend(rest);
        let text = String::from_utf8(head).map_err(|error| {
            let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            ReadError::Syntax(SyntaxError { place: Place { line, column: 1 }, message: "not UTF-8".to_owned() })
        })?;
        Self::template(file, &text, settings, passed)
    }

    fn terraform(file: &str, input: impl Read, settings: &Settings) -> Result<Self, ReadError> {
        let terraform = Terraform::read(input).map_err(ReadError::Syntax)?;
        let mut settings = settings.clone();
        terraform.settle(&mut settings);
        let assumed = Assumed::fill_in(&mut settings);
        let read = |settings: &Settings| facts(&terraform.resources(settings), Language::Terraform, settings);
        let facts = read(&settings);
        let elsewhere = assumed.other_places(&settings, &facts).into_iter().map(|place| (place.clone(), read(&place)));
        let form = if terraform.is_plan() { Form::TerraformPlan } else { Form::TerraformState };
        Ok(Self {
            file: file.to_owned(),
            form,
            resources: terraform.size(),
            is_json: true,
            elsewhere: elsewhere.collect(),
            facts,
            settings,
            assumed,
            nested: Vec::new(),
        })
    }

    fn template(
        file: &str,
        text: &str,
        settings: &Settings,
        passed: BTreeMap<String, Node>,
    ) -> Result<Self, ReadError> {
        let root = yaml::read(text).map_err(ReadError::Syntax)?;
        let mut settings = settings.clone();
        let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
        if !Template::is_one(&root) {
            return Self::policy(file, root, settings, is_json);
        }
        let assumed = Assumed::fill_in(&mut settings);
        let is_sam = Template::is_serverless(&root);
        let read = |template: &Template<'_>, declared: Vec<resource::Resource>, settings: &Settings| {
            let resources = if is_sam { sam::transformed(declared, template) } else { declared };
            facts(&resources, Language::CloudFormation, settings)
        };
        let template = Template::new(&root, &settings, passed.clone());
        let declared = template.resources();
        let count = declared.len();
        let nested = declared.iter().filter_map(nested).collect();
        let facts = read(&template, declared, &settings);
        let at = |place: Settings| {
            let template = Template::new(&root, &place, passed.clone());
            let facts = read(&template, template.resources(), &place);
            (place, facts)
        };
        let elsewhere = assumed.other_places(&settings, &facts).into_iter().map(at).collect();
        let is_cdk = root.get("Resources").is_some_and(|resources| resources.get("CDKMetadata").is_some())
            || root.get("Parameters").is_some_and(|parameters| parameters.get("BootstrapVersion").is_some());
        let form = match (is_sam, is_cdk) {
            (true, _) => Form::Sam,
            (_, true) => Form::CdkOut,
            _ => Form::CloudFormation,
        };
        Ok(Self { file: file.to_owned(), form, resources: count, is_json, facts, settings, assumed, elsewhere, nested })
    }

    fn policy(file: &str, root: Node, settings: Settings, is_json: bool) -> Result<Self, ReadError> {
        if root.get("Statement").is_none() {
            return Err(ReadError::Unrecognized);
        }
        let source =
            PolicySource { address: file.to_owned(), name: file.to_owned(), place: root.place, document: Some(root) };
        Ok(Self {
            file: file.to_owned(),
            form: Form::Policy,
            resources: 1,
            is_json,
            facts: Facts { documents: vec![source], ..Facts::default() },
            settings,
            assumed: Assumed::default(),
            elsewhere: Vec::new(),
            nested: Vec::new(),
        })
    }

    /// Lists the nested stacks whose templates are files beside this one.
    #[must_use]
    pub fn nested(&self) -> &[Nested] {
        &self.nested
    }

    /// Checks the file; `models` are called by everything that runs with a role.
    #[must_use]
    pub fn check(&self, models: &[ModelReference]) -> Checked {
        let mut checked = check::check(&self.facts, &self.file, &self.settings, models);
        for (place, facts) in &self.elsewhere {
            let elsewhere = check::check(facts, &self.file, place, models);
            assumed::leave_open(&mut checked, &elsewhere, place);
        }
        if checked.roles.iter().any(|role| !role.calls.is_empty()) {
            checked.unknown.extend(self.assumed.unknown());
        }
        checked
    }
}

/// Returns `true` for Terraform's own language.
fn is_hcl(text: &str) -> bool {
    text.lines().any(|line| {
        ["resource \"", "data \"", "provider \"", "module \"", "variable \"", "terraform {"]
            .iter()
            .any(|start| line.starts_with(start))
    })
}

/// Reads a nested stack whose template is at hand: a file, as before an upload, or an asset of the CDK.
fn nested(resource: &resource::Resource) -> Option<Nested> {
    if resource.kind != "AWS::CloudFormation::Stack" && resource.kind != "AWS::Serverless::Application" {
        return None;
    }
    let url = resource.properties.get("TemplateURL").or_else(|| resource.properties.get("Location"))?.as_str()?;
    let template = match url.split_once("://") {
        // The CDK uploads `ID.json`; where, depends on the bootstrap.
        Some((_, path)) => NestedTemplate::Asset(path.rsplit('/').next()?.strip_suffix(".json")?.to_owned()),
        None if node::is_partly_unknown(url) || !assembly::is_inside(url) => return None,
        None => NestedTemplate::File(url.to_owned()),
    };
    let passed = match resource.properties.get("Parameters").map(|node| &node.value) {
        Some(Value::Map(members)) => members.iter().cloned().collect(),
        _ => BTreeMap::new(),
    };
    Some(Nested { address: resource.address.clone(), template, passed })
}
