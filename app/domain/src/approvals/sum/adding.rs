//! Grouping actions by what they do, and adding up what adds up.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Fact, Group, exact::Exact};
use crate::{approvals::Preview, hidden, records::FieldChange, tools::Reversibility};

/// Words in names of what adds up: money, and how many.
const ADD_UP: [&str; 22] = [
    "amount", "total", "subtotal", "sum", "price", "cost", "fee", "charge", "refund", "payment", "tax", "tip",
    "salary", "wage", "budget", "revenue", "quantity", "qty", "units", "count", "hours", "minutes",
];
/// Words in names of what does not, whatever else stands there.
const DO_NOT: [&str; 16] = [
    "id",
    "no",
    "number",
    "code",
    "rate",
    "percent",
    "percentage",
    "pct",
    "ratio",
    "per",
    "each",
    "max",
    "min",
    "average",
    "limit",
    "year",
];
/// How arguments say which currency they are in.
const CURRENCY: [&str; 3] = ["currency", "currency_code", "currencyCode"];
/// How an amount with a currency of its own calls its number.
const VALUES: [&str; 2] = ["value", "amount"];

/// How many totals a group has at most: nobody reads more, and programs name their arguments as they like.
const MOST_TOTALS: usize = 40;

/// Groups actions by what they do, and adds up; beside each group, where its actions stand.
pub(in crate::approvals) fn groups(actions: &[(String, Reversibility, Preview)]) -> Vec<(Group, Vec<usize>)> {
    let mut kinds: Vec<(Group, Vec<usize>, Vec<&Preview>)> = Vec::new();
    for (at, (tool, reversibility, preview)) in actions.iter().enumerate() {
        let action = match preview {
            Preview::External { action, .. } => Some(action.clone()),
            _ => None,
        };
        let place = kinds.iter().position(|(group, ..)| group.tool == *tool && group.action == action);
        let place = place.unwrap_or_else(|| {
            let tool = tool.clone();
            let group = Group { tool, action, actions: 0, irreversible: 0, facts: Vec::new() };
            kinds.push((group, Vec::new(), Vec::new()));
            kinds.len() - 1
        });
        let Some((group, places, previews)) = kinds.get_mut(place) else { continue };
        group.actions += 1;
        group.irreversible += usize::from(*reversibility == Reversibility::Irreversible);
        places.push(at);
        previews.push(preview);
    }
    kinds.sort_by_key(|(group, ..)| std::cmp::Reverse(group.actions));
    let whole =
        |(group, places, previews): (Group, _, Vec<&Preview>)| (Group { facts: facts(&previews), ..group }, places);
    kinds.into_iter().map(whole).collect()
}

fn facts(previews: &[&Preview]) -> Vec<Fact> {
    let (mut records, mut addresses, mut hosts) = (Vec::<(&str, BTreeSet<_>)>::new(), BTreeSet::new(), BTreeSet::new());
    let (mut fields, mut totals) = (Vec::new(), Vec::new());
    for &preview in previews {
        match preview {
            Preview::Record { collection, record_id, .. } | Preview::DeletedRecord { collection, record_id, .. } => {
                match records.iter_mut().find(|(name, _)| name == collection) {
                    Some((_, ids)) => {
                        ids.insert(*record_id);
                    }
                    None => records.push((collection.as_str(), BTreeSet::from([*record_id]))),
                }
                if let Preview::Record { changes, .. } = preview {
                    for change in changes {
                        Field::note(&mut fields, collection, change);
                    }
                }
            }
            Preview::Mail { to, .. } => {
                addresses.insert(to.to_lowercase());
            }
            Preview::Request { url, .. } => {
                let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
                hosts.extend(host);
            }
            Preview::External { arguments: Value::Object(arguments), .. } => {
                for amount in amounts(arguments) {
                    Amount::note(&mut totals, amount);
                }
            }
            Preview::External { .. } | Preview::NewRecord { .. } | Preview::Policy { .. } => {}
        }
    }
    let records =
        records.into_iter().map(|(name, ids)| Fact::Records { collection: name.to_owned(), records: ids.len() });
    let mut facts: Vec<Fact> = records.collect();
    if !addresses.is_empty() {
        facts.push(Fact::Recipients { addresses: addresses.len() });
    }
    if !hosts.is_empty() {
        facts.push(Fact::Hosts { hosts: hosts.into_iter().collect() });
    }
    facts.extend(fields.into_iter().map(Field::fact));
    facts.extend(totals.into_iter().filter_map(Amount::fact));
    facts
}

/// A field that changes in several records of a collection.
struct Field<'a> {
    collection: &'a str,
    name: &'a str,
    label: &'a str,
    actions: usize,
    /// The lowest and the highest; `None` once it became something else than a number.
    becomes: Option<(Exact, Exact)>,
    /// `None` where that means nothing, or cannot be told exactly.
    by: Option<Exact>,
}

impl<'a> Field<'a> {
    fn note(all: &mut Vec<Self>, collection: &'a str, change: &'a FieldChange) {
        let number = |side: &Option<Value>| side.as_ref().and_then(Exact::of);
        let after = number(&change.after);
        let before = if change.before.is_none() { Some(Exact::ZERO) } else { number(&change.before) };
        let by = after.zip(before).filter(|_| adds_up(&change.field)).and_then(|(after, before)| after.minus(before));
        match all.iter_mut().find(|known| known.collection == collection && known.name == change.field) {
            Some(known) => {
                known.actions += 1;
                let wider = |((low, high), after): ((Exact, Exact), Exact)| (low.lower(after), high.higher(after));
                known.becomes = known.becomes.zip(after).map(wider);
                known.by = known.by.zip(by).and_then(|(sum, by)| sum.plus(by));
            }
            None => all.push(Self {
                collection,
                name: &change.field,
                label: &change.label,
                actions: 1,
                becomes: after.map(|after| (after, after)),
                by,
            }),
        }
    }

    fn fact(self) -> Fact {
        Fact::Field {
            label: self.label.to_owned(),
            actions: self.actions,
            becomes: self.becomes.map(|(low, high)| (low.to_string(), high.to_string())),
            by: self.by.map(|by| by.to_string()),
        }
    }
}

/// An argument that adds up.
struct Amount {
    name: String,
    currency: Option<String>,
    /// `None` once it cannot be told exactly.
    total: Option<Exact>,
    actions: usize,
}

impl Amount {
    fn note(all: &mut Vec<Self>, amount: Self) {
        let is_same = |known: &&mut Self| known.name == amount.name && known.currency == amount.currency;
        if let Some(known) = all.iter_mut().find(is_same) {
            known.total = known.total.zip(amount.total).and_then(|(sum, more)| sum.plus(more));
            known.actions += amount.actions;
        } else if all.len() < MOST_TOTALS {
            all.push(amount);
        }
    }

    fn fact(self) -> Option<Fact> {
        let total = self.total?;
        let total = if self.currency.is_some() { total.money() } else { total.to_string() };
        Some(Fact::Total { name: hidden::spelled(&self.name), currency: self.currency, total, actions: self.actions })
    }
}

/// The arguments that add up: numbers whose names say so, and amounts that are objects of a number and its currency.
fn amounts(arguments: &Map<String, Value>) -> Vec<Amount> {
    let of = |name: &str, number: &Value, currency: Option<String>| Amount {
        name: name.to_owned(),
        currency,
        total: Exact::of(number),
        actions: 1,
    };
    let currency = currency_of(arguments);
    let mut found = Vec::new();
    for (name, value) in arguments.iter().filter(|(name, _)| adds_up(name)) {
        match value {
            Value::Number(_) => found.push(of(name, value, currency.clone())),
            Value::Object(inner) => {
                let number = VALUES.iter().find_map(|known| inner.get(*known)).filter(|value| value.is_number());
                let currency = currency_of(inner).or_else(|| currency.clone());
                found.extend(number.map(|number| of(name, number, currency)));
            }
            _ => {}
        }
    }
    found
}

fn currency_of(arguments: &Map<String, Value>) -> Option<String> {
    let code = CURRENCY.iter().find_map(|name| arguments.get(*name)?.as_str())?;
    (code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic())).then(|| code.to_ascii_uppercase())
}

/// Whether numbers of this name can be added: `refund_amount` and `totalPrice` can, `order_id` and `discount_percent` cannot.
fn adds_up(name: &str) -> bool {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    has(&ADD_UP) && !has(&DO_NOT)
}

/// The words of a name as programs write it, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        ids::RecordId,
        tools::Reversibility::{Irreversible, Reversible},
    };

    fn outside(action: &str, arguments: Value) -> (String, Reversibility, Preview) {
        ("external".to_owned(), Irreversible, Preview::External { action: action.to_owned(), arguments })
    }

    fn change(record_id: RecordId, fields: &[(&str, Value, Value)]) -> (String, Reversibility, Preview) {
        let change = |(field, before, after): &(&str, Value, Value)| FieldChange {
            field: (*field).to_owned(),
            label: field.to_uppercase(),
            before: Some(before.clone()).filter(|value| !value.is_null()),
            after: Some(after.clone()),
        };
        let preview = Preview::Record {
            collection: "Customers".to_owned(),
            collection_slug: "customers".to_owned(),
            record_id,
            title: "Ada".to_owned(),
            version: 1,
            changes: fields.iter().map(change).collect(),
        };
        ("update_record".to_owned(), Reversible, preview)
    }

    fn total(name: &str, currency: Option<&str>, total: &str, actions: usize) -> Fact {
        let currency = currency.map(str::to_owned);
        Fact::Total { name: name.to_owned(), currency, total: total.to_owned(), actions }
    }

    #[test]
    fn outside_agents_actions_are_grouped_by_their_own_names_with_totals_by_currency() {
        let groups = groups(&[
            outside("refund", json!({ "amount": 0.1, "currency": "eur", "payment_id": 7 })),
            outside("ship", json!({ "quantity": 3, "order": 12 })),
            outside("refund", json!({ "amount": 0.2, "currency": "EUR", "payment_id": 8 })),
            outside("refund", json!({ "amount": { "value": 1500, "currency": "USD" } })),
            outside("refund", json!({ "amount": "20", "note": "no number" })),
        ]);
        let [(refunds, of_refunds), (shipments, of_shipments)] = &groups[..] else { panic!("{groups:?}") };
        assert_eq!((&of_refunds[..], &of_shipments[..]), (&[0, 2, 3, 4][..], &[1][..]));
        assert_eq!((refunds.action.as_deref(), refunds.actions, refunds.irreversible), (Some("refund"), 4, 4));
        let expected = [total("amount", Some("EUR"), "0.30", 2), total("amount", Some("USD"), "1,500", 1)];
        assert_eq!(refunds.facts, expected, "ids are no amounts, and tenths add up exactly");
        assert_eq!((shipments.action.as_deref(), shipments.actions), (Some("ship"), 1));
        assert_eq!(shipments.facts, [total("quantity", None, "3", 1)]);
    }

    #[test]
    fn records_count_once_and_fields_say_what_they_become() {
        let (ada, bob) = (RecordId::new(), RecordId::new());
        let groups = groups(&[
            change(ada, &[("discount_percent", json!(0), json!(20)), ("budget", json!(100), json!(150))]),
            change(bob, &[("discount_percent", json!(null), json!(5)), ("budget", json!(40), json!(20))]),
            change(ada, &[("status", json!("new"), json!("old"))]),
        ]);
        let [(group, _)] = &groups[..] else { panic!("{groups:?}") };
        assert_eq!((group.tool.as_str(), group.actions, group.irreversible), ("update_record", 3, 0));
        let field = |label: &str, actions, becomes: Option<(&str, &str)>, by: Option<&str>| Fact::Field {
            label: label.to_owned(),
            actions,
            becomes: becomes.map(|(low, high)| (low.to_owned(), high.to_owned())),
            by: by.map(str::to_owned),
        };
        let expected = [
            Fact::Records { collection: "Customers".to_owned(), records: 2 },
            field("DISCOUNT_PERCENT", 2, Some(("5", "20")), None),
            field("BUDGET", 2, Some(("20", "150")), Some("30")),
            field("STATUS", 1, None, None),
        ];
        assert_eq!(group.facts, expected, "percents are not added");
    }

    #[test]
    fn mails_count_addresses_and_requests_name_hosts() {
        let mail = |to: &str| {
            let (to, subject, body) = (to.to_owned(), String::new(), String::new());
            let preview = Preview::Mail { to, subject, body, delivery: "smtp".to_owned() };
            ("send_email".to_owned(), Irreversible, preview)
        };
        let request = |url: &str, reversibility| {
            let (method, url) = ("POST".to_owned(), url.to_owned());
            (
                "http_request".to_owned(),
                reversibility,
                Preview::Request { method, url, headers: Vec::new(), body: None },
            )
        };
        let groups = groups(&[
            request("https://b.example/x?y=z", Reversible),
            mail("ada@example.com"),
            mail("Ada@Example.com"),
            mail("bob@example.com"),
            request("https://a.example:8443/", Irreversible),
        ]);
        let [(mails, _), (requests, _)] = &groups[..] else { panic!("{groups:?}") };
        assert_eq!((mails.actions, &mails.facts[..]), (3, &[Fact::Recipients { addresses: 2 }][..]));
        let hosts = vec!["a.example".to_owned(), "b.example".to_owned()];
        assert_eq!((requests.irreversible, &requests.facts[..]), (1, &[Fact::Hosts { hosts }][..]));
    }

    #[test]
    fn a_program_that_names_thousands_of_amounts_gets_no_thousands_of_totals() {
        let many: Map<String, Value> = (0..5_000).map(|n| (format!("amount {n}"), json!(1))).collect();
        let all = groups(&[outside("refund", Value::Object(many))]);
        assert_eq!(all[0].0.facts.len(), MOST_TOTALS);
    }

    #[test]
    fn names_say_what_can_be_added() {
        for name in ["amount", "refund_amount", "totalPrice", "Net-Amount", "qty", "item_count"] {
            assert!(adds_up(name), "{name}");
        }
        for name in ["", "id", "amount_id", "order", "tax_rate", "price_per_unit", "maxPrice", "accounting", "x"] {
            assert!(!adds_up(name), "{name}");
        }
    }
}
