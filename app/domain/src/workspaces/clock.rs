//! Times as the workspace's clock shows them: what a browser's field for a date and a time writes has no zone.

use time::PrimitiveDateTime;

use super::store;
use crate::{Actor, Error, Result, Timestamp, services::Services};

/// The workspace's time zone, and what its clock shows at an instant: `2026-11-30T09:08`.
pub async fn shows(s: &Services, actor: &Actor, at: Option<Timestamp>) -> Result<(String, Option<String>)> {
    let mut tx = s.db.tenant(actor).await?;
    store::shown(&mut tx, at).await
}

/// When the workspace's clock shows this; an error is about this field.
pub async fn instant(s: &Services, actor: &Actor, field: &str, shown: &str) -> Result<Timestamp> {
    let read = Timestamp::from_field(shown)
        .ok_or_else(|| Error::invalid(field, "time", "This is not a time like 2026-11-24T09:08."))?;
    let mut tx = s.db.tenant(actor).await?;
    store::instant(&mut tx, PrimitiveDateTime::new(read.0.date(), read.0.time())).await
}
