//! Many calls: one target in, one diagnosis out as soon as it is ready.
//!
//! Targets come from a file, from the operations of a task (`--for`) or from several Regions. A target gets the answer
//! that it would get alone. What targets have in common is read once, the calls in flight are bounded, and only the
//! hashes of ids grow with the number of targets. A line without a target is answered in its place; a mistake of this
//! program on one target costs only that target its answer.

mod accounts;
mod output;
mod read;
mod resume;
mod tally;
mod target;

use super::args::DoctorArgs;
use super::inputs_of;
use super::mode::Source;
use super::request::{request, warn, warn_of};
use super::{client, inputs};
use super::{wait, without_names};
use crate::answer::doctor::{Asked, Call, Inputs, gather_all, requests, resolved};
use crate::bedrock::{Bundle, ModelReference};
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::interrupt;
use crate::cli::progress::Count;
use crate::cli::runtime::block_on;
use crate::diagnose::{Diagnosis, diagnose};
use crate::redact::Redactor;
use crate::report::{Role, Styled};
use crate::request::LiveCall;
use accounts::Accounts;
use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use output::Output;
use read::{Entries, Entry};
use resume::{Ids, Met};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tally::Tally;
use target::{Asks, BadTarget, Target};

/// The answer to a line.
enum Answer {
    Diagnosed(Box<(Diagnosis, Target)>),
    Bad(BadTarget),
}

/// Diagnoses every target of a source.
pub(super) fn run(args: &DoctorArgs, source: Source) -> Result<ExitStatus, Failure> {
    // Inputs are read, or at least opened, before outputs are.
    let inputs = inputs::read(args)?;
    block_on(answer_all(args, &inputs, source))
}

/// A source of targets that is ready to be read.
struct Opened {
    entries: Entries,
    /// What stands before the answers.
    preface: Option<Styled>,
    /// Whether there are calls that no target stands for.
    incomplete: bool,
}

impl From<Entries> for Opened {
    fn from(entries: Entries) -> Self {
        Self { entries, preface: None, incomplete: false }
    }
}

/// What the targets are checked with.
struct Run<'a> {
    args: &'a DoctorArgs,
    inputs: &'a Inputs,
    accounts: Accounts,
    /// One for all of them: a role has the same alias in every answer.
    redactor: Option<RefCell<Redactor>>,
}

async fn answer_all(args: &DoctorArgs, inputs: &Inputs, source: Source) -> Result<ExitStatus, Failure> {
    let (mut ids, mut tally) = (Ids::default(), Tally::default());
    let is_file = matches!(source, Source::File(_));
    let run =
        Run { args, inputs, accounts: Accounts::open(args)?, redactor: args.report.redact.then(RefCell::default) };
    let Opened { mut entries, preface, incomplete } = run.entries(source).await?;
    let mut paths: Vec<&Path> = inputs_of(args);
    if let Some(path) = &args.many.skip_done {
        resume::read(path, &mut ids, &mut tally)?;
        if args.report.output.as_ref() != Some(path) {
            paths.push(path);
        }
    }
    let world = run.accounts.world().map(|world| world.name.as_str());
    let mut output = Output::open(args, world, &paths, !is_file)?;
    if let Some(preface) = preface {
        output.preface(&preface)?;
    }
    let answered = Arc::new(AtomicU64::new(0));
    let told = answered.clone();
    interrupt::on_interrupt_say(move || match told.load(Ordering::Relaxed) {
        1 => "1 target had been answered".to_owned(),
        count => format!("{count} targets had been answered"),
    });
    let mut progress = Count::new("targets answered");
    let mut under_way = FuturesUnordered::new();
    // Targets of a file are answered as they are ready, those of one call in their order.
    let (mut held, mut next) = (BTreeMap::new(), 1_u64);
    let mut failure = None;
    let mut more = true;
    'answers: loop {
        tokio::select! {
            entry = entries.recv(), if more && under_way.len() < args.many.concurrency => match entry {
                None => more = false,
                Some(Err(unreadable)) => {
                    failure = Some(unreadable);
                    more = false;
                }
                Some(Ok(Entry { line, target })) => {
                    let target = target.and_then(|target| match ids.meet(&target.id, line) {
                        Met::Never => Ok(Some(target)),
                        Met::Done => Ok(None),
                        Met::Before(first) => {
                            let error = format!("the id {} was used before, in line {first}", target.id);
                            Err(BadTarget { id: target.id, error })
                        }
                    });
                    match target.transpose() {
                        Some(target) => {
                            let run = &run;
                            under_way.push(Box::pin(async move { (line, run.answer(target).await) }));
                        }
                        None if next == line => next += 1,
                        None => {}
                    }
                }
            },
            Some((line, answer)) = under_way.next() => {
                progress.tick();
                held.insert(if is_file { next } else { line }, (line, answer));
                while let Some((line, answer)) = held.remove(&next) {
                    if !is_file {
                        next += 1;
                    }
                    if !output.write(line, &answer, &mut tally)? {
                        // Nobody reads the answers any more.
                        break 'answers;
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }
            else => break,
        }
    }
    for (line, answer) in held.into_values() {
        output.write(line, &answer, &mut tally)?;
    }
    progress.end();
    output.end(&tally)?;
    match (failure, tally.status()) {
        (Some(failure), _) => Err(failure),
        (None, ExitStatus::Success) if incomplete => Ok(ExitStatus::Undetermined),
        (None, status) => Ok(status),
    }
}

/// Diagnoses targets that another command makes, in their order; `options` are the doctor's.
pub(super) fn diagnose_all(options: &[String], targets: Vec<Value>) -> Result<Vec<Result<Diagnosis, String>>, Failure> {
    let typed = ["--targets", "-"].map(str::to_owned);
    let args = &DoctorArgs::from_options(typed.into_iter().chain(options.iter().cloned()))?;
    let inputs = Inputs::default();
    block_on(async {
        let run = &Run { args, inputs: &inputs, accounts: Accounts::open(args)?, redactor: None };
        let given = args.call();
        if !run.accounts.are_embedded() {
            warn_of(given.live == LiveCall::Invoke, given.live != LiveCall::None);
        }
        let diagnose = |target: Value| {
            let target = Target::from_value(target, &given);
            async move {
                let answer = run.answer_target(target.map_err(|bad| bad.error)?).await;
                answer.map(|(diagnosis, _)| diagnosis).map_err(|bad| bad.error)
            }
        };
        let answers = futures_util::stream::iter(targets).map(|target| Box::pin(diagnose(target)));
        Ok(answers.buffered(args.many.concurrency).collect().await)
    })
}

impl Run<'_> {
    /// Opens the source of the targets, and notes what test calls may cost.
    async fn entries(&self, source: Source) -> Result<Opened, Failure> {
        let given = self.args.call();
        let targets = match source {
            Source::File(path) => {
                let entries = read::start(&path, given.clone())?;
                if !self.accounts.are_embedded() {
                    warn_of(given.live == LiveCall::Invoke, given.live != LiveCall::None);
                }
                return Ok(entries.into());
            }
            Source::Bundle(bundle) => self.of_bundle(bundle).await?,
            Source::Client => return self.of_client().await,
            Source::Regions(regions) => {
                let mut targets = Vec::new();
                for region in regions {
                    let id = Value::String(region.to_string());
                    let call = Call { region: Some(region.clone()), ..given.clone() };
                    let asked = request(&call, self.inputs, self.accounts.world(), async || Ok(region)).await?;
                    targets.push((id, asked));
                }
                targets
            }
        };
        if !self.accounts.are_embedded() {
            warn(targets.iter().map(|(_, asked)| &asked.request));
        }
        let caller = Box::new(given.caller);
        let target = |(id, asked)| Target {
            id,
            expect: None,
            names_profile: false,
            asks: Asks::Request(Box::new(asked), caller.clone()),
        };
        Ok(read::ready(targets.into_iter().map(target).collect()).into())
    }

    /// Makes targets of the calls that a client is configured to make, and says what is worth saying of them.
    async fn of_client(&self) -> Result<Opened, Failure> {
        let given = self.args.call();
        let mut plan = client::Plan::read(self.args)?;
        if !self.accounts.are_embedded() {
            warn_of(given.live == LiveCall::Invoke, given.live != LiveCall::None);
        }
        let calls = plan.calls(&given, self.accounts.world().is_some());
        let mut targets = Vec::new();
        for (id, mut call, last_resort) in calls {
            if call.region.is_none() && call.model.as_ref().and_then(ModelReference::region).is_none() {
                let configured = match self.accounts.world() {
                    Some(world) => Some(world.request.region.clone()),
                    None => self.accounts.of(&call.caller).region().await,
                };
                if configured.is_none()
                    && let Some(region) = &last_resort
                {
                    plan.takes_by_default(region);
                }
                call.region = configured.or(last_resort);
            }
            let (id, asks) = (Value::String(id), Asks::Call(Box::new(call)));
            targets.push(Target { id, expect: None, names_profile: false, asks });
        }
        let world = self.accounts.world().map(|world| world.name.as_str());
        let incomplete = plan.is_incomplete();
        let preface = match &self.redactor {
            None => plan.preface(world),
            Some(redactor) => {
                plan.forget_names();
                let mut preface = Styled::default();
                preface.push(Role::Plain, redactor.borrow_mut().message(&plan.preface(world).plain()));
                preface
            }
        };
        Ok(Opened { entries: read::ready(targets), preface: Some(preface), incomplete })
    }

    async fn of_bundle(&self, bundle: Bundle) -> Result<Vec<(Value, Asked)>, Failure> {
        let given = self.args.call();
        let connection = self.accounts.of(&given.caller);
        let configured = async || connection.configured_region().await;
        let all = requests(&given, self.inputs, bundle, self.accounts.world(), configured).await?;
        let named = |asked: Asked| (Value::String(asked.request.operation.to_string()), asked);
        Ok(all.into_iter().map(named).collect())
    }

    /// Answers a line, whatever happens.
    async fn answer(&self, target: Result<Target, BadTarget>) -> Answer {
        let answered = match target {
            Ok(target) => self.answer_target(target).await,
            Err(bad) => Err(bad),
        };
        match (answered, &self.redactor) {
            (Ok(answered), _) => Answer::Diagnosed(Box::new(answered)),
            // The error quotes the line.
            (Err(bad), Some(redactor)) => {
                Answer::Bad(BadTarget { error: redactor.borrow_mut().message(&bad.error), ..bad })
            }
            (Err(bad), None) => Answer::Bad(bad),
        }
    }

    async fn answer_target(&self, target: Target) -> Result<(Diagnosis, Target), BadTarget> {
        let error = match unless_it_panics(self.diagnose(&target)).await {
            Some(Ok(diagnosis)) => return Ok((diagnosis, target)),
            Some(Err(failure)) => in_one_line(failure),
            None => "internal error of bedrock-access on this target; please report it".to_owned(),
        };
        Err(BadTarget { id: target.id, error })
    }

    async fn diagnose(&self, target: &Target) -> Result<Diagnosis, Failure> {
        if self.accounts.are_embedded() && target.names_profile {
            return Err(Failure::usage("a profile has no meaning in a sandbox, where the world names the caller"));
        }
        let caller = match &target.asks {
            Asks::Call(call) => &call.caller,
            Asks::Request(_, caller) => caller,
        };
        let connection = self.accounts.of(caller);
        let asked = match &target.asks {
            Asks::Request(asked, _) => (**asked).clone(),
            Asks::Call(call) => {
                let configured = async || connection.configured_region().await;
                request(call, self.inputs, self.accounts.world(), configured).await?
            }
        };
        let request = resolved(&connection.observer, asked).await?;
        let gather = async |round: u32| {
            if round > 0 {
                connection.observer.forget_answers();
            }
            Ok(Box::pin(gather_all(&connection.observer, request.clone())).await)
        };
        let evidence = match self.args.wait {
            Some(time) => wait::until_allowed(time, gather, wait::Notes::Hidden).await?,
            None => gather(0).await?,
        };
        let evidence = match &self.redactor {
            Some(redactor) => without_names(&evidence, &mut redactor.borrow_mut())?,
            None => evidence,
        };
        Ok(diagnose(&evidence))
    }
}

fn in_one_line(failure: Failure) -> String {
    match failure.hint {
        Some(hint) => format!("{} ({hint})", failure.message),
        None => failure.message,
    }
}

/// Does the work, and returns `None` if it panics; the message is on standard error by then.
async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::panic, reason = "the test is about a panic")]
    fn a_panic_costs_one_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let fail = || async { panic!("on purpose") };
            assert_eq!(unless_it_panics::<()>(fail()).await, None);
            assert_eq!(unless_it_panics(async { 7 }).await, Some(7));
        });
    }
}
