//! Anchors: signed heads of the chains, kept in a file outside the database, at most a second after a commit.
//!
//! One line per anchor: `{"workspace","seq","hash","at","signature"}`, signed with Ed25519 over the other fields' canonical
//! JSON. Whoever rewrites the database, its superuser included, cannot rewrite what was anchored without the key. The file
//! is best kept, or copied to, where the database's administrator has no access.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store;
use crate::{Error, Result, Timestamp, canonical, ids::WorkspaceId, services::Services};

/// How often heads are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// A signed head.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Anchored {
    workspace: WorkspaceId,
    /// The number of the workspace's newest row then.
    pub seq: i64,
    /// That row's hash, hexadecimal.
    pub hash: String,
    at: Timestamp,
    signature: String,
}

/// Signs heads and keeps them.
pub struct Anchor {
    path: PathBuf,
    key: Ed25519KeyPair,
    /// The newest anchor of each workspace.
    newest: Mutex<HashMap<WorkspaceId, i64>>,
}

impl Anchor {
    /// Opens the file, or begins it. `seed` is the 32-byte signing key.
    pub fn open(path: &Path, seed: &[u8]) -> Result<Self, String> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| "the audit key must be 32 bytes".to_owned())?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let anchor = Self { path: path.to_owned(), key, newest: Mutex::default() };
        let newest = anchor.read_all()?.into_iter().fold(HashMap::new(), |mut map: HashMap<_, i64>, a| {
            let seq = map.entry(a.workspace).or_default();
            *seq = a.seq.max(*seq);
            map
        });
        *anchor.newest.lock().unwrap_or_else(PoisonError::into_inner) = newest;
        Ok(anchor)
    }

    fn signed(&self, workspace: WorkspaceId, seq: i64, hash: &str, at: Timestamp) -> Result<Anchored> {
        let signature = hex::encode(self.key.sign(&statement(workspace, seq, hash, at)?));
        Ok(Anchored { workspace, seq, hash: hash.to_owned(), at, signature })
    }

    /// Anchors heads that have moved on; the file is synced to disk before this answers.
    fn append(&self, heads: &[store::Head]) -> Result<(), String> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let moved: Vec<_> = heads.iter().filter(|h| h.seq > newest.get(&h.workspace).copied().unwrap_or(0)).collect();
        if moved.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        for head in &moved {
            let anchored = self
                .signed(head.workspace, head.seq, &hex::encode(&head.hash), Timestamp::now())
                .map_err(|e| e.message)?;
            lines.push_str(&serde_json::to_string(&anchored).map_err(|e| e.to_string())?);
            lines.push('\n');
        }
        let written = || -> io::Result<()> {
            let mut file = std::fs::OpenOptions::new().create(true).read(true).append(true).open(&self.path)?;
            end_the_last_line(&mut file)?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()
        };
        written().map_err(|e| format!("{}: {e}", self.path.display()))?;
        for head in moved {
            newest.insert(head.workspace, head.seq);
        }
        Ok(())
    }

    /// A workspace's anchors, oldest first. A line whose signature does not verify is an error.
    pub(super) fn of(&self, workspace: WorkspaceId) -> Result<Vec<Anchored>, String> {
        Ok(self.read_all()?.into_iter().filter(|a| a.workspace == workspace).collect())
    }

    fn read_all(&self) -> Result<Vec<Anchored>, String> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(format!("{}: {e}", self.path.display())),
        };
        let public = UnparsedPublicKey::new(&signature::ED25519, self.key.public_key());
        let mut anchors = Vec::new();
        let lines: Vec<String> =
            io::BufReader::new(file).lines().collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        for (n, line) in lines.iter().enumerate() {
            let Ok(anchor) = serde_json::from_str::<Anchored>(line) else {
                // The process died while it wrote the last line: what was not written was not promised.
                if n + 1 == lines.len() {
                    break;
                }
                return Err(format!("{}: line {} is not an anchor", self.path.display(), n + 1));
            };
            let statement = statement(anchor.workspace, anchor.seq, &anchor.hash, anchor.at).map_err(|e| e.message)?;
            let signature = hex::decode(&anchor.signature).map_err(|e| e.to_string())?;
            if public.verify(&statement, &signature).is_err() {
                return Err(format!("{}: the signature of line {} does not verify", self.path.display(), n + 1));
            }
            anchors.push(anchor);
        }
        Ok(anchors)
    }

    /// All workspaces that were ever anchored, and up to which number.
    pub(super) fn known(&self) -> HashMap<WorkspaceId, i64> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Up to which number a workspace is anchored.
    pub(super) fn newest(&self, workspace: WorkspaceId) -> i64 {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).copied().unwrap_or(0)
    }
}

/// A process that dies while it writes leaves half a line, which would spoil the next one: it goes. Only the line break may
/// be what is missing; then it is added.
fn end_the_last_line(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok(());
    }
    file.rewind()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let begin = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    match serde_json::from_slice::<Anchored>(&text[begin..]) {
        Ok(_) => file.write_all(b"\n"),
        Err(_) => file.set_len(begin as u64),
    }
}

fn statement(workspace: WorkspaceId, seq: i64, hash: &str, at: Timestamp) -> Result<Vec<u8>> {
    canonical::to_vec(
        &json!({ "format": "hyvve.anchor/1", "workspace": workspace, "seq": seq, "hash": hash, "at": at }),
    )
}

/// Anchors every workspace's head until the task is aborted.
pub async fn work(s: Services) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(e) = anchor_now(&s).await {
            tracing::error!(error.message = %e, "audit heads could not be anchored");
        }
    }
}

/// Anchors what has moved on since the last time.
pub async fn anchor_now(s: &Services) -> Result<()> {
    let mut tx = s.db.system("audit heads to anchor").await?;
    let heads = store::heads(&mut tx).await?;
    drop(tx);
    let anchor = std::sync::Arc::clone(&s.anchor);
    tokio::task::spawn_blocking(move || anchor.append(&heads)).await.map_err(Error::internal)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(workspace: WorkspaceId, seq: i64) -> store::Head {
        store::Head { workspace, slug: String::new(), seq, hash: vec![seq as u8; 32] }
    }

    #[test]
    fn a_process_that_died_while_it_wrote_spoils_no_other_line() -> Result<(), Box<dyn std::error::Error>> {
        let path = std::env::temp_dir().join(format!("hyvve-anchors-{}", uuid::Uuid::now_v7()));
        let open = || Anchor::open(&path, &[9; 32]);
        let (ada, eve) = (WorkspaceId(uuid::Uuid::now_v7()), WorkspaceId(uuid::Uuid::now_v7()));
        open()?.append(&[head(ada, 1), head(eve, 1)])?;
        let whole = std::fs::read(&path)?;
        for (cut, left) in [(1, 1), (20, 0)] {
            std::fs::write(&path, &whole[..whole.len() - cut])?;
            let after = open()?;
            assert_eq!((after.newest(ada), after.newest(eve)), (1, left), "what is whole counts");
            after.append(&[head(ada, 2), head(eve, 1)])?;
            assert_eq!((open()?.of(ada)?.len(), open()?.of(eve)?.len()), (2, 1));
        }
        std::fs::remove_file(&path)?;
        Ok(())
    }
}
