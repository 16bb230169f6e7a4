//! Dates of conditions: ISO 8601 as the W3C profile has it, or seconds since 1970.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// Reads a date as nanoseconds since 1970 (IAM User Guide, "Date condition operators").
///
/// A bare four-digit number is a year, any other number is seconds since the epoch; a date without a time is
/// its midnight, and one without an offset is UTC.
pub(super) fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let is_epoch = text.len() != 4 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if is_epoch && text.matches('-').count() <= usize::from(text.starts_with('-')) {
        return epoch(text);
    }
    let (date, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(date, time)| (date, Some(time)));
    let date = calendar_date(date)?;
    let (time, offset) = time.map_or(Some((Time::MIDNIGHT, UtcOffset::UTC)), clock)?;
    Some(OffsetDateTime::new_in_offset(date, time, offset).unix_timestamp_nanos())
}

fn epoch(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds: i64 = whole.parse().ok()?;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds(fraction)?))
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    digits.parse().ok()
}

fn number<T: std::str::FromStr>(text: &str, width: usize) -> Option<T> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Reads `2026`, `2026-11` or `2026-11-22`.
fn calendar_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month: u8 = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    if parts.next().is_some() {
        return None;
    }
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// Reads `12:00`, `12:00:00` or `12:00:00.5`, with `Z`, `+01:00`, `+0100`, `+01` or nothing behind it.
fn clock(text: &str) -> Option<(Time, UtcOffset)> {
    let (time, offset) = match text.find(['Z', 'z', '+', '-']) {
        None => (text, UtcOffset::UTC),
        Some(at) => (text.get(..at)?, offset(text.get(at..)?)?),
    };
    let mut parts = time.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, nanosecond) = match parts.next() {
        None => (0, 0),
        Some(second) => match second.split_once('.') {
            None => (number(second, 2)?, 0),
            Some((second, fraction)) => (number(second, 2)?, nanoseconds(fraction)?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    Some((Time::from_hms_nano(hour, minute, second, nanosecond).ok()?, offset))
}

fn offset(text: &str) -> Option<UtcOffset> {
    if text.eq_ignore_ascii_case("Z") {
        return Some(UtcOffset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes): (i8, i8) = match digits.len() {
        2 => (number(&digits, 2)?, 0),
        4 => (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?),
        _ => return None,
    };
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_one_moment_is_the_same() {
        for text in [
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00Z",
            "2026-01-01T01:00:00+01:00",
            "2025-12-31T23:30:00.000-0030",
            "2026-01-01T00:00:00",
            "2026-01-01",
            "2026-01",
            "2026",
            "1767225600",
            "1767225600.0",
        ] {
            assert_eq!(parse(text), Some(1_767_225_600_000_000_000), "{text}");
        }
        assert_eq!(parse("2026-01-01T00:00:00.25Z"), Some(1_767_225_600_250_000_000));
        assert_eq!(parse("-1"), Some(-1_000_000_000));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "now",
            "2026-13-01",
            "2026-02-30",
            "2026-01-01T25:00:00Z",
            "20260101T000000Z",
            "1-2",
            "2026-1-1",
            "1.x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
