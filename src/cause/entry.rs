//! What an entry of the catalogue consists of.
//!
//! Types only: the entries themselves stand in one file per family, and `catalogue` looks them up.

use super::Cause;

/// What the catalogue says about one cause.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The cause.
    pub cause: Cause,
    /// The cause in a few words, as a heading.
    pub title: &'static str,
    /// What it means, in two or three sentences.
    pub meaning: &'static str,
    /// Who can fix it.
    pub who: &'static str,
    /// How to fix it, step by step.
    pub steps: &'static [&'static str],
    /// Commands that show or fix it, with `MODEL_ID` and `REGION` to be filled in.
    pub commands: &'static [&'static str],
    /// How to see that it is fixed.
    pub verify: &'static str,
    /// How long it takes until the fix takes effect.
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
    /// The phrases that give the text away, any of them; empty where IAM's grammar reads the text.
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

/// What a template says in addition to its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    Plain,
    /// It only wraps others: it gives way to a more telling text of the same message.
    Wrapper,
    /// Words of people and clients: it counts only where an IAM action stands behind it.
    NamesAction,
    /// A code or a bare phrase: it counts only where no sentence of AWS stands in the text.
    Fallback,
    /// The status of an HTTP answer: the same, and every server has these, so that it counts only beside an endpoint of Bedrock.
    Status,
    /// The model refused the request's body, so the call had been authorized.
    BodyRejected,
    /// The same, and the phrase is so common that it counts only next to a ValidationException or status 400.
    BodyDetail,
}
