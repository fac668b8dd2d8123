//! Collections that a new workspace starts with, and sample data for the demo: believable, deterministic, nobody real.

use serde_json::{Value, json};

use super::store;
use crate::{Result, db::TenantTx, ids::UserId};

const CUSTOMERS: usize = 200;
const INVOICES: usize = 600;

const GIVEN: [&str; 25] = [
    "Ada",
    "Grace",
    "Katherine",
    "Edsger",
    "Barbara",
    "Donald",
    "Radia",
    "Alan",
    "Margaret",
    "Dennis",
    "Hedy",
    "Ken",
    "Frances",
    "Niklaus",
    "Jean",
    "John",
    "Mary",
    "Tony",
    "Evelyn",
    "Linus",
    "Karen",
    "Leslie",
    "Adele",
    "Robin",
    "Shafi",
];
const FAMILY: [&str; 24] = [
    "Lovelace", "Hopper", "Johnson", "Dijkstra", "Liskov", "Knuth", "Perlman", "Turing", "Hamilton", "Ritchie",
    "Lamarr", "Thompson", "Allen", "Wirth", "Bartik", "Backus", "Keller", "Hoare", "Berezin", "Torvalds", "Jones",
    "Lamport", "Goldberg", "Milner",
];
const TRADES: [&str; 12] = [
    "Looms",
    "Navigation",
    "Orbital",
    "Instruments",
    "Bakery",
    "Typesetting",
    "Bridges",
    "Cipher Works",
    "Rockets",
    "Bindings",
    "Radio",
    "Gardens",
];
const CITIES: [(&str, &str); 8] = [
    ("London", "GB"),
    ("Berlin", "DE"),
    ("Vienna", "AT"),
    ("Zürich", "CH"),
    ("Paris", "FR"),
    ("Utrecht", "NL"),
    ("Lisbon", "PT"),
    ("Oslo", "NO"),
];
const PLANS: [&str; 3] = ["starter", "team", "enterprise"];

/// A small generator with a fixed seed: the same data every time, without a date or a random number in it.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64, Steele, Lea and Flood 2014.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }
}

/// Makes `customers` and `invoices`, with rows when `sample` is set.
pub(crate) async fn fill(tx: &mut TenantTx, owner: UserId, sample: bool) -> Result<()> {
    let customers = store::insert_collection(tx, "customers", "Customers", &customer_schema(), "name").await?;
    let invoices = store::insert_collection(tx, "invoices", "Invoices", &invoice_schema(), "number").await?;
    if sample {
        let people = sample_customers();
        store::insert_many(tx, customers, owner, &people).await?;
        store::insert_many(tx, invoices, owner, &sample_invoices(&people)).await?;
    }
    Ok(())
}

fn customer_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "email", "plan"],
        "properties": {
            "name": { "title": "Name", "type": "string", "minLength": 1, "maxLength": 120 },
            "company": { "title": "Company", "type": "string", "maxLength": 120 },
            "email": { "title": "E-mail", "type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$", "maxLength": 254 },
            "plan": { "title": "Plan", "type": "string", "enum": PLANS },
            "discount_percent": { "title": "Discount (%)", "type": "integer", "minimum": 0, "maximum": 100 },
            "city": { "title": "City", "type": "string", "maxLength": 80 },
            "country": { "title": "Country", "type": "string", "pattern": "^[A-Z]{2}$" },
            "since": { "title": "Customer since", "type": "string", "format": "date", "maxLength": 10 },
            "notes": { "title": "Notes", "type": "string", "maxLength": 2000 },
        },
    })
}

fn invoice_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["number", "customer", "amount_cents", "currency", "status"],
        "properties": {
            "number": { "title": "Number", "type": "string", "pattern": "^[0-9]{4}-[0-9]{3,6}$" },
            "customer": { "title": "Customer", "type": "string", "minLength": 1, "maxLength": 120 },
            "amount_cents": { "title": "Amount (cents)", "type": "integer", "minimum": 0 },
            "currency": { "title": "Currency", "type": "string", "enum": ["EUR", "GBP", "CHF", "NOK"] },
            "status": { "title": "Status", "type": "string", "enum": ["draft", "sent", "paid", "overdue", "disputed", "refunded"] },
            "issued": { "title": "Issued", "type": "string", "format": "date", "maxLength": 10 },
            "due": { "title": "Due", "type": "string", "format": "date", "maxLength": 10 },
        },
    })
}

/// Every pair of given and family name at most once; Ada Lovelace first, as everyone's example.
fn sample_customers() -> Vec<(String, Value)> {
    let mut dice = Dice(1815);
    (0..CUSTOMERS)
        .map(|n| {
            let given = GIVEN[n % GIVEN.len()];
            let family = FAMILY[(n + n / GIVEN.len()) % FAMILY.len()];
            let name = format!("{given} {family}");
            let company = format!("{family} {}", dice.pick(&TRADES));
            let (city, country) = dice.pick(&CITIES);
            let data = json!({
                "name": name,
                "company": company,
                "email": format!("{}.{}@example.com", given.to_lowercase(), family.to_lowercase()),
                "plan": dice.pick(&PLANS),
                "discount_percent": if n == 0 { 0 } else { dice.pick(&[0, 0, 0, 5, 10]) },
                "city": city,
                "country": country,
                "since": format!("20{:02}-{:02}-{:02}", 18 + dice.roll(8), 1 + dice.roll(12), 1 + dice.roll(28)),
            });
            (name, data)
        })
        .collect()
}

fn sample_invoices(customers: &[(String, Value)]) -> Vec<(String, Value)> {
    let mut dice = Dice(1843);
    (0..INVOICES)
        .map(|n| {
            let (year, month) = (2025 + n / 400, 1 + (n / 34) % 12);
            let number = format!("{year}-{:03}", 100 + n);
            let (name, customer) = &customers[dice.roll(customers.len())];
            let currency = match customer["country"].as_str() {
                Some("GB") => "GBP",
                Some("CH") => "CHF",
                Some("NO") => "NOK",
                _ => "EUR",
            };
            let day = 1 + dice.roll(14);
            let data = json!({
                "number": number,
                "customer": name,
                "amount_cents": 4_900 + 100 * dice.roll(2_400),
                "currency": currency,
                "status": dice.pick(&["paid", "paid", "paid", "paid", "sent", "sent", "overdue", "draft"]),
                "issued": format!("{year}-{month:02}-{day:02}"),
                "due": format!("{year}-{month:02}-{:02}", day + 14),
            });
            (number, data)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_sample_is_unique_and_fits_its_schemas() -> Result<(), Box<dyn std::error::Error>> {
        let customers = sample_customers();
        let invoices = sample_invoices(&customers);
        assert_eq!((customers.len(), invoices.len()), (CUSTOMERS, INVOICES));
        assert_eq!(customers[0].0, "Ada Lovelace");
        for (rows, schema) in [(&customers, customer_schema()), (&invoices, invoice_schema())] {
            let validator = jsonschema::validator_for(&schema)?;
            assert_eq!(rows.iter().map(|(title, _)| title).collect::<HashSet<_>>().len(), rows.len());
            for (title, data) in rows {
                assert!(validator.is_valid(data), "{title}: {data}");
            }
        }
        Ok(())
    }
}
