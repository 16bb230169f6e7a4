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

/// Returns whether an account's data-retention mode is enough for a model that needs another; none for a mode whose place among
/// the others is not known.
///
/// The modes are ordered (Bedrock User Guide, "Data retention"): a model is offered at the mode that it needs and above it.
#[must_use]
pub fn retention_is_enough(mode: &str, needed: &str) -> Option<bool> {
    const MODES: [&str; 4] = ["none", "default", "aws_review", "provider_data_share"];
    let place = |mode: &str| MODES.iter().position(|known| *known == mode);
    Some(place(mode)? >= place(needed)?)
}
