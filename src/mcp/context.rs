//! What a tool works with: how the server was started, whether anybody still waits, and where progress is told.

use super::error::ToolError;
use super::settings::Settings;
use crate::observe::Traffic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Ends work that nobody waits for any more.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    sender: watch::Sender<bool>,
    /// The same for work that does not wait but reads.
    flag: Arc<AtomicBool>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { sender: watch::Sender::new(false), flag: Arc::default() }
    }
}

impl Stop {
    /// Ends the work.
    pub(super) fn stop(&self) {
        self.flag.store(true, Ordering::Relaxed);
        self.sender.send_replace(true);
    }

    /// Returns a flag that is set once the work is to end.
    pub(super) fn flag(&self) -> &AtomicBool {
        &self.flag
    }

    async fn stopped(&self) {
        // The sender lives as long as this.
        let _ = self.sender.subscribe().wait_for(|stopped| *stopped).await;
    }
}

/// One call of a tool.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) settings: Arc<Settings>,
    pub(super) stop: Stop,
    /// The calls to AWS, once there can be some.
    traffic: Arc<Mutex<Option<Arc<Traffic>>>>,
}

impl Context {
    /// Begins a call.
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, stop: Stop::default(), traffic: Arc::default() }
    }

    /// Lets progress count these calls.
    pub(super) fn watch(&self, traffic: Arc<Traffic>) {
        *self.traffic.lock().unwrap_or_else(PoisonError::into_inner) = Some(traffic);
    }

    /// Returns how many calls to AWS were answered.
    pub(super) fn answered(&self) -> usize {
        let traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.as_ref().map_or(0, |traffic| traffic.journal().ended)
    }

    /// Runs work on a runtime of its own, until it ends or nobody waits for it.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = Result<T, ToolError>>) -> Result<T, ToolError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| ToolError::general(format!("the async runtime cannot start: {error}")))?;
        let done = runtime.block_on(async {
            tokio::select! {
                done = work => done,
                () = self.stop.stopped() => Err(stopped()),
            }
        });
        // Do not wait for a thread that still resolves a name or waits for a credential process.
        runtime.shutdown_background();
        done
    }

    /// Returns an error once nobody waits any more.
    pub(super) fn check(&self) -> Result<(), ToolError> {
        if self.stop.flag().load(Ordering::Relaxed) { Err(stopped()) } else { Ok(()) }
    }
}

fn stopped() -> ToolError {
    ToolError::general("the call was cancelled, or took longer than it may")
}
