//! Keeps foreign text from being a command of the CI system that runs this program.
//!
//! GitHub Actions obeys lines that begin with `::` and lines with `##[`, Azure Pipelines lines with `##vso[`, GitLab lines
//! with `section_start:` (GitHub Actions, "Workflow commands"; Azure Pipelines, "Logging commands"; GitLab CI/CD,
//! "Custom collapsible sections"). Error texts, names and policies may hold any of them. Files are not changed.

use std::borrow::Cow;

/// The variables that CI systems set.
const VARIABLES: [&str; 4] = ["CI", "GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI"];

/// What begins a command anywhere in a line, and the harmless way to write it in text and in JSON.
const COMMANDS: [(&str, &str, &str); 4] = [
    ("##[", "# #[", "#\\u0023["),
    ("##vso[", "# #vso[", "#\\u0023vso["),
    ("section_start:", "section_start :", "section_start\\u003a"),
    ("section_end:", "section_end :", "section_end\\u003a"),
];

/// Returns a text as it may be written to the log of this process.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if VARIABLES.iter().any(is_set) { without_commands(text) } else { Cow::Borrowed(text) }
}

fn without_commands(text: &str) -> Cow<'_, str> {
    // JSON holds foreign text in strings only, where an escape means the same.
    let is_json = matches!(text.trim_start().chars().next(), Some('{' | '['));
    let mut text = Cow::Borrowed(text);
    for (command, in_text, in_json) in COMMANDS {
        if text.contains(command) {
            text = Cow::Owned(text.replace(command, if is_json { in_json } else { in_text }));
        }
    }
    if text.lines().any(|line| line.trim_start().starts_with("::")) {
        let lines = text.split_inclusive('\n').map(|line| {
            let start = line.len() - line.trim_start().len();
            match line.get(start..).unwrap_or_default().strip_prefix("::") {
                Some(rest) => format!("{}: :{rest}", line.get(..start).unwrap_or_default()),
                None => line.to_owned(),
            }
        });
        text = Cow::Owned(lines.collect());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_runner_obeys() {
        for (text, harmless) in [
            ("::error::x\n", ": :error::x\n"),
            ("a\n  ::set-env name=A::b\n", "a\n  : :set-env name=A::b\n"),
            ("a ##[error]x", "a # #[error]x"),
            ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
            ("\u{1b}[0Ksection_start:1:a", "\u{1b}[0Ksection_start :1:a"),
            ("arn:aws:bedrock:us-west-2::foundation-model/x", "arn:aws:bedrock:us-west-2::foundation-model/x"),
            ("{\"a\": \"##[x\"}", "{\"a\": \"#\\u0023[x\"}"),
        ] {
            assert_eq!(without_commands(text), harmless);
        }
        let json = without_commands("{\"a\": \"##[x ##vso[ section_end:1\"}").into_owned();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["a"], "##[x ##vso[ section_end:1");
    }
}
