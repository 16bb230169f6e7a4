//! Whole answers: XML that ends where it should.
//!
//! The SDK reads XML as far as it goes, and takes what it has found for the answer. A denial that was cut off would
//! be missing from it, so an answer whose XML is not well-formed to its end is none.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Rejects answers whose XML is damaged.
#[derive(Debug)]
pub(super) struct WholeXml;

impl Intercept for WholeXml {
    fn name(&self) -> &'static str {
        "WholeXml"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An event stream is not in memory, and no XML.
        let body = context.response().body().bytes().unwrap_or_default();
        if body.trim_ascii_start().starts_with(b"<") { whole(body) } else { Ok(()) }
    }
}

/// Checks that every element of a document ends.
fn whole(document: &[u8]) -> Result<(), BoxError> {
    let mut reader = Reader::from_reader(document);
    let mut open = 0_usize;
    loop {
        match reader.read_event()? {
            Event::Start(_) => open += 1,
            Event::End(_) => open = open.saturating_sub(1),
            Event::Eof if open == 0 => return Ok(()),
            Event::Eof => return Err("the XML ends early".into()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_that_ends_is_whole() {
        let document = "<?xml version=\"1.0\"?>\n<a xmlns=\"x\"><b>1 &lt; 2</b><c/></a>\n";
        assert!(whole(document.as_bytes()).is_ok());
        let begins = document.find("<a").unwrap_or_default();
        let ends = document.find("</a>").unwrap_or_default();
        for at in begins + 1..ends + 3 {
            assert!(whole(&document.as_bytes()[..at]).is_err(), "{}", &document[..at]);
        }
    }
}
