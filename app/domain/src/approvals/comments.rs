//! What people say to each other about an item. It is no decision, and no agent is told.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    Detail, comments_store as store,
    mentions::{self, Candidate},
    outcomes::tell,
    service::get,
    store::{Locked, look},
};
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::DomainEvent,
    ids::{ApprovalId, UserId},
    limits::{Door, Subject},
    notifications::{
        Kind,
        service::{self as notifications, To, Told},
    },
    services::Services,
    workspaces::members,
};

/// The most characters of what somebody says.
const MAX: usize = 4_000;

/// Says something about an item; whoever sees it may.
pub async fn add(s: &Services, actor: &Actor, id: ApprovalId, body: &str) -> Result<Detail> {
    let body = body.trim();
    let bad = |constraint: &str, message: String| Err(Error::invalid("body", constraint, message));
    if body.is_empty() {
        return bad("required", "Please write something.".to_owned());
    }
    if body.chars().count() > MAX {
        return bad("maxLength", format!("At most {MAX} characters, please."));
    }
    if body.contains('\0') {
        return bad("noNul", "A NUL character is not allowed here.".to_owned());
    }
    let (user, _) = actor.person()?;
    if body.contains('@') {
        // Each may tell many people, and write to them.
        s.limits.enter(Door::Mention, &[Subject::Person(user)]).await?.keep();
    }
    let mut tx = s.db.tenant(actor).await?;
    let item = look(&mut tx, id).await?.ok_or_else(|| Error::not_found("approval"))?;
    let mentions = mentions::find(body, &candidates(&mut tx, &item).await?)?;
    let comment = store::insert(&mut tx, id, user, body, &mentions).await?;
    let mentioned: BTreeSet<UserId> = mentions.iter().map(|mention| mention.user_id).collect();
    for person in mentioned {
        let told = Told {
            kind: Kind::Mentioned,
            cause: format!("mentioned:{comment}"),
            subject: ("approval", Some(id.0)),
            facts: json!({ "title": item.title }),
        };
        notifications::tell(&mut tx, To::Person(person), told).await?;
    }
    let facts = json!({ "hash": hex::encode(&item.hash), "run": item.run });
    tx.audit(Entry::new("approval.commented", "approval", id.0).details(facts).personal(json!({ "body": body })));
    tell(&mut tx, DomainEvent::ApprovalCommented, id, &item);
    tx.commit().await?;
    get(s, actor, id).await
}

/// Those who see an item: all who see every one, and whoever had it proposed.
async fn candidates(tx: &mut TenantTx, item: &Locked) -> Result<Vec<Candidate>> {
    let sees = |role: Role, is_own: bool| role.sees_all_approvals() || (is_own && role.sees_approvals());
    let all = members::all(tx).await?.into_iter();
    let seeing = all.filter(|member| sees(member.role, member.user_id == item.requester));
    Ok(seeing.map(|member| Candidate { user: member.user_id, name: member.name, email: member.email }).collect())
}
