//! Another data key for a workspace, beside servers that run.
//!
//! 1. The next version is made. Whoever is about to seal with the old one has ended by then: sealing holds the workspace's keys
//!    shared, making one holds them alone. From here on only the new version seals; both open.
//! 2. What the old one has sealed is sealed anew, value by value.
//! 3. Versions that nothing is sealed with are removed. Somebody may have read a value as it was before, and ask for the key only
//!    now: he or she reads the value once more (`providers/keys.rs`), and nothing is refused.

use serde_json::json;

use super::{rotation::Swept, store};
use crate::{
    Actor, Error, Result, audit::Entry, ids::WorkspaceId, notifications, providers, services::Services, webhooks,
};

/// A workspace, and whether it has a data key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Which one.
    pub workspace: WorkspaceId,
    /// Its name in addresses.
    pub slug: String,
    /// It has one: something was sealed in it.
    pub has_key: bool,
}

/// What came of a new data key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewDataKey {
    /// The version that seals from now on.
    pub version: u32,
    /// Values that were sealed anew, and how many had to be.
    pub swept: Swept,
    /// Versions that were removed.
    pub removed: Vec<u32>,
}

/// The workspaces that have a data key, or the one of that slug, with or without one.
pub async fn holders(s: &Services, slug: Option<&str>) -> Result<Vec<Holder>> {
    let mut tx = s.db.system("workspaces with a data key").await?;
    store::holders_of_data_keys(&mut tx, slug).await
}

/// Gives a workspace another data key. An error in the midst of it leaves nothing that does not open; what is left to be done is done
/// the next time.
pub async fn rotate_data(s: &Services, workspace: WorkspaceId) -> Result<NewDataKey> {
    let version = make(s, workspace).await?;
    let mut swept = providers::keys::seal_with_newest(s, workspace, version).await?;
    swept += webhooks::secrets::seal_with_newest(s, workspace, version).await?;
    swept += notifications::hook::seal_with_newest(s, workspace, version).await?;
    let removed = remove_unused(s, workspace, version).await?;
    Ok(NewDataKey { version, swept, removed })
}

async fn make(s: &Services, workspace: WorkspaceId) -> Result<u32> {
    let mut tx = s.db.system("a new data key by command").await?;
    store::lock_data_keys(tx.conn(), workspace).await?;
    let (before, _) =
        store::newest(tx.conn(), workspace).await?.ok_or_else(|| Error::not_found("data key of this workspace"))?;
    let version = before + 1;
    let (_, sealed) = s.sealer.make_data_key(workspace, version)?;
    store::add(tx.conn(), workspace, version, &sealed).await?;
    let entry = Entry::new("data_key.made", "workspace", workspace.0).details(json!({ "version": version }));
    tx.audit(&Actor::system(workspace), entry).await?;
    tx.commit().await?;
    Ok(version)
}

/// Removes those before `version` that nothing is sealed with.
async fn remove_unused(s: &Services, workspace: WorkspaceId, version: u32) -> Result<Vec<u32>> {
    let mut tx = s.db.system("data keys that nothing needs").await?;
    store::lock_data_keys(tx.conn(), workspace).await?;
    let mut needed = providers::keys::versions(&mut tx, workspace).await?;
    needed.extend(webhooks::secrets::versions(&mut tx, workspace).await?);
    needed.extend(notifications::hook::versions(&mut tx, workspace).await?);
    let removed = store::remove_others(&mut tx, workspace, version, &needed).await?;
    if !removed.is_empty() {
        let entry = Entry::new("data_key.removed", "workspace", workspace.0).details(json!({ "versions": removed }));
        tx.audit(&Actor::system(workspace), entry).await?;
    }
    tx.commit().await?;
    Ok(removed)
}
