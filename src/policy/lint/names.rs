//! Near names: what a misspelt action or key was probably meant to be.

pub(super) use crate::iam::suggest::closest;
