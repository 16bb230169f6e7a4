//! `--config` and `--client`: a client's configuration becomes calls to diagnose.
//!
//! Finds and reads the files; what they mean is in `clients`, and what is said of it in `report`. The environment is looked
//! up here, and secrets of the files go to the connection alone.

use super::args::DoctorArgs;
use super::first_run;
use crate::answer::doctor::{Call, Caller, Principal};
use crate::bedrock::Region;
use crate::cli::content::{Content, recognize};
use crate::cli::exit::Failure;
use crate::cli::{output, paint};
use crate::clients::{self, Client, ConfigError, Configuration, Decides, Keys, Purpose, Remark, Variables};
use crate::report::{self, Styled};
use crate::request::{GivenPolicy, LiveCall};
use crate::trail::reason;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes; a larger one is no configuration.
const LARGEST: u64 = (1 << 20) + 1;

/// What reports call the policy that a client attaches to its session.
const OWN_POLICY: &str = "the client's own session policy";

/// A client's configuration, and where it was found.
pub(super) struct Plan {
    configuration: Configuration,
    /// The files, the strongest first.
    files: Vec<String>,
    to_file: bool,
}

impl Plan {
    /// Reads the file that the options name, or those where the client looks.
    pub(super) fn read(args: &DoctorArgs) -> Result<Self, Failure> {
        let (client, files) = match (&args.many.config, args.many.client) {
            (Some(path), client) => named(path, client)?,
            (None, Some(client)) => match found(client) {
                // Variables alone configure Claude Code.
                files if files.is_empty() && client != Client::ClaudeCode => {
                    return Err(failure(client, None, &ConfigError::NoBedrock(client)));
                }
                files => (client, files),
            },
            (None, None) => return Err(Failure::usage("no client was named").hint("`--config FILE` names its file")),
        };
        let bytes: Vec<&[u8]> = files.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        let variable = |name: &str| std::env::var(name).ok();
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let beside = |place: usize, name: &str| beside(names.get(place)?, name);
        let read = clients::read(client, &bytes, Variables::new(&variable).with_files(&beside));
        let mut configuration = read.map_err(|(place, error)| failure(client, names.get(place), &error))?;
        configuration.version.clone_from(&args.many.client_version);
        for call in &mut configuration.calls {
            // A profile that the client only looks for.
            if let Keys::ProfileOrDefault(name) = &call.identity.keys {
                let name = if first_run::is_profile(name) { name.clone() } else { "default".to_owned() };
                call.identity.keys = Keys::Profile(name);
            }
        }
        let calls = configuration.calls.clone();
        let is_used = |name: &str| calls.iter().any(|call| call.identity.keys == Keys::Profile(name.to_owned()));
        for remark in &mut configuration.remarks {
            if let Remark::Outranks { setting: "profile", value: Some(name), .. } = remark
                && !is_used(name)
            {
                "default".clone_into(name);
            }
        }
        Ok(Self { configuration, files: names, to_file: args.report.output.is_some() })
    }

    /// Returns the calls with their ids, and the Region that the client takes if nothing names one; `given` is what the
    /// options say.
    pub(super) fn calls(&self, given: &Call, in_sandbox: bool) -> Vec<(String, Call, Option<Region>)> {
        let calls = &self.configuration.calls;
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut made = Vec::new();
        for own in calls {
            let purpose = own.purpose.id();
            let is_alone = calls.iter().all(|other| other.purpose.id() != purpose || other.operation == own.operation);
            let id = if is_alone { purpose } else { format!("{purpose} {}", own.operation) };
            let count = seen.entry(id.clone()).or_default();
            *count += 1;
            let id = if *count > 1 { format!("{id} {count}") } else { id };
            let role = own.identity.role.as_ref();
            // A token of an identity provider is the client's alone: the role is diagnosed as another principal.
            let by_web_identity = role.filter(|role| role.by_web_identity).map(|role| Principal::Arn(role.arn.clone()));
            let can_be_made = own.operation.has_test_call() && by_web_identity.is_none();
            let caller = Caller::of_client(&own.identity);
            let policy = role.and_then(|role| role.session_policy);
            let call = Call {
                model: own.model.clone(),
                operation: Some(own.operation),
                region: own.region.clone().or_else(|| given.region.clone()),
                principal: given.principal.clone().or(by_web_identity),
                caller: if in_sandbox { caller.in_sandbox() } else { caller },
                session_policy: policy
                    .map(|document| GivenPolicy { name: OWN_POLICY.to_owned(), document: document.to_owned() }),
                live: if can_be_made { given.live } else { LiveCall::None },
                ..given.clone()
            };
            made.push((id, call, own.last_resort.clone()));
        }
        made
    }

    /// Returns `true` if what the user works with could not be worked out: then nothing that is allowed settles it.
    pub(super) fn is_incomplete(&self) -> bool {
        self.configuration.remarks.iter().any(|remark| {
            matches!(
                remark,
                Remark::NotPinned { purpose: Purpose::Main, .. }
                    | Remark::UnknownName { .. }
                    | Remark::LooksSecret { field: "model" }
                    | Remark::Unset { decides: Decides::Model(_) | Decides::Models | Decides::Identity, .. }
                    | Remark::UnreadFile { decides: Decides::Model(_) | Decides::Models | Decides::Identity, .. }
            )
        })
    }

    /// Notes that the client takes a Region because nothing names one.
    pub(super) fn takes_by_default(&mut self, region: &Region) {
        let remark = Remark::DefaultRegion { region: region.clone(), shell: None };
        if !self.configuration.remarks.contains(&remark) {
            self.configuration.remarks.push(remark);
        }
    }

    /// Forgets the names of profiles and files, which may say whose they are.
    pub(super) fn forget_names(&mut self) {
        let hidden = || "…".to_owned();
        for remark in &mut self.configuration.remarks {
            match remark {
                Remark::Outranks { setting: "profile", value, shell, .. } => {
                    *value = value.take().map(|_| hidden());
                    *shell = shell.take().map(|_| hidden());
                }
                Remark::Outranks { setting: "access keys", shell, .. } => *shell = shell.take().map(|_| hidden()),
                Remark::TokenOutranks { profile, .. } => *profile = profile.take().map(|_| hidden()),
                _ => {}
            }
        }
        for file in &mut self.files {
            *file = file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        }
    }

    /// Returns what stands before the answers.
    pub(super) fn preface(&self, world: Option<&str>) -> Styled {
        report::client_preface(&self.configuration, &self.files, world, paint::columns(self.to_file))
    }
}

/// A file's name and its bytes.
type Read = (String, Vec<u8>);

/// Reads the file that was named, and finds out whose it is.
fn named(path: &Path, client: Option<Client>) -> Result<(Client, Vec<Read>), Failure> {
    let shown = path.display().to_string();
    let bytes = bytes(path).map_err(|error| Failure::input(format!("`{shown}` cannot be read: {}", reason(&error))))?;
    let content = recognize(&bytes);
    let client = match (client, content) {
        (Some(client), _) => client,
        (None, Content::Client(client)) => client,
        (None, Content::AwsConfig) => {
            return Err(Failure::usage(format!("`{shown}` is an AWS config file"))
                .hint("bedrock-access doctor MODEL --profile NAME"));
        }
        (None, Content::Empty) => return Err(Failure::input(format!("`{shown}` is empty"))),
        (None, _) => {
            let (message, hint) = report::config_error(None, &shown, &ConfigError::Unrecognized);
            return Err(Failure::input(message).hint(hint.unwrap_or_default()));
        }
    };
    Ok((client, vec![(shown, bytes)]))
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        if io::stdin().is_terminal() {
            output::note("paste the configuration, then press Ctrl-D on a line of its own");
        }
        io::stdin().lock().take(LARGEST).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Reads a file that a configuration names: from the home folder, else from that of the configuration.
fn beside(configuration: &str, name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(configuration).parent().unwrap_or(Path::new(""));
    let path = match name.strip_prefix("~/") {
        Some(rest) => first_run::home()?.join(rest),
        None => folder.join(name),
    };
    // Neither a pipe nor a device, which may never end.
    let is_file = std::fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() < LARGEST);
    is_file.then(|| bytes(&path).ok())?
}

/// Reads the files that exist where a client looks for them, the strongest first.
fn found(client: Client) -> Vec<Read> {
    let mut read = Vec::new();
    for place in client.places() {
        let path = match place.strip_prefix("~/") {
            Some(rest) => first_run::home().map(|home| home.join(rest)),
            None => Some(PathBuf::from(place)),
        };
        let Some(path) = path.filter(|path| path.is_file()) else { continue };
        if let Ok(bytes) = bytes(&path) {
            read.push((path.display().to_string(), bytes));
        }
    }
    read
}

fn failure(client: Client, file: Option<&String>, error: &ConfigError) -> Failure {
    let name = file.map_or_else(String::new, Clone::clone);
    let (message, hint) = report::config_error(Some(client), &name, error);
    let failure = Failure::input(message);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
