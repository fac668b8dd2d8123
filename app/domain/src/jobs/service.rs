//! What is done about jobs themselves.

use super::store;
use crate::{Result, services::Services};

/// Removes what another job has taken the place of and nobody works on any more: its server died in the moment between. Answers how
/// many there were.
pub(super) async fn clean(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("jobs that others have replaced").await?;
    let removed = store::clean(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}
