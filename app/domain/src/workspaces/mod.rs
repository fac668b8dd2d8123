//! Workspaces: the tenants. Everything else belongs to exactly one of them.

#[cfg(feature = "ssr")]
mod seed;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

use crate::{
    Role, Timestamp,
    ids::{UserId, WorkspaceId},
};

/// A tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name in addresses: `/w/{slug}/…`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// A picture's address.
    pub image: Option<String>,
    /// IANA time zone of its days.
    pub timezone: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A workspace as one of its members sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Membership {
    /// The workspace.
    #[serde(flatten)]
    pub workspace: Workspace,
    /// The member's role in it.
    pub role: Role,
}

/// A person in a workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The role.
    pub role: Role,
    /// When the person joined.
    pub created_at: Timestamp,
}

/// A slug made of a name: lower case, dashes, at most 40 characters.
pub fn slugify(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'A'..='Z' => slug.push(c.to_ascii_lowercase()),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() == 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "workspace".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_gives_a_valid_slug() {
        assert_eq!(slugify("Ada & Söhne GmbH"), "ada-s-hne-gmbh");
        assert_eq!(slugify("日本"), "workspace");
        assert_eq!(slugify(&"x".repeat(99)).len(), 40);
    }
}
