//! Budgets: people set them, the runtime keeps to them, and owners and admins hear of it before they are used up.

use serde_json::json;

use super::{
    Budget, BudgetChanges, NewBudget, Scope,
    budgets_store::{self as store, SpentFrom},
    dollars,
    ledger::Entry,
    ledger_store::Lost,
    share,
};
use crate::{
    Actor, Error, Result, Role, audit,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{BudgetAlerted, Change},
    },
    ids::BudgetId,
    notifications::{
        Kind,
        service::{self as notifications, To, Told},
    },
    providers::service::{enter, enter_to_read},
    services::Services,
    workspaces::{self, members},
};

const SUBJECT: &str = "budget";
/// The highest limit: a billion dollars.
const MOST: i64 = 1_000_000_000_000_000;
/// Shares, in percent, of which people are told.
const TOLD_AT: [i64; 3] = [50, 80, 100];

/// Why a call may not begin, for its run's people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refused {
    /// A stable word: `budget_reached`, `price_unknown`.
    pub(crate) kind: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What to do, and who can.
    pub(crate) remedy: String,
}

/// Every budget that the actor may see: owners and admins all, everybody else their own.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Budget>> {
    enter_to_read(s, actor).await?;
    shown(s, actor).await
}

/// The same for a page that shows them, which is no call and not counted.
pub async fn shown(s: &Services, actor: &Actor) -> Result<Vec<Budget>> {
    actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    store::list(&mut tx, None).await
}

/// Sets a budget. What has been spent in this month already counts.
pub async fn create(s: &Services, actor: &Actor, new: NewBudget) -> Result<Budget> {
    enter(s, actor, "set budgets").await?;
    limit(new.limit_micros)?;
    let mut tx = s.db.tenant(actor).await?;
    match (new.scope, new.subject_id) {
        (Scope::Workspace, None) => {}
        (Scope::Workspace, Some(_)) => {
            let message = "A budget of the whole workspace is nobody’s in particular.";
            return Err(Error::invalid("subjectId", "absent", message));
        }
        (_, None) => return Err(Error::invalid("subjectId", "required", "Please say whose budget it is.")),
        (scope, Some(subject)) if !store::is_here(&mut tx, scope, subject).await? => {
            return Err(Error::not_found(if scope == Scope::Agent { "agent" } else { "member" }));
        }
        _ => {}
    }
    let id = BudgetId::new();
    store::insert(&mut tx, id, &new).await?;
    let budget = found(&mut tx, id).await?;
    store::set_limit(&mut tx, &budget, new.limit_micros, told(budget.spent_micros, new.limit_micros)).await?;
    note(&mut tx, "budget.set", &budget, None);
    tx.commit().await?;
    Ok(budget)
}

/// Sets another limit.
pub async fn update(s: &Services, actor: &Actor, id: BudgetId, changes: BudgetChanges) -> Result<Budget> {
    enter(s, actor, "set budgets").await?;
    limit(changes.limit_micros)?;
    let mut tx = s.db.tenant(actor).await?;
    store::lock(&mut tx).await?;
    let before = found(&mut tx, id).await?;
    let told = told(before.spent_micros, changes.limit_micros);
    store::set_limit(&mut tx, &before, changes.limit_micros, told).await?;
    let budget = Budget { limit_micros: changes.limit_micros, ..before.clone() };
    note(&mut tx, "budget.changed", &budget, Some(before.limit_micros));
    tx.commit().await?;
    Ok(budget)
}

/// Removes a budget: nothing limits that spending any more.
pub async fn delete(s: &Services, actor: &Actor, id: BudgetId) -> Result<()> {
    enter(s, actor, "remove budgets").await?;
    let mut tx = s.db.tenant(actor).await?;
    store::lock(&mut tx).await?;
    let budget = found(&mut tx, id).await?;
    if !store::delete(&mut tx, id).await? {
        return Err(Error::not_found(SUBJECT));
    }
    note(&mut tx, "budget.removed", &budget, None);
    tx.commit().await
}

async fn found(tx: &mut TenantTx, id: BudgetId) -> Result<Budget> {
    store::list(tx, Some(id)).await?.pop().ok_or_else(|| Error::not_found(SUBJECT))
}

fn limit(micros: i64) -> Result<()> {
    if (0..=MOST).contains(&micros) {
        return Ok(());
    }
    Err(Error::invalid("limitMicros", "range", "A budget is between $0 and a billion dollars a month."))
}

/// The highest share that has been reached.
fn told(spent: i64, limit: i64) -> i16 {
    let reached = TOLD_AT.into_iter().rfind(|percent| limit > 0 && share(spent, limit) >= *percent);
    reached.unwrap_or_default() as i16
}

fn note(tx: &mut TenantTx, action: &'static str, budget: &Budget, before: Option<i64>) {
    let details = json!({
        "scope": budget.scope,
        "subject": budget.subject_id,
        "limitMicros": budget.limit_micros,
        "before": before,
    });
    tx.audit(audit::Entry::new(action, SUBJECT, budget.id.0).details(details));
    tx.emit(Draft::new(DomainEvent::BudgetChanged(Change { action }), budget.id));
}

/// A budget is used up.
pub(super) async fn reached(s: &Services, actor: &Actor, scope: Scope, limit: i64) -> Result<Refused> {
    let whose = match scope {
        Scope::Workspace => "The workspace’s AI budget",
        Scope::Agent => "This agent’s AI budget",
        Scope::User => "Your AI budget",
    };
    Ok(Refused {
        kind: "budget_reached",
        message: format!("{whose} of {} for this month is used up.", dollars(limit)),
        remedy: format!("{} can raise it in Usage → Budgets.", who_can(s, actor).await?),
    })
}

/// A budget applies, and nobody knows what the model costs.
pub(super) async fn price_unknown(s: &Services, actor: &Actor, model: &str, provider: &str) -> Result<Refused> {
    Ok(Refused {
        kind: "price_unknown",
        message: format!("A budget limits this, and what {model} of {provider} costs is not known."),
        remedy: format!("{} can enter its price in Usage → Prices.", who_can(s, actor).await?),
    })
}

/// Some of those who can, by name.
async fn who_can(s: &Services, actor: &Actor) -> Result<String> {
    let mut tx = s.db.tenant(actor).await?;
    let mut able = members::who_decides(&mut tx).await?;
    // Owners first, and whoever has belonged here longest.
    able.sort_by_key(|who| (who.role != Role::Owner, who.since));
    let names: Vec<String> = able.into_iter().map(|who| who.name).collect();
    Ok(match names.as_slice() {
        [] => "An owner or admin".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} or {other}"),
        [one, other, ..] => format!("{one}, {other} or another owner or admin"),
    })
}

/// Takes from budgets what a call has cost, and tells people of the shares that are reached with it. The ledger has the call in the
/// same transaction. `limited`: there may be such budgets.
pub(crate) async fn settle(tx: &mut TenantTx, entry: &Entry, limited: bool) -> Result<()> {
    if entry.held.is_none() && (entry.counted() == 0 || !limited) {
        return Ok(());
    }
    let spent_from = store::settle(tx, entry).await?;
    tell_what_is_reached(tx, spent_from).await
}

/// The same for a call that was given up: what was held back for it is spent.
pub(super) async fn give_up(tx: &mut TenantTx, lost: &Lost) -> Result<()> {
    let spent_from = store::give_up(tx, lost).await?;
    tell_what_is_reached(tx, spent_from).await
}

async fn tell_what_is_reached(tx: &mut TenantTx, spent_from: Vec<SpentFrom>) -> Result<()> {
    for budget in spent_from {
        let now = told(budget.spent, budget.limit);
        if now > budget.told {
            store::set_told(tx, budget.id, budget.month, now).await?;
            tell(tx, &budget, now).await?;
        }
    }
    Ok(())
}

/// Tells everybody who may raise the budget.
async fn tell(tx: &mut TenantTx, budget: &SpentFrom, percent: i16) -> Result<()> {
    let here = workspaces::service::of(tx).await?;
    let whose = match (budget.scope, &budget.subject) {
        (Scope::Workspace, _) => format!("The AI budget of “{}”", here.name),
        (_, Some(name)) => format!("The AI budget for {name} in “{}”", here.name),
        (_, None) => format!("An AI budget in “{}”", here.name),
    };
    let spent = format!("{} of {}", dollars(budget.spent), dollars(budget.limit));
    let told = Told {
        kind: Kind::BudgetAlert,
        cause: format!("budget:{}:{}:{percent}:{}", budget.id, budget.month, budget.limit),
        subject: (SUBJECT, Some(budget.id.0)),
        facts: json!({ "whose": whose, "spent": spent, "percent": percent }),
    };
    notifications::tell(tx, To::Deciders, told).await?;
    let details = json!({ "percent": percent, "spentMicros": budget.spent, "limitMicros": budget.limit });
    tx.audit(audit::Entry::new("budget.alerted", SUBJECT, budget.id.0).details(details));
    tx.emit(Draft::new(DomainEvent::BudgetAlerted(BudgetAlerted { percent }), budget.id));
    Ok(())
}

/// Whether somebody may set budgets, for pages that offer it.
pub fn may_set(actor: &Actor) -> bool {
    actor.role().is_some_and(Role::can_configure_ai)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_as_they_are_reached_and_of_nothing_there_is_no_share() {
        for (spent, limit, percent) in [
            (0, 100, 0),
            (49, 100, 0),
            (50, 100, 50),
            (79, 100, 50),
            (80, 100, 80),
            (99, 100, 80),
            (100, 100, 100),
            (500, 100, 100),
            (i64::MAX, 1, 100),
            (5, 0, 0),
        ] {
            assert_eq!(told(spent, limit), percent, "{spent} of {limit}");
        }
    }

    #[test]
    fn a_limit_is_no_absurd_number() {
        for bad in [-1, i64::MIN, i64::MAX, MOST + 1] {
            assert_eq!(limit(bad).err().as_ref().and_then(Error::field), Some("limitMicros"));
        }
        assert!(limit(0).is_ok() && limit(MOST).is_ok());
    }
}
