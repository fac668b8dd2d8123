//! `external`: what an outside agent wants to do, and does itself once somebody has approved it. No agent of HYVVE's is
//! offered it, and HYVVE carries nothing out.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Reversibility,
    arguments::{self, Arguments, object},
    registry::{Plan, Traits},
};
use crate::{
    Error, Result,
    approvals::{Preview, outside},
};

pub(crate) const NAME: &str = outside::TOOL;
pub(super) const DESCRIPTION: &str = "Something that an outside agent does itself after somebody has approved it.";

/// The most characters of an action's name.
pub(crate) const MAX_ACTION: usize = 100;

#[derive(Deserialize)]
struct Input {
    action: String,
    arguments: Map<String, Value>,
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["action", "arguments"],
        "properties": {
            "action": { "type": "string", "minLength": 1, "maxLength": MAX_ACTION, "pattern": "^[ -~]+$", "description": "What the outside agent calls it." },
            "arguments": { "type": "object", "description": "Exactly what it will do it with." },
            "reversible": { "type": "boolean", "description": "Whether it says that it can take it back." },
        },
    })
}

/// What is hashed and shown: the action's name, its arguments, and whether it is said that it can be taken back.
pub(crate) fn arguments(action: &str, arguments: Map<String, Value>, reversible: bool) -> Map<String, Value> {
    object(json!({ "action": action, "arguments": arguments, "reversible": reversible }))
}

/// Nothing of HYVVE's is touched; actions of one name are of one sort.
pub(crate) fn plan(arguments: &Arguments) -> Result<Plan, String> {
    let Input { action, arguments } = arguments::typed(&arguments.values)?;
    let fields = object(json!({ "action": action, "arguments": arguments }));
    let traits = Traits { sort: action.clone(), fields, ..Traits::default() };
    Ok(Plan { title: action, targets: Vec::new(), expected: Default::default(), traits })
}

pub(super) fn example() -> Map<String, Value> {
    object(json!({ "action": "refund", "arguments": {} }))
}

pub(super) fn preview(values: &Map<String, Value>) -> Result<Preview> {
    let Input { action, arguments } = arguments::typed(values).map_err(Error::internal)?;
    Ok(Preview::External { action, arguments: Value::Object(arguments) })
}

/// As the outside agent says; nobody checked it.
pub(super) fn reversibility(values: &Map<String, Value>) -> Reversibility {
    if values.get("reversible") == Some(&Value::Bool(true)) {
        Reversibility::Reversible
    } else {
        Reversibility::Irreversible
    }
}

/// Whether it is still the same action after a change.
pub(super) fn keeps(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    before.get("action") == after.get("action") && reversibility(before) == reversibility(after)
}
