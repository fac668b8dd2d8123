//! Endpoints' secrets at rest: sealed with the workspace's data key, each for one endpoint.

use secrecy::SecretString;

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
/// The same for addresses.
const ADDRESS: &str = "webhook address";
/// The same for what buttons are signed with.
const SIGNING: &str = "channel signing secret";

/// Seals an endpoint's secret.
pub(super) async fn seal(tx: &mut TenantTx, s: &Services, id: WebhookId, secret: &Secret) -> Result<Vec<u8>> {
    keys::for_sealing(tx, s).await?.seal(id, PURPOSE, secret.text())
}

/// Seals an endpoint's address, where that is a credential.
pub(super) async fn seal_address(tx: &mut TenantTx, s: &Services, id: WebhookId, url: &str) -> Result<Vec<u8>> {
    keys::for_sealing(tx, s).await?.seal(id, ADDRESS, &SecretString::from(url.to_owned()))
}

/// Seals what a channel's buttons are signed with.
pub(super) async fn seal_signing(tx: &mut TenantTx, s: &Services, id: WebhookId, secret: &str) -> Result<Vec<u8>> {
    keys::for_sealing(tx, s).await?.seal(id, SIGNING, &SecretString::from(secret.to_owned()))
}

/// Opens that.
pub(super) async fn open_signing(
    tx: &mut TenantTx,
    s: &Services,
    id: WebhookId,
    sealed: &[u8],
) -> Result<SecretString> {
    opened(tx, s, id, SIGNING, sealed).await
}

/// Opens such an address.
pub(super) async fn open_address(
    tx: &mut TenantTx,
    s: &Services,
    id: WebhookId,
    sealed: &[u8],
) -> Result<SecretString> {
    opened(tx, s, id, ADDRESS, sealed).await
}

async fn opened(tx: &mut TenantTx, s: &Services, id: WebhookId, purpose: &str, sealed: &[u8]) -> Result<SecretString> {
    let version = DataKey::version_of(sealed).ok_or_else(|| Error::internal("no data key has sealed it"))?;
    // A data key that has gone since this was read: whoever reads it again finds it sealed anew.
    let key = keys::for_opening(tx, s, version).await?.ok_or_else(|| Error::internal("a data key is gone"))?;
    key.open(id, purpose, sealed)
}

/// Opens some of an endpoint's secrets.
pub(super) async fn open(tx: &mut TenantTx, s: &Services, id: WebhookId, sealed: &[Vec<u8>]) -> Result<Vec<Secret>> {
    let mut secrets = Vec::with_capacity(sealed.len());
    for sealed in sealed {
        secrets.push(Secret::of(opened(tx, s, id, PURPOSE, sealed).await?));
    }
    Ok(secrets)
}

/// Seals anew, with the newest data key of a workspace, what another one than `version` has sealed: all of it, or none.
pub(crate) async fn seal_with_newest(s: &Services, workspace: WorkspaceId, version: u32) -> Result<Swept> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    // First the data key and then endpoints, the order in which people who add or change one hold them.
    let newest = keys::for_sealing(&mut tx, s).await?;
    let mut swept = Swept::default();
    for old in store::sealed(&mut tx).await? {
        let is_old = |sealed: &[u8]| DataKey::version_of(sealed) != Some(version);
        if !old.values().any(is_old) {
            continue;
        }
        let id = old.id;
        let again = async {
            let sealed: Vec<Vec<u8>> = std::iter::once(old.secret).chain(old.old_secret).collect();
            let opened = open(&mut tx, s, id, &sealed).await?;
            let mut secrets = opened.iter().map(|secret| newest.seal(id, PURPOSE, secret.text()));
            let secret = secrets.next().ok_or_else(|| Error::internal("an endpoint without a secret"))??;
            let old_secret = secrets.next().transpose()?;
            let mut others = Vec::with_capacity(2);
            for (purpose, sealed) in [(ADDRESS, old.address), (SIGNING, old.signing_secret)] {
                others.push(match sealed {
                    Some(sealed) => {
                        let text = self::opened(&mut tx, s, id, purpose, &sealed).await?;
                        Some(newest.seal(id, purpose, &text)?)
                    }
                    None => None,
                });
            }
            let (signing_secret, address) = (others.pop().flatten(), others.pop().flatten());
            Ok::<_, Error>(store::Sealed { id, secret, old_secret, address, signing_secret })
        };
        let again = again.await;
        swept += Swept::one(format_args!("webhook {id} of workspace {workspace}"), &again);
        if let Ok(again) = again {
            store::set_sealed(&mut tx, &again).await?;
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
