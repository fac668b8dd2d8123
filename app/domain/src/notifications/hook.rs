//! A person's own webhook, in the manner of Slack's incoming webhooks: whoever knows its address may write there, so the address is
//! sealed with the workspace's data key, and what is shown of it is its host and its last four characters.

use std::time::Duration;

use reqwest::{Method, Url, header::CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::time::timeout;

use super::{hook_store as store, settings, slack};
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    db::{SystemTx, TenantTx},
    ids::{UserId, WorkspaceId},
    keys::{self, Swept},
    outward::{Outward, Refused},
    seal::DataKey,
    services::Services,
    webhooks,
};

/// What it is sealed for.
const PURPOSE: &str = "notification webhook";
/// How long one message may take.
const WITHIN: Duration = Duration::from_secs(15);
/// Why an address is not told anything.
const ONLY_PUBLIC: &str = "Only a public address, please; others are for owners and admins.";

/// Keeps the address of the actor's webhook, once a message has got through to it.
pub async fn set(s: &Services, actor: &Actor, url: &str) -> Result<super::Settings> {
    let (user, role) = actor.person()?;
    let url = webhooks::checked_url(&s.http, url)?;
    if !may_name(&s.http, role, &url) {
        return Err(Error::invalid("url", "public", ONLY_PUBLIC));
    }
    let hello = slack::message("HYVVE will tell you here.", &[], None);
    if let Err(why) = send(&s.http, &url, hello).await {
        return Err(Error::invalid("url", "answers", format!("A first message did not get through: {why}")));
    }
    let shown = webhooks::masked(&url);
    let mut tx = s.db.tenant(actor).await?;
    let sealed = keys::for_sealing(&mut tx, s).await?.seal(user, PURPOSE, &SecretString::from(url))?;
    store::put(&mut tx, user, &sealed, &shown).await?;
    tx.audit(
        Entry::new("notification_settings.webhook_set", settings::SUBJECT, user.0).details(json!({ "shown": shown })),
    );
    tx.commit().await?;
    settings::get(s, actor).await
}

/// Whether somebody of this role may have an address told. What the operator lets workspaces reach inside is for those who say where
/// a workspace's events go, and not for everybody who was invited.
fn may_name(http: &Outward, role: Role, url: &str) -> bool {
    role.manages_webhooks() || Url::parse(url).is_ok_and(|url| http.is_public(&url))
}

/// Forgets the address of the actor's webhook.
pub async fn remove(s: &Services, actor: &Actor) -> Result<super::Settings> {
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    if let Some(shown) = store::remove(&mut tx, user).await? {
        let entry = Entry::new("notification_settings.webhook_removed", settings::SUBJECT, user.0);
        tx.audit(entry.details(json!({ "shown": shown })));
    }
    tx.commit().await?;
    settings::get(s, actor).await
}

/// The address that was sealed.
async fn open(tx: &mut TenantTx, s: &Services, user: UserId, sealed: &[u8]) -> Result<SecretString> {
    let version = DataKey::version_of(sealed).ok_or_else(|| Error::internal("no data key has sealed it"))?;
    // A data key that has gone since this was read: whoever reads it again finds it sealed anew.
    let key = keys::for_opening(tx, s, version).await?.ok_or_else(|| Error::internal("a data key is gone"))?;
    key.open(user, PURPOSE, sealed)
}

/// Sends one message; why it did not get through, in words without the address. What it answers is not read, and no redirect is
/// followed.
pub(crate) async fn send(http: &Outward, url: &str, body: String) -> Result<(), String> {
    let url = Url::parse(url).map_err(|_| "The address is not a URL.".to_owned())?;
    let request = http.request(Method::POST, url).map_err(|refused| refused.to_string())?;
    let sent = timeout(WITHIN, request.header(CONTENT_TYPE, "application/json").body(body).send()).await;
    match sent {
        Err(_) => Err(format!("There was no answer within {} s.", WITHIN.as_secs())),
        Ok(Err(error)) => Err(Refused::of(&error).map_or_else(
            || "It could not be reached: no connection, no such host, or no valid TLS.".to_owned(),
            ToString::to_string,
        )),
        Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
        Ok(Ok(answer)) => Err(format!("It answered with {}.", answer.status().as_u16())),
    }
}

/// Seals anew, with the newest data key of a workspace, what another one than `version` has sealed.
pub(crate) async fn seal_with_newest(s: &Services, workspace: WorkspaceId, version: u32) -> Result<Swept> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    // First the data key and then rows, the order in which people who enter an address hold them.
    let newest = keys::for_sealing(&mut tx, s).await?;
    let mut swept = Swept::default();
    for (user, sealed) in store::all_sealed(&mut tx).await? {
        if DataKey::version_of(&sealed) == Some(version) {
            continue;
        }
        let again = open(&mut tx, s, user, &sealed).await.and_then(|url| newest.seal(user, PURPOSE, &url));
        swept += Swept::one(format_args!("the webhook of a person of workspace {workspace}"), &again);
        if let Ok(again) = again {
            store::reseal(&mut tx, user, &again).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

/// The versions of a workspace's data key that these addresses are sealed with.
pub(crate) async fn versions(tx: &mut SystemTx, workspace: WorkspaceId) -> Result<Vec<u32>> {
    let versions = store::versions(tx, workspace).await?;
    Ok(versions.into_iter().filter_map(|version| u32::try_from(version).ok()).collect())
}

/// Sends a person, of this role now, a message by his or her webhook, and writes down whether it got through. Answers whether that
/// was all: no further try makes an address one that the person may have told.
pub(super) async fn tell(
    s: &Services,
    workspace: WorkspaceId,
    (user, role): (UserId, Role),
    body: String,
) -> Result<bool> {
    let actor = Actor::system(workspace);
    let mut tx = s.db.tenant(&actor).await?;
    let Some(sealed) = store::sealed(&mut tx, user).await? else { return Ok(true) };
    let url = open(&mut tx, s, user, &sealed).await?;
    drop(tx);
    let may = may_name(&s.http, role, url.expose_secret());
    let sent = if may { send(&s.http, url.expose_secret(), body).await } else { Err(ONLY_PUBLIC.to_owned()) };
    let mut tx = s.db.tenant(&actor).await?;
    store::set_problem(&mut tx, user, &sealed, sent.as_ref().err().map(String::as_str)).await?;
    tx.commit().await?;
    Ok(sent.is_ok() || !may)
}
