//! `doctor --targets`: one request a line in, one diagnosis a line out as each is ready.
//!
//! A target is the command line with the line's fields put in, so that its answer is the one that it would get
//! alone. What targets have in common is read once, the calls in flight are bounded, and nothing but the hashes of
//! ids grows with the number of targets. A line that is no target is answered in its place; a mistake of this program
//! on one target costs that target its answer, and no other.

mod accounts;
mod done;
mod output;
mod read;
mod tally;
mod target;

use super::args::DoctorArgs;
use super::observe::settle;
use super::request::{request, warn_of_calls};
use super::without_names;
use crate::cli::event_loop::on_event_loop;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::interrupt;
use crate::cli::progress::Count;
use crate::diagnose::{Diagnosis, diagnose};
use crate::redact::Redactor;
use accounts::Accounts;
use clap::Parser;
use done::{Ids, Met};
use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use output::Output;
use read::Entry;
use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tally::Tally;
use target::{BadTarget, Target};

/// The answer to a line.
enum Answer {
    Diagnosed(Box<(Diagnosis, Target)>),
    Bad(BadTarget),
}

/// Answers every target of a file.
pub(super) fn run(args: &DoctorArgs, file: &Path) -> Result<ExitStatus, Failure> {
    on_event_loop(answer_all(args, file))
}

async fn answer_all(args: &DoctorArgs, file: &Path) -> Result<ExitStatus, Failure> {
    let (mut ids, mut tally) = (Ids::default(), Tally::default());
    if let Some(path) = &args.skip_done {
        done::read(path, &mut ids, &mut tally)?;
    }
    let accounts = Accounts::open(args)?;
    let mut output = Output::open(args, accounts.world().map(|world| world.name.as_str()))?;
    let mut entries = read::start(file)?;
    if !accounts.are_embedded() {
        warn_of_calls(args);
    }
    // One for all of them: a role is called the same in every answer.
    let redactor = args.redact.then(RefCell::default);
    let answered = Arc::new(AtomicU64::new(0));
    let told = answered.clone();
    interrupt::tells(move || match told.load(Ordering::Relaxed) {
        1 => "1 target had been answered".to_owned(),
        count => format!("{count} targets had been answered"),
    });
    let mut progress = Count::new("targets answered");
    let mut under_way = FuturesUnordered::new();
    let mut failure = None;
    let mut more = true;
    loop {
        tokio::select! {
            entry = entries.recv(), if more && under_way.len() < args.concurrency => match entry {
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
                    if let Some(target) = target.transpose() {
                        let (accounts, redactor) = (&accounts, redactor.as_ref());
                        under_way.push(Box::pin(async move { (line, answer(accounts, args, target, redactor).await) }));
                    }
                }
            },
            Some((line, answer)) = under_way.next() => {
                progress.tick();
                if !output.write(line, &answer, &mut tally)? {
                    // Nobody reads the answers any more.
                    break;
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
            else => break,
        }
    }
    progress.end();
    output.end(&tally)?;
    failure.map_or_else(|| Ok(tally.status()), Err)
}

/// The command line of the doctor, for targets that another command makes.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Alone {
    #[command(flatten)]
    doctor: DoctorArgs,
}

/// Diagnoses targets that another command makes, in their order.
pub(super) fn diagnose_all(
    options: &[String],
    targets: Vec<serde_json::Value>,
) -> Result<Vec<Result<Diagnosis, String>>, Failure> {
    let typed = ["--targets", "-"].map(str::to_owned);
    let alone =
        Alone::try_parse_from(typed.iter().chain(options)).map_err(|error| Failure::usage(error.to_string()))?;
    let args = &alone.doctor;
    on_event_loop(async {
        let accounts = &Accounts::open(args)?;
        if !accounts.are_embedded() {
            warn_of_calls(args);
        }
        let diagnose = |target: serde_json::Value| async move {
            let target = Target::of(target).map_err(|bad| bad.error)?;
            let answer = answer_target(accounts, args, target, None).await;
            answer.map(|(diagnosis, _)| diagnosis).map_err(|bad| bad.error)
        };
        let answers = futures_util::stream::iter(targets).map(|target| Box::pin(diagnose(target)));
        Ok(answers.buffered(args.concurrency).collect().await)
    })
}

/// Answers a line, whatever happens on the way.
async fn answer(
    accounts: &Accounts,
    args: &DoctorArgs,
    target: Result<Target, BadTarget>,
    redactor: Option<&RefCell<Redactor>>,
) -> Answer {
    let answered = match target {
        Ok(target) => answer_target(accounts, args, target, redactor).await,
        Err(bad) => Err(bad),
    };
    match (answered, redactor) {
        (Ok(answered), _) => Answer::Diagnosed(Box::new(answered)),
        // What is wrong with a line quotes it.
        (Err(bad), Some(redactor)) => {
            Answer::Bad(BadTarget { error: redactor.borrow_mut().message(&bad.error), ..bad })
        }
        (Err(bad), None) => Answer::Bad(bad),
    }
}

async fn answer_target(
    accounts: &Accounts,
    args: &DoctorArgs,
    target: Target,
    redactor: Option<&RefCell<Redactor>>,
) -> Result<(Diagnosis, Target), BadTarget> {
    let error = match unless_it_panics(diagnose_one(accounts, args, &target, redactor)).await {
        Some(Ok(diagnosis)) => return Ok((diagnosis, target)),
        Some(Err(failure)) => in_one_line(failure),
        None => "this program failed on the target, which is a mistake in it".to_owned(),
    };
    Err(BadTarget { id: target.id, error })
}

async fn diagnose_one(
    accounts: &Accounts,
    given: &DoctorArgs,
    target: &Target,
    redactor: Option<&RefCell<Redactor>>,
) -> Result<Diagnosis, Failure> {
    let mut arguments = target.arguments(given);
    if accounts.are_embedded() && target.profile.is_some() {
        return Err(Failure::usage("a profile has no meaning in a sandbox, where the world names the caller"));
    }
    let account = accounts.of(&arguments);
    let needs_region = arguments.region.is_none() && target.names_no_region();
    if needs_region && !accounts.are_embedded() {
        arguments.region = account.default_region().await;
    }
    let timeout = Duration::from_secs(given.timeout);
    let request = request(&arguments, accounts.world(), timeout).await?;
    let evidence = Box::pin(settle(&account.probe, request)).await;
    let evidence = match redactor {
        Some(redactor) => without_names(&evidence, &mut redactor.borrow_mut())?,
        None => evidence,
    };
    Ok(diagnose(&evidence))
}

fn in_one_line(failure: Failure) -> String {
    match failure.hint {
        Some(hint) => format!("{} ({hint})", failure.message),
        None => failure.message,
    }
}

/// Does the work, and gives nothing where it panics: the message is on standard error by then.
async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::panic, reason = "a panic is what this is about")]
    fn a_panic_costs_one_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let fail = || async { panic!("on purpose") };
            assert_eq!(unless_it_panics::<()>(fail()).await, None);
            assert_eq!(unless_it_panics(async { 7 }).await, Some(7));
        });
    }
}
