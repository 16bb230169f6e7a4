//! Dispatch: a request in, a reply out.
//!
//! A request is recognized, authenticated, met by the world's faults, and handed to its service. Nothing here knows a
//! socket.

use super::account::Account;
use super::authenticate::authenticate;
use super::call::Call;
use super::inject::{self, Injector};
use super::operation::Operation;
use super::records::Records;
use super::refusal::Refusal;
use super::services;
use super::signature::{self, Signature};
use super::wire::{Reply, WireRequest};
use super::world::World;
use crate::policy::ParseError;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The name under which requests are counted that name no operation.
const UNKNOWN: &str = "unknown";

/// A running account that answers requests.
#[derive(Debug)]
pub(super) struct Dispatcher {
    account: Account,
    records: Mutex<Records>,
    injector: Injector,
}

impl Dispatcher {
    /// Opens an account on the facts of a world.
    ///
    /// Fails where a policy document cannot be parsed, which a parsed world excludes.
    pub(super) fn new(world: World) -> Result<Self, ParseError> {
        let injector = Injector::new(world.faults.clone());
        Ok(Self { account: Account::new(world)?, records: Mutex::default(), injector })
    }

    /// Answers a request.
    pub(super) fn answer(&self, request: &WireRequest) -> Reply {
        let request_id = self.account.request_id(request);
        let reply = match signature::read(request) {
            Ok(signature) => {
                let service = signature.service;
                self.serve(signature, request, &request_id)
                    .unwrap_or_else(|refusal| refusal.reply(service, &request_id))
            }
            Err((service, refusal)) => {
                self.account.count(UNKNOWN);
                refusal.reply(service, &request_id)
            }
        };
        reply.header("x-amzn-requestid", request_id)
    }

    /// Returns how often each operation was called; what named no operation counts as `unknown`.
    pub(super) fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.account.calls()
    }

    fn serve(&self, signature: Signature, request: &WireRequest, request_id: &str) -> Result<Reply, Refusal> {
        let service = signature.service;
        let operation = Operation::from_request(service, request)
            .inspect(|operation| self.account.count(operation.name))
            .inspect_err(|_| self.account.count(UNKNOWN))?;
        let snapshot = self.account.snapshot();
        let caller = authenticate(&self.account, &snapshot, signature, request)?;
        let call = Call {
            account: &self.account,
            snapshot: &snapshot,
            records: &self.records,
            caller,
            service,
            operation,
            request,
            request_id,
        };
        match self.injector.fault(&call) {
            Some(fault) => {
                let answer = || services::answer(&call).unwrap_or_else(|refusal| refusal.reply(service, request_id));
                Ok(inject::answer(fault, &call, answer))
            }
            None => services::answer(&call),
        }
    }
}
