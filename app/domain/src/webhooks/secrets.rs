//! Endpoints' secrets at rest: sealed with the workspace's data key, each for one endpoint.

use super::{Secret, store};
use crate::{
    Actor, Error, Result,
    db::{SystemTx, TenantTx},
    ids::{WebhookId, WorkspaceId},
    keys::{self, Swept},
    seal::DataKey,
    services::Services,
};

/// What they are sealed for.
const PURPOSE: &str = "webhook secret";

/// Seals an endpoint's secret.
pub(super) async fn seal(tx: &mut TenantTx, s: &Services, id: WebhookId, secret: &Secret) -> Result<Vec<u8>> {
    keys::for_sealing(tx, s).await?.seal(id, PURPOSE, secret.text())
}

/// Opens some of an endpoint's secrets.
pub(super) async fn open(tx: &mut TenantTx, s: &Services, id: WebhookId, sealed: &[Vec<u8>]) -> Result<Vec<Secret>> {
    let mut opened = Vec::with_capacity(sealed.len());
    for sealed in sealed {
        let version = DataKey::version_of(sealed).ok_or_else(|| Error::internal("no data key has sealed it"))?;
        // A data key that has gone since this was read: whoever reads it again finds it sealed anew.
        let key = keys::for_opening(tx, s, version).await?.ok_or_else(|| Error::internal("a data key is gone"))?;
        opened.push(Secret::of(key.open(id, PURPOSE, sealed)?));
    }
    Ok(opened)
}

/// Seals anew, with the newest data key of a workspace, what another one than `version` has sealed: all of it, or none.
pub(crate) async fn seal_with_newest(s: &Services, workspace: WorkspaceId, version: u32) -> Result<Swept> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    // First the data key and then endpoints, the order in which people who add or change one hold them.
    let newest = keys::for_sealing(&mut tx, s).await?;
    let mut swept = Swept::default();
    for (id, now, before) in store::sealed(&mut tx).await? {
        let old = |sealed: &[u8]| DataKey::version_of(sealed) != Some(version);
        if !old(&now) && !before.as_deref().is_some_and(old) {
            continue;
        }
        let again = async {
            let sealed: Vec<Vec<u8>> = std::iter::once(now).chain(before).collect();
            let opened = open(&mut tx, s, id, &sealed).await?;
            opened.iter().map(|secret| newest.seal(id, PURPOSE, secret.text())).collect::<Result<Vec<_>>>()
        };
        let again = again.await;
        swept += Swept::one(format_args!("webhook {id} of workspace {workspace}"), &again);
        if let Ok(again) = again {
            store::set_sealed(&mut tx, id, &again).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

/// The versions of a workspace's data key that endpoints' secrets are sealed with.
pub(crate) async fn versions(tx: &mut SystemTx, workspace: WorkspaceId) -> Result<Vec<u32>> {
    let versions = store::versions(tx, workspace).await?;
    Ok(versions.into_iter().filter_map(|version| u32::try_from(version).ok()).collect())
}
