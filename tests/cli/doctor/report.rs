//! The formats themselves: what others read must be what they take for it, whatever the text inside says.

use crate::support::files;
use crate::support::program::Doctor;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::fs;

/// What somebody could put into a name to leave its place in a report.
const HOSTILE: &str =
    "x\\u001b[31m\\u202e`|<script>alert(1)</script>\\n# h\\u0000 ]]> --> @all https://evil.example \\\"'";

/// A sandbox whose policy and session bear a hostile name, and whose live answer quotes it.
fn hostile_world() -> tempfile::TempPath {
    let facts = files::read("src/sandbox/worlds/iam-explicit-deny.json");
    let mut world: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let name: String = serde_json::from_str(&format!("\"{HOSTILE}\"")).unwrap();
    world["name"] = name.clone().into();
    for policy in world["principals"][0]["policies"].as_array_mut().unwrap() {
        policy["name"] = name.clone().into();
    }
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    file.into_temp_path()
}

fn hostile_report(format: &str) -> String {
    let world = hostile_world();
    let answer = Doctor::new(["--sandbox", world.to_str().unwrap(), "--format", format]).run();
    assert_eq!(answer.status, 1, "{}", answer.stderr);
    answer.stdout
}

#[test]
fn no_format_lets_foreign_text_steer_it() {
    for format in ["text", "markdown", "html", "junit"] {
        let report = hostile_report(format);
        assert!(report.contains("alert(1)"), "{format}: the text is shown");
        for steering in ['\u{1b}', '\u{0}', '\u{202e}'] {
            assert!(!report.contains(steering), "{format}: {steering:?}");
        }
        assert!(!report.lines().any(|line| line.starts_with("# h")), "{format}: a line of its own");
        if format != "text" {
            assert!(!report.contains("<script"), "{format}");
        }
    }
}

#[test]
fn the_page_stands_alone_and_runs_nothing() {
    let page = hostile_report("html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    assert!(page.contains("default-src 'none'"));
    for outside in
        ["src=", "url(", "@import", "<link", "<img", "<iframe", "<object", "javascript:", "onclick", "onload"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    let links: Vec<&str> = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let is_ours = |link: &&str| link.starts_with('#') || link.starts_with("https://console.aws.amazon.com/");
    assert!(links.iter().all(is_ours), "{links:?}");
    for landmark in ["<header>", "<main id=\"main\">", "<footer>", "role=\"img\"", "<title>", "<h1>", "<caption>"] {
        assert!(page.contains(landmark), "{landmark}");
    }
    let identifiers: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let mut unique = identifiers.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), identifiers.len(), "{identifiers:?}");
}

#[test]
fn junit_is_well_formed_and_counts_right() {
    for report in [hostile_report("junit"), Doctor::new(["--sandbox", "both", "--format", "junit"]).run().stdout] {
        let mut reader = Reader::from_str(&report);
        let (mut cases, mut failures, mut skipped) = (0, 0, 0);
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                    "testcase" => cases += 1,
                    "failure" => failures += 1,
                    "skipped" => skipped += 1,
                    _ => {}
                },
                _ => {}
            }
        }
        let counts = format!("tests=\"{cases}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"");
        assert!(report.contains(&counts) && failures > 0, "{counts}\n{report}");
    }
}

/// WCAG 2.2, "contrast ratio": every colour of the page on what it stands on, light and dark.
#[test]
fn every_colour_has_contrast_enough() {
    let style = include_str!("../../../src/report/html/style.css");
    let (light, dark) = style.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for theme in [light, dark] {
        let colour = |name: &str| {
            let value = theme.split(&format!("--{name}: #")).nth(1).unwrap_or_else(|| panic!("{name}"));
            let channel = |at: usize| {
                let value = f64::from(u8::from_str_radix(&value[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
        };
        for (ink, ground) in [
            ("ink", "page"),
            ("ink", "panel"),
            ("quiet", "page"),
            ("link", "page"),
            ("passed", "page"),
            ("passed", "panel"),
            ("stopped", "page"),
            ("stopped", "panel"),
            ("unseen", "page"),
            ("behind", "page"),
            ("passed", "passed-fill"),
            ("stopped", "stopped-fill"),
            ("unseen", "unseen-fill"),
            ("behind", "behind-fill"),
            ("ink", "passed-fill"),
            ("ink", "stopped-fill"),
            ("ink", "unseen-fill"),
            ("ink", "behind-fill"),
        ] {
            let (one, other) = (colour(ink), colour(ground));
            let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(ratio >= 4.5, "{ink} on {ground}: {ratio:.2}");
        }
    }
}
