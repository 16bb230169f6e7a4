//! The work of `denials`: reads files and folders, says what the policy of a session explains, and leaves names out.

mod files;
mod lookup;
mod redacted;
mod session;

pub use files::{Parcel, for_each};
pub use lookup::{LIMITS, Page, Progress, first_page, next_page, recent, take_page, words};
pub use redacted::redact;
pub use session::judge;
