//! The private halves of signing keys, sealed anew where the master key has changed.

use super::keys_store as store;
use crate::{Result, db::SystemTx, keys::Swept, seal::Place, services::Services};

/// Seals some private halves anew that another master key has sealed, in order from `after` on, which is moved.
pub(crate) async fn sweep(s: &Services, after: &mut Option<String>) -> Result<Swept> {
    let mut tx = s.db.system("signing keys that another master key sealed").await?;
    let mut swept = Swept::default();
    for (kid, sealed) in store::stale(&mut tx, &s.sealer.prefix(), after.as_deref()).await? {
        let anew = s.sealer.again(Place::SigningKey(&kid), &sealed);
        swept += Swept::one(format_args!("the signing key {kid}"), &anew);
        if let Ok(anew) = anew {
            store::reseal(&mut tx, &kid, &anew).await?;
        }
        *after = Some(kid);
    }
    tx.commit().await?;
    Ok(swept)
}

/// Whether one of them opens; `None` where there is none.
pub(crate) async fn opens(tx: &mut SystemTx, s: &Services) -> Result<Option<bool>> {
    let rows = store::all(tx).await?;
    let opens = |kid: &str, sealed: &[u8]| s.sealer.open(Place::SigningKey(kid), sealed).is_ok();
    Ok((!rows.is_empty()).then(|| rows.iter().any(|row| opens(&row.kid, &row.private_key))))
}
