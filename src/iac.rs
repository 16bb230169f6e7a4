//! Infrastructure code before its deployment: which roles it makes, what they may call, and which mistakes are in it.
//!
//! Reads Terraform's plans and states as JSON, CloudFormation and SAM templates, the output of the CDK and plain policy
//! files, all recognized by their content; gives for every role its calls with a decision each, and findings with a
//! change that was tried. What only the deployment knows is named and never guessed. Makes no call, and reads no file
//! but what it is handed.

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
mod yaml;

pub use check::{Change, Checked, CheckedCall, CheckedRequirement, CheckedRole, Code, Finding, Level, Problem};
pub use facts::Unknown;
pub use node::Place;
pub use settings::Settings;
pub use yaml::SyntaxError;

use crate::bedrock::ModelReference;
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
    assumed: Vec<Unknown>,
    /// Templates of nested stacks: logical id, the file that it names, and what is passed in.
    nested: Vec<Nested>,
}

/// A nested stack.
#[derive(Clone, Debug)]
pub struct Nested {
    /// Its logical id.
    pub address: String,
    /// The template's file, relative to the one that names it.
    pub file: String,
    passed: BTreeMap<String, Node>,
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
        let terraform = Terraform::read(input).map_err(|error| {
            let place = Place { line: error.line().max(1), column: error.column().max(1) };
            ReadError::Syntax(SyntaxError { place, message: error.to_string() })
        })?;
        let mut settings = settings.clone();
        terraform.settle(&mut settings);
        let assumed = assume(&mut settings);
        let resources = terraform.resources(&settings);
        let form = if terraform.is_plan() { Form::TerraformPlan } else { Form::TerraformState };
        Ok(Self {
            file: file.to_owned(),
            form,
            resources: terraform.size(),
            is_json: true,
            facts: facts(&resources, Language::Terraform, &settings),
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
        let assumed = assume(&mut settings);
        let template = Template::new(&root, &settings, passed);
        let mut resources = template.resources();
        let count = resources.len();
        let nested = resources.iter().filter_map(nested).collect();
        let is_sam = Template::is_serverless(&root);
        if is_sam {
            resources = sam::transformed(resources, &template);
        }
        let is_cdk = root.get("Resources").is_some_and(|resources| resources.get("CDKMetadata").is_some())
            || root.get("Parameters").is_some_and(|parameters| parameters.get("BootstrapVersion").is_some());
        let form = match (is_sam, is_cdk) {
            (true, _) => Form::Sam,
            (_, true) => Form::CdkOut,
            _ => Form::CloudFormation,
        };
        Ok(Self {
            file: file.to_owned(),
            form,
            resources: count,
            is_json,
            facts: facts(&resources, Language::CloudFormation, &settings),
            settings,
            assumed,
            nested,
        })
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
            assumed: Vec::new(),
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
        if checked.roles.iter().any(|role| !role.calls.is_empty()) {
            checked.unknown.extend(self.assumed.iter().cloned());
        }
        checked
    }
}

/// The Region that is assumed where neither the file nor the user names one.
const ASSUMED_REGION: &str = "us-east-1";
/// An account that stands for the deployment's own where nothing tells which that is.
const ASSUMED_ACCOUNT: &str = "000000000000";

/// Fills in what nothing tells, and says so.
fn assume(settings: &mut Settings) -> Vec<Unknown> {
    let mut assumed = Vec::new();
    if settings.region.is_none() {
        settings.region = Some(ASSUMED_REGION.to_owned());
        let what = format!("the Region: {ASSUMED_REGION} is assumed; `--region` names another");
        assumed.push(Unknown { address: "AWS::Region".to_owned(), what });
    }
    if settings.account.is_none() {
        settings.account = Some(ASSUMED_ACCOUNT.to_owned());
    }
    assumed
}

/// Returns `true` for Terraform's own language.
fn is_hcl(text: &str) -> bool {
    text.lines().any(|line| {
        ["resource \"", "data \"", "provider \"", "module \"", "variable \"", "terraform {"]
            .iter()
            .any(|start| line.starts_with(start))
    })
}

/// Reads a nested stack whose template is a file beside this one, as the CDK and `package` before its upload have it.
fn nested(resource: &resource::Resource) -> Option<Nested> {
    if resource.kind != "AWS::CloudFormation::Stack" && resource.kind != "AWS::Serverless::Application" {
        return None;
    }
    let url = resource.properties.get("TemplateURL").or_else(|| resource.properties.get("Location"))?;
    let file = url.as_str().filter(|url| !url.contains("://") && !node::is_partly_unknown(url))?;
    let passed = match resource.properties.get("Parameters").map(|node| &node.value) {
        Some(Value::Map(members)) => members.iter().cloned().collect(),
        _ => BTreeMap::new(),
    };
    Some(Nested { address: resource.address.clone(), file: file.to_owned(), passed })
}
