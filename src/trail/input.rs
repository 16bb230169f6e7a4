//! The bytes of a source: decompressed and decoded as their beginning says, and counted.
//!
//! What this program does not read is refused by its beginning, with what makes something of it that it reads.

use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much is read from a source at once, in bytes.
const BLOCK: usize = 128 * 1024;

/// A source's bytes, as they are read.
pub(super) struct Input<'r> {
    reader: Box<dyn Read + Send + 'r>,
    pub(super) compressed: bool,
    /// How many bytes were read of it as it is stored.
    pub(super) stored: Arc<AtomicU64>,
}

/// Returns a source's text: decompressed, in UTF-8, and without a byte-order mark.
///
/// # Errors
/// Returns what the source is and what to do, where it is no text or compressed in a form that is not read.
pub fn text<'r>(source: impl Read + Send + 'r) -> Result<Box<dyn Read + Send + 'r>, String> {
    Ok(Box::new(Input::open(source)?))
}

/// Returns a source's bytes, decompressed and else as they are.
///
/// # Errors
/// Returns what the source is and what to do, where it is compressed in a form that is not read.
pub fn unpacked<'r>(source: impl Read + Send + 'r) -> Result<Box<dyn Read + Send + 'r>, String> {
    let (head, reader, _) = decompressed(Box::new(source))?;
    Ok(head_and(head, reader))
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<'r> Input<'r> {
    /// Looks at the beginning of a source.
    ///
    /// # Errors
    /// Returns what the source is and what to do, where it cannot be read.
    pub(super) fn open(source: impl Read + Send + 'r) -> Result<Self, String> {
        let stored = Arc::new(AtomicU64::new(0));
        let counted = Counted { source, stored: Arc::clone(&stored) };
        let (head, mut reader, compressed) = decompressed(Box::new(counted))?;
        let reader: Box<dyn Read + Send + 'r> = match head.as_slice() {
            [0xef, 0xbb, 0xbf, rest @ ..] => head_and(rest.to_vec(), reader),
            // Windows PowerShell writes files so.
            [0xff, 0xfe, rest @ ..] => Box::new(Utf16::new(head_and(rest.to_vec(), reader), u16::from_le_bytes)),
            [0xfe, 0xff, rest @ ..] => Box::new(Utf16::new(head_and(rest.to_vec(), reader), u16::from_be_bytes)),
            _ => {
                let head = with_next(head, &mut reader).map_err(|error| reason(&error))?;
                // No text holds this character, and most of what is none does.
                if head.contains(&0) {
                    return Err("it is no text".to_owned());
                }
                head_and(head, reader)
            }
        };
        Ok(Self { reader, compressed, stored })
    }
}

/// The beginning of a source, the rest of it, and whether it was compressed.
type Decompressed<'r> = (Vec<u8>, Box<dyn Read + Send + 'r>, bool);

/// Decompresses a source; what is compressed in a form that is not read, or is a table in one, is refused.
fn decompressed<'r>(mut reader: Box<dyn Read + Send + 'r>) -> Result<Decompressed<'r>, String> {
    // A file may be compressed twice: an object that is stored so, and again by who passed it on.
    for is_again in [false, true, true] {
        let head = head(&mut reader, 6).map_err(|error| reason(&error))?;
        return match head.as_slice() {
            [0x1f, 0x8b, ..] => {
                reader = Box::new(BufReader::with_capacity(BLOCK, MultiGzDecoder::new(head_and(head, reader))));
                continue;
            }
            [b'P', b'A', b'R', b'1', ..] => Err(PARQUET.to_owned()),
            [b'O', b'R', b'C', ..] => Err(format!("it is an ORC file, which is not read; {EXPORT}")),
            [b'O', b'b', b'j', 1, ..] => Err(format!("it is an Avro file, which is not read; {EXPORT}")),
            [b'P', b'K', 3, 4, ..] => Err("it is a ZIP archive; unpack it with `unzip` first".to_owned()),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                Err("it is compressed with Zstandard; give `zstd -dc FILE` on standard input".to_owned())
            }
            [b'B', b'Z', b'h', ..] => {
                Err("it is compressed with bzip2; give `bzip2 -dc FILE` on standard input".to_owned())
            }
            [0xfd, b'7', b'z', b'X', b'Z', ..] => {
                Err("it is compressed with xz; give `xz -dc FILE` on standard input".to_owned())
            }
            _ => Ok((head, reader, is_again)),
        };
    }
    Err("it is compressed again and again".to_owned())
}

/// Adds to a beginning what one more call to read gives, so that nobody waits for a source that sends slowly.
fn with_next(mut head: Vec<u8>, reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut next = vec![0; 4096];
    let read = loop {
        match reader.read(&mut next) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    next.truncate(read);
    head.extend(next);
    Ok(head)
}

const EXPORT: &str = "export the rows as JSON or CSV, as `bedrock-access denials --print-query athena` shows";

const PARQUET: &str = "it is a Parquet file, which is not read; export its rows as JSON lines with `duckdb -c \"COPY \
    (SELECT * FROM 'FILE.parquet' WHERE api.service.name LIKE 'bedrock%') TO 'events.json'\"`, or let Athena select the \
    denials with `bedrock-access denials --print-query athena`";

fn head_and<'r>(head: Vec<u8>, reader: Box<dyn Read + Send + 'r>) -> Box<dyn Read + Send + 'r> {
    Box::new(io::Cursor::new(head).chain(reader))
}

/// Reads the first bytes of a source, as far as there are any.
fn head(reader: &mut dyn Read, length: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(length);
    reader.take(length as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Returns an error's reason in lower case, without the number that the system gives it.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

struct Counted<R> {
    source: R,
    stored: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.stored.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Makes UTF-8 of UTF-16.
struct Utf16<R> {
    source: R,
    unit: fn([u8; 2]) -> u16,
    /// The first byte of a unit that was cut, and the first unit of a pair.
    odd: Option<u8>,
    high: Option<u16>,
    decoded: Vec<u8>,
    at: usize,
}

impl<R: Read> Utf16<R> {
    fn new(source: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self { source, unit, odd: None, high: None, decoded: Vec::new(), at: 0 }
    }

    fn push(&mut self, unit: u16) {
        let units = self.high.take().into_iter().chain([unit]);
        let mut bytes = [0; 4];
        for c in char::decode_utf16(units) {
            match c {
                Err(lone)
                    if (0xd800..0xdc00).contains(&lone.unpaired_surrogate()) && lone.unpaired_surrogate() == unit =>
                {
                    self.high = Some(unit);
                }
                c => {
                    let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                    self.decoded.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
                }
            }
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.decoded.len() {
            self.decoded.clear();
            self.at = 0;
            let mut raw = [0; 8192];
            let count = self.source.read(&mut raw)?;
            if count == 0 {
                return Ok(0);
            }
            for byte in raw.iter().take(count) {
                match self.odd.take() {
                    None => self.odd = Some(*byte),
                    Some(first) => {
                        let unit = (self.unit)([first, *byte]);
                        self.push(unit);
                    }
                }
            }
        }
        let count = self.decoded.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_read_as_utf8_whatever_is_cut() {
        let text = "{\"a\": \"ü日👩🚀\"}";
        for (mark, bytes) in [(0xfffe_u16, u16::to_le_bytes as fn(u16) -> [u8; 2]), (0xfeff, u16::to_be_bytes)] {
            let _ = mark;
            let mut raw: Vec<u8> = bytes(0xfeff).to_vec();
            raw.extend(text.encode_utf16().flat_map(bytes));
            let mut read = String::new();
            Input::open(raw.as_slice()).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn what_is_not_read_says_what_makes_it_readable() {
        for (bytes, said) in [
            (&b"PAR1\x15\x04\x15"[..], "duckdb"),
            (b"PK\x03\x04xx", "unzip"),
            (&[0x28, 0xb5, 0x2f, 0xfd, 0, 0], "zstd -dc"),
            (b"\x7fELF\x02\x01\x01\0\0", "no text"),
            (b"HOME=/root\0PATH=/bin\0", "no text"),
        ] {
            let refused = Input::open(bytes).err().unwrap();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
