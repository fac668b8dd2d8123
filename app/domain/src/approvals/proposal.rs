//! A proposal: what is hashed, shown and run. Its bytes are made once and never again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::attachments::Attachment;
use crate::{
    Error, Result, canonical,
    ids::{RecordId, WorkspaceId},
    tools::registry::{self, Plan, Tool},
};

const FORMAT: &str = "hyvve.proposal/1";

/// What the hash covers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Of this structure.
    format: String,
    /// The tenant: the same action elsewhere is another proposal.
    pub workspace: WorkspaceId,
    /// The tool.
    pub tool: String,
    /// The tool's version.
    pub tool_version: i32,
    /// Exactly what the tool gets.
    pub arguments: Map<String, Value>,
    /// The records that would change.
    pub targets: Vec<RecordId>,
    /// The version at which each was looked at; if one has moved on, nothing runs.
    pub expected_versions: BTreeMap<RecordId, i32>,
    /// What the proposer refers to. Without any, the bytes are those of before there were attachments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A proposal's canonical bytes and their SHA-256.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// RFC 8785 canonical JSON.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
}

impl Proposal {
    /// Of a planned action.
    pub fn new(workspace: WorkspaceId, tool: &Tool, arguments: Map<String, Value>, plan: &Plan) -> Self {
        Self {
            format: FORMAT.to_owned(),
            workspace,
            tool: tool.name.to_owned(),
            tool_version: tool.version,
            arguments,
            targets: plan.targets.clone(),
            expected_versions: plan.expected.clone(),
            attachments: Vec::new(),
        }
    }

    /// The same, referring to these.
    #[must_use]
    pub fn with(self, attachments: Vec<Attachment>) -> Self {
        Self { attachments, ..self }
    }

    /// Its bytes and hash.
    pub fn seal(&self) -> Result<Sealed> {
        let bytes = canonical::to_vec(&serde_json::to_value(self).map_err(Error::internal)?)?;
        Ok(Sealed { hash: canonical::sha256(&bytes), bytes })
    }

    /// Whether its tool is still the one that it was made for: after an upgrade another version might do something else.
    pub fn is_of_now(&self) -> bool {
        registry::find(&self.tool).is_some_and(|tool| tool.version == self.tool_version)
    }

    /// Reads stored bytes after checking their hash. Bytes that do not have it are never shown and never run.
    pub fn open(workspace: WorkspaceId, bytes: &[u8], hash: &[u8]) -> Result<Self> {
        if canonical::sha256(bytes) != hash {
            return Err(Error::internal("a proposal's bytes do not have the hash that was approved"));
        }
        let proposal: Self = serde_json::from_slice(bytes).map_err(Error::internal)?;
        if proposal.format != FORMAT || proposal.workspace != workspace {
            return Err(Error::internal("a proposal of another format or workspace"));
        }
        Ok(proposal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tools::registry::Traits;

    fn proposal() -> Option<Proposal> {
        let id = RecordId::new();
        let plan = Plan {
            title: String::new(),
            targets: vec![id],
            expected: BTreeMap::from([(id, 7)]),
            traits: Traits::default(),
        };
        let Value::Object(arguments) = json!({ "b": 1, "a": "é" }) else { return None };
        Some(Proposal::new(WorkspaceId::new(), registry::find("update_record")?, arguments, &plan))
    }

    #[test]
    fn any_change_makes_another_hash_and_changed_bytes_do_not_open() -> Result<()> {
        let Some(original) = proposal() else { return Err(Error::internal("no tool")) };
        let sealed = original.seal()?;
        assert_eq!(Proposal::open(original.workspace, &sealed.bytes, &sealed.hash)?, original);
        let mut changed = original.clone();
        changed.arguments.insert("b".into(), json!(2));
        assert_ne!(changed.seal()?.hash, sealed.hash);
        let mut later = original.clone();
        later.expected_versions.values_mut().for_each(|v| *v += 1);
        assert_ne!(later.seal()?.hash, sealed.hash);
        let attachment = Attachment {
            name: "Offer".to_owned(),
            url: "https://example.com/offer.pdf".to_owned(),
            media_type: None,
            bytes: None,
            sha256: None,
        };
        let referring = original.clone().with(vec![attachment.clone()]);
        assert_ne!(referring.seal()?.hash, sealed.hash);
        let elsewhere = Attachment { url: "https://example.com/other.pdf".to_owned(), ..attachment };
        assert_ne!(original.clone().with(vec![elsewhere]).seal()?.hash, referring.seal()?.hash);
        assert!(!String::from_utf8_lossy(&sealed.bytes).contains("attachments"), "as before there were any");
        for n in 0..sealed.bytes.len() {
            let mut bytes = sealed.bytes.clone();
            bytes[n] ^= 1;
            assert!(Proposal::open(original.workspace, &bytes, &sealed.hash).is_err());
        }
        assert!(Proposal::open(WorkspaceId::new(), &sealed.bytes, &sealed.hash).is_err());
        assert!(original.is_of_now());
        assert!(!Proposal { tool_version: original.tool_version + 1, ..original.clone() }.is_of_now());
        assert!(!Proposal { tool: "what_was_once".to_owned(), ..original }.is_of_now());
        Ok(())
    }
}
