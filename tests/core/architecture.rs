//! Holds the room table of `docs/architecture.md` to the code: which room may use which.
//!
//! Reads every file under `src/`, finds the rooms that its paths name (`crate::room`), and compares them with the
//! table. The table in the document is the one that is read, so it cannot say something else than this test.

use crate::support::files::root;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms in the order of the table; "all above" means the ones before.
const ROOMS: [&str; 15] = [
    "iam", "bedrock", "cause", "request", "policy", "evidence", "redact", "explain", "trail", "diagnose", "matrix",
    "report", "observe", "sandbox", "cli",
];

/// What every room may use, and what uses none.
const EVERYBODYS: [&str; 2] = ["escape", "secrets"];

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

/// Returns the room that a file belongs to: its first folder or its name.
fn room_of(path: &Path) -> Option<String> {
    let inner = path.strip_prefix(root().join("src")).unwrap();
    let first = inner.components().next()?.as_os_str().to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib" && room != "main").then(|| room.to_owned())
}

/// Returns the rooms that a source names, in paths from the crate's root and in grouped imports of it.
fn rooms_named(source: &str) -> BTreeSet<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = &group[..group.find('}').unwrap_or(group.len())];
            rooms.extend(group.split(',').filter_map(|path| path.trim().split("::").next()).map(str::to_owned));
        } else {
            let room: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            rooms.insert(room);
        }
    }
    rooms.retain(|room| ROOMS.contains(&room.as_str()));
    rooms
}

/// Reads the table of `docs/architecture.md`: room → rooms it may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| room | may use |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut table = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        for room in cells[0].split(", ") {
            let position = ROOMS.iter().position(|known| known == &room).unwrap_or_else(|| panic!("no room `{room}`"));
            let may: BTreeSet<String> = match cells[1] {
                "nothing of the crate" => BTreeSet::new(),
                "all" => ROOMS.iter().map(|room| (*room).to_owned()).collect(),
                "all above" => ROOMS[..position].iter().map(|room| (*room).to_owned()).collect(),
                list => list.split(", ").map(str::to_owned).collect(),
            };
            table.insert(room.to_owned(), may);
        }
    }
    table
}

#[test]
fn every_room_uses_only_what_the_table_allows() {
    let table = table();
    assert_eq!(table.len(), ROOMS.len(), "the table lists every room: {table:?}");
    let mut offences = Vec::new();
    for path in sources(&root().join("src")) {
        let Some(room) = room_of(&path) else { continue };
        if EVERYBODYS.contains(&room.as_str()) {
            assert!(rooms_named(&fs::read_to_string(&path).unwrap()).is_empty(), "{room} uses nothing of the crate");
            continue;
        }
        let allowed = table.get(&room).unwrap_or_else(|| panic!("`{room}` is not in the table"));
        let source = fs::read_to_string(&path).unwrap();
        // A file's own tests may reach further: they show how rooms work together.
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for named in rooms_named(code) {
            if named != room && !allowed.contains(&named) {
                offences.push(format!("{} uses `{named}`", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

/// Returns the files of `diagnose` in the floors of `docs/architecture.md`, the lowest first.
fn floors_of_diagnose() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let block = text.split("Inside `diagnose`").nth(1).unwrap().split("```").nth(1).unwrap();
    let floors = block.trim_start_matches("text").split('←');
    floors.map(|floor| floor.split(',').map(|name| name.trim().to_owned()).collect()).collect()
}

/// Returns the files of `diagnose` that a source names, by the first name behind the room's.
fn parts_named(source: &str) -> BTreeSet<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let mut parts = BTreeSet::new();
    for (at, mark) in code.match_indices("crate::diagnose::") {
        let rest = &code[at + mark.len()..];
        parts.insert(rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect());
    }
    parts
}

/// Lists the uses of a floor by a file of a lower one.
fn climbs(floors: &[Vec<String>], files: &[(String, String)]) -> Vec<String> {
    let floor_of = |part: &str| floors.iter().position(|floor| floor.iter().any(|name| name == part));
    let mut climbs = Vec::new();
    for (part, source) in files {
        let own = floor_of(part).unwrap_or_else(|| panic!("`{part}` has no floor"));
        for named in parts_named(source) {
            if let Some(other) = floor_of(&named).filter(|other| *other > own) {
                climbs.push(format!("`{part}` on floor {own} uses `{named}` on floor {other}"));
            }
        }
    }
    climbs
}

#[test]
fn the_files_of_the_diagnosis_stand_in_floors() {
    let floors = floors_of_diagnose();
    assert!(floors.len() >= 7, "{floors:?}");
    let folder = root().join("src/diagnose");
    let mut files = Vec::new();
    for path in sources(&folder) {
        let inner = path.strip_prefix(&folder).unwrap();
        let part = inner.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let source = fs::read_to_string(&path).unwrap();
        // At the top of the folder a file names its neighbours by `super`.
        let is_top = inner.components().count() == 1;
        let source = if is_top { source.replace("super::", "crate::diagnose::") } else { source };
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
        files.push((part, expanded(&code)));
    }
    assert_eq!(climbs(&floors, &files), [] as [String; 0]);
}

/// Writes `use crate::diagnose::{a::B, c};` as one use for each, so that every part is seen.
fn expanded(code: &str) -> String {
    let mut all = String::new();
    let mut rest = code;
    while let Some((before, behind)) = rest.split_once("crate::diagnose::{") {
        all.push_str(before);
        let (group, after) = behind.split_once('}').unwrap();
        for path in group.split(',') {
            all.push_str(&format!("crate::diagnose::{};", path.trim()));
        }
        rest = after;
    }
    all + rest
}

#[test]
fn a_floor_that_uses_a_higher_one_is_found() {
    let floors = [vec!["finding".to_owned()], vec!["rules".to_owned()], vec!["remedy".to_owned()]];
    let file = |part: &str, source: &str| (part.to_owned(), expanded(source));
    let files = [
        file("rules", "use crate::diagnose::{finding::Finding, remedy::open};"),
        file("remedy", "use crate::diagnose::rules::test_call;"),
    ];
    assert_eq!(climbs(&floors, &files), ["`rules` on floor 1 uses `remedy` on floor 2"]);
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
            (&["tokio::"], &["observe", "sandbox", "cli"]),
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
        if !matches!(room_of(&path).as_deref(), Some("diagnose" | "matrix")) {
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
