//! What to do if there are no credentials: where was looked, which profiles exist, and the one command to type.
//!
//! Reads the names in the AWS config files, never a key. Writes to standard error; the report itself stays the same.

use crate::cli::output;
use crate::evidence::{Evidence, FailureKind};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

/// The largest config file that is looked at, in bytes.
const LARGEST: u64 = 1 << 20;

/// How many profiles are named.
const MOST_NAMED: usize = 12;

/// The settings of the profiles in the AWS config files that say how to log in.
#[derive(Debug, Default, PartialEq, Eq)]
struct Profiles(BTreeMap<String, Login>);

/// How a profile's credentials are renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Login {
    /// `aws sso login`.
    Sso,
    /// `aws login`.
    Console,
    /// Keys, a process, or another profile.
    #[default]
    Other,
}

/// Returns `true` if the AWS config files have a profile of this name.
pub(super) fn is_profile(name: &str) -> bool {
    let mut profiles = Profiles::default();
    for path in files().into_iter().flatten() {
        profiles.read(&read(&path).unwrap_or_default());
    }
    profiles.0.contains_key(name)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the user's folder.
pub(super) fn home() -> Option<PathBuf> {
    environment("HOME").or_else(|| environment("USERPROFILE")).map(PathBuf::from)
}

/// Returns the AWS config files.
fn files() -> [Option<PathBuf>; 2] {
    let file = |variable: &str, name: &str| {
        environment(variable).map(PathBuf::from).or_else(|| home().map(|home| home.join(".aws").join(name)))
    };
    [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
}

/// Explains on standard error why there are no credentials, if that is so.
pub(super) fn explain_credentials(evidence: &Evidence, profile: Option<&str>) {
    let Some(failure) = evidence.credentials.failure() else { return };
    if evidence.sandbox.is_some()
        || !matches!(failure.kind, FailureKind::NoCredentials | FailureKind::CredentialsProvider)
    {
        return;
    }
    let mut profiles = Profiles::default();
    let mut looked = vec!["the AWS_* variables".to_owned()];
    for path in files().into_iter().flatten() {
        let text = read(&path);
        looked.push(format!("{}{}", path.display(), if text.is_none() { " (not there)" } else { "" }));
        profiles.read(&text.unwrap_or_default());
    }
    looked.push("the metadata service".to_owned());
    let named = profile.map(str::to_owned).or_else(|| environment("AWS_PROFILE"));
    for line in lines(&profiles, &looked, named.as_deref()) {
        output::note(&line);
    }
}

fn read(path: &PathBuf) -> Option<String> {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

fn lines(profiles: &Profiles, looked: &[String], named: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("note: no usable AWS credentials; looked in {}", looked.join(", "))];
    let names: Vec<&str> = profiles.0.keys().map(String::as_str).collect();
    let known = named.and_then(|name| profiles.0.get(name).map(|login| (name, *login)));
    match (named, known) {
        (Some(name), None) => {
            lines.push(format!("note: there is no profile `{name}`{}", alike(name, &names)));
        }
        (_, Some((name, Login::Sso))) => lines.push(format!("hint: aws sso login --profile {}", shell(name))),
        (_, Some((name, Login::Console))) => lines.push(format!("hint: aws login --profile {}", shell(name))),
        (_, Some((name, Login::Other))) => {
            lines.push(format!(
                "hint: check that the profile works: aws sts get-caller-identity --profile {}",
                shell(name)
            ));
        }
        (None, None) if names.is_empty() => {
            lines.push(
                "hint: `aws configure sso` sets up a login; `bedrock-access doctor --sandbox` needs none".to_owned(),
            );
        }
        (None, None) => lines.push("hint: choose a profile with `--profile NAME`".to_owned()),
    }
    if !names.is_empty() && known.is_none() {
        let more = names.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown: Vec<&str> = names.iter().copied().take(MOST_NAMED).collect();
        lines.push(format!("note: profiles in the AWS config files: {}{more}", shown.join(", ")));
    }
    lines
}

fn alike(name: &str, names: &[&str]) -> String {
    let alike = names.iter().map(|known| (strsim::jaro_winkler(name, known), known));
    match alike.filter(|(likeness, _)| *likeness > 0.7).max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((_, known)) => format!("; did you mean `{known}`?"),
        None => String::new(),
    }
}

fn shell(name: &str) -> String {
    crate::cli::input::quoted(name)
}

impl Profiles {
    fn read(&mut self, text: &str) {
        let mut current: Option<String> = None;
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[') {
                let section = section.split(']').next().unwrap_or_default().trim();
                let name = section.strip_prefix("profile ").map(str::trim).unwrap_or(section);
                let is_profile =
                    !["sso-session ", "services ", "plugins"].iter().any(|other| section.starts_with(other));
                current = is_profile.then(|| name.trim_matches(['"', '\'']).to_owned());
                if let Some(name) = &current {
                    self.0.entry(name.clone()).or_default();
                }
            } else if let (Some(name), Some((key, _))) = (&current, line.split_once('=')) {
                let login = match key.trim() {
                    "sso_session" | "sso_start_url" => Login::Sso,
                    "login_session" => Login::Console,
                    _ => continue,
                };
                self.0.insert(name.clone(), login);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[default]\nregion = us-west-2\n[profile dev]\nsso_session = corp\n[sso-session corp]\n\
                          sso_start_url = https://example.awsapps.com/start\n[profile console]\nlogin_session = x\n\
                          [profile 'odd one']\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";

    fn said(named: Option<&str>) -> String {
        let mut profiles = Profiles::default();
        profiles.read(CONFIG);
        lines(&profiles, &["the AWS_* variables".to_owned()], named).join("\n")
    }

    #[test]
    fn the_one_command_to_type_is_named() {
        assert!(said(Some("dev")).contains("hint: aws sso login --profile dev"));
        assert!(said(Some("console")).contains("hint: aws login --profile console"));
        assert!(said(Some("odd one")).contains("get-caller-identity --profile 'odd one'"));
        assert!(said(Some("devv")).contains("there is no profile `devv`; did you mean `dev`?"));
        assert!(said(Some("devv")).contains("console, default, dev, odd one"));
        assert!(said(None).contains("--profile NAME"));
        assert!(!said(None).contains("AKIA") && !said(None).contains("corp,"));
        assert!(lines(&Profiles::default(), &[], None).join("\n").contains("aws configure sso"));
    }
}
