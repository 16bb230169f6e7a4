//! Hashes that are the same in every run: ids of groups, and what tells ids and keys apart without keeping them.

/// Returns the FNV-1a hash of bytes, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo).
pub fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns an id for a list of texts, which may be absent.
pub(super) fn id(parts: &[Option<&str>]) -> u64 {
    let mut bytes = Vec::with_capacity(256);
    for part in parts {
        bytes.extend_from_slice(part.unwrap_or("\u{1}").as_bytes());
        bytes.push(0);
    }
    // Twice, the second time mixed: the plain hash changes little in its high bits by the last byte.
    let hash = fnv(&bytes);
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}
