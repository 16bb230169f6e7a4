//! Three-valued truth: what holds, what does not, and what hangs on something unknown.
//!
//! Kleene's logic: a value is certain only where it would be the same whatever the unknown turns out to be.

use std::ops::{BitAnd, BitOr, Not};

/// Whether something holds, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ternary {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Ternary {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl BitAnd for Ternary {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.min(other)
    }
}

impl BitOr for Ternary {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Not for Ternary {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}
