//! What the server found out about a page's workspace before it rendered the page, and its way to the browser.
//!
//! It travels as plain text, one field after the other: the frame is in the first download, and a JSON parser is not.

use std::{convert::Infallible, fmt, str::FromStr};

use hyvve_domain::{
    Code, Error, Role,
    ids::{UserId, WorkspaceId},
};
use leptos::prelude::*;

/// Between two fields; a control character, so that no name contains it.
const SEPARATOR: char = '\u{1f}';
/// Begins an entry that has no frame.
const REFUSED: &str = "refused";

/// A workspace's name, for people and for addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkspaceName {
    /// For people.
    pub name: String,
    /// For addresses.
    pub slug: String,
}

/// What the frame shows of a workspace and of the person in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameData {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// The person's other workspaces.
    pub others: Vec<WorkspaceName>,
    /// The person.
    pub user: UserId,
    /// The person's name.
    pub person: String,
    /// The person's address.
    pub email: String,
    /// The person's role here.
    pub role: Role,
    /// How many approvals wait.
    pub pending: i64,
    /// The newest event that all of this knows of.
    pub cursor: i64,
}

impl FrameData {
    /// The address of one of the workspace's pages: `path` is empty, or begins with a slash.
    pub fn href(&self, path: &str) -> String {
        format!("/w/{}{path}", self.name.slug)
    }
}

/// Pictures of what the chrome names. The browser draws none of them, so they do not travel with the entry.
#[cfg(feature = "ssr")]
#[derive(Clone, Default, Debug)]
pub(super) struct Pictures {
    /// The person's.
    pub(super) person: Option<String>,
    /// By slug, those of the person's workspaces that have one.
    pub(super) workspaces: std::collections::BTreeMap<String, String>,
}

#[cfg(feature = "ssr")]
impl Pictures {
    /// That of a workspace.
    pub(super) fn of(&self, workspace: &WorkspaceName) -> Option<String> {
        self.workspaces.get(&workspace.slug).cloned()
    }
}

/// The frame of a page, or why there is none.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry(pub(super) Result<FrameData, Error>);

/// The entry of this page: the server's, also in the browser.
pub(super) fn use_entry() -> Entry {
    let shared = SharedValue::new_str(|| known().unwrap_or_else(|| Entry(Err(Error::not_found("page")))));
    shared.into_inner()
}

/// What the guard has found out; the browser knows only what the server has told it.
fn known() -> Option<Entry> {
    #[cfg(feature = "ssr")]
    return crate::context::parts().ok()?.extensions.get::<Entry>().cloned();
    #[cfg(not(feature = "ssr"))]
    None
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = match &self.0 {
            Ok(data) => data,
            Err(error) => return write!(f, "{REFUSED}{SEPARATOR}{}{SEPARATOR}{}", error.code.status(), error.message),
        };
        let ids =
            [data.workspace.to_string(), data.user.to_string(), data.pending.to_string(), data.cursor.to_string()];
        let texts = [data.role.as_str(), &data.person, &data.email].map(str::to_owned);
        let names =
            [&data.name].into_iter().chain(&data.others).flat_map(|name| [name.slug.clone(), name.name.clone()]);
        for (place, field) in ids.into_iter().chain(texts).chain(names).enumerate() {
            if place > 0 {
                write!(f, "{SEPARATOR}")?;
            }
            f.write_str(&field)?;
        }
        Ok(())
    }
}

impl FromStr for Entry {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(frame(text).ok_or_else(|| refusal(text))))
    }
}

fn frame(text: &str) -> Option<FrameData> {
    let mut fields = text.split(SEPARATOR);
    let mut next = || fields.next();
    let (workspace, user) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let (pending, cursor) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let (role, person, email) = (next()?.parse().ok()?, next()?.to_owned(), next()?.to_owned());
    let mut name = || Some(WorkspaceName { slug: next()?.to_owned(), name: next()?.to_owned() });
    let here = name()?;
    let others = std::iter::from_fn(name).collect();
    Some(FrameData { workspace, name: here, others, user, person, email, role, pending, cursor })
}

/// Only what the page of a refusal tells apart.
fn refusal(text: &str) -> Error {
    let mut fields = text.split(SEPARATOR).skip(1);
    let code = match fields.next() {
        Some("404") => Code::NotFound,
        Some("403") => Code::Forbidden,
        Some("503") => Code::Unavailable,
        _ => Code::InternalError,
    };
    Error::new(code, fields.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_arrives_as_it_was_sent() {
        let id = "01a20fd0-df2e-7446-9633-c61ecfdf64c6";
        let name = |slug: &str, name: &str| WorkspaceName { name: name.to_owned(), slug: slug.to_owned() };
        let mut entries =
            vec![Entry(Err(Error::not_found("workspace"))), Entry(Err(Error::new(Code::Unavailable, "Away.")))];
        if let (Ok(workspace), Ok(user)) = (id.parse(), id.parse()) {
            entries.push(Entry(Ok(FrameData {
                workspace,
                name: name("acme", "Acme & Söhne"),
                others: vec![name("b", "B"), name("c", "")],
                user,
                person: "Ada Lovelace".to_owned(),
                email: "ada@example.com".to_owned(),
                role: Role::Admin,
                pending: 7,
                cursor: 1234,
            })));
        }
        assert_eq!(entries.len(), 3);
        for entry in entries {
            assert_eq!(entry.to_string().parse(), Ok(entry));
        }
    }
}
