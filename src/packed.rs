//! Texts that the program carries compressed: the embedded worlds, AWS's managed policies, the JSON schemas.
//!
//! `build.rs` packs each folder into one stream, because files of one folder repeat each other. A folder is unpacked when
//! the first of its texts is asked for, and stays. Every room may use this one, and it uses none.

use flate2::read::ZlibDecoder;
use std::io::Read;
use std::sync::OnceLock;

/// The texts of a folder, by the names of their files without the ending.
pub(crate) struct Folder {
    packed: &'static [u8],
    unpacked: OnceLock<String>,
}

impl Folder {
    /// A folder as `build.rs` packs it: name and text in turns, each closed by a NUL.
    pub(crate) const fn new(packed: &'static [u8]) -> Self {
        Self { packed, unpacked: OnceLock::new() }
    }

    /// Returns the text of a name.
    ///
    /// A folder that cannot be unpacked holds nothing; tests of those who ask read every text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut parts = self.unpacked.get_or_init(|| unpack(self.packed).unwrap_or_default()).split('\0');
        while let (Some(known), Some(text)) = (parts.next(), parts.next()) {
            if known == name {
                return Some(text);
            }
        }
        None
    }
}

fn unpack(packed: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    ZlibDecoder::new(packed).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    #[test]
    fn a_text_is_found_by_its_whole_name() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(b"one\0{\"text\": \"two\"}\0two\0\0").unwrap();
        let folder = Folder::new(encoder.finish().unwrap().leak());
        assert_eq!(folder.text("one"), Some("{\"text\": \"two\"}"));
        assert_eq!(folder.text("two"), Some(""));
        for absent in ["", "on", "{\"text\": \"two\"}", "three"] {
            assert_eq!(folder.text(absent), None, "{absent}");
        }
    }

    #[test]
    fn what_is_damaged_holds_nothing() {
        assert_eq!(Folder::new(b"one\0text\0").text("one"), None);
    }
}
