//! The verdicts of all targets together: the counts, and the exit status.

use crate::cli::exit::ExitStatus;
use crate::diagnose::{Expectation, Verdict};

/// The verdicts of many targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) allowed: u64,
    pub(super) denied: u64,
    pub(super) undetermined: u64,
    /// Targets with an expectation that was not met.
    pub(super) deviating: u64,
    /// Denied targets without an expectation.
    unexpectedly_denied: u64,
    /// Lines without a target, or with one that could not be diagnosed.
    pub(super) bad: u64,
    /// Answers of an earlier run, included in the counts above.
    pub(super) earlier: u64,
}

impl Tally {
    /// Counts a verdict, and returns whether it is as expected.
    pub(super) fn count(&mut self, verdict: Verdict, expect: Option<Expectation>) -> Option<bool> {
        match verdict {
            Verdict::Allowed => self.allowed += 1,
            Verdict::Denied => self.denied += 1,
            Verdict::Undetermined => self.undetermined += 1,
        }
        let as_expected = expect.and_then(|expect| expect.is_met_by(verdict));
        if as_expected == Some(false) {
            self.deviating += 1;
        }
        if verdict == Verdict::Denied && expect.is_none() {
            self.unexpectedly_denied += 1;
        }
        as_expected
    }

    /// Counts an answer of an earlier run.
    pub(super) fn count_earlier(&mut self, verdict: Verdict, expect: Option<Expectation>) {
        self.earlier += 1;
        self.count(verdict, expect);
    }

    /// Returns the exit status: lines without an answer take precedence over refusals and deviations, and those over
    /// undetermined targets.
    pub(super) fn status(&self) -> ExitStatus {
        if self.bad > 0 {
            ExitStatus::Input
        } else if self.deviating > 0 || self.unexpectedly_denied > 0 {
            ExitStatus::Finding
        } else if self.undetermined > 0 {
            ExitStatus::Undetermined
        } else {
            ExitStatus::Success
        }
    }

    /// Returns the counts in one line.
    pub(super) fn summary(&self) -> String {
        let Self { allowed, denied, undetermined, deviating, bad, earlier, .. } = self;
        let total = allowed + denied + undetermined + bad;
        let targets = if total == 1 { "target" } else { "targets" };
        let mut line = format!("{total} {targets}: {allowed} allowed, {denied} denied, {undetermined} undetermined");
        for (count, what) in
            [(deviating, "not as expected"), (bad, "not diagnosed"), (earlier, "answered by an earlier run")]
        {
            if *count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_from_verdicts_and_expectations() {
        use Expectation as Expect;
        use Verdict::{Allowed, Denied, Undetermined};
        for (targets, status) in [
            (
                &[(Allowed, None), (Allowed, Some(Expect::Allowed)), (Denied, Some(Expect::Denied))][..],
                ExitStatus::Success,
            ),
            (&[(Denied, None), (Undetermined, None)], ExitStatus::Finding),
            (&[(Allowed, Some(Expect::Denied))], ExitStatus::Finding),
            (&[(Denied, Some(Expect::Allowed))], ExitStatus::Finding),
            (&[(Allowed, None), (Undetermined, Some(Expect::Denied))], ExitStatus::Undetermined),
            (&[], ExitStatus::Success),
        ] {
            let mut tally = Tally::default();
            for (verdict, expect) in targets {
                tally.count(*verdict, *expect);
            }
            assert_eq!(tally.status(), status, "{targets:?}");
            tally.bad += 1;
            assert_eq!(tally.status(), ExitStatus::Input);
        }
    }
}
