//! `check`: Terraform plans and templates before their deployment, without an account.

use super::exit::{ExitStatus, Failure};
use super::parse::model_value;
use super::{output, paint};
use crate::bedrock::{ModelReference, Region};
use crate::iac::{Assembly, Input, ReadError, Settings};
use crate::report::{CheckReport, CheckedFile};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

const EXAMPLES: &str = "\
Examples:
  terraform show -json plan.out > plan.json && bedrock-access check plan.json
  bedrock-access check template.yaml --parameter Stage=prod --region eu-west-1
  bedrock-access check cdk.out --model us.amazon.nova-lite-v1:0
  bedrock-access check infrastructure --format sarif --output check.sarif

Exit status: 0 nothing to fix, 1 findings, 2 wrong usage, 3 something is known only after the deployment (with
--deny unknown), 4 unreadable input";

/// Check Terraform plans, CloudFormation and SAM templates and cdk.out before the deployment.
///
/// For every role that something runs with: may it call the models that the file names, may the service assume it, and
/// are there mistakes in its policies? Needs no credentials and makes no call. What only the deployment knows is listed
/// as unknown, and is no finding.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    /// Terraform plans or states in JSON, templates, policies, or folders of them; `-` reads standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<String>,
    /// A model or inference profile that everything with a role calls; repeat for several
    #[arg(short, long, value_name = "ID|ARN", value_parser = model_value)]
    model: Vec<ModelReference>,
    /// The Region of the deployment [default: that of the provider or the template]
    #[arg(short, long, value_name = "REGION")]
    region: Option<Region>,
    /// The account of the deployment
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    /// The value of a template's parameter
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
    /// What else makes the exit status 1 (notes) or 3 (unknown values)
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Vec<Deny>,
    /// A report of an earlier run (JSON): leave out what it found
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The report's format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write the report to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t = paint::When::Auto, value_name = "WHEN")]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Values that only the deployment knows
    Unknown,
    /// Notes
    Note,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Findings with the changes that fix them
    #[default]
    Text,
    /// What `docs/schema/check-1.json` describes
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// For CI: one suite per file, one case per call
    Junit,
    /// For a pull request
    Markdown,
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account id has twelve digits".to_owned())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "expected NAME=VALUE".to_owned())
}

/// How many levels of folders, and of stacks in stacks, are walked.
const MAX_DEPTH: usize = 8;

/// Checks.
pub(super) fn run(args: &CheckArgs) -> Result<ExitStatus, Failure> {
    let settings = Settings {
        parameters: args.parameter.iter().cloned().collect::<BTreeMap<_, _>>(),
        region: args.region.as_ref().map(|region| region.as_str().to_owned()),
        account: args.account.clone(),
    };
    let baseline = args.baseline.as_ref().map(|path| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("`{}` cannot be read: {error}", path.display())))
    });
    let baseline = baseline.transpose()?;
    let mut run =
        Run { report: CheckReport::default(), given: &settings, models: &args.model, assemblies: BTreeMap::new() };
    for file in &args.files {
        let path = Path::new(file);
        if file != "-" && path.is_dir() {
            let found = found_in(path)?;
            let mut read = 0;
            for path in &found {
                read += usize::from(run.add_found(path)?);
            }
            if read == 0 {
                return Err(Failure::input(format!("no plan, template or policy is in `{file}`"))
                    .hint("`terraform show -json plan.out > plan.json` writes a plan that can be checked"));
            }
        } else {
            let stack = run.stack(path);
            let input = read_file(file, &stack.settings)?;
            run.add(input, path, &stack, 0)?;
        }
    }
    let mut report = run.report;
    if let (Some(baseline), Some(path)) = (&baseline, &args.baseline) {
        let hidden = report.hide_known(baseline).map_err(|error| {
            Failure::input(format!("`{}` is not a baseline: {error}", path.display()))
                .hint("write one with `bedrock-access check … --format json --output baseline.json`")
        })?;
        if hidden > 0 {
            output::note(&format!("note: {hidden} known findings are left out"));
        }
    }
    let notes = args.deny.contains(&Deny::Note);
    let answer = match args.format {
        Format::Text if args.output.is_some() => report.text().plain(),
        Format::Text => paint::paint(&report.text(), args.color, false),
        Format::Json => report.json(notes),
        Format::Sarif => report.sarif(),
        Format::Junit => {
            report.junit().map_err(|error| Failure::input(format!("the report cannot be written as XML: {error}")))?
        }
        Format::Markdown => report.markdown(),
    };
    match &args.output {
        Some(path) => output::write_file(path, &answer)?,
        None => output::print(&answer)?,
    }
    Ok(if report.has_findings(notes) {
        ExitStatus::Finding
    } else if args.deny.contains(&Deny::Unknown) && report.has_unknown() {
        ExitStatus::Undetermined
    } else {
        ExitStatus::Success
    })
}

/// Reads one file that was named; it must be something that can be checked.
fn read_file(file: &str, settings: &Settings) -> Result<Input, Failure> {
    let input: Box<dyn Read> = match file {
        "-" => Box::new(io::stdin()),
        path => {
            Box::new(File::open(path).map_err(|error| Failure::input(format!("`{path}` cannot be read: {error}")))?)
        }
    };
    Input::read(file, input, settings).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &str, error: &ReadError) -> Failure {
    let hint = match error {
        ReadError::NotJson(_) => "`terraform show -json plan.out > plan.json` writes a plan that can be checked",
        ReadError::Syntax(_) | ReadError::Unrecognized => {
            "`check` reads `terraform show -json`, CloudFormation and SAM templates, cdk.out and policies"
        }
        ReadError::Io(_) => "check the file's permissions",
    };
    Failure::input(format!("`{file}` cannot be checked: {error}")).hint(hint)
}

/// What the files give, one after the other.
struct Run<'r> {
    report: CheckReport,
    given: &'r Settings,
    models: &'r [ModelReference],
    /// What the CDK wrote into each folder, read once.
    assemblies: BTreeMap<PathBuf, Rc<Assembly>>,
}

/// Where a template and those of its nested stacks are deployed.
struct Stack {
    assembly: Rc<Assembly>,
    settings: Settings,
}

impl Run<'_> {
    /// Returns what is known of the stack that a file is the template of.
    fn stack(&mut self, path: &Path) -> Stack {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let known = self.assemblies.entry(folder.to_owned()).or_insert_with(|| Rc::new(assembly_in(folder)));
        let assembly = Rc::clone(known);
        let settings = assembly.settings(name_of(path), self.given);
        Stack { assembly, settings }
    }

    /// Adds a file of a folder, where it is something that can be checked.
    fn add_found(&mut self, path: &Path) -> Result<bool, Failure> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::input(format!("`{name}` cannot be read: {error}")))?;
        let stack = self.stack(path);
        match Input::read(&name, file, &stack.settings) {
            Ok(input) => self.add(input, path, &stack, 0).map(|()| true),
            Err(ReadError::Unrecognized | ReadError::NotJson(_)) => Ok(false),
            // A template may hold what is not YAML at all, such as a Helm chart beside it.
            Err(ReadError::Syntax(error)) if !is_template_name(path) => {
                output::note(&format!("note: `{name}` is left out: {}", error.message));
                Ok(false)
            }
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// Adds what was read, and the templates of its nested stacks, which may have nested stacks themselves.
    fn add(&mut self, input: Input, path: &Path, stack: &Stack, depth: usize) -> Result<(), Failure> {
        for nested in input.nested().iter().filter(|_| depth < MAX_DEPTH) {
            let file = nested.file(&stack.assembly).map(|file| path.parent().unwrap_or(Path::new("")).join(file));
            let Some((file, opened)) = file.and_then(|file| File::open(&file).ok().map(|opened| (file, opened))) else {
                output::note(&format!("note: the template of the nested stack `{}` is not there", nested.address));
                continue;
            };
            let name = file.display().to_string();
            let inner = Input::read_nested(nested, &name, opened, &stack.settings);
            self.add(inner.map_err(|error| unreadable(&name, &error))?, &file, stack, depth + 1)?;
        }
        self.report.add(checked(&input, self.models));
        Ok(())
    }
}

fn is_template_name(path: &Path) -> bool {
    let name = name_of(path);
    name.contains(".template.") || name.starts_with("template.") || name.starts_with("plan.")
}

/// Returns a file's name without its folder.
fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Reads what the CDK wrote into a folder; nothing, where it did not write there.
fn assembly_in(folder: &Path) -> Assembly {
    let mut assembly = Assembly::default();
    let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.json")) else { return assembly };
    assembly.add_manifest(&manifest);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if name_of(&path).ends_with(".assets.json") {
            assembly.add_assets(&std::fs::read_to_string(path).unwrap_or_default());
        }
    }
    assembly
}

fn checked(input: &Input, models: &[ModelReference]) -> CheckedFile {
    CheckedFile {
        file: input.file.clone(),
        form: input.form,
        is_json: input.is_json,
        resources: input.resources,
        checked: input.check(models),
    }
}

/// Finds the files of a folder that may be plans, templates or policies; assets and hidden folders are passed by.
fn found_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let unreadable = |error: io::Error| Failure::input(format!("`{}` cannot be read: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = name_of(&path).to_owned();
            let skipped = name.starts_with('.') || name.starts_with("asset.") || name == "node_modules";
            if skipped {
                continue;
            }
            if path.is_dir() {
                if depth < MAX_DEPTH {
                    open.push((path, depth + 1));
                }
                continue;
            }
            // The nested stacks of the CDK are read where their parent names them.
            let is_nested = name.ends_with(".nested.template.json");
            let known = ["json", "yaml", "yml", "template"].iter().any(|end| name.ends_with(&format!(".{end}")));
            if known && !is_nested {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
