//! A call under way: who calls which operation, and what every operation does with it.
//!
//! Authorizes, reads the body and frames the reply. Knows no service.

use super::account::Account;
use super::caller::Caller;
use super::operation::Operation;
use super::records::{Records, RefusedCall};
use super::refusal::{Denial, Refusal};
use super::snapshot::{Authorizing, Snapshot};
use super::wire::{Reply, Service, WireRequest};
use super::world::{PolicyText, World};
use super::xml::Xml;
use crate::iam::{Arn, ContextKeys};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// When every resource of the sandbox was made.
pub(super) const CREATED: &str = "2026-01-15T09:00:00Z";

/// A call of an authenticated caller to a known operation.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) account: &'a Account,
    pub(super) snapshot: &'a Snapshot,
    pub(super) records: &'a Mutex<Records>,
    pub(super) caller: Caller<'a>,
    pub(super) service: Service,
    pub(super) operation: Operation,
    pub(super) request: &'a WireRequest,
    pub(super) request_id: &'a str,
}

impl<'a> Call<'a> {
    /// Returns the facts that the call sees.
    pub(super) fn world(&self) -> &'a World {
        &self.snapshot.world
    }

    /// Returns the records of refused calls.
    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses the call unless the caller may do an action on a resource.
    ///
    /// `worded` is how the service names the resource in its refusal; it is left out for `*`.
    pub(super) fn require(
        &self,
        action: &str,
        resource: &str,
        worded: Option<&str>,
        keys: &ContextKeys,
    ) -> Result<(), Refusal> {
        self.snapshot
            .authorize(&self.caller, action, resource, keys)
            .map_err(|denial| self.denied(action, resource, worded, keys, &denial))
    }

    /// Refuses the call unless the caller may do an action on a resource with a policy of its own.
    pub(super) fn require_on(
        &self,
        action: &str,
        resource: &str,
        keys: &ContextKeys,
        policy: Option<Option<&PolicyText>>,
    ) -> Result<(), Refusal> {
        self.snapshot
            .authorize_on(&self.caller, action, resource, keys, policy)
            .map_err(|denial| self.denied(action, resource, Some(resource), keys, &denial))
    }

    /// Words a denial, and keeps a record of the evaluation.
    fn denied(
        &self,
        action: &str,
        resource: &str,
        worded: Option<&str>,
        keys: &ContextKeys,
        denial: &Denial,
    ) -> Refusal {
        let Authorizing { request, policies } = self.snapshot.authorizing(&self.caller, action, resource, keys);
        let refusal = Refusal::denied(self.service, &self.caller.arn(), action, worded, denial);
        let refused = RefusedCall {
            world: self.world(),
            caller: &self.caller,
            service: self.service,
            request_id: self.request_id,
            effective: policies,
            request: &request,
        };
        match self.records().keep(&refused) {
            Some(record) => refusal.recorded(&record),
            None => refusal,
        }
    }

    /// Refuses the call unless the caller may pass a role to a service.
    pub(super) fn pass_role(&self, role: &str, service: &str) -> Result<(), Refusal> {
        let keys = ContextKeys::new().with("iam:PassedToService", service);
        self.require("iam:PassRole", role, Some(role), &keys)
    }

    /// Reads the JSON object in the call's body.
    pub(super) fn body(&self) -> Result<Value, Refusal> {
        serde_json::from_slice::<Value>(&self.request.body).ok().filter(Value::is_object).ok_or_else(|| {
            Refusal::service(
                400,
                "ValidationException",
                "Malformed input request, please reformat your input and try again.",
            )
        })
    }

    /// Returns the ARN of a resource of the account in the call's Region.
    pub(super) fn own_arn(&self, service: &str, resource: &str) -> Arn {
        let world = self.world();
        Arn::new(world.partition(), service, &self.caller.region, &world.account, resource)
    }

    /// Replies in the `query` protocol to an operation without a result.
    pub(super) fn empty_query_reply(&self) -> Reply {
        let action = self.operation.name.split(':').nth(1).unwrap_or_default();
        let body = Xml::document(&format!("{action}Response"), self.service.namespace(), |xml| {
            xml.element("ResponseMetadata", |xml| {
                xml.leaf("RequestId", self.request_id);
            });
        });
        Reply::new(200, "text/xml", body.into_bytes())
    }

    /// Replies in the `query` protocol.
    pub(super) fn query_reply(&self, content: impl FnOnce(&mut Xml)) -> Reply {
        let action = self.operation.name.split(':').nth(1).unwrap_or_default();
        let body = Xml::document(&format!("{action}Response"), self.service.namespace(), |xml| {
            xml.element(&format!("{action}Result"), content).element("ResponseMetadata", |xml| {
                xml.leaf("RequestId", self.request_id);
            });
        });
        Reply::new(200, "text/xml", body.into_bytes())
    }
}

/// Returns a text field of a JSON object; an empty text where there is none.
pub(super) fn text<'b>(body: &'b Value, field: &str) -> &'b str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}
