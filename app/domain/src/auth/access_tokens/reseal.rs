//! The private halves of signing keys, sealed anew where the master key has changed.

use super::keys_store as store;
use crate::{Result, keys::Swept, seal::Place, services::Services};

/// Seals private halves anew that another master key has sealed.
pub(crate) async fn sweep(s: &Services) -> Result<Swept> {
    let mut tx = s.db.system("signing keys that another master key sealed").await?;
    let mut swept = Swept::default();
    for (kid, sealed) in store::stale(&mut tx, &s.sealer.prefix()).await? {
        let anew = s.sealer.again(Place::SigningKey(&kid), &sealed);
        swept += Swept::one("a signing key", &anew);
        if let Ok(anew) = anew {
            store::reseal(&mut tx, &kid, &anew).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}
