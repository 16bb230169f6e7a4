//! Gathers the evidence: from AWS, or from the embedded account for as long as the diagnosis lasts.

use super::args::DoctorArgs;
use super::request::{request, warn};
use crate::cli::exit::Failure;
use crate::cli::sandbox::load_world;
use crate::diagnose::open_questions;
use crate::evidence::{Evidence, RuntimeEndpoint};
use crate::probe::{Account, EmbeddedAccount, Probe};
use crate::sandbox::{Sandbox, World};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// The moment at which an embedded account stands still, so that its reports are the same every time.
const SANDBOX_CLOCK: &str = "2026-11-22T12:00:00Z";

/// Rounds of questions; two are usual, and every answer closes its question.
const MAX_ROUNDS: usize = 8;

/// How long a diagnosis stays silent before it shows that it is at work.
const SILENCE: Duration = Duration::from_secs(1);

pub(super) async fn observe(args: &DoctorArgs) -> Result<Evidence, Failure> {
    let started = Instant::now();
    let timeout = Duration::from_secs(args.timeout);
    let world = args.sandbox.as_deref().map(load_world).transpose()?;
    let request = request(args, world.as_ref(), timeout).await?;
    // The embedded account lives as long as the diagnosis.
    let sandbox = world.map(start).transpose()?;
    let account = match &sandbox {
        Some((embedded, _)) => Account::Embedded(embedded.clone()),
        None => {
            warn(&request);
            Account::Aws { profile: args.profile.clone() }
        }
    };
    let diagnosis = async {
        // Looking for the Region counts.
        let left = timeout.saturating_sub(started.elapsed());
        let (mut evidence, session) = Probe::new(account, left).gather(request).await;
        for _ in 0..MAX_ROUNDS {
            let questions = open_questions(&evidence);
            if questions.is_empty() {
                break;
            }
            session.ask(&mut evidence, questions).await;
        }
        evidence
    };
    let evidence = with_progress(diagnosis).await;
    drop(sandbox);
    Ok(evidence)
}

fn start(world: World) -> Result<(EmbeddedAccount, Sandbox), Failure> {
    let (access_key_id, secret_access_key, session_token) = world.caller_credentials();
    let mut embedded = EmbeddedAccount {
        world: world.name.clone(),
        endpoint: String::new(),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
        session_token: session_token.map(str::to_owned),
        bearer_token: world.caller_bearer_token().map(str::to_owned),
        runtime: RuntimeEndpoint { host: world.runtime_host(), addresses: vec![world.runtime_address()] },
        observed_at: SANDBOX_CLOCK.to_owned(),
    };
    let sandbox = Sandbox::start(world, Duration::ZERO, 0)
        .map_err(|error| Failure::input(format!("the embedded account cannot listen on loopback: {error}")))?;
    embedded.endpoint = sandbox.endpoint();
    Ok((embedded, sandbox))
}

/// Shows on a terminal that the work goes on, once it has taken a second.
async fn with_progress<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(SILENCE, &mut work).await {
        return done;
    }
    // The bar draws on standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner().with_message("asking AWS");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let done = work.await;
    bar.finish_and_clear();
    done
}
