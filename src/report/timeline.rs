//! The calls of a diagnosis over time: what waited for what.

use super::styled::{Role, Styled};
use crate::diagnose::Diagnosis;
use crate::evidence::Outcome;

/// The columns that the bars are drawn in.
const WIDTH: u64 = 32;

/// Draws every call that was made as a bar between its beginning and its end, in milliseconds after the diagnosis
/// began.
#[must_use]
pub fn timeline(diagnosis: &Diagnosis) -> Styled {
    let mut out = Styled::default();
    let calls: Vec<_> = diagnosis.calls.iter().filter(|call| call.outcome != Outcome::Skipped).collect();
    let end = calls.iter().map(|call| call.started_ms + call.duration_ms).max().unwrap_or_default();
    out.end_line();
    out.line(Role::Heading, "Timeline (ms)");
    let widest = calls.iter().map(|call| call.api.len()).max().unwrap_or_default();
    let column = |moment: u64| usize::try_from(moment * WIDTH / end.max(1)).unwrap_or_default();
    for call in calls {
        let (from, to) = (call.started_ms, call.started_ms + call.duration_ms);
        // A call that another diagnosis made began before this one, and cost it nothing.
        if call.shared {
            out.line(Role::Hint, format!("  {:widest$}  shared", call.api));
            continue;
        }
        let length = (column(to) - column(from)).max(1);
        let bar = format!("{}{}", " ".repeat(column(from)), "=".repeat(length));
        out.line(Role::Plain, format!("  {:widest$}  {bar:<33}  {from}-{to}", call.api));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::Operation;
    use crate::evidence::{Call, Evidence};
    use crate::request::Request;

    #[test]
    fn calls_stand_where_they_were_made() {
        let call = |api: &str, started_ms: u64, duration_ms: u64| Call {
            api: api.to_owned(),
            outcome: Outcome::Seen,
            started_ms,
            duration_ms,
            shared: false,
            request_id: None,
            error: None,
        };
        let request = Request::new(None, Operation::InvokeModel, "us-west-2".parse().unwrap());
        let mut evidence = Evidence::new(request, String::new(), None);
        evidence.calls = vec![call("sts:GetCallerIdentity", 0, 100), call("iam:GetRole", 100, 100)];
        let drawn = timeline(&crate::diagnose::diagnose(&evidence)).plain();
        let bars: Vec<&str> = drawn.lines().skip(2).collect();
        assert_eq!(
            bars,
            [
                "  sts:GetCallerIdentity  ================                   0-100",
                "  iam:GetRole                            ================   100-200",
            ]
        );
    }
}
