//! Providers' keys: sealed with the workspace's data key, for one provider and one address.

use secrecy::SecretString;

use super::{
    BaseUrl, Endpoint,
    keys_store::{self, Sealed},
    store::Stored,
};
use crate::{
    Result,
    db::TenantTx,
    ids::ProviderId,
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
        Some(version) => keys::for_opening(tx, s, version).await?.open(provider, &purpose, sealed)?,
        None => s.sealer.open(Place::ProviderKey { workspace: tx.workspace(), provider, purpose: &purpose }, sealed)?,
    };
    Ok(Some(Endpoint { base_url, key: Some(key) }))
}

/// Seals keys anew, with their workspace's key, that a master key has sealed: HYVVE once did so.
pub(crate) async fn sweep(s: &Services) -> Result<Swept> {
    let mut tx = s.db.system("provider keys of before data keys").await?;
    let mut swept = Swept::default();
    for row in keys_store::by_master(&mut tx).await? {
        let opened = opened(s, &row);
        swept += Swept::one("a provider's key", &opened);
        if let Ok((key, purpose)) = opened {
            let data_key = keys::for_sealing_of(&mut tx, s, row.workspace).await?;
            keys_store::reseal(&mut tx, &row, &data_key.seal(row.provider, &purpose, &key)?).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

fn opened(s: &Services, row: &Sealed) -> Result<(SecretString, String)> {
    let purpose = purpose(&BaseUrl::parse(&row.base_url)?);
    let place = Place::ProviderKey { workspace: row.workspace, provider: row.provider, purpose: &purpose };
    Ok((s.sealer.open(place, &row.key)?, purpose))
}

fn purpose(url: &BaseUrl) -> String {
    format!("api key for {}", url.origin())
}
