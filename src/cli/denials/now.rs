//! `--diagnose`: asks the doctor about each group now.

use super::DenialsArgs;
use super::targets;
use crate::cause::{Cause, Family};
use crate::cli::doctor;
use crate::cli::exit::Failure;
use crate::diagnose::{Diagnosis, Verdict};
use crate::report;
use crate::trail::{Credential, Denials, Group, Now};

/// Asks about every group, with shared evidence, and notes what the doctor says.
pub(super) fn diagnose(args: &DenialsArgs, denials: &mut Denials) -> Result<(), Failure> {
    let targets: Vec<Result<serde_json::Value, &str>> = denials.groups.iter().map(targets::target).collect();
    let mut options = vec!["--timeout".to_owned(), args.timeout.to_string()];
    for (name, value) in [("--profile", args.profile.as_ref()), ("--sandbox", args.sandbox.as_ref())] {
        if let Some(value) = value {
            options.extend([name.to_owned(), value.clone()]);
        }
    }
    if args.probe {
        options.push("--probe".to_owned());
    }
    let asked = targets.iter().filter_map(|target| target.as_ref().ok()).cloned().collect();
    let mut answers = doctor::diagnose_targets(&options, asked)?.into_iter();
    for (group, target) in denials.groups.iter_mut().zip(targets) {
        group.now = Some(match target {
            Err(why) => cannot_tell(why.to_owned()),
            Ok(_) => match answers.next() {
                Some(Ok(diagnosis)) => now(group, &diagnosis, args.probe),
                Some(Err(error)) => cannot_tell(error),
                None => cannot_tell("it was not asked about".to_owned()),
            },
        });
    }
    Ok(())
}

fn now(group: &Group, diagnosis: &Diagnosis, is_probed: bool) -> Now {
    if diagnosis.verdict == Verdict::Allowed
        && let Some(why) = not_asked(group, diagnosis, is_probed)
    {
        return cannot_tell(why);
    }
    let open = report::first_not_checked(diagnosis);
    Now {
        verdict: diagnosis.verdict.as_str().to_owned(),
        causes: diagnosis.findings.iter().map(|finding| finding.cause.code().to_owned()).collect(),
        why: open.filter(|_| diagnosis.verdict == Verdict::Undetermined),
    }
}

/// Says what refused the group's calls and is no part of what the doctor asked; none where all of it was asked.
///
/// Without it, "allowed" is not "fixed": the doctor's call is not the one that was refused.
fn not_asked(group: &Group, diagnosis: &Diagnosis, is_probed: bool) -> Option<String> {
    let what = match group.cause {
        Cause::SessionPolicy => "the policy of the session, which the doctor does not have",
        Cause::VpcEndpointPolicy => "the policy of the VPC endpoint, which the doctor's calls do not pass",
        Cause::ServiceRolePermission => "a service role, which the call named and the events do not",
        Cause::ResourcePolicy => "the policy of a resource, which the doctor does not read here",
        cause if cause.family() == Family::Credentials => "the credentials of the call, which the doctor does not have",
        // Only a call shows them.
        Cause::ResourceControlPolicy
        | Cause::PaymentInstrument
        | Cause::SalesAccessRequired
        | Cause::AccountRestricted
        | Cause::AccountBeingVerified
        | Cause::UnsupportedGeography
        | Cause::ChannelProgramAccount
        | Cause::Unrecognized
            if !is_probed =>
        {
            return Some("only a test call shows whether it is so still: add `--probe`".to_owned());
        }
        _ if group.session_policy.as_ref().is_some_and(|policy| policy.explains != Some(false)) => {
            "maybe the policy of the session, which the doctor does not have"
        }
        _ => {
            let asked = |action: &str| diagnosis.requirements.iter().any(|one| one.request.action == action);
            return match group.action.as_deref().filter(|action| !asked(action)) {
                Some(action) => Some(format!("`{action}` was refused, and is no part of what the doctor asks")),
                None if group.credential == Some(Credential::Bearer) && !asked("bedrock:CallWithBearerToken") => {
                    Some("the calls bore a Bedrock API key, and the doctor asks as if they were signed".to_owned())
                }
                None => None,
            };
        }
    };
    Some(format!("what refused them was {what}; repeat the call itself"))
}

fn cannot_tell(why: String) -> Now {
    Now { verdict: Verdict::Undetermined.as_str().to_owned(), causes: Vec::new(), why: Some(why) }
}
