//! Anchors: signed heads of the chains, kept in a file outside the database, at most a second after a commit.
//!
//! Whoever rewrites the database, its superuser included, cannot rewrite what was anchored without the key. The file
//! (`anchors_file.rs`) is best kept, or copied to, where the database's administrator has no access.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};

use super::{
    anchors_file::{Anchored, Anchors, end_the_last_line},
    store,
};
use crate::{Error, Result, ids::WorkspaceId, services::Services};

/// How often heads are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// How many anchors are compared at a time.
const BATCH: usize = 1_000;

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
        let mut newest: HashMap<WorkspaceId, i64> = HashMap::new();
        for found in anchor.read()?.into_iter().flatten() {
            let found = found.map_err(|e| anchor.named(&e))?;
            let seq = newest.entry(found.workspace).or_default();
            *seq = found.seq.max(*seq);
        }
        *anchor.newest.lock().unwrap_or_else(PoisonError::into_inner) = newest;
        Ok(anchor)
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
            let anchored =
                Anchored::sign(&self.key, head.workspace, head.seq, hex::encode(&head.hash)).map_err(|e| e.message)?;
            lines.push_str(&serde_json::to_string(&anchored).map_err(|e| e.to_string())?);
            lines.push('\n');
        }
        let written = || -> io::Result<()> {
            let mut file = std::fs::OpenOptions::new().create(true).read(true).append(true).open(&self.path)?;
            end_the_last_line(&mut file)?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()
        };
        written().map_err(|e| self.named(&e))?;
        for head in moved {
            newest.insert(head.workspace, head.seq);
        }
        Ok(())
    }

    /// The file from its first line on; `None` while there is none.
    fn read(&self) -> Result<Option<Anchors<File>>, String> {
        match File::open(&self.path) {
            Ok(file) => Anchors::new(file, &self.key).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.named(&e)),
        }
    }

    fn named(&self, fault: &dyn std::fmt::Display) -> String {
        format!("{}: {fault}", self.path.display())
    }

    /// Signs something else with the same key. It must say what it is, or it could pass for an anchor.
    pub(super) fn sign(&self, said: &[u8]) -> Vec<u8> {
        self.key.sign(said).as_ref().to_vec()
    }

    /// Whether that was signed so.
    pub(super) fn has_signed(&self, said: &[u8], signature: &[u8]) -> bool {
        let public = ParsedPublicKey::new(&ED25519, self.key.public_key());
        public.is_ok_and(|public| public.verify_sig(said, signature).is_ok())
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

/// What the anchors say of one workspace.
#[derive(Clone, Default)]
pub(super) struct Compared {
    /// Up to which number it is anchored.
    pub(super) newest: i64,
    /// The hash of that row, hexadecimal: it covers all rows before.
    pub(super) hash: String,
    /// The first row whose hash is not the one that was anchored.
    pub(super) differs: Option<i64>,
}

/// Compares all anchors, or those of one workspace, with the rows, some at a time. The inner error is what is wrong with the
/// file.
pub(super) async fn compare(
    s: &Services,
    only: Option<WorkspaceId>,
) -> Result<Result<HashMap<WorkspaceId, Compared>, String>> {
    let mut compared: HashMap<WorkspaceId, Compared> = HashMap::new();
    let mut anchors = match s.anchor.read() {
        Ok(Some(anchors)) => anchors,
        Ok(None) => return Ok(Ok(compared)),
        Err(fault) => return Ok(Err(fault)),
    };
    loop {
        // Reading and checking signatures is work for a thread of its own.
        let some = tokio::task::spawn_blocking(move || {
            let wanted = |found: &Result<Anchored, String>| {
                found.as_ref().map_or(true, |anchor| only.is_none_or(|only| anchor.workspace == only))
            };
            let some = anchors.by_ref().filter(wanted).take(BATCH).collect::<Result<Vec<_>, _>>();
            some.map(|some| (some, anchors))
        });
        let some = match some.await.map_err(Error::internal)? {
            Ok((some, rest)) => {
                anchors = rest;
                some
            }
            Err(fault) => return Ok(Err(s.anchor.named(&fault))),
        };
        if some.is_empty() {
            return Ok(Ok(compared));
        }
        let mut tx = s.db.system("anchors to compare with an audit log").await?;
        let differing = store::differing(&mut tx, &some).await?;
        drop(tx);
        for anchor in some {
            let of = compared.entry(anchor.workspace).or_default();
            if anchor.seq >= of.newest {
                (of.newest, of.hash) = (anchor.seq, anchor.hash);
            }
        }
        for (workspace, seq) in differing {
            let of = compared.entry(workspace).or_default();
            of.differs = Some(of.differs.map_or(seq, |first| first.min(seq)));
        }
    }
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
            let mut read = Vec::new();
            for anchor in open()?.read()?.into_iter().flatten() {
                let anchor = anchor?;
                read.push((anchor.workspace, anchor.seq));
            }
            read.sort_unstable();
            assert_eq!(read, [(ada, 1), (ada, 2), (eve, 1)]);
        }
        std::fs::remove_file(&path)?;
        Ok(())
    }
}
