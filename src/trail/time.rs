//! Moments as events have them: seconds since 1970, read from every way in which they are written.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads `2024-07-08T17:06:49Z`, with a blank for the `T`, with fractions, and with an offset; without one it is UTC.
///
/// Returns seconds since 1970.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let bytes = text.trim().as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)?
            .iter()
            .try_fold(0_i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"T ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let fraction = bytes.get(19..).unwrap_or_default();
    let rest = match fraction.first() {
        Some(b'.' | b',') => {
            let length = fraction.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            fraction.get(length + 1..).unwrap_or_default()
        }
        _ => fraction,
    };
    let rest = rest.trim_ascii_start();
    let offset = match rest {
        [sign @ (b'+' | b'-'), h1 @ b'0'..=b'9', h2 @ b'0'..=b'9', minutes @ ..] => {
            let number = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
            let minutes = match minutes {
                [b':', m1 @ b'0'..=b'9', m2 @ b'0'..=b'9', ..] | [m1 @ b'0'..=b'9', m2 @ b'0'..=b'9', ..] => {
                    number(*m1, *m2)
                }
                _ => 0,
            };
            let seconds = number(*h1, *h2) * 3600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => 0,
    };
    Some(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// Finds the moment that a line of a log begins with, or has near its beginning.
pub(super) fn at_the_head(line: &[u8]) -> Option<i64> {
    let head = line.get(..80).unwrap_or(line);
    let starts = head.windows(5).enumerate().filter(|(_, window)| {
        matches!(window, [b'1' | b'2', b, c, d, b'-'] if [b, c, d].iter().all(|byte| byte.is_ascii_digit()))
    });
    starts.map(|(at, _)| at).find_map(|at| {
        let from = line.get(at..)?;
        let end = from.iter().take(40).take_while(|byte| byte.is_ascii_graphic() || **byte == b' ').count();
        parse(std::str::from_utf8(from.get(..end)?).ok()?)
    })
}

/// Writes a moment, in seconds since 1970, as RFC 3339 in UTC.
#[must_use]
pub fn format(moment: i64) -> String {
    OffsetDateTime::from_unix_timestamp(moment).ok().and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_is_the_same_moment() {
        for text in [
            "2024-07-08T17:06:49Z",
            "2024-07-08 17:06:49.000",
            "2024-07-08T17:06:49+00:00",
            "2024-07-08T19:06:49.123+02:00",
            "2024-07-08T13:06:49-0400",
            "2024-07-08 17:06:49,555",
        ] {
            assert_eq!(parse(text), Some(1_720_458_409), "{text}");
        }
        assert_eq!(format(1_720_458_409), "2024-07-08T17:06:49Z");
        assert_eq!(at_the_head(b"[2024-07-08T17:06:49Z] ERROR x"), Some(1_720_458_409));
        for text in ["", "2024-07-08", "yesterday at 17:06:49", "2024-13-08T17:06:49Z", "2024-07-08T25:06:49Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_reads_back_as_it_was_written() {
        for moment in (-2_000_000_000..4_000_000_000_i64).step_by(86_399 * 37) {
            assert_eq!(parse(&format(moment)), Some(moment));
        }
    }
}
