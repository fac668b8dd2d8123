//! What the sandbox says and calls next. It has no memory: the conversation tells where the script stands.

use serde_json::{Number, Value, json};

use super::{
    intent::{Intent, understand},
    results::{self, Found, Outcome, Record},
};
use crate::providers::{ChatRequest, Message, ToolCall};

const SEARCH: &str = "search_records";
const UPDATE: &str = "update_record";
const MAIL: &str = "send_email";
const ASK: &str = "ask_human";

/// How many records a summary lists.
const LISTED: usize = 10;

const HELP: &str =
    "I am the **Sandbox**: a script, not an AI. I understand only a few sentences, and this was none of them. \
Try one of these:

- Give Ada Lovelace a 20 % discount and mail her
- Find Ada in customers
- Show overdue invoices
- Mark invoice 2025-104 as paid
- Ask me which colour I like

For real answers, add an AI provider in Settings → AI providers.";

/// One answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Turn {
    pub(super) text: String,
    pub(super) calls: Vec<ToolCall>,
}

/// The answer to a conversation.
pub(super) fn turn(request: &ChatRequest) -> Turn {
    let scene = Scene::of(request);
    let turn = match understand(scene.wish) {
        Intent::Discount { percent, .. } if percent.as_f64().is_some_and(|p| p > 100.0) => {
            say(format!("A discount of {percent} % is not possible. Nothing was changed."))
        }
        Intent::Discount { name, percent, mail } => discount(&scene, &name, &percent, mail),
        Intent::Mark { invoice, status } => mark(&scene, &invoice, &status),
        Intent::Search { collection, query } => search(&scene, collection, &query),
        Intent::Ask { question } => ask(&scene, &question),
        Intent::Unknown => say(HELP),
    };
    scene.allowed(turn)
}

/// Where the conversation stands: the last wish, and what was called for it since.
struct Scene<'a> {
    request: &'a ChatRequest,
    wish: &'a str,
    since: &'a [Message],
}

/// A call and what came of it.
struct Exchange<'a> {
    call: &'a ToolCall,
    content: &'a str,
    is_error: bool,
}

impl<'a> Scene<'a> {
    fn of(request: &'a ChatRequest) -> Self {
        let last = request.messages.iter().enumerate().rev().find_map(|(at, message)| match message {
            Message::User { text, .. } => Some((at, text.as_str())),
            _ => None,
        });
        let (at, wish) = last.unwrap_or((request.messages.len(), ""));
        Self { request, wish, since: request.messages.get(at + 1..).unwrap_or_default() }
    }

    /// The answered calls of these tools since the wish, in order.
    fn exchanges(&self, tools: &[&str]) -> Vec<Exchange<'a>> {
        let calls = self.since.iter().flat_map(Message::calls).filter(|c| tools.contains(&c.name.as_str()));
        calls.filter_map(|call| self.answer_to(call)).collect()
    }

    fn answer_to(&self, call: &'a ToolCall) -> Option<Exchange<'a>> {
        self.since.iter().find_map(|message| match message {
            Message::Tool { tool_call_id, content, is_error, .. } if *tool_call_id == call.id => {
                Some(Exchange { call, content, is_error: *is_error })
            }
            _ => None,
        })
    }

    /// What the last search since the wish found; `Err` is what to say instead.
    fn found(&self, collection: &str, query: &str) -> Result<Found, Turn> {
        let Some(answer) = self.exchanges(&[SEARCH]).pop() else {
            let what = if query.is_empty() { collection } else { query };
            let arguments = json!({ "collection": collection, "query": query });
            return Err(propose(format!("I'll look up {what}."), [(SEARCH, arguments)]));
        };
        let found = results::found(answer.content).filter(|_| !answer.is_error);
        found.ok_or_else(|| say("The search did not work, so I stop here. Nothing was changed."))
    }

    /// Calls get ids that are unique in the conversation; a call of a tool that the agent does not have is not made.
    fn allowed(&self, mut turn: Turn) -> Turn {
        let has = |name: &str| self.request.tools.iter().any(|t| t.name == name);
        let (calls, missing): (Vec<_>, Vec<_>) = turn.calls.into_iter().partition(|c| has(&c.name));
        for call in missing {
            turn.text = format!(
                "{}\n\nThis agent does not have the tool `{}`, so I leave that part out.",
                turn.text, call.name
            );
        }
        let before = self.request.messages.iter().flat_map(Message::calls).count();
        turn.calls = calls;
        for (n, call) in turn.calls.iter_mut().enumerate() {
            call.id = format!("sandbox-{}", before + n + 1);
        }
        turn
    }
}

fn discount(scene: &Scene<'_>, name: &str, percent: &Number, mail: bool) -> Turn {
    let records = match scene.found("customers", name) {
        Ok(found) => found.records,
        Err(turn) => return turn,
    };
    let Some(customer) = results::pick(&records, name) else { return unclear(&records, "customer", name) };
    if let Some(report) = report(scene, customer) {
        return report;
    }
    let mut sentences = vec![format!("I found {}.", customer.title)];
    let mut calls = Vec::new();
    let reason = format!("You asked for a {percent} % discount for {}.", customer.title);
    if customer.data.get("discount_percent").and_then(Value::as_f64) == percent.as_f64() {
        sentences.push(format!("The discount already is {percent} %, so there is nothing to change."));
    } else {
        sentences.push(format!("I propose to set the discount to {percent} %."));
        calls.push((UPDATE, update(customer, "customers", json!({ "discount_percent": percent }), &reason)));
    }
    match customer.data.get("email").and_then(Value::as_str).filter(|_| mail) {
        Some(to) => {
            sentences.push(format!("I propose a mail to {to}."));
            let body = format!(
                "Dear {},\n\nwe are glad to give you a discount of {percent} % from today on.\n\nKind regards",
                customer.title,
            );
            let subject = format!("Your {percent} % discount");
            calls.push((MAIL, json!({ "to": to, "subject": subject, "body": body, "reason": reason })));
        }
        None if mail => sentences.push("There is no e-mail address on record, so I cannot write a mail.".into()),
        None => {}
    }
    propose(sentences.join(" "), calls)
}

fn mark(scene: &Scene<'_>, number: &str, status: &str) -> Turn {
    let records = match scene.found("invoices", number) {
        Ok(found) => found.records,
        Err(turn) => return turn,
    };
    let Some(invoice) = results::pick(&records, number) else { return unclear(&records, "invoice", number) };
    if let Some(report) = report(scene, invoice) {
        return report;
    }
    if invoice.data.get("status").and_then(Value::as_str) == Some(status) {
        return say(format!("{} is marked as {status} already. There is nothing to change.", invoice.title));
    }
    let reason = format!("You asked to mark {} as {status}.", invoice.title);
    let call = (UPDATE, update(invoice, "invoices", json!({ "status": status }), &reason));
    propose(format!("I found {}. I propose to mark it as {status}.", invoice.title), [call])
}

fn search(scene: &Scene<'_>, collection: &str, query: &str) -> Turn {
    let Found { records, total } = match scene.found(collection, query) {
        Ok(found) => found,
        Err(turn) => return turn,
    };
    if records.is_empty() {
        return say(format!("I found nothing in {collection} for “{query}”."));
    }
    let mut lines = vec![format!("I found this in {collection}:\n")];
    lines.extend(records.iter().take(LISTED).map(summary));
    let more = total.max(records.len()).saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("\nand {more} more."));
    }
    say(lines.join("\n"))
}

/// A line of a list: the title and a few fields.
fn summary(record: &Record) -> String {
    let scalars = record.data.iter().filter(|(_, v)| !v.is_object() && !v.is_array() && !v.is_null());
    let facts: Vec<String> = scalars
        .map(|(field, value)| (field, plain(value)))
        .filter(|(_, value)| *value != record.title)
        .take(4)
        .map(|(field, value)| format!("{field} {value}"))
        .collect();
    let colon = if facts.is_empty() { "" } else { ": " };
    format!("- **{}**{colon}{}", record.title, facts.join(", "))
}

fn ask(scene: &Scene<'_>, question: &str) -> Turn {
    match scene.exchanges(&[ASK]).pop() {
        None => propose("I have a question for you.", [(ASK, json!({ "question": question }))]),
        Some(answer) if answer.is_error => say("I got no answer, so I stop here."),
        Some(answer) => say(format!(
            "You answered: “{}”. Thank you! I am a script, so that is all I can do with it.",
            results::answer(answer.content),
        )),
    }
}

/// What was done and what was not, call by call; `None` before anything was proposed.
fn report(scene: &Scene<'_>, record: &Record) -> Option<Turn> {
    let exchanges = scene.exchanges(&[UPDATE, MAIL]);
    if exchanges.is_empty() {
        return None;
    }
    let lines = exchanges.iter().map(|exchange| {
        let what = describe(exchange.call, record);
        match results::outcome(exchange.content, exchange.is_error) {
            Outcome::Done(None) => format!("- **Done:** {what}."),
            Outcome::Done(Some(note)) => format!("- **Done:** {what}. {note}"),
            Outcome::NotDone(why) => format!("- **Not done:** {what}. {why}"),
            Outcome::Unknown(advice) => format!("- **Unknown:** {what}. {advice}"),
        }
    });
    Some(say(format!("This is what came of it:\n\n{}", lines.collect::<Vec<_>>().join("\n"))))
}

fn describe(call: &ToolCall, record: &Record) -> String {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    if call.name == MAIL {
        let field = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        return format!("the mail “{}” to {}", field("subject"), field("to"));
    }
    let changes = arguments.get("changes").and_then(Value::as_object).into_iter().flatten();
    let changes: Vec<String> = changes.map(|(field, value)| format!("`{field}` to {}", plain(value))).collect();
    format!("{}, {}", record.title, changes.join(", "))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn unclear(records: &[Record], what: &str, name: &str) -> Turn {
    if records.is_empty() {
        return say(format!("I found no {what} “{name}”. Nothing was changed."));
    }
    let titles: Vec<&str> = records.iter().take(LISTED).map(|r| r.title.as_str()).collect();
    say(format!("“{name}” could be several: {}. Please say which one. Nothing was changed.", titles.join(", ")))
}

fn update(record: &Record, collection: &str, changes: Value, reason: &str) -> Value {
    json!({ "collection": collection, "record_id": record.id, "changes": changes, "reason": reason })
}

fn say(text: impl Into<String>) -> Turn {
    Turn { text: text.into(), calls: Vec::new() }
}

fn propose(text: impl Into<String>, calls: impl IntoIterator<Item = (&'static str, Value)>) -> Turn {
    let call = |(name, arguments): (&str, Value)| ToolCall {
        id: String::new(), // numbered at the end
        name: name.into(),
        arguments: arguments.to_string(),
    };
    Turn { text: text.into(), calls: calls.into_iter().map(call).collect() }
}
