//! A generated trail of any size: 2 % denials of twelve causes in 300 groups, found exactly whatever it is stored in.
//!
//! `TRAIL_EVENTS` sets the number of events; `.ci/long` reads a million.

use super::events::*;
use bedrock_access::trail::{Collector, Denials, Wanted, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// How many groups the trail has: 12 causes, 5 models and 5 roles.
const GROUPS: usize = 300;

fn events() -> u64 {
    std::env::var("TRAIL_EVENTS").ok().and_then(|number| number.parse().ok()).unwrap_or(15_000)
}

/// The records of the trail, made one at a time from templates, so that a million cost seconds.
struct Trail {
    served: String,
    refused: Vec<String>,
}

/// What a record holds where its number and its time stand.
const NUMBER: &str = "999999999999";
const TIME: &str = "2026-07-19T13:46:39Z";

impl Trail {
    fn new() -> Self {
        let number = NUMBER.parse().unwrap();
        let marked = |mut event: serde_json::Value| {
            event["eventTime"] = TIME.into();
            event.to_string()
        };
        let refused = (0..GROUPS)
            .map(|group| {
                let (refusal, model, who) = (&REFUSALS[group % 12], MODELS[group / 12 % 5], group / 60);
                marked(refused(number, who, model, refusal))
            })
            .collect();
        Self { served: marked(served(number, 0, MODELS[0])), refused }
    }

    /// The group of a record, where it is a denial.
    fn group(number: u64) -> Option<usize> {
        (number % 50 == 7).then_some((number / 50) as usize % GROUPS)
    }

    fn record(&self, number: u64) -> String {
        let template = Self::group(number).map_or(&self.served, |group| &self.refused[group]);
        template.replace(NUMBER, &format!("{number:012}")).replace(TIME, &moment(number % 86_400))
    }
}

/// How often each group is in a trail, by cause, model and role.
fn expected(numbers: impl Iterator<Item = u64>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for group in numbers.filter_map(Trail::group) {
        let name = format!("{} {} {}", REFUSALS[group % 12].cause, MODELS[group / 12 % 5], role(group / 60).0);
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn found(denials: &Denials) -> BTreeMap<String, u64> {
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    let groups = denials.groups.iter();
    groups
        .map(|group| (format!("{} {} {}", group.cause, name(&group.model), name(&group.principal)), group.count))
        .collect()
}

/// A file of a trail that is made while it is read.
struct File<'t> {
    trail: &'t Trail,
    next: u64,
    end: u64,
    start: u64,
    lines: bool,
    ready: Vec<u8>,
    at: usize,
}

impl Read for File<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            if self.next < self.end {
                let first = self.next == self.start;
                self.ready.extend_from_slice(match (self.lines, first) {
                    (true, _) => b"",
                    (false, true) => b"{\"Records\":[",
                    (false, false) => b",",
                });
                self.ready.extend_from_slice(self.trail.record(self.next).as_bytes());
                self.next += 1;
                let last = self.next == self.end;
                self.ready.extend_from_slice(match (self.lines, last) {
                    (true, _) => b"\n",
                    (false, true) => b"]}",
                    (false, false) => b"",
                });
            }
        }
        let count = (&self.ready[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

fn file(trail: &Trail, start: u64, end: u64, lines: bool) -> File<'_> {
    File { trail, next: start, end, start, lines, ready: Vec::new(), at: 0 }
}

fn collect<'r>(sources: impl Iterator<Item = Box<dyn Read + Send + 'r>>) -> Denials {
    let mut collector = Collector::default();
    for (number, source) in sources.enumerate() {
        let name = format!("file-{number}");
        let source = read(&name, source, &Wanted::Denials, &mut |entry| {
            collector.add(&name, entry);
            true
        });
        collector.end_source(source);
    }
    collector.finish()
}

#[test]
fn every_group_of_a_large_trail_is_counted_right() {
    let (trail, events) = (Trail::new(), events());
    let right = expected(0..events);
    assert_eq!(right.len(), GROUPS.min((events / 50) as usize));
    for lines in [false, true] {
        let whole = collect(std::iter::once(Box::new(file(&trail, 0, events, lines)) as Box<dyn Read + Send>));
        assert_eq!((whole.events, whole.is_whole()), (events, true));
        assert_eq!(found(&whole), right, "lines: {lines}");
        assert_eq!(whole.denials, right.values().sum::<u64>());
    }
}

#[test]
fn two_hundred_compressed_files_with_damage_give_the_rest_exactly() {
    let (trail, events) = (Trail::new(), events());
    let part = events / 200;
    let mut damaged = 0;
    let mut lost = Vec::new();
    let files: Vec<Vec<u8>> = (0..200)
        .map(|number| {
            let (start, end) = (number * part, (number + 1) * part);
            let mut bytes = Vec::new();
            file(&trail, start, end, number % 2 == 0).read_to_end(&mut bytes).unwrap();
            // In every tenth file a denial loses a byte in the middle of its record.
            let hit = (start..end).find(|number| Trail::group(*number).is_some());
            if let Some(hit) = hit.filter(|_| number % 10 == 3) {
                let mark = format!("00000000-0000-4000-8000-{hit:012}\"");
                let at = memchr::memmem::find(&bytes, mark.as_bytes()).unwrap();
                bytes.remove(at + mark.len() - 1);
                damaged += 1;
                lost.push(hit);
            }
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap()
        })
        .collect();
    let all = collect(files.iter().map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read + Send>));
    assert!(damaged > 0);
    assert_eq!(all.unreadable.len() as u64 + all.unreadable_more, damaged, "{:?}", all.unreadable);
    assert_eq!(found(&all), expected((0..part * 200).filter(|number| !lost.contains(number))));
    assert_eq!(all.events, part * 200);
    assert!(!all.is_whole());
}
