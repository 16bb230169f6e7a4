//! The documented table of calls is the program's own.

use crate::support::files::{read, root};
use bedrock_access::observe::{Api, ApiKind};
use std::fmt::Write as _;
use std::fs;

const PAGE: &str = "docs/security.md";
const HEAD: &str = "| call | permission | for |\n|---|---|---|\n";

fn table() -> String {
    let mut table = HEAD.to_owned();
    for api in Api::ALL {
        let permission = api.permission().map_or_else(|| "none".to_owned(), |action| format!("`{action}`"));
        let only = match api.kind() {
            ApiKind::Test => "only with `--probe` or `--invoke`: ",
            _ => "",
        };
        writeln!(table, "| `{}` | {permission} | {only}{} |", api.name(), api.purpose()).unwrap();
    }
    table
}

/// With `BLESS` set, the page is written anew.
#[test]
fn the_documented_calls_are_those_that_can_be_made() {
    let page = read(PAGE);
    let start = page.find(HEAD).expect("the table of calls");
    let end = start + page[start..].find("\n\n").unwrap() + 1;
    let wanted = table();
    if std::env::var_os("BLESS").is_some() {
        fs::write(root().join(PAGE), format!("{}{wanted}{}", &page[..start], &page[end..])).unwrap();
        return;
    }
    assert_eq!(&page[start..end], wanted, "BLESS=1 writes it anew");
}
