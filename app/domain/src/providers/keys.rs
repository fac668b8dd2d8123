//! Providers' keys: sealed with the workspace's data key, for one provider and one address.

use secrecy::SecretString;

use super::{
    BaseUrl, Endpoint,
    keys_store::{self, Sealed},
    store::{self, Stored},
};
use crate::{
    Error, Result,
    db::{SystemTx, TenantTx},
    ids::{ProviderId, WorkspaceId},
    keys::{self, Swept},
    seal::{DataKey, Place},
    services::Services,
};

/// Seals a key for an address.
pub(super) async fn seal(
    tx: &mut TenantTx,
    s: &Services,
    provider: ProviderId,
    url: &BaseUrl,
    key: &SecretString,
) -> Result<Vec<u8>> {
    keys::for_sealing(tx, s).await?.seal(provider, &purpose(url), key)
}

/// Where a provider is reached, with its key, which opens only for the address that it was sealed for. None for the sandbox.
pub(super) async fn open(tx: &mut TenantTx, s: &Services, stored: &Stored) -> Result<Option<Endpoint>> {
    let Some(url) = &stored.provider.base_url else { return Ok(None) };
    let (base_url, provider) = (BaseUrl::parse(url)?, stored.provider.id);
    let purpose = purpose(&base_url);
    let Some(sealed) = stored.sealed_key.as_deref() else { return Ok(Some(Endpoint { base_url, key: None })) };
    let key = match DataKey::version_of(sealed) {
        Some(version) => match keys::for_opening(tx, s, version).await? {
            Some(data_key) => data_key.open(provider, &purpose, sealed)?,
            None => open_anew(tx, s, provider, &purpose).await?,
        },
        None => s.sealer.open(Place::ProviderKey { workspace: tx.workspace(), provider, purpose: &purpose }, sealed)?,
    };
    Ok(Some(Endpoint { base_url, key: Some(key) }))
}

/// Opens a key whose data key has gone since it was read: all was sealed anew before that, so it is there under the newest.
async fn open_anew(tx: &mut TenantTx, s: &Services, provider: ProviderId, purpose: &str) -> Result<SecretString> {
    let gone = || Error::internal("a data key is gone");
    let sealed = store::find(tx, Some(provider)).await?.and_then(|now| now.sealed_key).ok_or_else(gone)?;
    let version = DataKey::version_of(&sealed).ok_or_else(gone)?;
    keys::for_opening(tx, s, version).await?.ok_or_else(gone)?.open(provider, purpose, &sealed)
}

/// Seals anew, with the newest data key of a workspace, what another one than `version` has sealed.
pub(crate) async fn seal_with_newest(s: &Services, workspace: WorkspaceId, version: u32) -> Result<Swept> {
    let (mut swept, mut after) = (Swept::default(), None);
    loop {
        let mut tx = s.db.system("provider keys that another data key sealed").await?;
        let rows = keys_store::by_other(&mut tx, workspace, &DataKey::prefix(version), after).await?;
        let Some(last) = rows.last() else { return Ok(swept) };
        after = Some(last.provider);
        let mut opened = Vec::with_capacity(rows.len());
        for row in &rows {
            opened.push(opened_by_data_key(&mut tx, s, row).await);
        }
        tx.commit().await?;
        for (row, opened) in rows.iter().zip(opened) {
            swept += Swept::one(format_args!("{row}"), &opened);
            if let Ok((key, purpose)) = opened {
                again(s, row, &purpose, &key).await?;
            }
        }
    }
}

async fn opened_by_data_key(tx: &mut SystemTx, s: &Services, row: &Sealed) -> Result<(SecretString, String)> {
    let purpose = purpose(&BaseUrl::parse(&row.base_url)?);
    let version = DataKey::version_of(&row.key).ok_or_else(|| Error::internal("no data key has sealed it"))?;
    let data_key = keys::for_opening_of(tx, s, row.workspace, version).await?;
    Ok((data_key.open(row.provider, &purpose, &row.key)?, purpose))
}

/// The versions of a workspace's data key that provider keys are sealed with.
pub(crate) async fn versions(tx: &mut SystemTx, workspace: WorkspaceId) -> Result<Vec<u32>> {
    let beginnings = keys_store::beginnings(tx, workspace).await?;
    let version = |beginning: &Vec<u8>| Some(u32::from_be_bytes(beginning.get(1..)?.try_into().ok()?));
    Ok(beginnings.iter().filter_map(version).collect())
}

/// Seals some keys anew, with their workspace's key, that a master key has sealed: HYVVE once did so. In order from `after` on,
/// which is moved.
pub(crate) async fn sweep(s: &Services, after: &mut Option<(WorkspaceId, ProviderId)>) -> Result<Swept> {
    let mut tx = s.db.system("provider keys of before data keys").await?;
    let rows = keys_store::by_master(&mut tx, *after).await?;
    tx.commit().await?;
    let mut swept = Swept::default();
    for row in rows {
        *after = Some((row.workspace, row.provider));
        let opened = opened(s, &row);
        swept += Swept::one(format_args!("{row}"), &opened);
        if let Ok((key, purpose)) = opened {
            again(s, &row, &purpose, &key).await?;
        }
    }
    Ok(swept)
}

/// Seals a key with its workspace's data key, in a transaction of its own: first the data key and then one provider, the order in
/// which people who add or change one hold them, so that nobody waits for somebody who waits.
async fn again(s: &Services, row: &Sealed, purpose: &str, key: &SecretString) -> Result<()> {
    let mut tx = s.db.system("a provider's key is sealed anew").await?;
    let data_key = keys::for_sealing_of(&mut tx, s, row.workspace).await?;
    keys_store::reseal(&mut tx, row, &data_key.seal(row.provider, purpose, key)?).await?;
    tx.commit().await
}

/// Whether one of those opens; `None` where there is none.
pub(crate) async fn opens(tx: &mut SystemTx, s: &Services) -> Result<Option<bool>> {
    let (mut after, mut opens) = (None, None);
    while opens != Some(true) {
        let rows = keys_store::by_master(tx, after).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.workspace, last.provider));
        opens = Some(rows.iter().any(|row| opened(s, row).is_ok()));
    }
    Ok(opens)
}

fn opened(s: &Services, row: &Sealed) -> Result<(SecretString, String)> {
    let purpose = purpose(&BaseUrl::parse(&row.base_url)?);
    let place = Place::ProviderKey { workspace: row.workspace, provider: row.provider, purpose: &purpose };
    Ok((s.sealer.open(place, &row.key)?, purpose))
}

fn purpose(url: &BaseUrl) -> String {
    format!("api key for {}", url.origin())
}
