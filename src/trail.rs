//! Denials in CloudTrail events and logs: who was refused what, why, how often and when.
//!
//! Takes the bytes of any number of sources in any form in which people hold events, and gives groups of denials. Pure
//! and streaming: opens no file, calls nobody, and holds no more than one record of a source. [`read`] reads a source
//! and hands on what it finds; [`Collector`] takes it from any number of them. Prompts, source addresses, tags and keys
//! are not kept.

mod around;
mod csv;
mod denials;
mod envelope;
mod event;
mod groups;
mod hash;
mod input;
mod item;
mod judge;
mod layout;
mod loose;
mod needle;
mod query;
mod reader;
mod time;
mod values;

pub use denials::{
    Alternative, Credential, Denials, Example, Form, GrantedBefore, Group, Now, OverTime, SCHEMA, SessionPolicy,
    Source, SourcesMore, Stretch, Tool, Unreadable,
};
pub use groups::Collector;
pub use hash::fnv as hash;
pub use input::{reason, text, unpacked};
pub use item::{Denial, Entry, Item, Served, Wanted};
pub use query::{QueryEngine, query};
pub use reader::read;
pub use time::{format as moment_text, parse as moment};
