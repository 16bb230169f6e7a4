//! Lets people hand over what they have: an error text, a file, a model, in the place where they expect it to work.
//!
//! A free argument is text if it holds white space, else an existing file, else a model. A word that looks like a path and
//! does not exist is an error; an unknown word in place of a command is a misspelt command, never text. Whatever is
//! taken for something that was not named is said on standard error.

use super::content::{Content, recognize};
use super::doctor::DoctorArgs;
use super::exit::Failure;
use super::input::quoted;
use super::output;
use super::parse::model_value;
use crate::bedrock::{ModelReference, client_form, models_named};
use crate::trail::reason;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// How much of a file is read to recognize it, in bytes.
const HEAD: u64 = 256 * 1024;

/// Words that people type in place of a command.
const OTHER_NAMES: [(&str, &str); 4] =
    [("diagnose", "doctor"), ("why", "doctor"), ("version", "--version"), ("list-models", "models")];

/// What a free argument is.
#[derive(Debug, PartialEq, Eq)]
enum Free<'a> {
    Text(&'a str),
    File(&'a str),
    Model(&'a str),
    /// It looks like a path, and nothing is there.
    Missing(&'a str),
}

fn free(argument: &str) -> Free<'_> {
    let path = Path::new(argument);
    let is_arn = argument.starts_with("arn:");
    let form = client_form(argument);
    let is_clients = form.model != argument && (form.model.starts_with("arn:") || !form.model.contains('/'));
    let looks_like_path = argument.starts_with(['.', '/', '~'])
        || argument.contains('\\')
        || argument.contains('/') && !is_arn && !is_clients
        || has_file_ending(path) && !is_arn;
    if argument == "-" || path.exists() && !argument.contains('\n') {
        Free::File(argument)
    } else if argument.contains(char::is_whitespace) && models_named(form.model).is_empty() {
        Free::Text(argument)
    } else if looks_like_path {
        Free::Missing(argument)
    } else {
        Free::Model(argument)
    }
}

fn has_file_ending(path: &Path) -> bool {
    const ENDINGS: [&str; 14] =
        ["json", "jsonl", "ndjson", "txt", "log", "gz", "har", "yaml", "yml", "csv", "env", "toml", "tf", "md"];
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    ENDINGS.contains(&ending.as_str())
}

/// Puts `doctor`'s free argument, and files of another kind than their option expects, where they belong.
pub(super) fn opened(mut args: DoctorArgs) -> Result<DoctorArgs, Failure> {
    if let Some(what) = args.what.take() {
        match free(&what) {
            Free::Text(text) => args.call.error = Some(text.to_owned()),
            Free::File(path) => {
                open_file(&mut args, path)?;
                if args.call.model.is_some()
                    && (args.evidence.is_some() || args.many.targets.is_some() || args.many.config.is_some())
                {
                    return Err(Failure::usage(format!("`{path}` names its models itself")).hint("leave `--model` out"));
                }
            }
            Free::Missing(path) => return Err(missing(path)),
            Free::Model(model) if args.call.model.is_some() => {
                return Err(Failure::usage(format!("`--model` names the model, and `{model}` is no error message"))
                    .hint("an error message needs quotes around it"));
            }
            Free::Model(model) => {
                let form = client_form(model);
                let named = if form.region.is_some() { form.model } else { model };
                args.call.model = Some(model_named(named)?);
                if let Some(region) = form.region.filter(|_| args.call.region.is_empty()) {
                    output::note(&format!("note: taken as `--region {region}`"));
                    args.call.region.extend(region.parse());
                }
            }
        }
    } else if let Some(path) = args.call.error.clone().filter(|path| is_file(path)) {
        // A file that is something else than an error is taken for what it is.
        match content_of(&path)? {
            Content::Text | Content::CloudTrail | Content::Har | Content::Empty => {}
            _ => {
                args.call.error = None;
                open_file(&mut args, &path)?;
            }
        }
    }
    Ok(args)
}

fn is_file(path: &str) -> bool {
    path != "-" && std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn missing(path: &str) -> Failure {
    Failure::input(format!("`{path}` does not exist")).hint(
        "an error message can be given as it is, in quotes; a model by its id, such as `us.amazon.nova-lite-v1:0`",
    )
}

fn model_named(name: &str) -> Result<ModelReference, Failure> {
    model_value(name).map_err(|error| {
        Failure::usage(format!("`{name}` is neither an existing file nor a model: {error}"))
            .hint("`bedrock-access models` lists the models; an error message needs quotes around it")
    })
}

fn open_file(args: &mut DoctorArgs, path: &str) -> Result<(), Failure> {
    if path == "-" {
        args.call.error = Some("-".to_owned());
        return Ok(());
    }
    let file = quoted(path);
    let taken = |option: &str| output::note(&format!("note: taken as `{option} {file}`"));
    let content = content_of(path)?;
    match content {
        Content::Empty => Err(Failure::input(format!("`{path}` is empty"))),
        Content::Text | Content::Har | Content::CloudTrail => {
            taken("--error");
            args.call.error = Some(path.to_owned());
            Ok(())
        }
        Content::Evidence => {
            taken("--evidence");
            args.evidence = Some(PathBuf::from(path));
            Ok(())
        }
        Content::Targets => {
            taken("--targets");
            args.many.targets = Some(PathBuf::from(path));
            Ok(())
        }
        Content::World => {
            taken("--sandbox");
            args.account.sandbox = Some(path.to_owned());
            Ok(())
        }
        Content::Client(_) => {
            taken("--config");
            args.many.config = Some(PathBuf::from(path));
            Ok(())
        }
        Content::Policy | Content::Plan | Content::Report | Content::AwsConfig | Content::Variables => {
            let (what, command) = no_error(content, &file).unwrap_or_default();
            Err(Failure::usage(format!("`{path}` is {what}, not an error message"))
                .hint(format!("bedrock-access {command}")))
        }
    }
}

/// Returns what a text is that holds no error message, and the command that takes it, as far as its first part tells.
pub(super) fn no_error_in(text: &[u8], file: &str) -> Option<(&'static str, String)> {
    let head = text.get(..HEAD as usize).unwrap_or(text);
    no_error(recognize(head), file)
}

/// Returns what a file is that holds no error message, and the command that takes it.
fn no_error(content: Content, file: &str) -> Option<(&'static str, String)> {
    Some(match content {
        Content::Policy => ("an IAM policy", format!("policy lint {file}")),
        Content::Plan => ("a Terraform plan or a template", format!("check {file}")),
        Content::Report => (
            "a report of this program",
            "doctor --evidence case.json    (which `doctor MODEL --save-evidence case.json` writes)".to_owned(),
        ),
        Content::AwsConfig => ("an AWS config file", "doctor MODEL --profile NAME".to_owned()),
        Content::Variables => (
            "a file of environment variables",
            format!("doctor MODEL    (after `set -a; . {file}; set +a` in a POSIX shell)"),
        ),
        Content::Client(_) => ("the configuration of an AI client", format!("doctor --config {file}")),
        Content::Evidence => ("evidence that the doctor saved", format!("doctor --evidence {file}")),
        Content::Targets => ("a list of targets for the doctor", format!("doctor --targets {file}")),
        Content::World => ("an account of the sandbox", format!("doctor --sandbox {file}")),
        Content::CloudTrail => ("CloudTrail events", format!("denials {file}")),
        Content::Empty | Content::Har | Content::Text => return None,
    })
}

fn content_of(path: &str) -> Result<Content, Failure> {
    let failed = |error: io::Error| Failure::input(format!("`{path}` cannot be read: {}", reason(&error)));
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(failed)?;
    Ok(recognize(&head))
}

/// What to do with the arguments of the process.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// Run the command that they name.
    Arguments(Vec<OsString>),
    /// Show the start page.
    StartPage,
}

/// Finds the command that is meant if none is named; `commands` are the known ones.
pub(super) fn entrance(arguments: Vec<OsString>, commands: &[String]) -> Entrance {
    // A job without input has the null device as its standard input.
    let is_null = || std::fs::metadata("/dev/stdin").is_ok_and(|metadata| is_device(&metadata));
    let is_piped = || !io::stdin().is_terminal() && !is_null();
    let mut words = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let Some(first) = words.next() else {
        return if is_piped() { with(arguments, &["explain"]) } else { Entrance::StartPage };
    };
    if let Some((_, command)) = OTHER_NAMES.iter().find(|(name, _)| first == *name) {
        let mut arguments = arguments;
        if let Some(word) = arguments.get_mut(1) {
            *word = OsString::from(command);
        }
        return Entrance::Arguments(arguments);
    }
    let is_command = commands.contains(&first);
    let is_global = ["-h", "--help", "-V", "--version", "help"].contains(&first.as_str());
    if is_command || is_global {
        return Entrance::Arguments(arguments);
    }
    if first.starts_with("--") {
        return with(arguments, &["doctor"]);
    }
    match free(&first) {
        Free::Text(_) => with(arguments, &["explain"]),
        Free::File("-") => with(arguments, &["explain"]),
        Free::File(_) => with(arguments, &["doctor"]),
        // Else a misspelt command, about which clap says more.
        Free::Missing(_) | Free::Model(_) => Entrance::Arguments(arguments),
    }
}

#[cfg(unix)]
fn is_device(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_char_device()
}

/// Elsewhere a device has a name of its own (`CON`, `NUL`) and no type of file; none is taken for one.
#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

fn with(mut arguments: Vec<OsString>, words: &[&str]) -> Entrance {
    let at = arguments.len().min(1);
    arguments.splice(at..at, words.iter().map(OsString::from));
    Entrance::Arguments(arguments)
}

/// Returns what to type in place of a word that is not a command, if it looks like a model.
pub(super) fn hint_for(word: &str) -> Option<String> {
    match free(word) {
        Free::Model(model)
            if model.contains('.')
                || model.starts_with("arn:")
                || !models_named(client_form(model).model).is_empty() =>
        {
            Some(format!("bedrock-access doctor {}", quoted(model)))
        }
        Free::Missing(path) => Some(format!("there is no file {}", quoted(path))),
        _ => None,
    }
}

/// What is shown if nothing is typed.
pub(super) const START_PAGE: &str = "\
bedrock-access finds out why a call to an Amazon Bedrock model is refused.

  I have an error message     bedrock-access \"An error occurred (AccessDenied…\"
  … or a log                  python app.py 2>&1 | bedrock-access
  I have a model              bedrock-access doctor us.amazon.nova-lite-v1:0
  Which models can I call?    bedrock-access models
  Run my program              bedrock-access run python app.py
  Try it without AWS          bedrock-access doctor --sandbox

All commands: bedrock-access --help
";

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(words: &[&str]) -> Vec<String> {
        let arguments = std::iter::once("bedrock-access").chain(words.iter().copied()).map(OsString::from).collect();
        let commands = ["doctor", "explain", "models", "run"].map(str::to_owned);
        match entrance(arguments, &commands) {
            Entrance::Arguments(words) => {
                words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
            }
            Entrance::StartPage => vec!["start page".to_owned()],
        }
    }

    #[test]
    fn a_free_argument_is_text_a_file_or_a_model() {
        assert_eq!(free("An error occurred"), Free::Text("An error occurred"));
        assert_eq!(free("one\ntwo"), Free::Text("one\ntwo"));
        assert_eq!(free("Cargo.toml"), Free::File("Cargo.toml"));
        assert_eq!(free("us.amazon.nova-lite-v1:0"), Free::Model("us.amazon.nova-lite-v1:0"));
        assert_eq!(free("bedrock/us.amazon.nova-lite-v1:0"), Free::Model("bedrock/us.amazon.nova-lite-v1:0"));
        for path in ["./nope", "nope.json", "logs/nope", "~/x", "C:\\x", "/nope", "nope.json.gz"] {
            assert_eq!(free(path), Free::Missing(path), "{path}");
        }
        let arn = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
        for model in [
            arn,
            "Claude Sonnet 4.5",
            "bedrock/us-west-2/amazon.nova-lite-v1:0",
            "bedrock_converse:amazon.nova-lite-v1:0",
        ] {
            assert_eq!(free(model), Free::Model(model));
        }
        assert_eq!(free("Claude Sonnet is not available"), Free::Text("Claude Sonnet is not available"));
    }

    #[test]
    fn the_command_that_is_meant_is_found() {
        assert_eq!(entered(&["An error occurred"]), ["explain", "An error occurred"]);
        assert_eq!(entered(&["Cargo.toml"]), ["doctor", "Cargo.toml"]);
        assert_eq!(entered(&["--model", "x"]), ["doctor", "--model", "x"]);
        assert_eq!(entered(&["why", "x"]), ["doctor", "x"]);
        assert_eq!(entered(&["version"]), ["--version"]);
        // A misspelt command stays one.
        assert_eq!(entered(&["docter"]), ["docter"]);
        assert_eq!(entered(&["doctor", "x"]), ["doctor", "x"]);
        assert_eq!(entered(&["--help"]), ["--help"]);
        assert_eq!(
            hint_for("us.amazon.nova-lite-v1:0").as_deref(),
            Some("bedrock-access doctor us.amazon.nova-lite-v1:0")
        );
        assert_eq!(hint_for("docter"), None);
    }
}
