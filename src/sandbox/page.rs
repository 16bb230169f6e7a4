//! Pages of IAM's lists: `MaxItems` and `Marker` in, `IsTruncated` and `Marker` out.

use super::refusal::Refusal;
use super::wire::Form;
use super::xml::Xml;

/// A page of a list, as `MaxItems` and `Marker` cut it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) start: usize,
    pub(super) length: usize,
    next: Option<usize>,
}

impl Page {
    /// Reads which page of a list a form asks for.
    pub(super) fn from_form(form: &Form, total: usize) -> Result<Self, Refusal> {
        let number = |name: &str, default: usize| match form.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Refusal::invalid_input("ValidationError", format!("The value of {name} is not valid."))),
        };
        let (start, length) = (number("Marker", 0)?, number("MaxItems", 100)?.clamp(1, 1000));
        let end = start.saturating_add(length);
        Ok(Self { start, length, next: (end < total).then_some(end) })
    }

    /// Writes whether there is more, and where it goes on.
    pub(super) fn write_end(self, xml: &mut Xml) {
        xml.leaf("IsTruncated", if self.next.is_some() { "true" } else { "false" });
        xml.optional("Marker", self.next.map(|next| next.to_string()).as_deref());
    }
}
