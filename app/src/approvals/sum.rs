//! What a selection would do together, in sentences that the server writes: the browser only shows them.

use leptos::prelude::*;

use crate::{
    ApiError,
    client::{InWorkspace, Json},
};
#[cfg(feature = "ssr")]
use crate::{agents::tool_label, context::actor, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{
    Error,
    approvals::{
        bulk::{self, Picked},
        sum::{Fact, Group, Sum},
    },
};

/// How many kinds of actions are told of, and how many facts of each.
#[cfg(feature = "ssr")]
const TOLD: usize = 6;

/// What several would do together, a sentence for each kind of action.
#[server(prefix = "/_fn", endpoint = "approvals/sum", client = InWorkspace, output = Json)]
pub async fn sum_several(
    /// Which ones, each with its hash: `id.hash`.
    #[server(default)]
    picked: Vec<String>,
) -> Result<Vec<String>, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let picked = picked.iter().map(|one| one.parse()).collect::<Result<Vec<Picked>, _>>()?;
        let weighed = bulk::weigh(&services, &actor, picked).await?;
        Ok::<_, Error>(sentences(&weighed.sum))
    })
    .await
}

/// Of how many one person's word is not enough.
#[cfg(feature = "ssr")]
pub(super) fn wanting_others(sum: &Sum) -> Option<String> {
    let told = || number(sum.want_several, "needs others to agree as well.", "need others to agree as well.");
    (sum.want_several > 0).then(told)
}

#[cfg(feature = "ssr")]
fn sentences(sum: &Sum) -> Vec<String> {
    let mut told: Vec<String> = sum.groups.iter().take(TOLD).map(of_group).collect();
    if let others @ 1.. = sum.groups.len().saturating_sub(TOLD) {
        told.push(format!("… and {}.", number(others, "other kind of action", "other kinds of actions")));
    }
    told.extend(wanting_others(sum));
    let mut left_out = |count: usize, one: &str, several: &str| match count {
        0 => {}
        1 => told.push(format!("1 {one}")),
        n => told.push(format!("{n} {several}")),
    };
    left_out(sum.barred, "is held back: you may not decide on it.", "are held back: you may not decide on them.");
    left_out(
        sum.moved_on,
        "is not as it was shown any more. Reload the page.",
        "are not as they were shown any more. Reload the page.",
    );
    told
}

/// What the actions of a kind come to.
#[cfg(feature = "ssr")]
pub(super) fn of_group(group: &Group) -> String {
    let what = match &group.action {
        Some(action) => format!("“{action}” by outside agents"),
        None => tool_label(&group.tool),
    };
    let facts: Vec<String> = group.facts.iter().take(TOLD).map(|fact| of_fact(fact, group.actions)).collect();
    let more = group.facts.len().saturating_sub(TOLD);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    let facts = if facts.is_empty() { String::new() } else { format!(": {}{more}", facts.join("; ")) };
    let for_good = match group.irreversible {
        0 => String::new(),
        n if n == group.actions => " Cannot be taken back.".to_owned(),
        n => format!(" {n} of them cannot be taken back."),
    };
    format!("{} × {what}{facts}.{for_good}", group.actions)
}

/// `of`: how many actions there are of the kind.
#[cfg(feature = "ssr")]
fn of_fact(fact: &Fact, of: usize) -> String {
    let part = |actions: usize| if actions == of { String::new() } else { format!(" (in {actions} of {of})") };
    match fact {
        Fact::Records { collection, records } => format!("{} of {collection}", number(*records, "record", "records")),
        Fact::Field { label, actions, becomes, by } => {
            let becomes = match becomes {
                Some((low, high)) if low == high => format!(" becomes {low}"),
                Some((low, high)) => format!(" becomes {low} to {high}"),
                None => " changes".to_owned(),
            };
            let by = match by.as_deref().map(|by| (by, by.strip_prefix('−'))) {
                None | Some(("0", _)) => String::new(),
                Some((_, Some(less))) => format!(", {less} less in total"),
                Some((more, None)) => format!(", {more} more in total"),
            };
            format!("{label}{becomes}{by}{}", part(*actions))
        }
        Fact::Recipients { addresses } => format!("to {}", number(*addresses, "address", "addresses")),
        Fact::Hosts { hosts } => match hosts.as_slice() {
            [] => "of no host".to_owned(),
            [one] => format!("of {one}"),
            [one, other] => format!("of {one} and {other}"),
            [one, others @ ..] => format!("of {one} and {} other hosts", others.len()),
        },
        Fact::Total { name, currency, total, actions } => {
            let currency = currency.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            format!("{name} {total}{currency} in total{}", part(*actions))
        }
    }
}

#[cfg(feature = "ssr")]
fn number(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn group(action: Option<&str>, actions: usize, irreversible: usize, facts: Vec<Fact>) -> Group {
        let tool = if action.is_some() { "external" } else { "update_record" };
        Group { tool: tool.to_owned(), action: action.map(str::to_owned), actions, irreversible, facts }
    }

    #[test]
    fn a_selection_says_what_it_comes_to() {
        let total = |total: &str, currency: &str, actions| Fact::Total {
            name: "amount".to_owned(),
            currency: Some(currency.to_owned()),
            total: total.to_owned(),
            actions,
        };
        let pair = |low: &str, high: &str| Some((low.to_owned(), high.to_owned()));
        let budget = Fact::Field {
            label: "Budget".to_owned(),
            actions: 1,
            becomes: pair("20", "20"),
            by: Some("−30".to_owned()),
        };
        let records = Fact::Records { collection: "Customers".to_owned(), records: 1 };
        let sum = Sum {
            groups: vec![
                group(Some("refund"), 3, 3, vec![total("0.30", "EUR", 2), total("1,500", "USD", 1)]),
                group(None, 2, 0, vec![records, budget]),
            ],
            irreversible: 3,
            want_several: 0,
            barred: 1,
            moved_on: 2,
        };
        let expected = [
            "3 × “refund” by outside agents: amount 0.30 EUR in total (in 2 of 3); amount 1,500 USD in total (in 1 of 3). Cannot be taken back.",
            "2 × Change a record: 1 record of Customers; Budget becomes 20, 30 less in total (in 1 of 2).",
            "1 is held back: you may not decide on it.",
            "2 are not as they were shown any more. Reload the page.",
        ];
        assert_eq!(sentences(&sum), expected);
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let sum =
            Sum { groups: (0..8).map(|n| group(Some(&n.to_string()), 1, 1, Vec::new())).collect(), ..Sum::default() };
        let told = sentences(&sum);
        assert_eq!((told.len(), told[6].as_str()), (7, "… and 2 other kinds of actions."));
    }
}
