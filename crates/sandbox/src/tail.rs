//! The end of a stream of text, in bounded memory.

use std::collections::VecDeque;

use crate::KEPT_OUTPUT_CHARS;

/// Longest UTF-8 character, in bytes.
const CHAR_BYTES: usize = 4;

/// Keeps the last bytes of what is pushed.
#[derive(Debug)]
pub(crate) struct Tail {
    kept: VecDeque<u8>,
    capacity: usize,
    cut: bool,
}

impl Tail {
    /// Keeps at most `log` bytes, and no more than [`KEPT_OUTPUT_CHARS`] characters can need.
    pub(crate) fn new(log: u64) -> Self {
        let most = KEPT_OUTPUT_CHARS * CHAR_BYTES;
        Self { kept: VecDeque::new(), capacity: usize::try_from(log).map_or(most, |log| log.min(most)), cut: false }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(self.capacity)..];
        let excess = (self.kept.len() + new.len()).saturating_sub(self.capacity);
        self.cut |= excess > 0 || new.len() < bytes.len();
        self.kept.drain(..excess);
        self.kept.extend(new);
    }

    /// The last characters as text; a character that the cut went through is dropped.
    pub(crate) fn text(mut self) -> String {
        if self.cut {
            let torn = self.kept.iter().take(CHAR_BYTES - 1).take_while(|byte| **byte & 0xC0 == 0x80).count();
            self.kept.drain(..torn);
        }
        let bytes: Vec<u8> = self.kept.into();
        last_chars(&String::from_utf8_lossy(&bytes), KEPT_OUTPUT_CHARS).to_owned()
    }
}

fn last_chars(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(start, _)| start);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept_whatever_the_size_of_the_pieces() {
        for piece in [1, 3, 7, 100] {
            let mut tail = Tail::new(10);
            for chunk in b"0123456789abcdefghij".chunks(piece) {
                tail.push(chunk);
            }
            assert_eq!(tail.text(), "abcdefghij", "pieces of {piece}");
        }
    }

    #[test]
    fn a_character_cut_in_two_is_dropped_and_other_bad_bytes_are_shown() {
        let mut tail = Tail::new(4);
        tail.push("xéy".as_bytes()); // x, C3 A9, y
        tail.push(b"z\xff");
        assert_eq!(tail.text(), "yz\u{fffd}");
    }

    #[test]
    fn no_more_characters_are_kept_than_the_conventions_say() {
        let mut tail = Tail::new(u64::MAX);
        for _ in 0..KEPT_OUTPUT_CHARS {
            tail.push("éa".as_bytes());
        }
        let text = tail.text();
        assert_eq!(text.chars().count(), KEPT_OUTPUT_CHARS);
        assert!(text.ends_with("éa"));
    }
}
