//! `change_policy`: brings a new version of an approval policy. No agent is offered it; people propose it to each other.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    arguments::{self, object},
    registry::{NotApplied, Plan, Traits},
};
use crate::{
    Code, Error, Result,
    approvals::{
        Preview,
        policies::{Draft, EVERY_TOOL, service},
    },
    db::TenantTx,
    ids::{ApprovalId, UserId},
};

pub(crate) const NAME: &str = "change_policy";
pub(super) const DESCRIPTION: &str = "Change how closely people look at what agents propose.";

#[derive(Deserialize)]
struct Input {
    policy: Draft,
    after: i32,
    by: UserId,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["policy", "after", "by"],
        "properties": {
            "policy": { "type": "object", "description": "The policy as it is to be." },
            "after": { "type": "integer", "description": "The version that it follows." },
            "by": { "type": "string", "description": "Who wants it." },
        },
    })
}

/// What runs: the policy, the version that it follows, and whose it is.
pub(crate) fn arguments(draft: &Draft, after: i32, by: UserId) -> Result<Map<String, Value>> {
    let policy = serde_json::to_value(draft).map_err(Error::internal)?;
    Ok(object(json!({ "policy": policy, "after": after, "by": by })))
}

pub(crate) fn plan(draft: &Draft) -> Plan {
    let title = if draft.tool == EVERY_TOOL {
        "Change the approval policy for all tools".to_owned()
    } else {
        format!("Change the approval policy of {}", draft.tool)
    };
    let traits = Traits { sort: format!("policy of {}", draft.tool), ..Traits::default() };
    Plan { title, targets: Vec::new(), expected: Default::default(), traits }
}

pub(super) async fn preview(tx: &mut TenantTx, values: &Map<String, Value>) -> Result<Preview> {
    let Input { policy, after, .. } = arguments::typed(values).map_err(Error::internal)?;
    let before = service::version(tx, &policy.tool, after).await?;
    Ok(Preview::Policy { before: Box::new(before.into()), after: Box::new(policy) })
}

pub(super) async fn apply(
    tx: &mut TenantTx,
    values: &Map<String, Value>,
    approval: ApprovalId,
) -> Result<Result<Value, NotApplied>> {
    let Input { policy, after, by } = arguments::typed(values).map_err(Error::internal)?;
    match service::hold(tx, &policy, after, by, Some(approval)).await {
        Ok(version) => Ok(Ok(
            json!({ "tool": policy.tool, "version": version, "note": format!("The policy is at version {version} now.") }),
        )),
        Err(e) if e.code == Code::Conflict => Ok(Err(NotApplied::Superseded)),
        Err(e) => Err(e),
    }
}
