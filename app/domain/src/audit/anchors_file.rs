//! The file of anchors, read a line at a time: it grows for as long as HYVVE runs, and is never held as a whole.
//!
//! One line per anchor: `{"workspace","seq","hash","at","signature"}`, signed with Ed25519 over the other fields' canonical
//! JSON.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Result, Timestamp, canonical, ids::WorkspaceId};

/// How long a line may be, in bytes. An anchor has about 350.
const LINE: u64 = 4_096;

/// A signed head.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Anchored {
    pub(super) workspace: WorkspaceId,
    /// The number of the workspace's newest row then.
    pub(super) seq: i64,
    /// That row's hash, hexadecimal.
    pub(super) hash: String,
    at: Timestamp,
    signature: String,
}

impl Anchored {
    pub(super) fn sign(key: &Ed25519KeyPair, workspace: WorkspaceId, seq: i64, hash: String) -> Result<Self> {
        let at = Timestamp::now();
        let signature = hex::encode(key.sign(&statement(workspace, seq, &hash, at)?));
        Ok(Self { workspace, seq, hash, at, signature })
    }

    fn is_signed_with(&self, public: &ParsedPublicKey) -> bool {
        let statement = statement(self.workspace, self.seq, &self.hash, self.at);
        let signature = hex::decode(&self.signature);
        matches!((statement, signature), (Ok(said), Ok(signature)) if public.verify_sig(&said, &signature).is_ok())
    }
}

fn statement(workspace: WorkspaceId, seq: i64, hash: &str, at: Timestamp) -> Result<Vec<u8>> {
    canonical::to_vec(
        &json!({ "format": "hyvve.anchor/1", "workspace": workspace, "seq": seq, "hash": hash, "at": at }),
    )
}

/// The anchors of a file in the order of its lines. A line that is none, or whose signature does not verify, is an error,
/// and the last thing that is read; but the process may have died while it wrote the last line: what was not written was
/// not promised.
pub(super) struct Anchors<R> {
    from: BufReader<R>,
    public: ParsedPublicKey,
    /// The number of the line that was read last.
    line: u64,
    over: bool,
}

impl<R: Read> Anchors<R> {
    pub(super) fn new(from: R, key: &Ed25519KeyPair) -> Result<Self, String> {
        let public = ParsedPublicKey::new(&ED25519, key.public_key()).map_err(|e| e.to_string())?;
        Ok(Self { from: BufReader::new(from), public, line: 0, over: false })
    }

    /// The next line, at most [`LINE`] bytes of it.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.from.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        self.line += 1;
        Ok(line)
    }

    fn read(&mut self) -> Result<Option<Anchored>, String> {
        let line = self.line().map_err(|e| e.to_string())?;
        if line.is_empty() {
            return Ok(None);
        }
        let number = self.line;
        let Ok(anchor) = serde_json::from_slice::<Anchored>(&line) else {
            let is_last = (line.len() as u64) < LINE && self.line().map_err(|e| e.to_string())?.is_empty();
            return if is_last { Ok(None) } else { Err(format!("line {number} is not an anchor")) };
        };
        if anchor.is_signed_with(&self.public) {
            Ok(Some(anchor))
        } else {
            Err(format!("the signature of line {number} does not verify"))
        }
    }
}

impl<R: Read> Iterator for Anchors<R> {
    type Item = Result<Anchored, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.read().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A process that dies while it writes leaves half a line, which would spoil the next one: it goes. Only the line break may
/// be what is missing; then it is added.
pub(super) fn end_the_last_line(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(LINE);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(LINE).read_to_end(&mut tail)?;
    let begin = match tail.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => at + 1,
        None if from == 0 => 0,
        None => return Err(io::Error::new(io::ErrorKind::InvalidData, "its last line is not an anchor")),
    };
    if begin == tail.len() {
        return Ok(());
    }
    match serde_json::from_slice::<Anchored>(&tail[begin..]) {
        Ok(_) => file.write_all(b"\n"),
        Err(_) => file.set_len(from + begin as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that has no end.
    struct Endless {
        line: Vec<u8>,
        at: usize,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let rest = &self.line[self.at..];
            let length = rest.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rest[..length]);
            self.at = (self.at + length) % self.line.len();
            Ok(length)
        }
    }

    fn key() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
    }

    fn endless(line: impl Into<Vec<u8>>) -> Anchors<Endless> {
        Anchors::new(Endless { line: line.into(), at: 0 }, &key()).unwrap()
    }

    #[test]
    fn a_file_without_an_end_is_read_as_far_as_one_wants_and_a_line_without_one_is_refused() {
        let anchor = Anchored::sign(&key(), WorkspaceId(uuid::Uuid::nil()), 7, "ab".repeat(32)).unwrap();
        let line = serde_json::to_string(&anchor).unwrap() + "\n";
        assert!(line.len() as u64 * 2 < LINE, "a line has room to spare");
        let read: Vec<_> = endless(line).skip(2_000).take(3).collect::<Result<_, _>>().unwrap();
        assert_eq!(read.iter().map(|found| found.seq).collect::<Vec<_>>(), [7; 3]);

        let mut long = endless("no line break ");
        assert_eq!(long.next(), Some(Err("line 1 is not an anchor".to_owned())));
        assert_eq!(long.next(), None, "nothing behind it is believed");
    }
}
