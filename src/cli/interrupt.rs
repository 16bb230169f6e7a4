//! Ctrl-C and SIGTERM: the program ends at once, wherever it is, and says what it had.
//!
//! A thread of its own waits for the signals, so that nothing else has to: not a reader that does not read, a name that
//! is not resolved, or a pause. It leaves no child and no half-written file, and the exit status is 128 and the signal's
//! number, as a shell counts it.

use crate::observe::{Journal, Traffic};
use std::sync::{Arc, Mutex, PoisonError};

/// What the work has come to, in words.
type Tell = Box<dyn Fn() -> String + Send>;

/// Says how far the work is; signals come to the process, and so this is the process's.
static WORK: Mutex<Option<Tell>> = Mutex::new(None);

/// Held while something is written that must be whole.
static WRITING: Mutex<()> = Mutex::new(());

/// Remembers how an interruption tells what the program had.
pub(super) fn tells(tell: impl Fn() -> String + Send + 'static) {
    *WORK.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tell));
}

/// Lets an interruption tell how far the calls are.
pub(super) fn tells_of(traffic: Arc<Traffic>) {
    tells(move || format!("{}; there is no report", calls(&traffic.journal())));
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

/// Writes something that an interruption waits for, as long as that takes no time to speak of.
pub(super) fn whole<T>(write: impl FnOnce() -> T) -> T {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    write()
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
    use super::{WORK, WRITING};
    use crate::cli::exit::Failure;
    use crate::cli::output;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use std::io::IsTerminal as _;
    use std::thread;
    use std::time::Duration;

    /// How often it is looked whether something is still being written, and how long a look apart.
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
        // Whoever still writes after these looks is held up by a reader, who then gets a part.
        let _writing = (0..LOOKS).find_map(|_| {
            let writing = WRITING.try_lock();
            if writing.is_err() {
                thread::sleep(PAUSE);
            }
            writing.ok()
        });
        let work = WORK.try_lock().ok();
        let had =
            work.as_ref().and_then(|work| work.as_ref()).map_or_else(|| "nothing was asked".to_owned(), |tell| tell());
        // A progress line may stand there.
        let line = if std::io::stderr().is_terminal() { "\n" } else { "" };
        output::aside(line);
        output::note(&format!("interrupted: {had}"));
        crate::observe::kill_descendants();
        signal_hook::low_level::exit(128 + signal);
    }
}
