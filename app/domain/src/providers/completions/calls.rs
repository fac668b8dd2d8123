//! Tool calls, put together from pieces that servers label in different ways.
//!
//! OpenAI numbers the pieces of parallel calls by `index` and sends the id once. Others repeat the id, leave out index or
//! id, give every call the index 0 and an id of its own, or send whole calls at once. What comes out is always the same:
//! calls numbered from 0 in order of appearance, each with an id that is unique.

use serde_json::Value;
use uuid::Uuid;

use super::chunk::CallDelta;
use crate::providers::{FailureKind, Fault, ModelEvent};

#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Default)]
struct Call {
    /// The server's number and id of it, where it sends them.
    index: Option<u64>,
    wire_id: Option<String>,
    /// The beginning was given out; that needs a name.
    started: bool,
    /// Arguments that came before the name.
    early: String,
    has_arguments: bool,
}

impl Calls {
    /// Takes one piece of one call.
    pub(super) fn piece(&mut self, delta: CallDelta, out: &mut Vec<ModelEvent>) {
        let id = delta.id.filter(|id| !id.is_empty());
        let (name, arguments) = delta.function.map_or((None, None), |f| (f.name, f.arguments));
        let name = name.filter(|n| !n.is_empty());
        let index = self.place(delta.index, id.as_deref(), name.is_some());
        let id_is_taken = self.0.iter().enumerate().any(|(n, c)| n != index && c.wire_id.is_some() && c.wire_id == id);
        let Some(call) = self.0.get_mut(index) else { return };
        call.index = call.index.or(delta.index);
        call.wire_id = call.wire_id.take().or(id);
        let mut delta = text(arguments);
        if let (false, Some(name)) = (call.started, name) {
            call.started = true;
            let id = call.wire_id.clone().filter(|_| !id_is_taken).unwrap_or_else(made_up);
            out.push(ModelEvent::ToolCallStart { index, id, name });
            delta.insert_str(0, &std::mem::take(&mut call.early));
        }
        call.has_arguments |= !delta.trim().is_empty();
        if !call.started {
            call.early.push_str(&delta);
        } else if !delta.is_empty() {
            out.push(ModelEvent::ToolCallArguments { index, delta });
        }
    }

    /// Which call a piece belongs to; a new one when it fits none.
    fn place(&mut self, index: Option<u64>, id: Option<&str>, has_name: bool) -> usize {
        let known = match (index, id) {
            (Some(_), _) => self.0.iter().rposition(|c| c.index == index).filter(|&at| {
                // The same number with another id and a name: a server that numbers every call 0.
                let same = |known: &str| id.is_none_or(|id| id == known);
                !has_name || self.0[at].wire_id.as_deref().is_none_or(same)
            }),
            (None, Some(_)) => self.0.iter().rposition(|c| c.wire_id.as_deref() == id),
            (None, None) if has_name => None,
            (None, None) => self.0.len().checked_sub(1),
        };
        known.unwrap_or_else(|| {
            self.0.push(Call::default());
            self.0.len() - 1
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer is complete: a call without arguments gets an empty object; one without a name cannot be called.
    pub(super) fn complete(&self, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        for (index, call) in self.0.iter().enumerate() {
            if !call.started {
                return Err(FailureKind::BadReply.into());
            }
            if !call.has_arguments {
                out.push(ModelEvent::ToolCallArguments { index, delta: "{}".into() });
            }
        }
        Ok(())
    }
}

fn text(arguments: Option<Value>) -> String {
    match arguments {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// At most 40 characters, as OpenAI demands.
pub(crate) fn made_up() -> String {
    format!("call_{}", Uuid::now_v7().simple())
}
