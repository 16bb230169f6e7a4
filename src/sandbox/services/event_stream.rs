//! Event streams: `application/vnd.amazon.eventstream` frames for streamed answers.

use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::wire::Service;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::Value;

/// Puts events, each a name and its JSON, into an answer.
pub(super) fn reply(events: &[(&str, Value)]) -> Result<Reply, Refusal> {
    let mut body = Vec::new();
    for (name, payload) in events {
        let text = |value: &str| HeaderValue::String(value.to_owned().into());
        let message = Message::new(payload.to_string().into_bytes())
            .add_header(Header::new(":event-type", text(name)))
            .add_header(Header::new(":content-type", text("application/json")))
            .add_header(Header::new(":message-type", text("event")));
        // Fails only for headers or payloads beyond the frame's limits, which these never reach.
        write_message_to(&message, &mut body).map_err(|_| Refusal::internal(Service::Bedrock))?;
    }
    Ok(Reply::new(200, "application/vnd.amazon.eventstream", body))
}
