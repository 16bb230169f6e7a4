//! Reports: a diagnosis in words, in the format that was asked for.
//!
//! Takes facts and gives bytes. Every sentence about a finding stands in `wording`, so that all formats say the same;
//! the formats lay it out and decide nothing. Colour is a label here ([`Role`]); only the terminal's room paints it.

mod json;
mod styled;
mod text;
mod wording;

pub use json::json;
pub use styled::{Role, Styled};
pub use text::{Detail, text};
