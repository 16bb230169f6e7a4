//! The catalogue: one entry a cause, as data.
//!
//! The one source for what `explain`, `doctor` and `causes` say of a cause, for `docs/causes.md`, and for the
//! templates that texts are recognized by. Entries hold words and no logic; `MODEL_ID` and `REGION` in a
//! command stand for values that the reader, or [`fill`], puts in.

use super::{Cause, DocumentedCause, Family, capacity, credentials, iam_permission, model_access, request};
use std::borrow::Cow;
use std::fmt::Write as _;

/// What is to be said of one cause.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The cause.
    pub cause: Cause,
    /// The cause in a few words, as a heading.
    pub title: &'static str,
    /// What it means, in two or three sentences.
    pub meaning: &'static str,
    /// Who can mend it.
    pub who: &'static str,
    /// How to mend it, step by step.
    pub steps: &'static [&'static str],
    /// Commands that show or mend it, with `MODEL_ID` and `REGION` to be filled in.
    pub commands: &'static [&'static str],
    /// How to see that it is mended.
    pub verify: &'static str,
    /// How long it takes until the mending is in force.
    pub takes_effect: &'static str,
    /// The page of AWS's documentation to read.
    pub documentation: Page,
    /// The texts that AWS and its clients write for it.
    pub templates: &'static [Template],
}

/// A page of AWS's documentation.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Its guide and title.
    pub title: &'static str,
    /// Its address.
    pub url: &'static str,
}

/// A text that AWS or a client writes, and how far it can be taken at its word.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// A short name, unique in the catalogue.
    pub name: &'static str,
    /// The text, with `<…>` for what varies.
    pub words: &'static str,
    /// The phrases that give the text away, any of them; none where IAM's grammar reads the text.
    pub phrases: &'static [&'static str],
    /// How far the text settles the cause.
    pub certainty: TextCertainty,
    /// What the text may mean instead, most probable first.
    pub otherwise: &'static [Otherwise],
    /// What else the text says.
    pub note: Note,
}

/// How far a text settles its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextCertainty {
    /// The text names the cause.
    Certain,
    /// It is the usual cause; exceptions have been seen.
    Likely,
    /// The text must not be taken at its word.
    Ambiguous,
}

/// Another cause that a text may have, and what tells it apart.
#[derive(Clone, Copy, Debug)]
pub struct Otherwise {
    /// The other cause.
    pub cause: Cause,
    /// What tells the two apart.
    pub tell: &'static str,
}

/// What a template says beside its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    Plain,
    /// It gives way to a more telling text close by: it only wraps others.
    Wrapper,
    /// A code or a bare phrase: it counts only where no sentence of AWS stands in the text.
    Fallback,
    /// The model refused the request's body, so the call had been authorized.
    BodyRejected,
    /// The same, and the phrase is so common that it counts only beside a ValidationException or status 400.
    BodyDetail,
}

/// Returns the entry of a cause.
#[must_use]
pub fn entry(cause: Cause) -> &'static Entry {
    match cause {
        Cause::IdentityPolicyMissingAllow => &iam_permission::IDENTITY_POLICY_MISSING_ALLOW,
        Cause::IdentityPolicyExplicitDeny => &iam_permission::IDENTITY_POLICY_EXPLICIT_DENY,
        Cause::PermissionsBoundary => &iam_permission::PERMISSIONS_BOUNDARY,
        Cause::SessionPolicy => &iam_permission::SESSION_POLICY,
        Cause::ServiceControlPolicy => &iam_permission::SERVICE_CONTROL_POLICY,
        Cause::ResourceControlPolicy => &iam_permission::RESOURCE_CONTROL_POLICY,
        Cause::VpcEndpointPolicy => &iam_permission::VPC_ENDPOINT_POLICY,
        Cause::ResourcePolicy => &iam_permission::RESOURCE_POLICY,
        Cause::ServiceRolePermission => &iam_permission::SERVICE_ROLE_PERMISSION,
        Cause::ModelAccessNotGranted => &model_access::MODEL_ACCESS_NOT_GRANTED,
        Cause::UseCaseFormMissing => &model_access::USE_CASE_FORM_MISSING,
        Cause::MarketplacePermission => &model_access::MARKETPLACE_PERMISSION,
        Cause::MarketplaceAgreementPending => &model_access::MARKETPLACE_AGREEMENT_PENDING,
        Cause::PaymentInstrument => &model_access::PAYMENT_INSTRUMENT,
        Cause::SalesAccessRequired => &model_access::SALES_ACCESS_REQUIRED,
        Cause::AccountRestricted => &model_access::ACCOUNT_RESTRICTED,
        Cause::AccountBeingVerified => &model_access::ACCOUNT_BEING_VERIFIED,
        Cause::UnsupportedGeography => &model_access::UNSUPPORTED_GEOGRAPHY,
        Cause::ChannelProgramAccount => &model_access::CHANNEL_PROGRAM_ACCOUNT,
        Cause::DataRetentionMode => &model_access::DATA_RETENTION_MODE,
        Cause::LegacyModel => &model_access::LEGACY_MODEL,
        Cause::RegionUnavailable => &model_access::REGION_UNAVAILABLE,
        Cause::CredentialsMissing => &credentials::CREDENTIALS_MISSING,
        Cause::CredentialsInvalid => &credentials::CREDENTIALS_INVALID,
        Cause::CredentialsExpired => &credentials::CREDENTIALS_EXPIRED,
        Cause::SignatureMismatch => &credentials::SIGNATURE_MISMATCH,
        Cause::ApiKeyRejected => &credentials::API_KEY_REJECTED,
        Cause::InferenceProfileRequired => &request::INFERENCE_PROFILE_REQUIRED,
        Cause::InvalidModelId => &request::INVALID_MODEL_ID,
        Cause::UnsupportedFeature => &request::UNSUPPORTED_FEATURE,
        Cause::InvalidRequest => &request::INVALID_REQUEST,
        Cause::Throttled => &capacity::THROTTLED,
        Cause::QuotaExceeded => &capacity::QUOTA_EXCEEDED,
        Cause::ServiceUnavailable => &capacity::SERVICE_UNAVAILABLE,
        Cause::NetworkUnreachable => &capacity::NETWORK_UNREACHABLE,
        Cause::Unrecognized => &capacity::UNRECOGNIZED,
    }
}

/// Returns every entry, family by family.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    Cause::ALL.iter().map(|cause| entry(*cause))
}

/// Puts the values that are known into a command of the catalogue; unknown ones stay as they are.
#[must_use]
pub fn fill(command: &'static str, model: Option<&str>, region: Option<&str>) -> Cow<'static, str> {
    let mut filled = Cow::Borrowed(command);
    for (name, value) in [("MODEL_ID", model), ("REGION", region)] {
        if let Some(value) = value
            && filled.contains(name)
        {
            filled = Cow::Owned(filled.replace(name, value));
        }
    }
    filled
}

/// Lists the causes, one a line, family by family.
#[must_use]
pub fn list() -> String {
    let mut list = String::new();
    let mut family = None;
    for entry in entries() {
        if family != Some(entry.cause.family()) {
            let blank = if family.is_some() { "\n" } else { "" };
            family = Some(entry.cause.family());
            let _ = writeln!(list, "{blank}{} ({})", entry.cause.family(), documented(entry.cause.family()));
        }
        let _ = writeln!(list, "  {:<30}{}", entry.cause.code(), entry.title);
    }
    list
}

/// Shows one entry as a page of text.
#[must_use]
pub fn page(entry: &Entry) -> String {
    let mut page = String::new();
    let family = entry.cause.family();
    let _ = writeln!(page, "{}: {}\n", entry.cause, entry.title);
    let _ = writeln!(page, "Family: {family} ({})\n", documented(family));
    paragraph(&mut page, "", entry.meaning);
    let _ = writeln!(page, "\nWho mends it: {}", entry.who);
    for (number, step) in entry.steps.iter().enumerate() {
        paragraph(&mut page, &format!("{}. ", number + 1), step);
    }
    if !entry.commands.is_empty() {
        page.push_str("\nCommands\n");
        for command in entry.commands {
            let _ = writeln!(page, "  {command}");
        }
    }
    page.push('\n');
    paragraph(&mut page, "Verify: ", entry.verify);
    paragraph(&mut page, "Takes effect: ", entry.takes_effect);
    if !entry.templates.is_empty() {
        page.push_str("\nTexts\n");
        for template in entry.templates {
            paragraph(&mut page, "- ", template.words);
            paragraph(&mut page, "  ", certainty(template));
            for other in template.otherwise {
                paragraph(&mut page, "  or ", &format!("{}: {}", other.cause, other.tell));
            }
        }
    }
    let _ = writeln!(page, "\n{}\n{}", entry.documentation.title, entry.documentation.url);
    page
}

/// Shows the whole catalogue as the Markdown of `docs/causes.md`.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# The causes\n\nGenerated from the catalogue in `src/cause/`; a test holds this page to it. \
         `bedrock-access causes CODE` shows one as a page.\n",
    );
    let mut family = None;
    for entry in entries() {
        if family != Some(entry.cause.family()) {
            family = Some(entry.cause.family());
            let _ = writeln!(page, "\n## {}\n\n{}.", entry.cause.family(), documented(entry.cause.family()));
        }
        let _ = writeln!(page, "\n### {}\n\n**{}.** {}\n", entry.cause, entry.title, entry.meaning);
        let _ = writeln!(page, "Who mends it: {}.\n", entry.who);
        for (number, step) in entry.steps.iter().enumerate() {
            let _ = writeln!(page, "{}. {step}", number + 1);
        }
        if !entry.commands.is_empty() {
            let _ = writeln!(page, "\n```text\n{}\n```", entry.commands.join("\n"));
        }
        let _ = writeln!(page, "\nVerify: {}. Takes effect: {}.", entry.verify, entry.takes_effect);
        if !entry.templates.is_empty() {
            page.push_str("\nTexts:\n\n");
            for template in entry.templates {
                let _ = writeln!(page, "- `{}` ({})", template.words.replace('`', "'"), certainty(template));
                for other in template.otherwise {
                    let _ = writeln!(page, "  - or `{}`: {}", other.cause, other.tell);
                }
            }
        }
        let _ = writeln!(page, "\n[{}]({})", entry.documentation.title, entry.documentation.url);
    }
    page
}

fn certainty(template: &Template) -> &'static str {
    match template.certainty {
        TextCertainty::Certain => "the text names the cause",
        TextCertainty::Likely => "the usual cause of this text",
        TextCertainty::Ambiguous => "the text does not settle the cause",
    }
}

fn documented(family: Family) -> &'static str {
    match family.documented_cause() {
        DocumentedCause::IamPermission => "documented cause 1, the IAM permission is missing",
        DocumentedCause::ModelAccess => "documented cause 2, access to the model has not been granted",
        _ => "neither of the two documented causes",
    }
}

fn paragraph(page: &mut String, lead: &str, text: &str) {
    let indent = " ".repeat(lead.len().min(5));
    let options = textwrap::Options::new(100)
        .initial_indent(lead)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    for line in textwrap::wrap(text, options) {
        page.push_str(&line);
        page.push('\n');
    }
}
