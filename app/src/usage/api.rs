//! What the forms of usage do.

use hyvve_domain::{
    Error,
    ids::{AgentId, BudgetId, ProviderId, UserId},
    usage::{self, BudgetChanges, NewBudget, Price, Scope, budgets, dollars, micros, prices},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, leave_form, tell},
};

/// Sets a budget.
#[server(prefix = "/_fn", endpoint = "usage/set-budget", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn set_budget(
    /// `workspace`, `agent:{id}` or `user:{id}`.
    whose: String,
    /// How much, in dollars a month.
    dollars: String,
) -> Result<(), ApiError> {
    let typed = vec![("whose", whose.clone()), ("dollars", dollars.clone())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let new = budget_of(&whose, amount("limitMicros", &dollars)?)?;
        let budget = budgets::create(&services, &actor, new).await?;
        tell(vec![("done", format!("The budget is {} a month.", usage::dollars(budget.limit_micros)))]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sets another limit.
#[server(prefix = "/_fn", endpoint = "usage/change-budget", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_budget(
    /// Which budget.
    id: BudgetId,
    /// How much, in dollars a month.
    dollars: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let changes = BudgetChanges { limit_micros: amount("limit", &dollars)? };
        let budget = budgets::update(&services, &actor, id, changes).await?;
        tell(vec![("done", format!("The budget is {} a month now.", usage::dollars(budget.limit_micros)))]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Removes a budget.
#[server(prefix = "/_fn", endpoint = "usage/remove-budget", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn remove_budget(
    /// Which budget.
    id: BudgetId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        budgets::delete(&services, &actor, id).await?;
        tell(vec![("done", "The budget is gone: nothing limits that spending any more.".to_owned())]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sets a price.
#[server(prefix = "/_fn", endpoint = "usage/set-price", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn set_price(
    /// Whose model.
    provider_id: ProviderId,
    /// The model, or `*`.
    model: String,
    /// Dollars for a million tokens read.
    input: String,
    /// Dollars for a million tokens written.
    output: String,
    /// Dollars for a million tokens read from a cache; empty: as tokens read.
    #[server(default)]
    cache_read: String,
    /// Dollars for a million tokens written into a cache; empty: as tokens read.
    #[server(default)]
    cache_write: String,
) -> Result<(), ApiError> {
    let typed = vec![
        ("provider_id", provider_id.to_string()),
        ("model", model.clone()),
        ("input", input.clone()),
        ("output", output.clone()),
        ("cache_read", cache_read.clone()),
        ("cache_write", cache_write.clone()),
    ];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let read = amount("price.input", &input)?;
        let or_read = |field: &str, text: &str| if text.trim().is_empty() { Ok(read) } else { amount(field, text) };
        let price = Price {
            input: read,
            output: amount("price.output", &output)?,
            cache_read: or_read("price.cacheRead", &cache_read)?,
            cache_write: or_read("price.cacheWrite", &cache_write)?,
        };
        let of = if model.trim() == usage::EVERY_MODEL { "every other model" } else { model.trim() };
        let done = format!(
            "A million tokens of {of} cost {} read and {} written now.",
            dollars(price.input),
            dollars(price.output)
        );
        prices::set(&services, &actor, usage::SetPrice { provider_id, model, price: Some(price) }).await?;
        tell(vec![("done", done)]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Takes a price back.
#[server(prefix = "/_fn", endpoint = "usage/forget-price", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn forget_price(
    /// Whose model.
    provider_id: ProviderId,
    /// The model, or `*`.
    model: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        prices::set(&services, &actor, usage::SetPrice { provider_id, model, price: None }).await?;
        tell(vec![("done", "The price is gone: the maker’s list counts again, where it knows the model.".to_owned())]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

fn amount(field: &str, text: &str) -> Result<i64, Error> {
    micros(text).ok_or_else(|| Error::invalid(field, "amount", "Please enter an amount in dollars, like 12 or 0.25."))
}

fn budget_of(whose: &str, limit_micros: i64) -> Result<NewBudget, Error> {
    let unknown = || Error::invalid("subjectId", "known", "Please choose whose spending it is.");
    let (scope, subject_id) = match whose.split_once(':') {
        None if whose == "workspace" => (Scope::Workspace, None),
        Some(("agent", id)) => (Scope::Agent, Some(id.parse::<AgentId>().map_err(|_| unknown())?.0)),
        Some(("user", id)) => (Scope::User, Some(id.parse::<UserId>().map_err(|_| unknown())?.0)),
        _ => return Err(unknown()),
    };
    Ok(NewBudget { scope, subject_id, limit_micros })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_spending_it_is_is_read_from_the_form() {
        let id = "01a20fd0-df2e-7446-9633-c61ecfdf64c6";
        let scope =
            |whose: &str| budget_of(whose, 1).ok().map(|new| (new.scope, new.subject_id.map(|id| id.to_string())));
        assert_eq!(scope("workspace"), Some((Scope::Workspace, None)));
        assert_eq!(scope(&format!("agent:{id}")), Some((Scope::Agent, Some(id.to_owned()))));
        assert_eq!(scope(&format!("user:{id}")), Some((Scope::User, Some(id.to_owned()))));
        for bad in ["", "agent", "agent:", "agent:x", &format!("workspace:{id}"), &format!("role:{id}")] {
            assert_eq!(scope(bad), None, "{bad}");
        }
    }
}
