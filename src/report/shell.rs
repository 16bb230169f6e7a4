//! Lines to paste into a shell: with the profile that they need, wrapped where a shell lets them be, and the files that
//! they read.

/// Adds the profile that a line needs: to those of the AWS CLI and of this program, unless it asks the sandbox.
pub(super) fn with_profile(line: &str, profile: Option<&str>) -> String {
    let Some(profile) = profile else { return line.to_owned() };
    let profile = shlex::try_quote(profile).map_or_else(|_| "''".to_owned(), std::borrow::Cow::into_owned);
    let behind = ["aws", "bedrock-access doctor"].into_iter().find_map(|program| {
        line.strip_prefix(program).filter(|rest| rest.starts_with(' ')).map(|rest| (program, rest))
    });
    match behind {
        Some((program, rest)) if !line.contains(" --profile ") && !line.contains(" --sandbox ") => {
            format!("{program} --profile {profile}{rest}")
        }
        _ => line.to_owned(),
    }
}

/// Wraps a line with a backslash at the end of each but the last; an option keeps its value, and a quoted word stays
/// whole.
pub(super) fn wrapped(line: &str, columns: usize) -> Vec<String> {
    if line.chars().count() <= columns {
        return vec![line.to_owned()];
    }
    let mut parts: Vec<String> = Vec::new();
    for word in words(line) {
        match parts.last_mut() {
            // A value stays with its option, the program with what it is to do.
            Some(part) if !(word.starts_with('-') || word == ">") => {
                part.push(' ');
                part.push_str(&word);
            }
            _ => parts.push(word),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        let width = |line: &String| line.chars().count() + part.chars().count() + 3;
        match lines.last_mut() {
            Some(last) if width(last) <= columns => {
                last.push(' ');
                last.push_str(&part);
            }
            None => lines.push(part),
            Some(last) => {
                last.push_str(" \\");
                lines.push(format!("  {part}"));
            }
        }
    }
    lines
}

/// Splits a line at the spaces that stand outside quotation marks.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            (' ', None) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        word.push(c);
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Writes the lines that make a file; the word that ends it stands in none of its lines.
pub(super) fn here_document(name: &str, text: &str) -> String {
    let mut end = "EOF".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    let name = shlex::try_quote(name).map_or_else(|_| "file.json".to_owned(), std::borrow::Cow::into_owned);
    format!("cat > {name} <<'{end}'\n{}\n{end}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_line_is_the_same_command() {
        let line =
            "aws iam put-role-policy --role-name 'a  b' --policy-name Allow --policy-document \"file://p q.json\"";
        for columns in [20, 40, 60] {
            let lines = wrapped(line, columns);
            assert!(lines.len() > 1);
            let joined = lines.join("\n").replace("\\\n", "");
            assert_eq!(shlex::split(&joined), shlex::split(line), "{columns}");
        }
        assert_eq!(wrapped(line, 200), [line]);
        let narrow = |columns| wrapped("aws iam get-role --role-name chat > role.json", columns);
        assert_eq!(narrow(30), ["aws iam get-role \\", "  --role-name chat \\", "  > role.json"]);
        assert_eq!(narrow(32), ["aws iam get-role \\", "  --role-name chat > role.json"]);
    }

    #[test]
    fn lines_name_the_profile_once_and_never_for_the_sandbox() {
        let with = |line: &str| with_profile(line, Some("my stage"));
        assert_eq!(with("aws iam get-role"), "aws --profile 'my stage' iam get-role");
        assert_eq!(with("bedrock-access doctor --probe"), "bedrock-access doctor --profile 'my stage' --probe");
        assert_eq!(with("bedrock-access doctor --sandbox x"), "bedrock-access doctor --sandbox x");
        assert_eq!(with("unset AWS_BEARER_TOKEN_BEDROCK"), "unset AWS_BEARER_TOKEN_BEDROCK");
        assert_eq!(with_profile("aws iam get-role", None), "aws iam get-role");
    }

    #[test]
    fn the_end_of_a_file_is_none_of_its_lines() {
        assert_eq!(here_document("a.json", "{}\n"), "cat > a.json <<'EOF'\n{}\nEOF\n");
        assert!(here_document("a b", "EOF").starts_with("cat > 'a b' <<'EOF_'\nEOF\nEOF_"));
    }
}
