//! Positions: byte offsets of a text as lines and columns, both counted from one.

/// A place in a text: 1-based line, and 1-based column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

/// Walks through a text and tells positions; cheap for offsets that grow.
pub(crate) struct Positions<'t> {
    text: &'t str,
    origin: Position,
    offset: usize,
    here: Position,
}

impl<'t> Positions<'t> {
    /// Counts from `origin`, the place at which the text begins in a larger one.
    pub fn new(text: &'t str, origin: Position) -> Self {
        Self { text, origin, offset: 0, here: origin }
    }

    /// Returns the place of a byte offset.
    pub fn at(&mut self, offset: usize) -> Position {
        if offset < self.offset {
            (self.offset, self.here) = (0, self.origin);
        }
        for byte in self.text.bytes().take(offset).skip(self.offset) {
            if byte == b'\n' {
                self.here = Position { line: self.here.line + 1, column: 1 };
            } else if byte & 0xc0 != 0x80 {
                // A continuation byte of UTF-8 is no character of its own.
                self.here.column += 1;
            }
        }
        self.offset = offset.min(self.text.len());
        self.here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut positions = Positions::new("aé\nß{", Position { line: 1, column: 1 });
        for (offset, line, column) in [(0, 1, 1), (1, 1, 2), (3, 1, 3), (4, 2, 1), (6, 2, 2), (1, 1, 2), (99, 2, 3)] {
            assert_eq!(positions.at(offset), Position { line, column }, "{offset}");
        }
    }

    #[test]
    fn a_text_inside_another_counts_on_from_its_place() {
        let mut positions = Positions::new("{\n{", Position { line: 7, column: 30 });
        assert_eq!(positions.at(0), Position { line: 7, column: 30 });
        assert_eq!(positions.at(2), Position { line: 8, column: 1 });
    }
}
