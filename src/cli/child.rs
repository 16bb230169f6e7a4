//! Child processes: started with this process's streams, waited for, and given the signals that would end this one.

use super::exit::{ExitStatus, Failure};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::{Child, Command};
use std::thread;

/// Runs a command with this process's standard streams, passes signals on to it, and returns its exit status.
pub(super) fn supervise(program: &OsString, command: &mut Command) -> Result<ExitStatus, Failure> {
    #[cfg(unix)]
    let signals = signals::Watch::start()?;
    let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
    #[cfg(unix)]
    signals.pass_to(&child);
    Ok(ExitStatus::Child(exit_code(wait(&mut child)?)))
}

pub(super) fn wait(child: &mut Child) -> Result<std::process::ExitStatus, Failure> {
    loop {
        match child.wait() {
            Ok(status) => return Ok(status),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::input(format!("the command cannot be waited for: {error}"))),
        }
    }
}

pub(super) fn not_started(program: &OsString, error: &io::Error) -> Failure {
    let program = program.display();
    let (code, message) = match error.kind() {
        ErrorKind::NotFound => (127, format!("`{program}` was not found")),
        ErrorKind::PermissionDenied => (126, format!("`{program}` cannot be executed: permission denied")),
        _ => (126, format!("`{program}` cannot be executed: {error}")),
    };
    Failure { status: ExitStatus::Child(code), message, hint: None }
}

#[cfg(unix)]
pub(super) fn exit_code(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// Elsewhere no signal ends a process. Windows has codes of 32 bits; one that is no exit status here counts as 1.
#[cfg(not(unix))]
pub(super) fn exit_code(status: std::process::ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(unix)]
pub(super) mod signals {
    //! Passes on the signals that would end this process, so that the command decides.

    use super::{Child, Failure, thread};
    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::Signals;
    use std::io::{self, IsTerminal as _};

    pub(in crate::cli) struct Watch(Signals);

    impl Watch {
        pub(in crate::cli) fn start() -> Result<Self, Failure> {
            Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2])
                .map(Self)
                .map_err(|error| Failure::input(format!("signals cannot be watched: {error}")))
        }

        /// Passes signals to the command from now on.
        ///
        /// A terminal sends Ctrl-C to the command as well; from elsewhere only this process gets it.
        pub(in crate::cli) fn pass_to(self, child: &Child) {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            let mut signals = self.0;
            thread::spawn(move || {
                for signal in &mut signals {
                    let from_terminal = matches!(signal, SIGINT | SIGQUIT) && io::stdin().is_terminal();
                    if let (Some(pid), Some(signal), false) = (pid, Signal::from_named_raw(signal), from_terminal) {
                        // It may have ended meanwhile.
                        let _ = kill_process(pid, signal);
                    }
                }
            });
        }
    }
}
