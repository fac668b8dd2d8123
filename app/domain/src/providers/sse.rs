//! Server-sent events, read from bytes that may be split anywhere: inside a character, between CR and LF, anywhere.
//!
//! Lines and fields follow the HTML standard, section "Server-sent events". One thing is kinder than a browser: an event
//! that the end of the stream cuts off before its blank line is still read, because several AI servers end that way.

use std::{borrow::Cow, mem, ops::Range};

/// The most bytes that one event may have. Servers put whole tool calls and encrypted reasoning into one event.
pub const MAX_EVENT: usize = 8 << 20;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The `event:` field; `message` where there is none.
    pub name: String,
    /// The `data:` lines, joined by line feeds.
    pub data: String,
    /// The last `id:` field that the stream had so far; empty before the first.
    pub id: String,
}

/// The stream has an event of more than [`MAX_EVENT`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an event of the stream is too large")]
pub struct TooLarge;

/// Gathers bytes and gives out events.
pub struct Reader {
    bytes: Vec<u8>,
    /// Where the current line begins in `bytes`.
    line_start: usize,
    /// Up to where the current line has been searched for its end.
    searched: usize,
    begun: bool,
    /// The last line ended in CR; a LF that follows belongs to it.
    after_cr: bool,
    pending: Pending,
    limit: usize,
}

/// The fields of the event under way.
#[derive(Default)]
struct Pending {
    name: String,
    /// Each line with a line feed at its end; empty: no data yet.
    data: String,
    id: String,
}

impl Default for Reader {
    fn default() -> Self {
        Self::with_limit(MAX_EVENT)
    }
}

impl Reader {
    /// A reader that refuses events of more than `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            line_start: 0,
            searched: 0,
            begun: false,
            after_cr: false,
            pending: Pending::default(),
            limit,
        }
    }

    /// Takes the next bytes of the stream. Call [`Self::next_event`] until it has no more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.line_start);
        self.searched -= self.line_start;
        self.line_start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete event, if there is one.
    pub fn next_event(&mut self) -> Result<Option<Event>, TooLarge> {
        while let Some(line) = self.next_line() {
            if line.is_empty() {
                if let Some(event) = self.pending.dispatch() {
                    return Ok(Some(event));
                }
            } else {
                self.pending.field(&self.bytes[line]);
            }
            self.check(0)?;
        }
        self.check(self.bytes.len() - self.line_start)?;
        Ok(None)
    }

    /// The stream has ended: the event that it cut off, if it had data.
    pub fn finish(&mut self) -> Option<Event> {
        let rest = mem::take(&mut self.bytes);
        let line = rest.get(self.line_start..).unwrap_or_default();
        if !line.is_empty() {
            self.pending.field(line);
        }
        (self.line_start, self.searched) = (0, 0);
        self.pending.dispatch()
    }

    fn check(&self, unread: usize) -> Result<(), TooLarge> {
        if self.pending.data.len() + self.pending.name.len() + unread > self.limit { Err(TooLarge) } else { Ok(()) }
    }

    /// Where the next complete line stands in `bytes`, without its end.
    fn next_line(&mut self) -> Option<Range<usize>> {
        if !self.begun {
            if self.bytes.starts_with(BOM) {
                self.line_start = BOM.len();
            } else if BOM.starts_with(&self.bytes) {
                return None;
            }
            self.begun = true;
        }
        if self.after_cr {
            if *self.bytes.get(self.line_start)? == b'\n' {
                self.line_start += 1;
            }
            self.after_cr = false;
        }
        let from = self.searched.max(self.line_start);
        let Some(offset) = self.bytes[from..].iter().position(|b| matches!(b, b'\n' | b'\r')) else {
            self.searched = self.bytes.len();
            return None;
        };
        let end = from + offset;
        let line = self.line_start..end;
        self.after_cr = self.bytes[end] == b'\r';
        self.line_start = end + 1;
        self.searched = self.line_start;
        Some(line)
    }
}

impl Pending {
    fn field(&mut self, line: &[u8]) {
        let (field, value) = match line.iter().position(|b| *b == b':') {
            Some(0) => return, // a comment
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = text(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"data" => {
                self.data.push_str(&value);
                self.data.push('\n');
            }
            b"event" => self.name = value.into_owned(),
            b"id" if !value.contains('\0') => self.id = value.into_owned(),
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = mem::take(&mut self.name);
        let mut data = mem::take(&mut self.data);
        data.pop()?; // the last line's line feed
        Some(Event { name: if name.is_empty() { "message".into() } else { name }, data, id: self.id.clone() })
    }
}

/// A complete line is decoded as a whole, so a character that was split between two reads is whole again.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Event>, TooLarge> {
        let mut reader = Reader::default();
        let mut events = Vec::new();
        for piece in pieces {
            reader.push(piece);
            while let Some(event) = reader.next_event()? {
                events.push(event);
            }
        }
        events.extend(reader.finish());
        Ok(events)
    }

    fn event(name: &str, data: &str, id: &str) -> Event {
        Event { name: name.into(), data: data.into(), id: id.into() }
    }

    const STREAM: &str = "\u{feff}: hello\r\n\r\ndata: one\r\ndata:two\r\rid: 7\nevent: größe\ndata:  ä€😀\n\n\
        retry: 5\ndata\nunknown: x\nnocolon\n\nevent: lost\n\nid: a\0b\ndata: {\"a\":1}\r\n\r\ndata: [DONE]";

    #[test]
    fn fields_comments_and_every_kind_of_line_end_are_understood() -> Result<(), TooLarge> {
        let expected = [
            event("message", "one\ntwo", ""),
            event("größe", " ä€😀", "7"),
            event("message", "", "7"),
            event("message", "{\"a\":1}", "7"),
            event("message", "[DONE]", "7"),
        ];
        assert_eq!(read(&[STREAM.as_bytes()])?, expected);
        Ok(())
    }

    #[test]
    fn where_the_bytes_are_split_does_not_matter() -> Result<(), TooLarge> {
        let bytes = STREAM.as_bytes();
        let whole = read(&[bytes])?;
        for at in 0..=bytes.len() {
            assert_eq!(read(&[&bytes[..at], &bytes[at..]])?, whole, "split at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single)?, whole);
        Ok(())
    }

    #[test]
    fn an_event_is_given_out_as_soon_as_its_blank_line_begins() -> Result<(), TooLarge> {
        let mut reader = Reader::default();
        reader.push(b"data: x\r\n\r");
        assert_eq!(reader.next_event()?.map(|e| e.data).as_deref(), Some("x"));
        reader.push(b"\ndata: y\n\n");
        assert_eq!(reader.next_event()?.map(|e| e.data).as_deref(), Some("y"));
        Ok(())
    }

    #[test]
    fn one_event_cannot_take_all_memory_and_many_small_ones_are_fine() {
        let mut endless = Reader::with_limit(64);
        endless.push(&[b'a'; 65]);
        assert_eq!(endless.next_event(), Err(TooLarge));

        let mut lines = Reader::with_limit(64);
        lines.push("data: 0123456789\n".repeat(8).as_bytes());
        assert_eq!(lines.next_event(), Err(TooLarge));

        let mut small = Reader::with_limit(64);
        small.push("data: 0123456789\n\n".repeat(100).as_bytes());
        for _ in 0..100 {
            assert!(matches!(small.next_event(), Ok(Some(_))));
        }
        assert_eq!(small.next_event(), Ok(None));
    }
}
