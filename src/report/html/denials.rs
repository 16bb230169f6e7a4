//! `denials_html`: the groups of a trail's denials as a table that can be filtered, under their counts over time.

use super::Frame;
use super::filter::Filter;
use crate::cause::catalogue;
use crate::report::denials::{facts, headline, notes, now_words, number};
use crate::report::foreign::{Span, on_one_line, spans};
use crate::trail::{Denials, Group};
use askama::Template;

/// The size of the picture, in its own units, and the most bars that it has.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 120.0;
const BARS: usize = 96;

#[derive(Template)]
#[template(path = "denials.html", config = "src/report/html/askama.toml")]
struct Page {
    frame: Frame,
    filters: [Filter; 5],
    chart: Option<Chart>,
    rows: Vec<RowView>,
    notes: Vec<Vec<Span>>,
}

struct RowView {
    classes: String,
    count: String,
    cause: &'static str,
    title: &'static str,
    is_new: bool,
    now: String,
    facts: Vec<(&'static str, String)>,
    next: Vec<Vec<Span>>,
}

/// Denials over time.
struct Chart {
    bars: Vec<Bar>,
    from: String,
    to: String,
    most: String,
}

struct Bar {
    x: String,
    y: String,
    width: String,
    height: String,
    title: String,
}

/// Lays the denials out as one HTML page.
#[must_use]
pub fn denials_html(denials: &Denials) -> String {
    let groups = || denials.groups.iter();
    let filters = [
        Filter::new("Cause", 'c', &[], groups().map(|group| vec![group.cause.code()])),
        Filter::new("Family", 'f', &[], groups().map(|group| vec![group.family.as_str()])),
        Filter::new("Region", 'r', &[], groups().map(region)),
        Filter::new("New", 'n', &["new", "known"], groups().map(is_new)),
        Filter::new("Now", 'v', &["denied", "allowed", "undetermined"], groups().map(verdict)),
    ];
    let asked: [fn(&Group) -> Vec<&str>; 5] =
        [|group| vec![group.cause.code()], |group| vec![group.family.as_str()], region, is_new, verdict];
    let rules: String = filters.iter().map(Filter::rules).collect();
    let rows = groups().map(|group| RowView {
        classes: filters.iter().zip(asked).map(|(filter, asked)| filter.classes(&asked(group))).collect(),
        count: number(group.count),
        cause: group.cause.code(),
        title: catalogue::entry(group.cause).title,
        is_new: group.new == Some(true),
        now: on_one_line(&now_words(group).unwrap_or_default()),
        facts: facts(group).into_iter().map(|(name, value)| (name, on_one_line(&value))).collect(),
        next: group.next.iter().map(|step| spans(step)).collect(),
    });
    let rows = rows.collect();
    let span = match (&denials.first, &denials.last) {
        (Some(first), Some(last)) => Some(format!("{first} to {last}")),
        _ => None,
    };
    let page = Page {
        frame: Frame::new(None, None, &headline(denials), [("time", span)]).with_rules(&rules),
        chart: chart(denials),
        rows,
        notes: notes(denials, true).iter().map(|note| spans(note)).collect(),
        filters,
    };
    // The template writes to a string, which cannot fail.
    page.render().unwrap_or_default()
}

fn region(group: &Group) -> Vec<&str> {
    group.region.as_deref().into_iter().collect()
}

fn is_new(group: &Group) -> Vec<&str> {
    group.new.map(|new| if new { "new" } else { "known" }).into_iter().collect()
}

fn verdict(group: &Group) -> Vec<&str> {
    group.now.as_ref().map(|now| now.verdict.as_str()).into_iter().collect()
}

/// Draws a bar for each stretch of time, the gaps between them included; several share one where there are too many.
fn chart(denials: &Denials) -> Option<Chart> {
    let counts = &denials.over_time.counts;
    let (first, last) = (counts.first()?, counts.last()?);
    let seconds = |text: &str| crate::trail::moment(text);
    let (begin, end) = (seconds(&first.from)?, seconds(&last.from)?);
    let size = i64::try_from(denials.over_time.seconds).ok()?.max(1);
    let stretches = (end - begin) / size + 1;
    let shared = (stretches + BARS as i64 - 1) / BARS as i64;
    let count = usize::try_from((stretches + shared - 1) / shared).ok()?;
    let mut sums = vec![0_u64; count];
    for stretch in counts {
        let at = usize::try_from((seconds(&stretch.from)? - begin) / size / shared).ok()?;
        *sums.get_mut(at)? += stretch.denials;
    }
    let most = sums.iter().copied().max()?.max(1);
    #[expect(clippy::cast_precision_loss, reason = "a picture needs no more than its pixels")]
    let bars = sums.iter().enumerate().filter(|(_, sum)| **sum > 0).map(|(at, sum)| {
        let width = WIDTH / count as f64;
        let height = (HEIGHT * *sum as f64 / most as f64).max(2.0);
        let from = begin + at as i64 * size * shared;
        Bar {
            x: format!("{:.1}", width * at as f64),
            y: format!("{:.1}", HEIGHT - height),
            width: format!("{:.1}", (width - 1.0).max(1.0)),
            height: format!("{height:.1}"),
            title: format!("{}: {} denied", crate::trail::moment_text(from), number(*sum)),
        }
    });
    Some(Chart { bars: bars.collect(), from: first.from.clone(), to: last.from.clone(), most: number(most) })
}
