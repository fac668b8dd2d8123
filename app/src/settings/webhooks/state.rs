//! How an endpoint and a delivery stand, in words and in colour.

use hyvve_domain::webhooks::{Because, Delivery, Endpoint, Format, State};
use leptos::prelude::*;

use crate::ui::{Pill, Time, Tone};

/// How an endpoint stands.
pub(super) fn endpoint_state(endpoint: &Endpoint) -> AnyView {
    let (word, tone) = match (endpoint.enabled, endpoint.failing_since) {
        (false, _) => {
            ("disabled", if endpoint.disabled_because == Some(Because::ByHand) { Tone::Neutral } else { Tone::Bad })
        }
        (true, Some(_)) => ("failing", Tone::Warn),
        (true, None) if endpoint.last_success_at.is_some() => ("works", Tone::Good),
        (true, None) => ("nothing sent yet", Tone::Neutral),
    };
    let why = endpoint.disabled_because.map(|because| match because {
        Because::ByHand => "somebody disabled it",
        Because::Gone => "it answered 410 Gone",
        Because::Failing => "nothing got through for 24 hours",
    });
    let since = endpoint.disabled_at.or(endpoint.failing_since).map(|at| view! { <span>"since "<Time at=at/></span> });
    let last = endpoint.last_success_at.map(|at| view! { <span>"last answered well "<Time at=at/></span> });
    view! { <p class="meta"><Pill text=word tone=tone/>{why.map(|why| view! { <span>{why}</span> })}{since}{last}</p> }
        .into_any()
}

/// What an endpoint hears of.
pub(super) fn hears(endpoint: &Endpoint) -> String {
    if endpoint.format == Format::Slack {
        return "approvals that wait, in words".to_owned();
    }
    if endpoint.events.is_empty() { "all events".to_owned() } else { endpoint.events.join(" ") }
}

/// How far a delivery has come.
pub(super) fn delivery_state(delivery: &Delivery) -> AnyView {
    let (word, tone) = match delivery.state {
        State::Waiting if delivery.tries.is_empty() => ("on its way", Tone::Neutral),
        State::Waiting => ("tried again", Tone::Warn),
        State::Delivered => ("delivered", Tone::Good),
        State::Failed => ("failed", Tone::Bad),
        State::Cancelled => ("given up", Tone::Neutral),
    };
    view! { <Pill text=word tone=tone/> }.into_any()
}
