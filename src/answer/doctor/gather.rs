//! Gathers the evidence of one request: a first look, then the answers to the questions that it leaves open.

use super::request::Asked;
use crate::answer::Failure;
use crate::bedrock::Region;
use crate::diagnose::open_questions;
use crate::evidence::Evidence;
use crate::observe::{NamedPrincipal, Observer};
use crate::report;
use crate::request::Request;

/// Rounds of questions; two are usual, and every answer closes its question.
const MAX_ROUNDS: usize = 8;

/// Replaces the name of a principal by its ARN in the caller's account.
///
/// # Errors
///
/// When the account has no user or role of this name, or is not known.
pub async fn resolved(observer: &Observer, asked: Asked) -> Result<Request, Failure> {
    let Asked { mut request, principal_name, .. } = asked;
    let Some(name) = principal_name else { return Ok(request) };
    let region: &Region = &request.region;
    request.principal = Some(match observer.principal_named(&name, region).await {
        NamedPrincipal::Found(arn) | NamedPrincipal::Assumed(arn) => arn,
        NamedPrincipal::Unknown { account } => {
            return Err(Failure::usage(format!("there is no user or role `{name}` in account {account}")).hint(
                "`aws iam list-roles --query 'Roles[].Arn'` lists the roles; an ARN names one of another account",
            ));
        }
        NamedPrincipal::NoAccount(why) => {
            return Err(Failure::usage(format!("the account of `{name}` is not known: {}", report::unseen(&why)))
                .hint("name the principal by its ARN, such as `arn:aws:iam::111122223333:role/chat-api`"));
        }
    });
    Ok(request)
}

/// Gathers evidence until no question is open.
pub async fn gather_all(observer: &Observer, request: Request) -> Evidence {
    let (mut evidence, session) = Box::pin(observer.gather(request)).await;
    for _ in 0..MAX_ROUNDS {
        let questions = open_questions(&evidence);
        if questions.is_empty() {
            break;
        }
        Box::pin(session.ask(&mut evidence, questions)).await;
    }
    evidence
}
