//! Who decides on an approval, what let it through, and what it has cost so far.

use hyvve_domain::{
    approvals::{Detail, LetThrough},
    usage::{Amounts, dollars},
};
use leptos::prelude::*;

use crate::{
    agents::tool_label,
    shell::use_frame,
    ui::{Card, Revealed, counted},
};

/// The card; nothing where nothing of it is known.
pub(super) fn facts_card(detail: &Detail) -> AnyView {
    let decides = detail.who_decides.join(" ");
    let decides = (!decides.is_empty()).then(|| view! { <dt>"Who may decide"</dt><dd>{decides}</dd> });
    let rule = detail.item.let_through.as_ref().map(|by| view! { <dt>"By rule"</dt><dd>{way_to(by)}</dd> });
    let cost = detail.cost.map(|cost| view! { <dt>"Cost so far"</dt><dd>{cost_so_far(cost)}</dd> });
    if decides.is_none() && rule.is_none() && cost.is_none() {
        return ().into_any();
    }
    view! { <Card title="At a glance"><dl class="facts">{decides}{rule}{cost}</dl></Card> }.into_any()
}

/// What let it through, with the way to it for those who may go there.
fn way_to(by: &LetThrough) -> AnyView {
    let words = words(by);
    let path = match by {
        LetThrough::Policy { .. } => "/settings/approval-policy",
        LetThrough::Grant { .. } => "/settings/approval-policy/grants",
    };
    let covers = match by {
        LetThrough::Grant { when: Some(when), .. } => {
            Some(view! { ": "<code class="hash"><Revealed text=when.clone()/></code> })
        }
        _ => None,
    };
    let frame = use_frame();
    if frame.data().role.can_decide() {
        return view! { <a class="link" href=frame.href(path)>{words}</a>{covers} }.into_any();
    }
    view! { {words}{covers} }.into_any()
}

/// What let an item through, as a sentence begins.
pub(super) fn words(by: &LetThrough) -> String {
    let words = by.words(tool_label);
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What a run's calls of models have cost, of which some may have no known price.
fn cost_so_far(Amounts { calls, unpriced, cost_micros, .. }: Amounts) -> String {
    if calls == 0 {
        return "No model was called yet.".to_owned();
    }
    let of = counted(calls.unsigned_abs(), "model call");
    match unpriced {
        0 => format!("{} in {of} of this run", dollars(cost_micros)),
        _ if unpriced == calls => format!("price unknown, {of} of this run"),
        _ => format!("{} in {of} of this run; the price of {unpriced} is unknown", dollars(cost_micros)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_the_cost_is_said_to_be_unknown() {
        let cost =
            |calls, unpriced, cost_micros| cost_so_far(Amounts { calls, unpriced, cost_micros, ..Amounts::default() });
        assert_eq!(cost(0, 0, 0), "No model was called yet.");
        assert_eq!(cost(1, 0, 20_000), "$0.02 in 1 model call of this run");
        assert_eq!(cost(2, 2, 0), "price unknown, 2 model calls of this run");
        assert_eq!(cost(2, 1, 20_000), "$0.02 in 2 model calls of this run; the price of 1 is unknown");
    }
}
