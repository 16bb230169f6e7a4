//! Problems: findings that one change fixes, told once.

use crate::diagnose::{Diagnosis, Finding};

/// Returns the findings, those that say the same of other actions together.
pub(super) fn problems(diagnosis: &Diagnosis) -> Vec<Vec<&Finding>> {
    let mut problems: Vec<Vec<&Finding>> = Vec::new();
    for finding in &diagnosis.findings {
        let is_twin = |known: &&Finding| {
            known.cause == finding.cause
                && known.whose == finding.whose
                && known.is_likely == finding.is_likely
                && known.remedy.policy.is_some()
                && known.remedy.policy == finding.remedy.policy
        };
        match problems.iter_mut().find(|problem| problem.first().is_some_and(is_twin)) {
            Some(problem) => problem.push(finding),
            None => problems.push(vec![finding]),
        }
    }
    problems
}
