//! How a text is laid out: how much it says, how wide it is, and what its lines to paste have to name.

/// The narrowest and the widest that a text is laid out for, in columns.
const NARROWEST: usize = 60;
const WIDEST: usize = 120;

/// The columns of a text that no terminal shows.
pub const COLUMNS: usize = 80;

/// How much the text says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The first line alone.
    Quiet,
    /// The answer, why, and the fix.
    #[default]
    Normal,
    /// Every check, every piece of evidence and every call as well.
    Verbose,
}

/// How a text is laid out, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How much it says.
    pub detail: Detail,
    /// How wide the terminal is.
    pub columns: usize,
    /// The profile of the AWS configuration that the lines to paste have to name.
    pub profile: Option<String>,
}

impl Default for Layout {
    fn default() -> Self {
        Self::from(Detail::default())
    }
}

impl From<Detail> for Layout {
    fn from(detail: Detail) -> Self {
        Self { detail, columns: COLUMNS, profile: None }
    }
}

impl Layout {
    /// Returns the columns that a text is laid out for: those of the terminal, within what can be read.
    pub(super) fn width(&self) -> usize {
        readable(self.columns)
    }
}

/// Keeps columns within what can be read.
pub(super) fn readable(columns: usize) -> usize {
    columns.clamp(NARROWEST, WIDEST)
}
