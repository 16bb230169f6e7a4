//! Model names as people write them, resolved against dated data or a list.
//!
//! Takes a console name (`Claude Sonnet 4.5`), a short form (`sonnet-4.5`) or a client's form (`bedrock/converse/us.…`), and
//! returns the id that it stands for, or all that fit. Nothing is guessed: several fits are several, and an id that has the
//! form of AWS's ids stays as it is, listed or not. Forms of clients: docs.litellm.ai/docs/providers/bedrock,
//! `BedrockModelInfo` in LiteLLM's source, and `init_chat_model` in reference.langchain.com (November 2026).

use super::known::{is_known_profile, known_models, known_regions};
use super::model::{GEOGRAPHIES, ModelReference, ModelReferenceError, is_model_id, provider_of};

/// The longest name that is compared, in bytes.
const LONGEST: usize = 120;

/// What clients put before a model's id.
const PREFIXES: [&str; 12] = [
    "bedrock/",
    "bedrock_converse/",
    "bedrock_mantle/",
    "amazon-bedrock/",
    "aws-bedrock/",
    "amazon_bedrock/",
    "converse/",
    "invoke/",
    "converse_like/",
    "async_invoke/",
    "bedrock:",
    "bedrock_converse:",
];

/// How LiteLLM says which request format the model behind an ARN takes.
const FORMATS: [&str; 10] = [
    "llama/",
    "deepseek_r1/",
    "openai/",
    "qwen2/",
    "qwen3/",
    "stability/",
    "moonshot/",
    "nova/",
    "nova-2/",
    "anthropic/",
];

/// Words of a name that no id needs to repeat.
const OPTIONAL: [&str; 5] = ["claude", "instruct", "model", "it", "the"];

/// Words for companies, which names have and ids write otherwise.
const COMPANY: [&str; 6] = ["amazon", "aws", "bedrock", "ai", "labs", "on"];

/// A model as a client writes it, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientForm<'t> {
    /// What is left: an id, an ARN or a name.
    pub model: &'t str,
    /// The Region in the path, such as LiteLLM's `bedrock/us-west-2/…`.
    pub region: Option<&'t str>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// An id or ARN, as it was written.
    Exact(ModelReference),
    /// The only model that fits a name.
    One(ModelReference),
    /// The ids that fit, in alphabetical order.
    Several(Vec<String>),
    /// Neither an id nor a known name.
    Unknown(ModelReferenceError),
}

/// Takes off what clients write before an id.
#[must_use]
pub fn client_form(text: &str) -> ClientForm<'_> {
    let (mut model, mut region) = (text.trim(), None);
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| model.strip_prefix(prefix)) {
        model = rest;
    }
    if let Some((first, rest)) = model.split_once('/')
        && !model.starts_with("arn:")
        && known_regions().any(|known| known == first)
    {
        (model, region) = (rest, Some(first));
    }
    if let Some(arn) =
        FORMATS.iter().find_map(|format| model.strip_prefix(format)).filter(|rest| rest.starts_with("arn:"))
    {
        model = arn;
    }
    // Claude Code's and others' sign for the long context, which is no part of the id.
    ClientForm { model: model.strip_suffix("[1m]").unwrap_or(model), region }
}

/// Finds the model that a text names: by its id, by its ARN, or by the name that people give it.
///
/// ```
/// use bedrock_access::bedrock::{Resolved, resolve_model};
/// let one = |text| match resolve_model(text) { Resolved::One(model) => model.to_string(), other => format!("{other:?}") };
/// assert_eq!(one("Claude Sonnet 4.5"), "anthropic.claude-sonnet-4-5-20250929-v1:0");
/// assert!(matches!(resolve_model("Claude 3.5 Sonnet"), Resolved::Several(ids) if ids.len() == 2));
/// ```
#[must_use]
pub fn resolve_model(text: &str) -> Resolved {
    let model = client_form(text).model;
    let as_written = model.parse::<ModelReference>();
    if model.starts_with("arn:") || is_model_id(model) {
        return as_written.map_or_else(Resolved::Unknown, Resolved::Exact);
    }
    let fits = models_named(model);
    let alike = known_that(model, Form::is_part_of);
    match (fits.as_slice(), as_written) {
        // A word such as `embed` is part of many names.
        ([_], _) if is_one_word(model) && alike.len() > 1 => Resolved::Several(alike),
        ([one], _) => one.parse().map_or_else(Resolved::Unknown, Resolved::One),
        ([], _) if !alike.is_empty() => Resolved::Several(alike),
        ([], Ok(id)) => Resolved::Exact(id),
        ([], Err(error)) => Resolved::Unknown(error),
        (_, _) => Resolved::Several(fits),
    }
}

fn is_one_word(name: &str) -> bool {
    let is_company =
        |word: &String| COMPANY.contains(&word.as_str()) || known_models().any(|id| provider_of(id) == word);
    forms_of_name(name)
        .first()
        .is_some_and(|form| form.numbers.is_empty() && form.words.iter().filter(|word| !is_company(word)).count() == 1)
}

/// Returns the known ids that a name fits, in alphabetical order.
#[must_use]
pub fn models_named(name: &str) -> Vec<String> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    if let Some((geography, rest)) = name.split_once('.').filter(|(first, _)| GEOGRAPHIES.contains(first)) {
        let profiles = models_named(rest).into_iter().map(|id| format!("{geography}.{id}"));
        return profiles.filter(|id| is_known_profile(id)).collect();
    }
    known_that(name, Form::fits)
}

/// Returns the known ids that a form of a name fits by a rule, in alphabetical order.
fn known_that(name: &str, fits: fn(&Form, &str) -> bool) -> Vec<String> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    let forms = forms_of_name(name);
    known_models().filter(|id| forms.iter().any(|form| fits(form, id))).map(str::to_owned).collect()
}

/// A name or an id in words and numbers.
#[derive(Debug)]
struct Form {
    /// In alphabetical order, without [`OPTIONAL`] ones.
    words: Vec<String>,
    numbers: Vec<String>,
    version: Option<String>,
    date: Option<String>,
}

impl Form {
    /// Takes a text whose parts are divided by anything but letters and digits.
    fn new(text: &str, version: Option<String>, date: Option<String>) -> Self {
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let same = |c: char| c.is_ascii_digit() == is_digit && c.is_ascii_alphanumeric();
            let end = if first.is_ascii_alphanumeric() { rest.find(|c| !same(c)) } else { None };
            let end = match (first.is_ascii_alphanumeric(), end) {
                (true, Some(end)) => end,
                (true, None) => rest.len(),
                (false, _) => first.len_utf8(),
            };
            let (part, behind) = rest.split_at(end);
            rest = behind;
            match first {
                '+' => words.push("plus".to_owned()),
                _ if is_digit => numbers.push(part.to_owned()),
                _ if first.is_ascii_alphanumeric() => words.push(match part {
                    "embedding" | "embeddings" => "embed".to_owned(),
                    part => part.to_owned(),
                }),
                _ => {}
            }
        }
        words.retain(|word| !OPTIONAL.contains(&word.as_str()));
        words.sort();
        Self { words, numbers, version, date }
    }

    /// Returns `true` if an id has the same words and numbers, and what the name says of version and date.
    fn fits(&self, id: &str) -> bool {
        let (words, id) = self.beside(id);
        words.len() == id.words.len()
            && words.iter().zip(&id.words).all(|(one, other)| *one == other)
            && self.numbers == id.numbers
            && self.agrees(&id, &words)
    }

    /// Returns `true` if an id has all its words and numbers, and may have more.
    fn is_part_of(&self, id: &str) -> bool {
        let (words, id) = self.beside(id);
        words.iter().all(|word| id.words.contains(word))
            && self.numbers.iter().all(|number| id.numbers.contains(number))
            && self.agrees(&id, &words)
    }

    /// Returns its words without those that only name the company of an id, and the id's form.
    fn beside(&self, id: &str) -> (Vec<&String>, Self) {
        let provider = provider_of(id);
        let id = of_id(id.get(provider.len() + 1..).unwrap_or_default());
        let is_company =
            |word: &String| !id.words.contains(word) && (word == provider || COMPANY.contains(&word.as_str()));
        (self.words.iter().filter(|word| !is_company(word)).collect(), id)
    }

    fn agrees(&self, id: &Self, words: &[&String]) -> bool {
        let agrees = |said: &Option<String>, has: &Option<String>| said.is_none() || said == has;
        !words.is_empty() && agrees(&self.version, &id.version) && agrees(&self.date, &id.date)
    }
}

/// Takes the part of an id behind its provider: what names the model, its date and its version.
fn of_id(rest: &str) -> Form {
    let (rest, has_colon) = rest.split_once(':').map_or((rest, false), |(rest, _)| (rest, true));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (rest, version) = match rest.rsplit_once('-') {
        Some((before, last)) => match last.strip_prefix('v').filter(|number| is_number(number)) {
            Some(number) => (before, Some(number.to_owned())),
            None if has_colon && is_number(last) => (before, Some(last.to_owned())),
            None => (rest, None),
        },
        None => (rest, None),
    };
    let (rest, date) = match rest.rsplit_once('-') {
        Some((before, last)) if last.len() == 8 && is_number(last) => (before, Some(last.to_owned())),
        _ => (rest, None),
    };
    Form::new(rest, version, date)
}

/// Returns the ways to read a name: as it is, and with its end taken for a version.
fn forms_of_name(name: &str) -> Vec<Form> {
    let mut text = name.trim().to_ascii_lowercase().replace("ai21", "ai");
    // A date in parentheses, as the console writes it: `Mistral Large (24.07)`.
    if let Some((before, inside)) = text.clone().split_once('(')
        && let Some((inside, behind)) = inside.split_once(')')
        && inside.chars().all(|c| c.is_ascii_digit() || c == '.')
    {
        text = format!("{before}{}{behind}", inside.replace('.', ""));
    }
    let text: String = text.chars().map(|c| if c.is_whitespace() || c == '_' { '-' } else { c }).collect();
    vec![Form::new(&text, None, None), of_id(&text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_write_are_the_ids_that_they_mean() {
        for (name, id) in [
            ("Claude Sonnet 4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("sonnet-4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4-5-20250929", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("Anthropic Claude Haiku 4.5", "anthropic.claude-haiku-4-5-20251001-v1:0"),
            ("claude 4.5 haiku", "anthropic.claude-haiku-4-5-20251001-v1:0"),
            ("Claude 3.5 Sonnet v2", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("opus-4.6", "anthropic.claude-opus-4-6-v1"),
            ("Claude Opus 4.8", "anthropic.claude-opus-4-8"),
            ("Amazon Nova Lite", "amazon.nova-lite-v1:0"),
            ("nova-lite-v1:0", "amazon.nova-lite-v1:0"),
            ("Nova 2 Lite", "amazon.nova-2-lite-v1:0"),
            ("Titan Text Embeddings V2", "amazon.titan-embed-text-v2:0"),
            ("Llama 3.3 70B Instruct", "meta.llama3-3-70b-instruct-v1:0"),
            ("Meta Llama 3 8B", "meta.llama3-8b-instruct-v1:0"),
            ("Mistral Large (24.07)", "mistral.mistral-large-2407-v1:0"),
            ("Command R+", "cohere.command-r-plus-v1:0"),
            ("AI21 Jamba 1.5 Large", "ai21.jamba-1-5-large-v1:0"),
            ("gpt-oss-120b", "openai.gpt-oss-120b-1:0"),
            ("Kimi K2.5", "moonshotai.kimi-k2.5"),
            ("DeepSeek V3.2", "deepseek.v3.2"),
            ("us.claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("bedrock/sonnet-4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ] {
            assert_eq!(resolve_model(name), Resolved::One(id.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn several_fits_are_listed_and_none_is_invented() {
        let Resolved::Several(ids) = resolve_model("claude 3.5 sonnet") else { panic!("several") };
        assert_eq!(ids, ["anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic.claude-3-5-sonnet-20241022-v2:0"]);
        for name in ["Claude Sonnet 9", "Claude", "sonnet", "haiku", "GPT-9", "4.5", "", "?", "nova-lite-pro"] {
            assert!(models_named(name).is_empty(), "{name}: {:?}", models_named(name));
        }
        assert!(matches!(resolve_model("Claude Sonnet 9"), Resolved::Unknown(_)));
        // A name that is part of many is none of them.
        for name in
            ["embed", "cohere embed", "sonnet", "Claude Haiku", "haiku", "titan embed", "mistral large", "llama 3"]
        {
            let Resolved::Several(ids) = resolve_model(name) else { panic!("{name}: {:?}", resolve_model(name)) };
            assert!(!ids.is_empty() && ids.iter().all(|id| known_models().any(|known| known == id)), "{name}: {ids:?}");
        }
        let Resolved::Several(ids) = resolve_model("cohere embed") else { panic!("several") };
        assert!(ids.iter().all(|id| id.starts_with("cohere.embed-")) && ids.len() >= 3, "{ids:?}");
        assert!(models_named(&"sonnet ".repeat(100_000)).is_empty());
    }

    #[test]
    fn an_id_stays_what_it_is_whatever_a_client_puts_before_it() {
        let id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let arn = "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/abcdefghijkl";
        for (text, model, region) in [
            (id.to_owned(), id, None),
            (format!("bedrock/{id}"), id, None),
            (format!("bedrock/converse/{id}"), id, None),
            (format!("bedrock/invoke/{id}"), id, None),
            (format!("bedrock/us-west-2/{id}"), id, Some("us-west-2")),
            (format!("amazon-bedrock/{id}"), id, None),
            (format!("bedrock_converse:{id}"), id, None),
            (format!("bedrock:{id}"), id, None),
            (format!("{id}[1m]"), id, None),
            (format!("bedrock/{arn}"), arn, None),
            (format!("bedrock/llama/{arn}"), arn, None),
        ] {
            assert_eq!(client_form(&text), ClientForm { model, region }, "{text}");
            assert_eq!(resolve_model(&text), Resolved::Exact(model.parse().unwrap()), "{text}");
        }
        // Listed or not: the Region decides.
        assert_eq!(
            resolve_model("anthropic.claude-sonnet-99"),
            Resolved::Exact("anthropic.claude-sonnet-99".parse().unwrap())
        );
    }
}
