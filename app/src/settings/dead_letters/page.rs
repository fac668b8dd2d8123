//! The page: which events could not be dealt with, by whom, and why.

use hyvve_domain::{
    Page, PageRequest,
    events::dead_letters::{DeadLetter, KEPT_DAYS, service},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::RequeueDeadLetter;
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{Button, Card, CardBody, EmptyState, Glyph, Pagination, Pill, Time, Tone},
};

/// The page's address in the workspace.
pub(super) const HERE: &str = "/settings/events/dead-letters";
/// What stands below its title.
pub(super) const LEAD: &str =
    "Events that a part of HYVVE could not deal with, although it tried several times. Everything else went on.";

/// The page at `/w/{workspace}/settings/events/dead-letters`.
pub(crate) async fn dead_letters_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let page = PageRequest::new(visit.parsed("page"), None);
    let letters = service::list(&visit.services, &visit.actor, page).await?;
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem(&flash)}
            {list_card(letters)}
        </div>
    };
    Ok(settings_page("Dead letters", LEAD, Some("event."), content.into_any()))
}

/// What went wrong with the last form.
pub(super) fn problem(flash: &Flash) -> AnyView {
    flash.beside(&[]).map(|text| view! { <p class="form-message" role="alert">{text}</p> }).into_any()
}

/// Who could not deal with it, in words.
pub(super) fn who(consumer: &str) -> String {
    match consumer {
        "unknown-effects" => "Letters about actions of which nobody knows the outcome".to_owned(),
        other => other.replace('-', " "),
    }
}

/// Whether it rests, or is tried again.
pub(super) fn state(letter: &DeadLetter) -> AnyView {
    if letter.next_try_at.is_some() {
        view! { <Pill text="tried again" tone=Tone::Warn/> }.into_any()
    } else {
        view! { <Pill text="given up" tone=Tone::Bad/> }.into_any()
    }
}

/// How often it was tried.
pub(super) fn tried(letter: &DeadLetter) -> String {
    match letter.tries {
        0 => "not tried again yet".to_owned(),
        1 => "tried once".to_owned(),
        times => format!("tried {times} times"),
    }
}

/// Has it tried again.
pub(super) fn requeue(letter: &DeadLetter) -> AnyView {
    let which = format!(" {} {}", letter.event.name, letter.event.id);
    view! {
        <form method="post" action=RequeueDeadLetter::url()>
            <input type="hidden" name="id" value=letter.id.to_string()/>
            <Button kind="submit">"Try it again"<span class="sr-only">{which}</span></Button>
        </form>
    }
    .into_any()
}

fn list_card(page: Page<DeadLetter>) -> AnyView {
    if page.items.is_empty() {
        return view! {
            <Card title="Dead letters">
                <EmptyState
                    glyph=Glyph::Check title="Everything was dealt with"
                    text="An event shows here if something could not be done about it, so that you can have it tried again."
                />
            </Card>
        }
        .into_any();
    }
    let (at, pages, total) = (page.page, page.pages(), page.total);
    let here = use_frame().href(HERE);
    let rows = page.items.iter().map(row).collect_view();
    view! {
        <Card title="Dead letters" note=format!("kept for {KEPT_DAYS} days")>
            <ul class="entries">{rows}</ul>
            <CardBody><Pagination page=at pages=pages total=total href=move |page| format!("{here}?page={page}")/></CardBody>
        </Card>
    }
    .into_any()
}

fn row(letter: &DeadLetter) -> AnyView {
    let href = use_frame().href(&format!("{HERE}/{}", letter.id));
    view! {
        <li class="entry">
            <div class="entry-main">
                <a class="entry-title" href=href>{letter.event.name.clone()}</a>
                <div class="meta">{state(letter)}<span>{who(&letter.consumer)}</span><span>{tried(letter)}</span><Time at=letter.died_at/></div>
                <p class="text-sm">{letter.error.clone()}</p>
            </div>
            <div class="entry-actions">{requeue(letter)}</div>
        </li>
    }
    .into_any()
}
