//! The work of `check`: reads plans and templates by name or in folders, with what the CDK wrote beside them, and checks each.

use super::Failure;
use crate::bedrock::ModelReference;
use crate::iac::{Assembly, Input, ReadError, Settings};
use crate::report::{CheckReport, CheckedFile};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How many levels of folders, and of stacks in stacks, are walked.
const MAX_DEPTH: usize = 8;

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
pub struct Files<'r> {
    report: CheckReport,
    /// What was left out, and why.
    notes: Vec<String>,
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

impl<'r> Files<'r> {
    /// Begins with no file; everything with a role calls the models.
    #[must_use]
    pub fn new(given: &'r Settings, models: &'r [ModelReference]) -> Self {
        Self { report: CheckReport::default(), notes: Vec::new(), given, models, assemblies: BTreeMap::new() }
    }

    /// Adds a file that was named, a folder, or standard input for `-`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is nothing that can be checked.
    pub fn add(&mut self, file: &str) -> Result<(), Failure> {
        let path = Path::new(file);
        if file != "-" && path.is_dir() {
            let found = found_in(path)?;
            let mut read = 0;
            for path in &found {
                read += usize::from(self.add_found(path)?);
            }
            if read == 0 {
                return Err(Failure::input(format!("no plan, template or policy is in `{file}`"))
                    .hint("`terraform show -json plan.out > plan.json` writes a plan that can be checked"));
            }
            return Ok(());
        }
        let stack = self.stack(path);
        let input = read_file(file, &stack.settings)?;
        self.add_input(input, path, &stack, 0)
    }

    /// Adds a text that is called by a name.
    ///
    /// # Errors
    ///
    /// When it is nothing that can be checked.
    pub fn add_text(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let input = Input::read(name, text.as_bytes(), self.given).map_err(|error| unreadable(name, &error))?;
        self.report.add(checked(&input, self.models));
        Ok(())
    }

    /// Returns the report, and notes about what was left out.
    #[must_use]
    pub fn finish(self) -> (CheckReport, Vec<String>) {
        (self.report, self.notes)
    }

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
            Ok(input) => self.add_input(input, path, &stack, 0).map(|()| true),
            Err(ReadError::Unrecognized | ReadError::NotJson(_)) => Ok(false),
            // A template may hold what is not YAML at all, such as a Helm chart beside it.
            Err(ReadError::Syntax(error)) if !is_template_name(path) => {
                self.notes.push(format!("note: `{name}` is left out: {}", error.message));
                Ok(false)
            }
            Err(error) => Err(unreadable(&name, &error)),
        }
    }

    /// Adds what was read, and the templates of its nested stacks, which may have nested stacks themselves.
    fn add_input(&mut self, input: Input, path: &Path, stack: &Stack, depth: usize) -> Result<(), Failure> {
        for nested in input.nested().iter().filter(|_| depth < MAX_DEPTH) {
            let file = nested.file(&stack.assembly).map(|file| path.parent().unwrap_or(Path::new("")).join(file));
            let Some((file, opened)) = file.and_then(|file| File::open(&file).ok().map(|opened| (file, opened))) else {
                self.notes.push(format!("note: the template of the nested stack `{}` is not there", nested.address));
                continue;
            };
            let name = file.display().to_string();
            let inner = Input::read_nested(nested, &name, opened, &stack.settings);
            self.add_input(inner.map_err(|error| unreadable(&name, &error))?, &file, stack, depth + 1)?;
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
