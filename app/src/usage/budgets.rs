//! How much may be spent in a month.

use hyvve_domain::{
    agents,
    usage::{Budget, Scope, budgets, dollars},
    workspaces,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{ChangeBudget, RemoveBudget, SetBudget},
    layout::{Part, usage_page},
};
use crate::{
    ApiError,
    flash::Flash,
    settings::done,
    shell::Visit,
    ui::{Button, Card, CardBody, EmptyState, Field, Form, Glyph, Select, Variant},
};

/// The page at `/w/{workspace}/usage/budgets`.
pub(crate) async fn budgets_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let flash = Flash::take().unwrap_or_default();
    let all = budgets::shown(services, actor).await?;
    let may_set = budgets::may_set(actor);
    let form = if may_set { Some(form_card(visit, &all, flash.clone()).await?) } else { None };
    let problem = flash.beside(&["limitMicros", "subjectId"]);
    let content = view! {
        {done(&flash)}
        {problem.map(|text| view! { <p class="form-message" role="alert">{text}</p> })}
        {list_card(all, may_set)}
        {form}
    };
    let lead = "What agents may spend in a month. Before a call begins, what it may cost is held back; with nothing left, no call begins.";
    Ok(usage_page(Part::Budgets, lead, "budget.", content.into_any()))
}

/// Whose it is, in words.
fn name(budget: &Budget) -> String {
    match (budget.scope, &budget.subject) {
        (Scope::Workspace, _) => "The whole workspace".to_owned(),
        (Scope::Agent, Some(name)) => format!("{name} (agent)"),
        (Scope::User, Some(name)) => name.clone(),
        (Scope::Agent, None) => "An agent that is gone".to_owned(),
        (Scope::User, None) => "Somebody who is gone".to_owned(),
    }
}

fn list_card(all: Vec<Budget>, may_set: bool) -> AnyView {
    if all.is_empty() {
        let text = if may_set {
            "Nothing limits what agents spend. Set a budget below."
        } else {
            "Nothing limits what agents spend for you."
        };
        return view! { <Card title="Budgets"><EmptyState glyph=Glyph::Shield title="No budget is set" text=text/></Card> }.into_any();
    }
    let rows = all.into_iter().map(|budget| row(&budget, may_set)).collect_view();
    view! { <Card title="Budgets" note="of this month"><ul class="entries">{rows}</ul></Card> }.into_any()
}

fn row(budget: &Budget, may_set: bool) -> AnyView {
    let (name, percent) = (name(budget), budget.percent());
    let state = match percent {
        100.. => "meter meter-full",
        80.. => "meter meter-high",
        _ => "meter",
    };
    let held = (budget.reserved_micros > 0)
        .then(|| view! { <span>{format!("{} held back for calls under way", dollars(budget.reserved_micros))}</span> });
    let spent = format!("{} of {} spent ({percent} %)", dollars(budget.spent_micros), dollars(budget.limit_micros));
    let means = may_set.then(|| means(budget, &name));
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{name}</p>
                <div class=state role="img" aria-label=format!("{percent} percent spent")>
                    <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width=percent.clamp(0, 100) height="4"></rect></svg>
                </div>
                <div class="meta"><span>{spent}</span>{held}</div>
            </div>
            {means}
        </li>
    }
    .into_any()
}

/// Another limit, or none.
fn means(budget: &Budget, name: &str) -> AnyView {
    let (id, limit, of) = (budget.id.to_string(), plain(budget.limit_micros), format!(" of {name}"));
    let (field, same_id, same_of) = (format!("limit-{id}"), id.clone(), of.clone());
    let said = of.clone();
    view! {
        <div class="entry-actions">
            <Form action=ChangeBudget::url()>
                <input type="hidden" name="id" value=id/>
                <div class="inline-form">
                    <label class="sr-only" for=field.clone()>"Dollars a month"{said}</label>
                    <input id=field class="input input-short" name="dollars" inputmode="decimal" value=limit required=true/>
                    <Button kind="submit">"Set"<span class="sr-only">{of}</span></Button>
                </div>
            </Form>
            <Form action=RemoveBudget::url()>
                <input type="hidden" name="id" value=same_id/>
                <Button kind="submit" variant=Variant::Danger>"Remove"<span class="sr-only">{same_of}</span></Button>
            </Form>
        </div>
    }
    .into_any()
}

/// Dollars as they are typed.
fn plain(micros: i64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

async fn form_card(visit: &Visit, all: &[Budget], flash: Flash) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let taken = |scope: Scope, id| all.iter().any(|budget| budget.scope == scope && budget.subject_id == id);
    let mut options = Vec::new();
    if !taken(Scope::Workspace, None) {
        options.push(("workspace".to_owned(), "The whole workspace".to_owned()));
    }
    for agent in agents::service::agents(services, actor).await? {
        if !taken(Scope::Agent, Some(agent.id.0)) {
            options.push((format!("agent:{}", agent.id), format!("Agent: {}", agent.name)));
        }
    }
    for member in workspaces::members::list(services, actor).await? {
        if !taken(Scope::User, Some(member.user_id.0)) {
            options.push((format!("user:{}", member.user_id), format!("Person: {}", member.name)));
        }
    }
    if options.is_empty() {
        return Ok(().into_any());
    }
    let chosen = flash.typed("whose");
    let view = view! {
        <Card title="Set a budget">
            <CardBody>
                <Form action=SetBudget::url()>
                    <Select name="whose" label="Whose spending?" options=options chosen=chosen error=flash.at("subjectId")/>
                    <Field
                        name="dollars" label="Dollars a month" value=flash.typed("dollars") error=flash.at("limitMicros") required=true
                        placeholder="50" pattern=r"\s*\$?\d{1,10}(\.\d{1,6})?\s*" wrong="Please enter an amount like 50 or 12.50."
                        hint="At 50, 80 and 100 % owners and admins get a mail. With $0, nothing that costs anything is asked."
                    />
                    <div><Button variant=Variant::Primary kind="submit">"Set the budget"</Button></div>
                </Form>
            </CardBody>
        </Card>
    };
    Ok(view.into_any())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_limit_is_shown_as_it_can_be_typed() {
        for (micros, text) in [(0, "0"), (50_000_000, "50"), (12_500_000, "12.5"), (42, "0.000042")] {
            assert_eq!(plain(micros), text);
        }
    }
}
