//! Whole answers: XML that ends where it should and holds something.
//!
//! The SDK reads XML as far as it goes, and takes what it has found for the answer. A denial that was cut off would
//! be missing from it, so an answer whose XML is not well-formed to its end is none. It also takes a list that is not
//! there for one of no items; but STS and IAM answer each call of this program with something, an empty list with
//! `IsTruncated` at least, so that a result with nothing in it is no answer either.

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

/// What the name of the element ends with that holds an answer in the query protocol, as in `GetRoleResult`.
const RESULT: &str = "Result";

/// Checks that every element of a document ends, and that its result is not empty.
fn whole(document: &[u8]) -> Result<(), BoxError> {
    let mut reader = Reader::from_reader(document);
    let mut open = 0_usize;
    let mut is_bare_result = false;
    loop {
        match reader.read_event()? {
            Event::Start(start) => {
                open += 1;
                is_bare_result = open == 2 && start.local_name().as_ref().ends_with(RESULT);
            }
            Event::Empty(element) if open == 1 && element.local_name().as_ref().ends_with(RESULT) => {
                return Err(EMPTY.into());
            }
            Event::Empty(_) => is_bare_result = false,
            Event::End(_) if is_bare_result => return Err(EMPTY.into()),
            Event::End(_) => open = open.saturating_sub(1),
            Event::Eof if open == 0 => return Ok(()),
            Event::Eof => return Err("the XML ends early".into()),
            _ => {}
        }
    }
}

/// Why an empty result is rejected.
const EMPTY: &str = "the result is empty";

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

    #[test]
    fn a_result_holds_something() {
        let of = |result: &str| {
            whole(
                format!("<ListResponse xmlns=\"x\">{result}<Metadata><Id>1</Id></Metadata></ListResponse>").as_bytes(),
            )
        };
        for nothing in ["<ListResult/>", "<ListResult></ListResult>", "<ListResult>\n  </ListResult>"] {
            assert!(of(nothing).is_err(), "{nothing}");
        }
        for something in ["<ListResult><Names/></ListResult>", "<ListResult><Is>false</Is></ListResult>", ""] {
            assert!(of(something).is_ok(), "{something}");
        }
    }
}
