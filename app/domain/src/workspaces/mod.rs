//! Workspaces: the tenants, and who belongs to them. Everything else belongs to exactly one of them.
//!
//! A workspace always has an owner: whoever would be the last one can neither leave nor be made anything less. Members come
//! by invitation (`invitations.rs`), which proves with its link that the mail reached its address. A deleted workspace is out
//! of everybody's reach at once, comes back as it was within 30 days, and is purged after that. A workspace can ask for a second
//! factor (`security.rs`); `service::actor`, through which everybody comes, turns away whoever has shown none. What it lets out
//! stands in `openness.rs`.

#[cfg(feature = "ssr")]
pub mod clock;
#[cfg(feature = "ssr")]
pub mod invitations;
#[cfg(feature = "ssr")]
mod invitations_store;
#[cfg(feature = "ssr")]
pub mod members;
#[cfg(feature = "ssr")]
mod members_store;
#[cfg(feature = "ssr")]
pub mod newcomers;
#[cfg(feature = "ssr")]
pub mod openness;
#[cfg(feature = "ssr")]
pub mod security;
#[cfg(feature = "ssr")]
mod seed;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Error, Result, Role, Timestamp,
    ids::{InvitationId, UserId, WorkspaceId},
};

/// How many days a deleted workspace can be had back. Migration 0011 keeps it from being purged before.
pub const RECOVERABLE_DAYS: u64 = 30;
/// How many workspaces a person may own.
pub const MAX_OWNED: usize = 5;
/// How many invitations of a workspace may be pending.
pub const MAX_PENDING: usize = 100;

/// A tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name in addresses: `/w/{slug}/…`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The address of its picture on this site.
    pub image: Option<String>,
    /// IANA time zone of its days.
    pub timezone: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How the name of everybody's first workspace ends.
const FIRST_NAME: &str = "’s workspace";

impl Workspace {
    /// Whether it still has the name that HYVVE gave it.
    pub fn has_first_name(&self) -> bool {
        self.name.ends_with(FIRST_NAME)
    }
}

/// A workspace as one of its members sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Membership {
    /// The workspace.
    #[serde(flatten)]
    pub workspace: Workspace,
    /// The member's role in it.
    pub role: Role,
}

/// A person in a workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The address of the person's picture on this site.
    pub image: Option<String>,
    /// The role.
    pub role: Role,
    /// When the person joined.
    pub created_at: Timestamp,
}

/// What a new workspace shall be.
#[derive(Clone, Default, Debug)]
pub struct NewWorkspace {
    /// Its name for people.
    pub name: String,
    /// Its name in addresses; one that goes with the name, if there is none.
    pub slug: Option<String>,
    /// A picture, as `pictures::Change::said` reads it.
    pub image: Option<String>,
}

/// What shall change about a workspace.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceChanges {
    /// Its name for people.
    pub name: Option<String>,
    /// Its name in addresses. Old addresses stop working.
    pub slug: Option<String>,
    /// A picture, as `pictures::Change::said` reads it; `""` or nothing for none.
    #[serde(default, deserialize_with = "or_none")]
    pub image: Option<String>,
    /// IANA time zone of its days.
    pub timezone: Option<String>,
}

/// A `null` that is said is another thing than a field that is not there.
fn or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(value)?.unwrap_or_default()))
}

/// A workspace that its owner deleted, and can have back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeletedWorkspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name for people.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// When it is purged with everything in it.
    pub purged_at: Timestamp,
}

/// What has become of an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum InvitationStatus {
    /// It waits; when its time is over, it waits in vain.
    Pending,
    /// Somebody joined by it.
    Accepted,
    /// It was declined.
    Rejected,
    /// It was taken back.
    Canceled,
}

/// Somebody is asked to join a workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Its id: a handle, not what opens it.
    pub id: InvitationId,
    /// Where to.
    pub workspace_id: WorkspaceId,
    /// The workspace's name.
    pub workspace_name: String,
    /// Who is asked; `None`: whoever follows the link first.
    pub email: Option<String>,
    /// What the person will be.
    pub role: Role,
    /// What has become of it.
    pub status: InvitationStatus,
    /// Who asks.
    pub inviter_id: UserId,
    /// That person's name.
    pub inviter_name: String,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An invitation that was just made, with the link that opens it. The link is shown now and never again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct NewInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// The address at which it can be accepted; nothing where a mail has gone out with it, which nobody else shall hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
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

/// A slug as somebody types it: 2 to 48 of a–z, 0–9 and dashes inside.
pub fn slug(text: &str) -> Result<String> {
    let text = text.trim();
    let shape = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !(2..=48).contains(&text.len()) || !shape || text.starts_with('-') || text.ends_with('-') {
        let why = "Please use 2 to 48 of a–z, 0–9 and dashes, with a letter or a digit at both ends.";
        return Err(Error::invalid("slug", "pattern", why));
    }
    Ok(text.to_owned())
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

    #[test]
    fn what_cannot_stand_in_an_address_is_refused() {
        assert_eq!(slug(" acme-2 ").ok().as_deref(), Some("acme-2"));
        for bad in ["", "a", "-ab", "ab-", "Ab", "a b", "a/b", "ä", &"x".repeat(49)] {
            assert!(slug(bad).is_err(), "{bad:?}");
        }
    }
}
