//! One program for all fuzz targets: the variable `FUZZ_TARGET` names the one that runs.
//!
//! libFuzzer's `main` calls the target with each input. A panic, an assertion that does not hold, a time-out or too much
//! memory ends the run, and the input is kept.

#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets::ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET names none of {:?}", targets::ALL.map(|(name, _)| name))).1
});

fuzz_target!(|input: &[u8]| TARGET(input));
