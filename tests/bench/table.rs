//! How a benchmark prints: each figure beside what is wanted of it, and three sizes with the line through them.
//!
//! The rows are Markdown, as `docs/performance.md` has them; a miss is marked and ends nothing.

use std::fs;
use std::ops::{Bound, RangeBounds};

/// Prints a benchmark's heading with what else the machine did, and opens its table.
pub fn open(benchmark: &str) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    println!("\n## {benchmark} ({processors} processors, load {load} before)\n");
    println!("| what | wanted | measured | |\n|---|---|---|---|");
}

/// Prints one figure beside the range in which it is wanted; one without an end that counts is told for the record.
pub fn row(what: &str, wanted: impl RangeBounds<f64>, measured: f64, unit: &str) {
    let (asked, met) = match (wanted.start_bound(), wanted.end_bound()) {
        (_, Bound::Included(most)) if most.is_finite() => (format!("at most {} {unit}", number(*most)), "met"),
        (Bound::Included(least), _) if least.is_finite() => (format!("at least {} {unit}", number(*least)), "met"),
        _ => (String::new(), ""),
    };
    let met = if wanted.contains(&measured) { met } else { "**missed**" };
    println!("| {what} | {asked} | {} {unit} | {met} |", number(measured));
}

/// Prints the measure at three sizes or more, and the straight line of least squares through them.
///
/// How far the points lie from the line says whether it is one; the exponent is that of `measure ~ size^exponent`
/// between the first and the last, which a fixed part draws below 1; from nothing on there is none.
pub fn growth(what: &str, size_unit: &str, unit: &str, points: &[(f64, f64)]) {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (size, measure) = (mean(|point| point.0), mean(|point| point.1));
    let slope = points.iter().map(|point| (point.0 - size) * (point.1 - measure)).sum::<f64>()
        / points.iter().map(|point| (point.0 - size).powi(2)).sum::<f64>();
    let fixed = measure - slope * size;
    let off = points.iter().map(|point| (fixed + slope * point.0 - point.1).abs() / point.1).fold(0.0, f64::max);
    let measured: Vec<String> = points.iter().map(|(size, at)| format!("{}: {}", number(*size), number(*at))).collect();
    let exponent = match points {
        [first, .., last] if first.0 > 0.0 => {
            format!("exponent {:.2}", (last.1 / first.1).ln() / (last.0 / first.0).ln())
        }
        _ => String::new(),
    };
    println!(
        "| growth of {what}, {unit} by {size_unit} | | {}; {} + {} × size, at most {:.0} % off | {exponent} |",
        measured.join(", "),
        number(fixed),
        number(slope),
        off * 100.0,
    );
}

/// Writes a number with three digits that count, thousands apart.
fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        let whole = format!("{size:.0}");
        let (head, tail) = whole.split_at((whole.len() - 1) % 3 + 1);
        let groups = tail.as_bytes().chunks(3).map(|group| format!(",{}", String::from_utf8_lossy(group)));
        return format!("{}{head}{}", if value < 0.0 { "-" } else { "" }, groups.collect::<String>());
    }
    match size {
        0.0 => "0".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        0.01.. => format!("{value:.2}"),
        _ => format!("{value:.1e}"),
    }
}
