//! The environment of a client, as functions: this room reads no environment and no files itself.

use crate::bedrock::Region;

/// Looks a variable up.
type LookUp<'v> = &'v dyn Fn(&str) -> Option<String>;

/// Reads a file that a configuration names: the place of the configuration among those that are read, and what it calls the file.
type ReadFile<'v> = &'v dyn Fn(usize, &str) -> Option<Vec<u8>>;

/// Looks variables up, and files that a configuration names; a variable that is set and empty counts as unset.
#[derive(Clone, Copy)]
pub struct Variables<'v> {
    look_up: LookUp<'v>,
    read_file: Option<ReadFile<'v>>,
}

impl<'v> Variables<'v> {
    /// Takes the function that looks a variable up; no file can be read.
    #[must_use]
    pub fn new(look_up: LookUp<'v>) -> Self {
        Self { look_up, read_file: None }
    }

    /// Takes the function that reads a file as a configuration names it, with the configuration's place.
    #[must_use]
    pub fn with_files(self, read_file: ReadFile<'v>) -> Self {
        Self { read_file: Some(read_file), ..self }
    }

    /// Returns a variable's value.
    #[must_use]
    pub fn get(self, name: &str) -> Option<String> {
        (self.look_up)(name).filter(|value| !value.trim().is_empty())
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

    /// Reads a file that the configuration at a place names.
    #[must_use]
    pub fn file(self, place: usize, name: &str) -> Option<Vec<u8>> {
        self.read_file.and_then(|read| read(place, name))
    }
}

impl std::fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Variables(…)")
    }
}
