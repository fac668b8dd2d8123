//! Ends what nobody has decided on in time.

use super::{door::time_out, store};
use crate::{
    Result,
    ids::{ApprovalId, WorkspaceId},
    services::Services,
};

/// Ends an item, if it still waits and its time is over.
pub(crate) async fn end(s: &Services, workspace: WorkspaceId, id: ApprovalId) -> Result<()> {
    let mut tx = s.db.system("an approval that nobody decided on in time").await?;
    let waits = store::waited_too_long(&mut tx, workspace, id).await?;
    drop(tx);
    if waits { time_out(s, workspace, id).await } else { Ok(()) }
}
