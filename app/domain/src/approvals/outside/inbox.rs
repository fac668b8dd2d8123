//! Interrupts: several actions that are asked about together, and answered together, in their order.

use serde::Serialize;
use serde_json::Value;

use super::{
    inbox_store,
    interrupt::Interrupt,
    service::{add, decided},
    store,
};
use crate::{
    Actor, Error, Result, Role,
    ids::{ApprovalId, InterruptId},
    services::Services,
};

/// What was made of an interrupt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "Interrupt"))]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// Its id.
    pub id: InterruptId,
    /// An item per action, in order.
    pub approval_ids: Vec<ApprovalId>,
}

/// Where an interrupt stands.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "InterruptAnswer"))]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// Its id.
    pub id: InterruptId,
    /// An item per action, in order, as they were made.
    pub approval_ids: Vec<ApprovalId>,
    /// Once all are decided: what the program that asked goes on with, in the form that it asked in.
    pub reply: Option<Value>,
}

/// Makes an item of every action of an interrupt, in either form.
pub async fn interrupt(s: &Services, actor: &Actor, body: Value) -> Result<Made> {
    let user = actor.require(Role::can_propose, "propose")?;
    let Interrupt { form, actions } = Interrupt::read(body)?;
    let mut tx = s.db.tenant(actor).await?;
    let id = InterruptId::new();
    inbox_store::insert(&mut tx, id, form, user).await?;
    let mut approval_ids = Vec::new();
    for (place, action) in actions.into_iter().enumerate() {
        let place = i16::try_from(place).map_err(Error::internal)?;
        let from = inbox_store::Membership { interrupt: id, place, args_schema: action.args_schema };
        approval_ids.push(add(&mut tx, user, action.proposal, Some(from), &action.at).await?);
    }
    tx.commit().await?;
    Ok(Made { id, approval_ids })
}

/// Where an interrupt stands.
pub async fn answer(s: &Services, actor: &Actor, id: InterruptId) -> Result<Answered> {
    let mut tx = s.db.tenant(actor).await?;
    let form = inbox_store::form(&mut tx, id).await?.ok_or_else(|| Error::not_found("interrupt"))?;
    let approval_ids = inbox_store::items(&mut tx, id).await?;
    let mut all = Vec::with_capacity(approval_ids.len());
    for item in &approval_ids {
        let one = decided(&mut tx, *item).await?;
        if one.approved.is_none() {
            return Ok(Answered { id, approval_ids, reply: None });
        }
        let allowed = store::of(&mut tx, *item).await?.map(|said| said.allowed).unwrap_or_default();
        let changed = one.id != *item;
        all.push((one, changed, allowed));
    }
    Ok(Answered { id, reply: Some(form.answer(&all)), approval_ids })
}
