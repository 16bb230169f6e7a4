//! The work of `models`: asks about every model until no question is open.

use crate::evidence::{Survey, SurveyRequest};
use crate::matrix::survey_questions;
use crate::observe::Observer;

/// Rounds of questions: many resources at once, then what those left open, then what follows from these.
const MAX_ROUNDS: usize = 8;

/// Surveys the models of an account; with `exact` each resource is simulated by itself.
pub async fn surveyed(observer: &Observer, request: SurveyRequest, exact: bool) -> Survey {
    let (mut survey, session) = observer.survey(request).await;
    for _ in 0..MAX_ROUNDS {
        let questions = survey_questions(&survey, exact);
        if questions.is_empty() {
            break;
        }
        session.ask(&mut survey, questions).await;
    }
    survey
}
