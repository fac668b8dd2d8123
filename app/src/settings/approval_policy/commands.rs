//! The ways to the policies, for the command menu.

use hyvve_domain::{Role, approvals::policies::service};

use super::{
    page::{of_tool, path_of},
    tabs::Part,
};
use crate::{
    ApiError,
    shell::{Command, Visit, use_frame},
    ui::Glyph,
};

/// The policies that hold, the tools that have none of their own, and the pages beside them; for those who see policies.
pub(crate) async fn policy_commands(visit: &Visit, role: Role) -> Result<Vec<Command>, ApiError> {
    if !role.can_decide() {
        return Ok(Vec::new());
    }
    let policies = service::list(&visit.services, &visit.actor).await?;
    let held: Vec<&str> = policies.iter().map(|policy| policy.tool.as_str()).collect();
    let without = service::tools().into_iter().filter(|tool| !held.contains(tool));
    let frame = use_frame();
    let policy =
        |tool: &str| Command::go(format!("Policy: {}", of_tool(tool)), Glyph::Shield, &frame.href(&path_of(tool)));
    let part =
        |part: Part| Command::go(format!("Approval policy: {}", part.label()), Glyph::Shield, &frame.href(part.path()));
    let beside = Part::EACH.into_iter().filter(|part| *part != Part::Policies);
    Ok(held.iter().copied().chain(without).map(policy).chain(beside.map(part)).collect())
}
