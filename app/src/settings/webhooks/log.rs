//! What was sent to an endpoint, and what it answered.

use hyvve_domain::{
    Page,
    webhooks::{Delivery, Endpoint, State, Try},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{api::RedeliverWebhook, page::HERE, state::delivery_state};
use crate::{
    shell::use_frame,
    ui::{Button, Card, CardBody, Disclosure, Pagination, Revealed, Time, millis},
};

/// The log, a page of it at a time.
pub(super) fn log_card(page: Page<Delivery>, endpoint: &Endpoint) -> AnyView {
    if page.items.is_empty() {
        return view! {
            <Card title="Log" note="of the last 30 days">
                <CardBody><p class="text-muted-foreground">"Nothing has been sent. A test shows here as well."</p></CardBody>
            </Card>
        }
        .into_any();
    }
    let (at, pages, total) = (page.page, page.pages(), page.total);
    let here = use_frame().href(&format!("{HERE}/{}", endpoint.id));
    let rows = page.items.into_iter().map(|delivery| row(delivery, endpoint)).collect_view();
    view! {
        <Card title="Log" note="of the last 30 days">
            <ul class="entries">{rows}</ul>
            <CardBody><Pagination page=at pages=pages total=total href=move |page| format!("{here}?page={page}")/></CardBody>
        </Card>
    }
    .into_any()
}

fn row(delivery: Delivery, endpoint: &Endpoint) -> AnyView {
    let state = delivery_state(&delivery);
    let last = delivery.tries.first().map(|one| view! { <span>{answer(one)}</span> });
    let next = delivery
        .next_try_at
        .filter(|_| !delivery.tries.is_empty())
        .map(|at| view! { <span>"next try "<Time at=at/></span> });
    let tries = delivery.tries.iter().map(one_try).collect_view();
    let details = (!delivery.tries.is_empty()).then(|| {
        view! { <Disclosure summary="What it answered"><ol class="stack">{tries}</ol></Disclosure> }
    });
    let which = format!(" {} {}", delivery.name, delivery.event_id);
    let again = (endpoint.enabled && delivery.state != State::Waiting).then(|| {
        view! {
            <form method="post" action=RedeliverWebhook::url()>
                <input type="hidden" name="id" value=endpoint.id.to_string()/>
                <input type="hidden" name="delivery" value=delivery.id.to_string()/>
                <Button kind="submit">"Send again"<span class="sr-only">{which}</span></Button>
            </form>
        }
    });
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{delivery.name.clone()}</p>
                <div class="meta">{state}<Time at=delivery.begun_at/>{last}{next}</div>
                {details}
            </div>
            <div class="entry-actions">{again}</div>
        </li>
    }
    .into_any()
}

/// The status of an answer, or that there was none.
fn answer(one: &Try) -> String {
    one.status.map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}"))
}

fn one_try(one: &Try) -> AnyView {
    let error = one.error.clone().map(|why| view! { <p class="text-sm">{why}</p> });
    let reply = (!one.reply.is_empty())
        .then(|| view! { <pre class="source" tabindex="0"><Revealed text=one.reply.clone()/></pre> });
    let took = format!("after {}", millis(i64::from(one.duration_ms)));
    view! {
        <li>
            <div class="meta"><span>{answer(one)}</span><span>{took}</span><Time at=one.at/></div>
            {error}
            {reply}
        </li>
    }
    .into_any()
}
