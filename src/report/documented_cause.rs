//! Which of AWS's two documented causes a diagnosis comes to, in words.

use super::sentence;
use crate::cause::{DocumentedCause, Family};
use crate::diagnose::{Diagnosis, Finding, Verdict};

/// Says which of the documented causes it is, in words, with the codes; nothing where there is none to say.
pub(super) fn words(diagnosis: &Diagnosis) -> Option<String> {
    let of = |wanted: DocumentedCause| {
        let mut codes: Vec<String> = Vec::new();
        for finding in diagnosis.findings.iter().filter(|one| one.cause.family().documented_cause() == wanted) {
            let likely = finding.is_likely && diagnosis.verdict == Verdict::Denied;
            let code = format!("{}{}", finding.cause, if likely { ", likely" } else { "" });
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        (!codes.is_empty()).then(|| codes.join(", "))
    };
    let worded = |wanted: DocumentedCause, codes: &str| format!("{} ({codes})", sentence::documented(wanted));
    let (iam, access) = (of(DocumentedCause::IamPermission), of(DocumentedCause::ModelAccess));
    let documented = match (&iam, &access) {
        (Some(iam), Some(access)) => Some(format!(
            "both of AWS's 2 documented ones: 1, {}; 2, {}",
            worded(DocumentedCause::IamPermission, iam),
            worded(DocumentedCause::ModelAccess, access)
        )),
        (Some(iam), None) => {
            Some(format!("1 of AWS's 2 documented ones: {}", worded(DocumentedCause::IamPermission, iam)))
        }
        (None, Some(access)) => {
            Some(format!("2 of AWS's 2 documented ones: {}", worded(DocumentedCause::ModelAccess, access)))
        }
        (None, None) => None,
    };
    let outside = of(DocumentedCause::Neither).map(|codes| (area(&diagnosis.findings), codes));
    let text = match (documented, outside) {
        (Some(documented), Some((area, codes))) => format!("{documented}; and {area} ({codes})"),
        (Some(documented), None) => documented,
        (None, Some((area, codes))) => {
            format!("neither of AWS's 2 documented ones (IAM permission, model access), but {area} ({codes})")
        }
        (None, None) if diagnosis.verdict == Verdict::Undetermined => {
            "not known: neither of AWS's 2 documented ones (IAM permission, model access) is proved".to_owned()
        }
        (None, None) => return None,
    };
    Some(match diagnosis.verdict {
        Verdict::Undetermined if !diagnosis.findings.is_empty() => format!("not proved; likely {text}"),
        _ => text,
    })
}

/// Names what the findings of neither documented cause are about.
fn area(findings: &[Finding]) -> &'static str {
    let mut families = findings.iter().map(|finding| finding.cause.family());
    let outside = families.find(|family| family.documented_cause() == DocumentedCause::Neither);
    match outside {
        Some(Family::Credentials) => "the credentials",
        Some(Family::Request) => "the request",
        Some(Family::Capacity) => "a limit of AWS",
        Some(Family::Network) => "the network",
        _ => "something else",
    }
}
