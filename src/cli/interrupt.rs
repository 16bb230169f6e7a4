//! Ctrl-C and SIGTERM: the program ends at once, wherever it is, and reports how far it got.
//!
//! A thread of its own waits for the signals, so that nothing delays them: not a reader that does not read, a name that
//! is not resolved, or a pause. No child and no half-written file is left, and the exit status is 128 plus the signal's
//! number, as a shell counts it.

use crate::observe::{Journal, Traffic};
use std::sync::{Arc, Mutex, PoisonError};

/// Describes how far the work is.
type Describe = Box<dyn Fn() -> String + Send>;

/// How far the work is. Signals are sent to the process, so this is global.
static WORK: Mutex<Option<Describe>> = Mutex::new(None);

/// Sets what an interruption reports.
pub(super) fn on_interrupt_say(tell: impl Fn() -> String + Send + 'static) {
    *WORK.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tell));
}

/// Lets an interruption report the progress of the calls.
pub(super) fn report_progress_of(traffic: Arc<Traffic>) {
    on_interrupt_say(move || format!("{}; there is no report", calls(&traffic.journal())));
}

fn calls(Journal { ended, under_way }: &Journal) -> String {
    let count = |count: usize| format!("{count} call{}", if count == 1 { "" } else { "s" });
    match (ended, under_way.as_slice()) {
        (0, []) => "no call was made".to_owned(),
        (ended, []) => format!("{} had been answered", count(*ended)),
        (ended, waiting) => {
            let mut names = waiting.to_vec();
            names.dedup();
            format!("{} had been answered, and {} not yet ({})", count(*ended), waiting.len(), names.join(", "))
        }
    }
}

#[cfg(unix)]
pub(super) use unix::watch;

/// Leaves interruptions to the system.
#[cfg(not(unix))]
pub(super) fn watch() -> Result<(), super::exit::Failure> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use super::WORK;
    use crate::cli::exit::Failure;
    use crate::cli::{critical, output};
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use std::io::IsTerminal as _;
    use std::thread;
    use std::time::Duration;

    /// How often to poll for the writer to finish, and the interval.
    const LOOKS: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(10);

    /// Ends the process on SIGINT and SIGTERM from now on.
    pub(in super::super) fn watch() -> Result<(), Failure> {
        let mut signals = Signals::new([SIGINT, SIGTERM])
            .map_err(|error| Failure::input(format!("signals cannot be watched: {error}")))?;
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                end(signal);
            }
        });
        Ok(())
    }

    fn end(signal: i32) {
        // If the lock is still held, the reader is slow; it will see truncated output.
        let _writing = (0..LOOKS).find_map(|_| {
            let writing = critical::try_enter();
            if writing.is_none() {
                thread::sleep(PAUSE);
            }
            writing
        });
        let work = WORK.try_lock().ok();
        let had =
            work.as_ref().and_then(|work| work.as_ref()).map_or_else(|| "nothing was asked".to_owned(), |tell| tell());
        // A progress line may stand there.
        let line = if std::io::stderr().is_terminal() { "\n" } else { "" };
        output::write_stderr(line);
        output::note(&format!("interrupted: {had}"));
        crate::observe::kill_descendants();
        signal_hook::low_level::exit(128 + signal);
    }
}
