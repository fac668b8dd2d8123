//! What let an item go on by itself: a policy in one version, or a person's word in advance.

use serde::{Deserialize, Serialize};

use super::policies::EVERY_TOOL;
use crate::ids::GrantId;

/// What let an item go on by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum LetThrough {
    /// The policy that held for it.
    Policy {
        /// Of this tool, or `*` for all tools; `None` where the reader may not see policies, or it is what HYVVE ships with.
        tool: Option<String>,
        /// Which version; 0 is what HYVVE ships with.
        version: i32,
    },
    /// A standing grant.
    Grant {
        /// Which one.
        id: GrantId,
        /// Who made it; `None` where the reader may not see grants, or that person is gone.
        by: Option<String>,
        /// Which actions it covers; `None` where the reader may not see grants.
        when: Option<String>,
    },
}

impl LetThrough {
    /// For people; `name` is what a tool is called.
    pub fn words(&self, name: impl Fn(&str) -> String) -> String {
        match self {
            Self::Policy { version: 0, .. } => "the policy that HYVVE ships with".to_owned(),
            Self::Policy { tool: None, version } => format!("a policy, version {version}"),
            Self::Policy { tool: Some(tool), version } if tool == EVERY_TOOL => {
                format!("the policy for all tools, version {version}")
            }
            Self::Policy { tool: Some(tool), version } => format!("the policy “{}”, version {version}", name(tool)),
            Self::Grant { by: Some(by), .. } => format!("a standing grant of {by}"),
            Self::Grant { by: None, .. } => "a standing grant".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_named_with_its_version_and_a_grant_with_its_maker() {
        let policy = |tool: Option<&str>, version| {
            LetThrough::Policy { tool: tool.map(str::to_owned), version }.words(str::to_uppercase)
        };
        assert_eq!(policy(None, 0), "the policy that HYVVE ships with");
        assert_eq!(policy(Some("*"), 3), "the policy for all tools, version 3");
        assert_eq!(policy(Some("send"), 2), "the policy “SEND”, version 2");
        assert_eq!(policy(None, 4), "a policy, version 4");
    }
}
