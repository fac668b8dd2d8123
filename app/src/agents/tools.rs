//! What an agent's tools do, for the people who are asked to decide about them.

use leptos::prelude::*;

use super::tool_label;
use crate::ui::{Card, Pill, Tone};

/// What a tool does, and whether a person decides before.
fn description(name: &str) -> &'static str {
    match name {
        "search_records" => "Finds records by words, and sees only what the person who asks may see.",
        "create_record" => "Adds one record to a collection. To delete it again is a decision of its own.",
        "update_record" => "Changes fields of one record. The version before stays in its history.",
        "delete_record" => "Deletes one record. It stays with its history, and can be brought back on its page.",
        "send_email" => "Sends one plain-text mail to one recipient. A mail cannot be taken back.",
        "http_request" => "Sends one HTTP request to a host that Settings → Security lists, and reads the answer.",
        "ask_human" => "Asks the person who talks to it, and waits for the answer.",
        _ => "",
    }
}

/// Who has to say yes before it happens.
fn rule(name: &str) -> (&'static str, Tone) {
    match name {
        "search_records" => ("runs freely", Tone::Neutral),
        "ask_human" => ("asks you", Tone::Info),
        _ => ("a person decides", Tone::Honey),
    }
}

/// An agent's tools.
pub(super) fn tools_card(names: Vec<String>) -> AnyView {
    let row = |name: String| {
        let (text, tone) = rule(&name);
        view! {
            <li class="entry">
                <div class="entry-main">
                    <p class="entry-title">{tool_label(&name)}</p>
                    <p class="meta"><code>{name.clone()}</code><span>{description(&name)}</span></p>
                </div>
                <Pill text=text tone=tone/>
            </li>
        }
    };
    let count = names.len();
    let rows = names.into_iter().map(row).collect_view();
    view! { <Card title="Tools" note=count.to_string()><ul class="entries">{rows}</ul></Card> }.into_any()
}
