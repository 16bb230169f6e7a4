//! Holds the tables of `docs/architecture.md` to the code: which room may use which, and which file of a room which.
//!
//! The tables in the document are the ones that are read, so that they cannot say anything else than this test.

mod imports;

use crate::support::files::{self, root};
use imports::{Imports, Module, behind_item, is_test_attribute, module_of, tokens};
use proc_macro2::TokenTree;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What every room may use, and what uses none.
const EVERYBODYS: [&str; 3] = ["escape", "packed", "secrets"];

/// Rooms in which files still use each other in a circle, with the number of files in circles: it only falls.
const TANGLED: [(&str, usize); 4] = [("cause", 6), ("cli", 2), ("observe", 2), ("report", 4)];

/// Circles that stay, with the reason: the files' names in a room, in the order of the alphabet.
const CIRCLES: [(&str, &str); 0] = [];

/// The sentences in rooms that hold facts and leave the wording to `report` and the catalogue: how many there are. The
/// number only falls.
const SENTENCES: [(&str, usize); 3] = [("diagnose", 6), ("evidence", 50), ("observe", 111)];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Returns a file's path below `src`, as it is written on any system.
fn name_of(path: &Path) -> String {
    path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().replace('\\', "/")
}

/// Returns the room that a file belongs to: its first folder or its name.
fn room_of(path: &Path) -> Option<String> {
    module_of(&name_of(path)).first().cloned()
}

fn imports() -> Imports {
    let texts: Vec<(String, String)> = sources(&root().join("src"))
        .iter()
        .map(|path| (name_of(path), fs::read_to_string(path).unwrap()))
        .filter(|(name, _)| name != "lib.rs" && name != "main.rs")
        .collect();
    Imports::new(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

/// Reads the table of rooms: room → rooms that it may use.
fn table(document: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = document
        .lines()
        .skip_while(|line| !line.starts_with("| room | may use"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let rows: Vec<(Vec<&str>, &str)> = rows.map(|cells| (cells[0].split(", ").collect(), cells[1])).collect();
    let all: Vec<&str> = rows.iter().flat_map(|(rooms, _)| rooms.clone()).collect();
    let mut table: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (rooms, may) in rows {
        let before = all.iter().position(|room| *room == rooms[0]).unwrap();
        let named = |names: &str| -> BTreeSet<String> {
            let names = names.split(", ").map(str::trim);
            names.inspect(|name| assert!(all.contains(name), "no room `{name}`")).map(str::to_owned).collect()
        };
        let may = match may {
            "nothing of the crate" => BTreeSet::new(),
            "all" => named(&all.join(", ")),
            "all above" => all[..before].iter().map(|room| (*room).to_owned()).collect(),
            but if but.starts_with("all but ") => {
                let but = named(but.trim_start_matches("all but "));
                named(&all.join(", ")).difference(&but).cloned().collect()
            }
            with if with.ends_with(" and what it may use") => {
                let room = with.trim_end_matches(" and what it may use");
                let mut may = table[room].clone();
                may.insert(room.to_owned());
                may
            }
            names => named(names),
        };
        table.extend(rooms.iter().map(|room| ((*room).to_owned(), may.clone())));
    }
    table
}

/// Reads the floors inside rooms: for each room the files (`name` or `folder/*`) floor by floor, the lowest first.
fn floors(document: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut floors = BTreeMap::new();
    for part in document.split("\nInside `").skip(1) {
        let Some((room, rest)) = part.split_once('`') else { continue };
        let Some(block) = rest.split("```text\n").nth(1).and_then(|block| block.split("\n```").next()) else {
            continue;
        };
        let files = |floor: &str| -> Vec<String> {
            let names = floor.split([',', '{', '}', ' ', '\n']).map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        floors.insert(room.to_owned(), block.split('←').map(files).collect());
    }
    floors
}

/// Returns the floor of a module in its room. A name in the table covers the files below it that have none of their own.
fn floor_of(floors: &[Vec<String>], module: &Module) -> Option<usize> {
    let name = module[1..].join("/");
    let level = |wanted: &str| floors.iter().position(|floor| floor.iter().any(|file| file == wanted));
    (0..module.len() - 1).find_map(|up| {
        let part = module[1..module.len() - up].join("/");
        level(&part).or_else(|| level(&format!("{part}/*"))).filter(|_| !part.is_empty() && name.starts_with(&part))
    })
}

fn document() -> String {
    files::read("docs/architecture.md")
}

#[test]
fn every_room_uses_only_what_the_table_allows() {
    let table = table(&document());
    let imports = imports();
    let rooms: BTreeSet<&String> = imports.modules().filter_map(|module| module.first()).collect();
    let told: BTreeSet<String> = table.keys().cloned().chain(EVERYBODYS.map(str::to_owned)).collect();
    assert_eq!(rooms.into_iter().cloned().collect::<BTreeSet<_>>(), told, "the table lists every room");
    let mut offences = Vec::new();
    for module in imports.modules() {
        for used in imports.used_by(module) {
            let (from, to) = (&module[0], &used[0]);
            let is_allowed =
                from == to || EVERYBODYS.contains(&to.as_str()) || table.get(from).is_some_and(|may| may.contains(to));
            if !is_allowed || EVERYBODYS.contains(&from.as_str()) && from != to {
                offences.push(format!("{} uses {}", module.join("/"), used.join("/")));
            }
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn every_file_uses_only_files_of_lower_floors() {
    let floors = floors(&document());
    assert!(floors.contains_key("sandbox"), "{floors:?}");
    let imports = imports();
    let mut offences = Vec::new();
    for (room, floors) in &floors {
        for module in imports.modules().filter(|module| module[0] == *room && module.len() > 1) {
            let Some(own) = floor_of(floors, module) else {
                offences.push(format!("{} stands on no floor", module.join("/")));
                continue;
            };
            for used in imports.used_by(module).into_iter().filter(|used| used[0] == *room) {
                // What stands in the room's own file is above all others.
                let other = if used.len() == 1 { Some(usize::MAX) } else { floor_of(floors, &used) };
                if other.is_none_or(|other| other > own) {
                    offences.push(format!("{} uses {}", module.join("/"), used.join("/")));
                }
            }
        }
        for file in floors.iter().flatten() {
            let path = format!("src/{room}/{}", file.trim_end_matches("/*"));
            let is_there = files::path(&path).is_dir() || files::path(&format!("{path}.rs")).is_file();
            assert!(is_there, "the floors of `{room}` name `{file}`, which does not exist");
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    assert!(CIRCLES.len() <= 3, "circles are taken apart, not listed");
    let imports = imports();
    let rooms: BTreeSet<String> = imports.modules().map(|module| module[0].clone()).collect();
    let mut wrong = Vec::new();
    for room in rooms {
        let circles = imports.circles(|module| module[0] == room);
        let names =
            |circle: &BTreeSet<Module>| circle.iter().map(|module| module.join("/")).collect::<Vec<_>>().join(", ");
        let circles = circles.iter().filter(|circle| !CIRCLES.iter().any(|(files, _)| *files == names(circle)));
        let (mut count, mut shown) = (0, Vec::new());
        for circle in circles {
            count += circle.len();
            shown.push(names(circle));
        }
        let known = TANGLED.iter().find(|(name, _)| *name == room).map_or(0, |(_, files)| *files);
        if count > known {
            wrong.push(format!("{room}: {count} files in circles, and not {known}: {shown:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_made_up_circle_is_found() {
    let circles = |sources: &[(&str, &str)]| Imports::new(sources.iter().copied()).circles(|_| true);
    // Through a re-export, a grouped import, a macro and a path without `use`; not through a comment or a test.
    let three = [
        ("room.rs", "mod a; mod b; mod c; pub use b::Thing;"),
        ("room/a.rs", "use super::{Thing, other::Nothing};"),
        ("room/b.rs", "pub struct Thing; pub(in crate::room) fn f() { assert!(crate::room::c::holds()) }"),
        ("room/c.rs", "pub fn holds() -> bool { super::a::f() }"),
    ];
    let found = circles(&three);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].iter().map(|module| module.join("/")).collect::<Vec<_>>(), ["room/a", "room/b", "room/c"]);
    for broken in [
        ("room/c.rs", "pub fn holds() -> bool { true } // super::a::f()"),
        ("room/c.rs", "pub fn holds() -> bool { true } #[cfg(test)] mod tests { use super::super::a::f; }"),
        ("room/c.rs", "pub fn holds() -> &'static str { \"super::a::f\" }"),
    ] {
        let mut sources = three;
        sources[3] = broken;
        assert!(circles(&sources).is_empty(), "{broken:?}");
    }
}

#[test]
fn a_made_up_offence_against_the_floors_is_found() {
    let floors = floors("x\nInside `room` a file …:\n\n```text\n{low, lower}\n  ← mid/*\n  ← high\n```\n");
    let floor = |name: &str| floor_of(&floors["room"], &module_of(name));
    assert_eq!(floor("room/low.rs"), Some(0));
    assert_eq!(floor("room/lower/inner.rs"), Some(0), "a file below a file stands where that stands");
    assert_eq!((floor("room/mid.rs"), floor("room/mid/one.rs")), (Some(1), Some(1)));
    assert_eq!(floor("room/high.rs"), Some(2));
    assert_eq!(floor("room/elsewhere.rs"), None);
}

/// Returns the sentences among the string literals of a source, its attributes and tests left out.
fn sentences(tokens: &[TokenTree]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if is_test_attribute(tokens, at) {
            at = behind_item(tokens, at + 2);
            continue;
        }
        // An attribute: `#[…]` or `#![…]`.
        let is_sign =
            |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
        if is_sign(at, '#') {
            at += if is_sign(at + 1, '!') { 3 } else { 2 };
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                found.extend(sentences(&group.stream().into_iter().collect::<Vec<_>>()));
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                // Three words in a row of which one is not a name: English, not a code, a key or a format.
                let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '\'');
                let words = text
                    .trim_matches(['"', '#', 'r'])
                    .split(' ')
                    .map(|word| word.trim_end_matches([',', '.', ';', ':']));
                if text.contains('"') && words.filter(is_word).count() >= 3 {
                    found.push(text);
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

#[test]
fn rooms_of_facts_hold_no_sentences() {
    let mut wrong = Vec::new();
    for room in ["clients", "diagnose", "matrix", "observe", "evidence", "redact"] {
        let files = sources(&root().join("src")).into_iter().filter(|path| room_of(path).as_deref() == Some(room));
        let found: Vec<String> = files
            .flat_map(|path| {
                let found = sentences(&tokens(&fs::read_to_string(&path).unwrap()));
                found.into_iter().map(move |text| format!("{}: {text}", name_of(&path)))
            })
            .collect();
        let known = SENTENCES.iter().find(|(name, _)| *name == room).map_or(0, |(_, count)| *count);
        if found.len() > known {
            wrong.push(format!("{room}: {} sentences, and not {known}\n{}", found.len(), found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "word it in `report` or the catalogue:\n{}", wrong.join("\n"));
}

#[test]
fn a_made_up_sentence_is_found() {
    let source = "/// It says what it does.\n#[doc = \"and it says this\"] fn f() { g(\"a policy denies this call\", \"aws:RequestedRegion\", \"NOT_AVAILABLE\") } #[cfg(test)] mod tests { const A: &str = \"this is only a test\"; }";
    assert_eq!(sentences(&tokens(source)), ["\"a policy denies this call\""]);
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut offences = Vec::new();
    for path in sources(&root().join("src")) {
        let room = room_of(&path).unwrap_or_default();
        let source = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        for (marks, rooms) in [
            (["aws_sdk_", "aws_config"].as_slice(), ["observe"].as_slice()),
            (&["clap::"], &["cli"]),
            (&["colored::"], &["cli"]),
            (&["tokio::"], &["observe", "sandbox", "mcp", "cli"]),
            (&["rmcp::"], &["mcp"]),
            (&["axum::"], &["sandbox"]),
        ] {
            for mark in marks {
                if source.contains(mark) && !rooms.contains(&room.as_str()) {
                    offences.push(format!("{name} names `{mark}`"));
                }
            }
        }
        if source.contains("colored::") && !name.ends_with("cli/paint.rs") {
            offences.push(format!("{name} colours, which only cli/paint.rs does"));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn the_diagnosis_has_no_clock_no_environment_and_no_input() {
    let forbidden =
        ["now_utc", "SystemTime", "Instant::", "std::env", "std::fs", "std::net", "async ", ".await", "rand::"];
    for path in sources(&root().join("src")) {
        if room_of(&path).as_deref() != Some("diagnose") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for (number, line) in source.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for word in forbidden {
                assert!(!line.contains(word), "{}:{}: `{word}`", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in sources(&root().join("src")) {
        let source = fs::read_to_string(&path).unwrap();
        let head = source.lines().take_while(|line| line.starts_with("//!")).count();
        let inline = path.ends_with("src/lib.rs");
        assert!(inline || (1..=40).contains(&head), "{} opens with {head} lines", path.display());
    }
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 25, "main.rs only calls the command line");
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let document = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let reasons = document.split("## Dependencies").nth(1).unwrap();
    let mut section = "";
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && let Some((name, _)) = line.split_once(" = ")
        {
            names.insert(name.to_owned());
        }
    }
    assert!(names.len() > 20, "{names:?}");
    let told: BTreeSet<String> =
        reasons.split('`').skip(1).step_by(2).map(str::to_owned).filter(|word| names.contains(word)).collect();
    assert_eq!(told, names, "the table of docs/architecture.md names every dependency");
    for row in reasons.lines().filter(|line| line.starts_with("| `")) {
        for name in row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            assert!(names.contains(name), "`{name}` is no dependency");
        }
    }
}
