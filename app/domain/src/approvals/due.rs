//! Ends what nobody has decided on in time.

use super::door::time_out;
use crate::{
    Result,
    ids::{ApprovalId, WorkspaceId},
    services::Services,
    workspaces,
};

/// Ends an item, if it still waits and its time is over. In a deleted workspace nothing is done.
pub(crate) async fn end(s: &Services, workspace: WorkspaceId, id: ApprovalId) -> Result<()> {
    if workspaces::service::is_open(s, workspace).await? { time_out(s, workspace, id).await } else { Ok(()) }
}
