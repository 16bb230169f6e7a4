//! The world that an embedded account is made of: one of the program's own by its name, or a file.

use super::Failure;
use crate::sandbox::World;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// The world that is meant when none is named.
pub const DEFAULT_WORLD: &str = "iam-missing";

/// The largest world file that is read, in bytes.
const MAX_WORLD: u64 = 16 << 20;

/// How alike a name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.7;

/// Finds a world by the name of an embedded one, or reads it from a file.
///
/// # Errors
///
/// When there is no such name and no such file, or the file is not a world.
pub fn load_world(name: &str) -> Result<World, Failure> {
    read_world(name).map(|(_, world)| world)
}

/// Finds a world likewise, and returns it with its text.
///
/// # Errors
///
/// As [`load_world`].
pub fn read_world(name: &str) -> Result<(String, World), Failure> {
    let text = match World::embedded_text(name) {
        Some(text) => text.to_owned(),
        None => read_file(name)?,
    };
    let world = World::parse(&text).map_err(|error| {
        Failure::input(format!("`{}` is not a world: {error}", name.escape_debug()))
            .hint("docs/sandbox.md describes a world, and docs/schema/world-1.json is its schema")
    })?;
    Ok((text, world))
}

fn read_file(name: &str) -> Result<String, Failure> {
    let shown = name.escape_debug();
    let unreadable = |error: &dyn std::fmt::Display| Failure::input(format!("`{shown}` cannot be read: {error}"));
    let path = Path::new(name);
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound if !name.contains(['/', '\\', '.']) => unknown_world(name),
        _ => unreadable(&error),
    })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(&"it is a directory"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_WORLD + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > MAX_WORLD {
        return Err(unreadable(&format!("a world has at most {MAX_WORLD} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(format!("`{shown}` is not a world: it is not UTF-8 text (byte {at})"))
    })
}

fn unknown_world(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no world `{}`, and no file of that name", name.escape_debug()));
    let alike = World::names()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match alike {
        Some((_, known)) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint("`bedrock-access sandbox list` shows the worlds"),
    }
}
