//! Reads files and folders, with progress on a terminal, and collects the denials in them.

use crate::answer::denials;
pub(in crate::cli) use crate::answer::denials::Parcel;
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::cli::progress::Count;
use crate::trail::{Collector, Denials, Wanted};
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Reads the files, and those of the folders.
pub(super) fn read(paths: &[PathBuf]) -> Result<Denials, Failure> {
    let mut collector = Collector::default();
    let mut progress = Count::new("files read");
    for_each(paths, &Wanted::Denials, |name, parcel| match parcel {
        Parcel::Entries(entries) => entries.into_iter().for_each(|entry| collector.add(name, entry)),
        Parcel::End(source) => {
            collector.end_source(*source);
            progress.tick();
        }
    })?;
    progress.end();
    Ok(collector.finish())
}

/// Hands on what the files hold, in their order.
pub(in crate::cli) fn for_each(
    paths: &[PathBuf],
    wanted: &Wanted,
    collect: impl FnMut(&str, Parcel),
) -> Result<(), Failure> {
    if paths.iter().any(|path| path.as_os_str() == "-") && io::stdin().is_terminal() {
        output::note("paste events or lines of a log, then press Ctrl-D on a line of its own");
    }
    denials::for_each(paths, wanted, &AtomicBool::new(false), collect)
}
