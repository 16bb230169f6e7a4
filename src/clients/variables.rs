//! The environment of a client, as a function: this room reads no environment itself.

use crate::bedrock::Region;

/// Looks variables up; one that is set and empty counts as unset.
#[derive(Clone, Copy)]
pub struct Variables<'v>(&'v dyn Fn(&str) -> Option<String>);

impl<'v> Variables<'v> {
    /// Takes the function that looks a variable up.
    #[must_use]
    pub fn new(look_up: &'v dyn Fn(&str) -> Option<String>) -> Self {
        Self(look_up)
    }

    /// Returns a variable's value.
    #[must_use]
    pub fn get(self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// Returns `true` if a variable is set and not empty.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the first of several variables that holds a Region.
    #[must_use]
    pub fn region(self, names: &[&str]) -> Option<Region> {
        names.iter().find_map(|name| self.get(name)).and_then(|region| region.parse().ok())
    }
}

impl std::fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Variables(…)")
    }
}
