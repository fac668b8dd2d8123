//! What a press does, and how people connect themselves with users of Slack.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

pub use super::press::Signed;
use super::{
    Asking, Connected,
    press::{self, Press},
    store,
};
use crate::{
    Actor, Error, Result, Role, Timestamp,
    approvals::{self, Decide, Status, Verdict, door},
    audit::Entry,
    canonical,
    ids::{WebhookId, WorkspaceId},
    notifications::{hook, slack},
    services::Services,
    tools::change_policy,
    webhooks::{disabling::SUBJECT, secrets},
    workspaces::service::{self as workspaces, Named},
};

/// How long a link connects.
const LINK: Duration = Duration::from_mins(10);

/// Takes what Slack sends to a channel's endpoint. An endpoint that is not there, has no buttons, or has not signed it, is refused alike.
/// What came of it is told where Slack says, to whoever pressed, and does not hold up the answer.
pub async fn press(s: &Services, id: WebhookId, signed: Signed<'_>, body: &[u8]) -> Result<()> {
    let refused = || Error::new(crate::Code::Unauthorized, "This is not signed as it should be.");
    let mut tx = s.db.system("whose channel a button was pressed in").await?;
    let workspace = store::workspace_of(&mut tx, id).await?.ok_or_else(refused)?;
    drop(tx);
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    let sealed = store::signing_secret(&mut tx, id).await?.ok_or_else(refused)?;
    let secret = secrets::open_signing(&mut tx, s, id, &sealed).await?;
    drop(tx);
    if !signed.is_by(&secret, body, Timestamp::now()) {
        return Err(refused());
    }
    let Some(press) = press::read(body) else { return Ok(()) };
    let said = Box::pin(decide(s, workspace, id, &press)).await?;
    if let Some(url) = press.answer_to {
        let http = s.http.clone();
        tokio::spawn(async move {
            let answer = json!({ "response_type": "ephemeral", "replace_original": false, "text": said }).to_string();
            if let Err(why) = hook::send(&http, &url, answer).await {
                tracing::warn!(webhook = %id, error.message = why, "whoever pressed a button was not answered");
            }
        });
    }
    Ok(())
}

/// Decides as the person whom the user of Slack is connected with; answers what to say, whatever comes of it.
async fn decide(s: &Services, workspace: WorkspaceId, id: WebhookId, press: &Press) -> Result<String> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    let here = crate::workspaces::service::of(&mut tx).await?;
    let home = format!("{}/w/{}", s.settings.public_url, here.slug);
    let person = store::person(&mut tx, id, &press.slack_user).await?;
    let actor = match person {
        Some(user) => workspaces::actor_without_factor(s, user, &Named::Id(workspace)).await,
        None => Err(Error::not_found("person")),
    };
    let card = format!("{home}/approvals/{}", press.item);
    let open = format!("<{card}|Open the card>");
    let actor = match actor {
        Ok(actor) => actor,
        // Connected, but not let in this way: the card asks for what is missing.
        Err(error) if workspaces::asks_for_second_factor(&error) => {
            return Ok(format!("This workspace asks for a second factor, which Slack cannot show. {open}"));
        }
        // Not connected, or with somebody who has left.
        Err(error) if error.code == crate::Code::NotFound => {
            let token = URL_SAFE_NO_PAD.encode(canonical::random::<32>()?);
            let who = Asking { slack_user: press.slack_user.clone(), slack_name: press.slack_name.clone() };
            store::insert_link(&mut tx, id, &who, &hashed(&token), Timestamp::now().plus(LINK)).await?;
            tx.commit().await?;
            let link = format!("{home}/settings/notifications?connect={token}");
            return Ok(format!(
                "Nothing is decided: HYVVE does not know who you are here. <{link}|Connect your account> within 10 minutes, or decide there: {open}"
            ));
        }
        Err(error) => return Err(error),
    };
    drop(tx);
    let shown = match approvals::service::get(s, &actor, press.item).await {
        Ok(shown) => shown,
        Err(error) => return Ok(format!("Nothing is decided. {} {open}", slack::escaped(&error.message))),
    };
    // Whoever has entered the secret could press for everybody, and one person is not several.
    if shown.agreement.is_some() || shown.item.tool == change_policy::NAME {
        return Ok(format!("Nothing is decided: more than one person has a say in this. {open}"));
    }
    let note = match press.verdict {
        Verdict::Approve => "Approved in Slack.",
        Verdict::Reject => "Rejected in Slack, without a reason.",
    };
    let decision = Decide {
        verdict: press.verdict,
        note: Some(note.to_owned()),
        hash: Some(press.hash.clone()),
        interactive: true,
    };
    Ok(match door::decide(s, &actor, press.item, decision).await {
        Ok(detail) => {
            let title = slack::escaped(&detail.item.title);
            match detail.item.status {
                Status::Pending => format!("You have approved “{title}”; it waits for others. {open}"),
                Status::Approved => format!("You have approved “{title}”. {open}"),
                status => format!("“{title}”: {}. {open}", status.label().to_lowercase()),
            }
        }
        Err(error) => format!("Nothing is decided. {} {open}", slack::escaped(&error.message)),
    })
}

fn hashed(token: &str) -> [u8; 32] {
    canonical::sha256(token.as_bytes())
}

/// Whom a link would connect the actor with. Looking uses nothing up.
pub async fn asking(s: &Services, actor: &Actor, token: &str) -> Result<Option<Asking>> {
    actor.require(Role::can_decide, "decide from a channel")?;
    let mut tx = s.db.tenant(&Actor::system(actor.workspace)).await?;
    store::link(&mut tx, &hashed(token)).await
}

/// Connects the actor with the user of Slack whom the link was sent to, who from then on decides as the actor.
pub async fn connect(s: &Services, actor: &Actor, token: &str) -> Result<Asking> {
    let user = actor.require(Role::can_decide, "decide from a channel")?;
    let mut tx = s.db.tenant(&Actor::system(actor.workspace)).await?;
    tx.asked_by(*actor);
    let Some((id, who)) = store::connect(&mut tx, &hashed(token), user).await? else {
        let why = "This link has been used, or is too old. Press the button in the channel once more for another one.";
        return Err(Error::new(crate::Code::InvalidToken, why));
    };
    tx.audit(Entry::new("channel.connected", SUBJECT, id.0).details(json!({ "slackUser": who.slack_user })));
    tx.commit().await?;
    Ok(who)
}

/// The users of Slack who decide as the actor.
pub async fn connected(s: &Services, actor: &Actor) -> Result<Vec<Connected>> {
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    store::connected(&mut tx, user).await
}

/// Ends one of these connections. One that is not there has ended.
pub async fn disconnect(s: &Services, actor: &Actor, id: WebhookId, slack_user: &str) -> Result<()> {
    let (user, _) = actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    if store::disconnect(&mut tx, user, id, slack_user).await? {
        tx.audit(Entry::new("channel.disconnected", SUBJECT, id.0).details(json!({ "slackUser": slack_user })));
    }
    tx.commit().await
}

/// The buttons of a message about an item: approve and reject, each with what it is about.
pub(crate) fn of_message(item: &approvals::Item) -> serde_json::Value {
    let value = press::value(item.id, &item.hash);
    let button = |action: &str, words: &str, style: &str| {
        json!({
            "type": "button", "action_id": action, "value": value, "style": style,
            "text": { "type": "plain_text", "text": words },
        })
    };
    let elements = [button(press::APPROVE, "Approve", "primary"), button(press::REJECT, "Reject", "danger")];
    json!({ "type": "actions", "elements": elements })
}

/// Removes what connects nobody any more.
pub(in crate::webhooks) async fn purge(tx: &mut crate::db::SystemTx) -> Result<()> {
    store::purge(tx).await
}
