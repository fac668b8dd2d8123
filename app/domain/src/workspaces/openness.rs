//! How far a workspace opens to what is outside of it: the hosts that its agents may ask, and whether whoever runs the server
//! reads in traces what was said.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store;
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::Nothing},
    outward::AllowedHosts,
    services::Services,
};

/// How many hosts a workspace may list.
const MAX_HOSTS: usize = 50;
/// The most characters of one: a name has at most 253, a port five.
const MAX_HOST: usize = 260;

/// How open it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Openness {
    /// The hosts that agents may ask, once somebody has approved the request. None by default.
    #[cfg_attr(feature = "ssr", schemars(with = "Vec<String>"))]
    pub request_hosts: AllowedHosts,
    /// Spans of model calls say what was asked and answered. Off by default.
    pub content_in_traces: bool,
}

/// What is to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OpennessChanges {
    /// `api.example.com`, `api.example.com:8443`.
    pub request_hosts: Option<Vec<String>>,
    /// Likewise.
    pub content_in_traces: Option<bool>,
}

/// How open the actor's workspace is.
pub async fn get(s: &Services, actor: &Actor) -> Result<Openness> {
    actor.require(Role::can_secure_workspace, "see how open the workspace is")?;
    let mut tx = s.db.tenant(actor).await?;
    of(&mut tx).await
}

/// Opens the workspace further, or less far.
pub async fn change(s: &Services, actor: &Actor, changes: OpennessChanges) -> Result<Openness> {
    actor.require(Role::can_secure_workspace, "change how open the workspace is")?;
    let hosts = changes.request_hosts.map(|hosts| host_list(&hosts)).transpose()?;
    let mut tx = s.db.tenant(actor).await?;
    let before = store::lock_openness(&mut tx).await?;
    let after = Openness {
        request_hosts: hosts.unwrap_or_else(|| before.request_hosts.clone()),
        content_in_traces: changes.content_in_traces.unwrap_or(before.content_in_traces),
    };
    if before != after {
        store::set_openness(&mut tx, &after).await?;
        let details = json!({ "before": before, "after": after });
        tx.audit(Entry::new("workspace.openness_changed", "workspace", actor.workspace.0).details(details));
        tx.emit(Draft::new(DomainEvent::WorkspaceUpdated(Nothing {}), actor.workspace));
        tx.commit().await?;
        s.resolved.forget_all();
    }
    Ok(after)
}

/// How open the transaction's workspace is.
pub(crate) async fn of(tx: &mut TenantTx) -> Result<Openness> {
    store::openness(tx).await
}

/// A list as it is kept: each host once, as URLs spell it.
fn host_list(hosts: &[String]) -> Result<AllowedHosts> {
    const FIELD: &str = "requestHosts";
    if hosts.len() > MAX_HOSTS {
        return Err(Error::invalid(FIELD, "maxItems", format!("At most {MAX_HOSTS} hosts can be listed.")));
    }
    if let Some(long) = hosts.iter().find(|host| host.chars().count() > MAX_HOST) {
        let begin: String = long.chars().take(40).collect();
        return Err(Error::invalid(FIELD, "maxLength", format!("“{begin}…” is too long for a host.")));
    }
    if let Some(pattern) = hosts.iter().find(|host| host.contains('*')) {
        let why = format!("“{pattern}” is a pattern. Please list each host by itself.");
        return Err(Error::invalid(FIELD, "host", why));
    }
    AllowedHosts::of(hosts).map_err(|why| Error::invalid(FIELD, "host", format!("{why}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_hosts_and_nothing_else_each_once() -> Result<()> {
        let list = |hosts: &[&str]| host_list(&hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>());
        let kept = list(&["API.example.com", "api.example.com", "10.0.0.5:8000", "bücher.example"])?;
        assert_eq!(json!(kept), json!(["api.example.com", "10.0.0.5:8000", "xn--bcher-kva.example"]));
        assert_eq!(list(&[])?, AllowedHosts::default());
        for bad in ["", "https://api.example.com", "a/b", "*.example.com", "u@a", "169.254.169.254"] {
            assert!(list(&[bad]).is_err(), "{bad:?} was taken");
        }
        assert!(list(&["a.example"; 51]).is_err() && list(&[&"a".repeat(261)]).is_err());
        Ok(())
    }
}
