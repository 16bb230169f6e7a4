//! YAML as a tree of any kind: collections, anchors and aliases, and the bounds that hold them.
//!
//! Takes a text of any origin and gives one tree for each of its documents, or the first fault with its place. What a
//! scalar, a tag or a key given twice means is the tree's business.

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use std::borrow::Cow;

/// A place in the text: line and column, counted from 1.
pub(crate) type Place = (usize, usize);

/// What the values of a text become.
pub(crate) trait Tree: Clone {
    /// The members of a mapping that is being read.
    type Members: Default;

    /// Makes a scalar.
    fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, place: Place) -> Self;

    /// Makes a list.
    fn list(items: Vec<Self>, tag: Option<&Tag>, place: Place) -> Self;

    /// Makes a mapping.
    fn map(members: Self::Members, tag: Option<&Tag>, place: Place) -> Self;

    /// Adds a member to a mapping.
    fn insert(members: &mut Self::Members, key: String, value: Self) -> Result<(), Fault>;

    /// Returns the key that a value is; `None` where it cannot be one.
    fn into_key(self) -> Option<String>;

    /// Counts the values that it holds, itself included.
    fn size(&self) -> usize;
}

/// What a text may hold at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Collections within each other.
    pub(crate) depth: usize,
    /// Values, once aliases are expanded.
    pub(crate) values: usize,
    /// Documents.
    pub(crate) documents: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not YAML, in the parser's words.
    Syntax(String),
    /// Collections are nested too deeply.
    TooDeep,
    /// There are too many values.
    TooMany,
    /// There are too many documents.
    FurtherDocument,
    /// An alias names no anchor.
    UnknownAlias,
    /// A mapping has a key twice; the place is that of the second value.
    RepeatedKey(String, Place),
    /// A collection stands where a key belongs.
    KeyIsNoText,
}

/// Reads every document of a text.
///
/// # Errors
///
/// The first fault, with the place at which it was met.
pub(crate) fn read<T: Tree>(text: &str, limits: Limits) -> Result<Vec<T>, (Fault, Place)> {
    // A byte order mark, as Windows editors write it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::<T> { limits, documents: Vec::new(), open: Vec::new(), anchors: Vec::new(), values: 0 };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let marker = error.marker();
            (Fault::Syntax(error.to_string()), (marker.line().max(1), marker.col() + 1))
        })?;
        let place = (span.start.line().max(1), span.start.col() + 1);
        reader.event(event, place).map_err(|fault| (fault, place))?;
    }
    Ok(reader.documents)
}

struct Reader<T: Tree> {
    limits: Limits,
    documents: Vec<T>,
    open: Vec<Open<T>>,
    /// What was anchored in this document, with its size.
    anchors: Vec<(usize, T, usize)>,
    values: usize,
}

/// A collection that is being read.
struct Open<T: Tree> {
    place: Place,
    tag: Option<Tag>,
    anchor: usize,
    list: Option<Vec<T>>,
    members: T::Members,
    key: Option<String>,
}

impl<T: Tree> Reader<T> {
    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = T::scalar(&text, style, tag.as_deref(), place);
                self.remember(anchor, &value);
                self.add(value, 1)
            }
            Event::SequenceStart(_, anchor, tag) => self.start(place, anchor, tag, Some(Vec::new())),
            Event::MappingStart(_, anchor, tag) => self.start(place, anchor, tag, None),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.list {
                    Some(items) => T::list(items, open.tag.as_ref(), open.place),
                    None => T::map(open.members, open.tag.as_ref(), open.place),
                };
                self.remember(open.anchor, &value);
                self.add(value, 1)
            }
            Event::Alias(id) => {
                let known = self.anchors.iter().find(|(known, ..)| *known == id);
                let (_, value, size) = known.cloned().ok_or(Fault::UnknownAlias)?;
                self.add(value, size)
            }
            Event::DocumentStart(..) if self.documents.len() >= self.limits.documents => Err(Fault::FurtherDocument),
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        place: Place,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        list: Option<Vec<T>>,
    ) -> Result<(), Fault> {
        if self.open.len() >= self.limits.depth {
            return Err(Fault::TooDeep);
        }
        let tag = tag.map(Cow::into_owned);
        self.open.push(Open { place, tag, anchor, list, members: T::Members::default(), key: None });
        Ok(())
    }

    fn remember(&mut self, anchor: usize, value: &T) {
        if anchor > 0 {
            self.anchors.push((anchor, value.clone(), value.size()));
        }
    }

    fn add(&mut self, value: T, size: usize) -> Result<(), Fault> {
        self.values = self.values.saturating_add(size);
        if self.values > self.limits.values {
            return Err(Fault::TooMany);
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(value);
            return Ok(());
        };
        match (&mut open.list, open.key.take()) {
            (Some(list), _) => list.push(value),
            (None, Some(key)) => T::insert(&mut open.members, key, value)?,
            (None, None) => open.key = Some(value.into_key().ok_or(Fault::KeyIsNoText)?),
        }
        Ok(())
    }
}
