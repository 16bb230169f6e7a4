//! Progress on a terminal, for work that takes longer than a moment.
//!
//! It is drawn on standard error, and only where that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How long work stays silent before it shows that it goes on.
const SILENCE: Duration = Duration::from_secs(1);

/// How often the picture moves.
const TICK: Duration = Duration::from_millis(200);

/// Shows that the work goes on, once it has taken a second.
pub(super) async fn with_progress<T>(message: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(SILENCE, &mut work).await {
        return done;
    }
    let bar = spinner("{spinner} {msg} ({elapsed})", message);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(TICK);
    let done = work.await;
    bar.finish_and_clear();
    done
}

/// Counts what is done, where nothing else on the terminal shows it.
pub(super) struct Count {
    bar: ProgressBar,
    begun: Instant,
    shown: bool,
}

impl Count {
    pub(super) fn new(message: &'static str) -> Self {
        Self {
            bar: spinner("{spinner} {pos} {msg} ({elapsed}, {per_sec})", message),
            begun: Instant::now(),
            shown: false,
        }
    }

    /// Notes that one more is done.
    pub(super) fn tick(&mut self) {
        self.bar.inc(1);
        // Lines on the same terminal are progress enough.
        if !self.shown && self.begun.elapsed() > SILENCE && !std::io::stdout().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
            self.shown = true;
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn spinner(template: &str, message: &'static str) -> ProgressBar {
    let bar = ProgressBar::hidden();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(message);
    bar
}
