//! Which worlds a sweep visits: what takes every world in turn takes a share of them on an ordinary run, and all of them
//! with `SWEEP=all`, as `.ci/long` has it.

use bedrock_access::sandbox::World;

/// Whether nothing is left out.
pub fn is_whole() -> bool {
    std::env::var("SWEEP").is_ok_and(|extent| extent == "all")
}

/// Whether the one at this place is visited, where each place takes its turn with `share - 1` others.
pub fn has_its_turn(at: usize, share: usize) -> bool {
    is_whole() || at.is_multiple_of(share)
}

/// Walks over one world in `share`. Which ones follows from the name of the sweep, so that other sweeps visit others.
pub fn worlds(sweep: &str, share: usize) -> impl Iterator<Item = &'static str> {
    let offset = sweep.bytes().map(usize::from).sum::<usize>() % share;
    World::names().enumerate().filter(move |(at, _)| has_its_turn(at + offset, share)).map(|(_, world)| world)
}
