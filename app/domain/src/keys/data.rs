//! A workspace's data key: made when it is first needed, opened when something is to be sealed or opened with it.

use super::store;
use crate::{
    Error, Result,
    db::{SystemTx, TenantTx},
    ids::WorkspaceId,
    seal::DataKey,
    services::Services,
};

/// The version of a workspace's first key.
const FIRST: u32 = 1;

/// The key that seals in this workspace, and goes on to until the transaction ends; its first one is made on the way.
pub(crate) async fn for_sealing(tx: &mut TenantTx, s: &Services) -> Result<DataKey> {
    let workspace = tx.workspace();
    seals(tx.conn(), s, workspace).await
}

/// The same for HYVVE itself.
pub(crate) async fn for_sealing_of(tx: &mut SystemTx, s: &Services, workspace: WorkspaceId) -> Result<DataKey> {
    seals(tx.conn(), s, workspace).await
}

async fn seals(conn: &mut sqlx::PgConnection, s: &Services, workspace: WorkspaceId) -> Result<DataKey> {
    store::hold_data_keys(conn, workspace).await?;
    if store::newest(conn, workspace).await?.is_none() {
        let (_, sealed) = s.sealer.make_data_key(workspace, FIRST)?;
        // Of two who make it at once, one does, and the other has waited for that one's commit.
        store::add(conn, workspace, FIRST, &sealed).await?;
    }
    let (version, sealed) =
        store::newest(conn, workspace).await?.ok_or_else(|| Error::internal("a new data key is not there"))?;
    s.sealer.open_data_key(workspace, version, &sealed)
}

/// The key with which a value of this workspace was sealed; none where that is gone, because nothing is sealed with it any more.
pub(crate) async fn for_opening(tx: &mut TenantTx, s: &Services, version: u32) -> Result<Option<DataKey>> {
    let workspace = tx.workspace();
    let sealed = store::of_version(tx.conn(), workspace, version).await?;
    sealed.map(|sealed| s.sealer.open_data_key(workspace, version, &sealed)).transpose()
}

/// The same for HYVVE itself.
pub(crate) async fn for_opening_of(
    tx: &mut SystemTx,
    s: &Services,
    workspace: WorkspaceId,
    version: u32,
) -> Result<DataKey> {
    let sealed = store::of_version(tx.conn(), workspace, version).await?;
    s.sealer.open_data_key(workspace, version, &sealed.ok_or_else(|| Error::internal("a data key is gone"))?)
}
