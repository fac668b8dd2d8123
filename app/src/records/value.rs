//! Which of a record's fields a table shows, and how a value reads.

use hyvve_domain::records::{Collection, Record};
use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::ui::{Pill, Revealed, grouped, json_text};

/// The most columns of a table.
const COLUMNS: usize = 6;
/// A text that may be longer than this belongs on the record's own page.
const LONG: u64 = 500;
/// Amounts are whole cents; the field beside it names the currency.
const CENTS: &str = "_cents";
const CURRENCY: &str = "currency";

/// A field of a collection.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) label: String,
    /// Holds a number or an amount.
    pub(super) number: bool,
    /// Holds one of a few words.
    choice: bool,
    long: bool,
}

impl Column {
    fn new(name: &str, title: &str, schema: &Value) -> Self {
        let kind = schema.get("type").and_then(Value::as_str);
        Self {
            name: name.to_owned(),
            label: if name.ends_with(CENTS) { title.trim_end_matches(" (cents)").to_owned() } else { title.to_owned() },
            number: matches!(kind, Some("integer" | "number")),
            choice: schema.get("enum").is_some() && name != CURRENCY,
            long: schema.get("maxLength").and_then(Value::as_u64).is_some_and(|max| max > LONG),
        }
    }
}

/// All fields: the one that names a record first, then the required ones in the schema's order, then the others.
pub(super) fn columns(collection: &Collection) -> Vec<Column> {
    let required = collection.schema.get("required").and_then(Value::as_array);
    let required: Vec<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    let place = |name: &str| match required.iter().position(|known| *known == name) {
        _ if name == collection.title_field => 0,
        Some(at) => at + 1,
        None => usize::MAX,
    };
    let mut columns: Vec<Column> =
        collection.fields().map(|(name, title, schema)| Column::new(name, title, schema)).collect();
    columns.sort_by_key(|column| place(&column.name));
    columns
}

/// The fields that a table has room for. An amount brings its currency with it.
pub(super) fn main_columns(collection: &Collection) -> Vec<Column> {
    let all = columns(collection);
    let amounts = all.iter().any(|column| column.name.ends_with(CENTS));
    let shown = |column: &Column| !(column.long || amounts && column.name == CURRENCY);
    all.into_iter().filter(shown).take(COLUMNS).collect()
}

/// A field of a record as people read it.
pub(super) fn shown(column: &Column, data: &Map<String, Value>) -> AnyView {
    let Some(value) = data.get(&column.name) else {
        return view! { <span class="text-muted-foreground">"—"</span> }.into_any();
    };
    match value {
        Value::String(word) if column.choice => view! { <Pill text=word.clone()/> }.into_any(),
        Value::String(text) => view! { <Revealed text=text.clone()/> }.into_any(),
        Value::Number(number) => {
            number_text(column, number.as_i64(), data).unwrap_or_else(|| number.to_string()).into_any()
        }
        other => json_text(other).into_any(),
    }
}

/// Whole numbers with commas; cents as an amount with its currency.
fn number_text(column: &Column, number: Option<i64>, data: &Map<String, Value>) -> Option<String> {
    let number = number?;
    if !column.name.ends_with(CENTS) {
        return Some(grouped(number));
    }
    let currency = data.get(CURRENCY).and_then(Value::as_str).unwrap_or_default();
    Some(format!("{}.{:02} {currency}", grouped(number / 100), number.unsigned_abs() % 100).trim_end().to_owned())
}

/// What a record is called and where it stands, for titles.
pub(super) fn heading(record: &Record) -> String {
    if record.title.is_empty() { record.id.to_string() } else { record.title.clone() }
}

#[cfg(test)]
mod tests {
    use super::{Column, number_text};
    use serde_json::{Map, json};

    #[test]
    fn cents_read_as_an_amount_with_its_currency() {
        let amount = Column::new("amount_cents", "Amount (cents)", &json!({ "type": "integer" }));
        let data: Map<_, _> = [("currency".to_owned(), json!("EUR"))].into_iter().collect();
        assert_eq!(amount.label, "Amount");
        assert_eq!(number_text(&amount, Some(124_005), &data).as_deref(), Some("1,240.05 EUR"));
        assert_eq!(number_text(&amount, Some(7), &Map::new()).as_deref(), Some("0.07"));
    }
}
