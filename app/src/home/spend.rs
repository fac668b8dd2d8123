//! What AI has cost in this month, of what the reader may see.

use hyvve_domain::usage::{Budget, Line, Scope, UsageStats, dollars};
use leptos::prelude::*;

use crate::{
    shell::use_frame,
    ui::{Card, Figure, grouped},
};

/// How many models show.
const SHOWN: usize = 5;

/// The month's spending against its budget.
pub(super) fn spend_figure(stats: &UsageStats, budgets: &[Budget]) -> AnyView {
    let whose = if stats.only_own { Scope::User } else { Scope::Workspace };
    let budget = budgets.iter().find(|budget| budget.scope == whose);
    let note = match budget {
        Some(budget) => format!("Of a budget of {}", dollars(budget.limit_micros)),
        None if stats.only_own => "For you".to_owned(),
        None => "No budget is set".to_owned(),
    };
    let spent = dollars(stats.total.cost_micros);
    let lit = budget.is_some_and(|budget| budget.percent() >= 80);
    view! { <Figure name="AI spend this month" value=spent note=note href=use_frame().href("/usage") lit=lit/> }
        .into_any()
}

/// The dearest models of the month, each with its share; nothing while no model was asked.
pub(super) fn models_card(stats: UsageStats) -> Option<AnyView> {
    let weight = |line: &Line| {
        let amounts = line.amounts;
        if stats.total.cost_micros > 0 { amounts.cost_micros } else { amounts.input_tokens + amounts.output_tokens }
    };
    let most = stats.by_model.iter().map(weight).max().filter(|most| *most > 0)?;
    let row = |line: &Line| {
        let share = (i128::from(weight(line)) * 100 / i128::from(most)) as i64;
        let tokens = line.amounts.input_tokens + line.amounts.output_tokens;
        let cost = if line.amounts.unpriced == line.amounts.calls {
            "price unknown".to_owned()
        } else {
            dollars(line.amounts.cost_micros)
        };
        view! {
            <li class="entry">
                <div class="entry-main">
                    <p class="entry-title">{line.name.clone()}</p>
                    <div class="meter meter-high" aria-hidden="true">
                        <svg viewBox="0 0 100 4" preserveAspectRatio="none"><rect width=share height="4"></rect></svg>
                    </div>
                </div>
                <div class="meta"><span>{cost}</span><span>{format!("{} tokens", grouped(tokens))}</span></div>
            </li>
        }
    };
    let rows = stats.by_model.iter().take(SHOWN).map(row).collect_view();
    let all = use_frame().href("/usage");
    let view = view! {
        <Card title="Spend by model" note="this month">
            <ul class="entries">{rows}</ul>
            <p class="card-foot"><a class="link" href=all>"Show usage"</a></p>
        </Card>
    };
    Some(view.into_any())
}
