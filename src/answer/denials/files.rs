//! Reads files and folders, several at a time, and hands on what they hold in their order.
//!
//! One thread lists the files, some read them, and this one collects. Every queue is bounded, so that memory does not
//! grow with the number of files or denials, and the order is that of the files however fast each is read.

use crate::answer::Failure;
use crate::trail::{Entry, Source, Wanted, read as read_source, reason};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many files are read at once at most.
const READERS: usize = 8;

/// How many entries go from a reader to the collector at once, and how many such parcels may wait.
const PARCEL: usize = 128;
const WAITING: usize = 16;

/// How deep folders are looked into.
const DEEPEST: usize = 32;

/// Folders of a trail's bucket that hold no events (AWS CloudTrail User Guide, "Finding your CloudTrail log files").
const WITHOUT_EVENTS: [&str; 3] = ["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated"];

/// What a reader hands on.
pub enum Parcel {
    Entries(Vec<Entry>),
    End(Box<Source>),
}

/// A file that waits for a reader.
struct Job {
    path: PathBuf,
    answers: SyncSender<Parcel>,
}

/// Hands on what the files hold, in their order, until `stop` is set: what is not read by then is as if it ended there.
///
/// # Errors
///
/// When a file or folder that was named is not there, or all folders are empty.
pub fn for_each(
    paths: &[PathBuf],
    wanted: &Wanted,
    stop: &AtomicBool,
    mut collect: impl FnMut(&str, Parcel),
) -> Result<(), Failure> {
    for path in paths.iter().filter(|path| !is_standard_input(path)) {
        // A name that was typed must be there.
        std::fs::metadata(path)
            .map_err(|error| Failure::input(format!("`{}` cannot be read: {}", path.display(), reason(&error))))?;
    }
    let readers = thread::available_parallelism().map_or(1, usize::from).min(READERS);
    let (jobs, queue) = sync_channel::<Job>(readers);
    let (order, ordered) = sync_channel::<(String, Receiver<Parcel>)>(readers * 2);
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        scope.spawn(move || {
            for path in paths {
                let wants_more = |path: &Path| !stop.load(Ordering::Relaxed) && start(path, &jobs, &order);
                if !list(path, 0, &mut |path| wants_more(path)) {
                    break;
                }
            }
        });
        for _ in 0..readers {
            scope.spawn(|| {
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { break };
                    read_one(&job, wanted, stop);
                }
            });
        }
        let mut count = 0;
        for (name, answers) in ordered {
            count += 1;
            for parcel in answers {
                collect(&name, parcel);
            }
        }
        match count {
            0 => Err(Failure::input("there is no file in what was given")
                .hint("folders are looked into; is this one empty?")),
            _ => Ok(()),
        }
    })
}

/// Puts a file into the queues; returns `true` if anybody still takes it.
fn start(path: &Path, jobs: &SyncSender<Job>, order: &SyncSender<(String, Receiver<Parcel>)>) -> bool {
    let (answers, waiting) = sync_channel(WAITING);
    let name = path.display().to_string();
    order.send((name, waiting)).is_ok() && jobs.send(Job { path: path.to_owned(), answers }).is_ok()
}

/// Lists a file, or the files of a folder in the order of their names; returns `false` if nobody wants more.
fn list(path: &Path, depth: usize, found: &mut dyn FnMut(&Path) -> bool) -> bool {
    if is_standard_input(path) || !path.is_dir() || depth > DEEPEST {
        return found(path);
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        // Reading it as a file says why it cannot be read.
        return found(path);
    };
    let mut entries: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || WITHOUT_EVENTS.contains(&name.as_ref()) {
            continue;
        }
        // A link to a folder may lead back: it is named, and not followed.
        if entry.is_symlink() && entry.is_dir() {
            if !found(&entry) {
                return false;
            }
            continue;
        }
        // Pipes, sockets and devices hold no events, and reading one may never end.
        let is_stored = entry.is_dir() || std::fs::metadata(&entry).map_or(true, |about| about.is_file());
        if is_stored && !list(&entry, depth + 1, found) {
            return false;
        }
    }
    true
}

fn read_one(job: &Job, wanted: &Wanted, stop: &AtomicBool) {
    let name = job.path.display().to_string();
    let send = |parcel: Parcel| job.answers.send(parcel).is_ok();
    if job.path.is_symlink() && job.path.is_dir() {
        let error = Some("it is a link to a folder, which is not followed: give that folder itself".to_owned());
        send(Parcel::End(Box::new(Source { complete: false, error, ..Source::new(&name) })));
        return;
    }
    let source: Box<dyn Read + Send> = if is_standard_input(&job.path) {
        Box::new(io::stdin())
    } else {
        match File::open(&job.path) {
            Ok(file) => Box::new(file),
            Err(error) => {
                let error = Some(format!("it cannot be read: {}", reason(&error)));
                send(Parcel::End(Box::new(Source { complete: false, error, ..Source::new(&name) })));
                return;
            }
        }
    };
    let mut entries = Vec::with_capacity(PARCEL);
    let source = Stoppable { source, stop };
    let source = read_source(&name, source, wanted, &mut |entry| {
        entries.push(entry);
        if entries.len() < PARCEL {
            return true;
        }
        send(Parcel::Entries(std::mem::replace(&mut entries, Vec::with_capacity(PARCEL))))
    });
    if entries.is_empty() || send(Parcel::Entries(entries)) {
        send(Parcel::End(Box::new(source)));
    }
}

/// A source that fails once nobody waits for it any more.
struct Stoppable<'s> {
    source: Box<dyn Read + Send>,
    stop: &'s AtomicBool,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(io::Error::other("it was not read to its end: the time was over")),
            false => self.source.read(buffer),
        }
    }
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}
