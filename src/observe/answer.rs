//! What is looked at in every answer: whether its XML is whole and holds something, and its request id.
//!
//! The SDK reads XML as far as it goes, and takes what it has found for the answer. A denial that was cut off would
//! be missing from it, so an answer whose XML is not well-formed to its end is none. It also takes a list that is not
//! there for one of no items; but STS and IAM answer each call of this program with something, an empty list with
//! `IsTruncated` at least, so that a result with nothing in it is no answer either.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::config_bag::ConfigBag;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::cell::RefCell;

tokio::task_local! {
    /// The request id of the call that is being made.
    static REQUEST_ID: RefCell<Option<String>>;
}

/// Makes a call, and returns with its outcome the request id of the last answer that came back.
///
/// The SDK gives away the id of an output and of an error, each through another type; its interceptors see both, on
/// the task that makes the call.
pub(super) async fn with_request_id<T>(call: impl Future<Output = T>) -> (T, Option<String>) {
    REQUEST_ID
        .scope(RefCell::default(), async {
            let outcome = call.await;
            (outcome, REQUEST_ID.with(RefCell::take))
        })
        .await
}

/// Returns the id that AWS gave to a request; S3's older name for it is some proxies' too.
pub(super) fn request_id(headers: &Headers) -> Option<String> {
    headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id")).map(str::to_owned)
}

/// Notes the request id of every answer for [`with_request_id`].
#[derive(Debug)]
pub(super) struct NotesRequestId;

impl Intercept for NotesRequestId {
    fn name(&self) -> &'static str {
        "NotesRequestId"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let id = request_id(context.response().headers());
        // Outside of a call of this program's, such as one for credentials, nobody wants to know.
        let _ = REQUEST_ID.try_with(|noted| *noted.borrow_mut() = id);
        Ok(())
    }
}

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
