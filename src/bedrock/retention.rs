//! Data retention: which models ask for more than the account's default mode.
//!
//! No API says it of a model; what is documented stands here. A model that is not here may still refuse a call for
//! the account's mode, and then the live answer says so.

/// Returns the data-retention mode that a foundation model is documented to need
/// (Bedrock User Guide, "Data retention"); none for a model of which nothing is documented.
#[must_use]
pub fn required_retention(model: &str) -> Option<&'static str> {
    model.starts_with("anthropic.claude-fable-5").then_some("aws_review")
}
