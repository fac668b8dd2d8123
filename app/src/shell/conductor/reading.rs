//! Pages that are only read: the server renders them, and here they are put in their place. `data-follow` of the page names
//! the events that make it old; `data-run` a run that is under way, of which every finished step does.

use std::{cell::Cell, time::Duration};

use leptos::{
    prelude::{document, set_timeout, window},
    wasm_bindgen::{JsCast as _, JsValue},
    web_sys::{Document, DomParser, Element, HtmlElement, HtmlInputElement, Response, SupportedType},
};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{all, by_id, elements, hear::around};
use crate::{
    live::{frame, hub},
    ui::tick,
};

/// The id of the element around such a page.
pub(in crate::shell) const PAGE: &str = "page";
/// Several events at once make one look at the server.
const CALM: Duration = Duration::from_millis(250);
/// A busy workspace does not make every open page ask all the time.
const REST: Duration = Duration::from_secs(1);
/// Events that a run's step ends with.
const STEPS: [&str; 4] = ["ModelRequestCompleted", "ToolCallStarted", "ToolCallCompleted", "ToolCallError"];

thread_local! {
    /// Counts what was asked for: only the newest answer is shown.
    static ASKED: Cell<u32> = const { Cell::new(0) };
    /// Another page is on its way.
    static LOADING: Cell<bool> = const { Cell::new(false) };
    /// A look at the server is planned, under way, or just over.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
    /// The page has become old since.
    static AGAIN: Cell<bool> = const { Cell::new(false) };
    /// The run that is followed.
    static RUN: Cell<Option<String>> = const { Cell::new(None) };
}

/// Keeps the page that shows up to date.
pub(super) fn listen() {
    hub::listen(|event| {
        let old = shown("[data-follow]").and_then(|page| page.get_attribute("data-follow")).is_some_and(|names| {
            let names: Vec<&str> = names.split(' ').collect();
            event.is_of(&names)
        });
        if old {
            refresh_soon();
        }
    });
    follow_run();
}

fn shown(selector: &str) -> Option<Element> {
    by_id(PAGE)?.query_selector(selector).ok().flatten()
}

/// Follows the run whose page shows, as long as it is under way.
fn follow_run() {
    let run = shown("[data-run]").and_then(|page| page.get_attribute("data-run"));
    let before = RUN.take();
    RUN.set(run.clone());
    if let Some(run) = run.filter(|run| before.as_ref() != Some(run)) {
        let wanted = run.clone();
        // It ends with the run, or with the document; a page that was left wants nothing.
        drop(hub::follow(run, 0, move |json| {
            let here = shown("[data-run]").and_then(|page| page.get_attribute("data-run"));
            if here.as_ref() == Some(&wanted) && frame::name(json).is_some_and(|name| STEPS.contains(&name.as_str())) {
                refresh_soon();
            }
        }));
    }
}

fn refresh_soon() {
    if LOOKING.replace(true) {
        return AGAIN.set(true);
    }
    set_timeout(|| spawn_local(refresh()), CALM);
}

async fn refresh() {
    // What cannot be done now is done later; so is what has become old meanwhile.
    let later = LOADING.get() || is_in_use();
    AGAIN.set(later);
    if let (false, Ok(here)) = (later, window().location().href()) {
        ask(here, false).await;
    }
    let over = || {
        LOOKING.set(false);
        if AGAIN.take() {
            refresh_soon();
        }
    };
    set_timeout(over, REST);
}

/// Nothing is taken away under the hands of somebody who fills a form, presses a button, or has sent a form.
fn is_in_use() -> bool {
    let is_filled = |field: Element| {
        field.dyn_ref::<HtmlInputElement>().is_some_and(|field| field.value() != field.default_value())
    };
    let typing = document().active_element().is_some_and(|field| around(&field, "#page form").is_some());
    let pressed = !all("#page :active, #page form[aria-busy]").is_empty();
    typing || pressed || all("#page input").into_iter().any(is_filled)
}

/// Shows the page of an address of this workspace.
pub(in crate::shell) fn load(address: String) {
    spawn_local(ask(address, true));
}

async fn ask(address: String, other: bool) {
    let number = ASKED.get() + 1;
    ASKED.set(number);
    LOADING.set(other);
    let page = fetch(&address).await;
    // Somebody may have gone on meanwhile, to a page like this one or to another kind.
    if ASKED.get() != number {
        return;
    }
    LOADING.set(false);
    let Some(here) = by_id(PAGE) else { return };
    if !other && is_in_use() {
        return AGAIN.set(true);
    }
    match page.ok().and_then(|page| Some((page.get_element_by_id(PAGE)?, page.title()))) {
        Some((there, title)) => {
            document().set_title(&title);
            put(&here, &there, other);
        }
        // What cannot be shown in its place shows as a document of its own: a sign-in, an error of the network.
        None if other => drop(window().location().assign(&address)),
        None => {}
    }
    follow_run();
}

pub(super) async fn fetch(address: &str) -> Result<Document, JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await?.dyn_into()?;
    if response.redirected() {
        return Err(JsValue::NULL);
    }
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    DomParser::new()?.parse_from_string(&text, SupportedType::TextHtml)
}

/// Puts a page in the place of the one that shows. What was unfolded by hand stays so when it is the same page; in a list that grows
/// at its top it is known by its id.
fn put(here: &Element, there: &Element, other: bool) {
    let open: Vec<(String, bool)> =
        all("#page details").iter().map(|one| (one.id(), one.has_attribute("open"))).collect();
    let focus = document().active_element().filter(|element| here.contains(Some(element)));
    let focus = focus.and_then(|element| element.get_attribute("href"));
    here.set_inner_html(&there.inner_html());
    tick();
    if !other {
        let now = here.query_selector_all("details").map(elements).unwrap_or_default();
        for (place, one) in now.iter().enumerate() {
            let id = one.id();
            let before = if id.is_empty() { open.get(place) } else { open.iter().find(|(other, _)| *other == id) };
            if let Some((_, open)) = before {
                // An attribute of a fixed name is always accepted.
                let _ = one.toggle_attribute_with_force("open", *open);
            }
        }
        if let Some(href) = focus {
            let same = here.query_selector_all("a[href]").map(elements).unwrap_or_default();
            let same = same.into_iter().find(|link| link.get_attribute("href").as_deref() == Some(&*href));
            // Focus can only fail on an element that is gone.
            let _ = same.and_then(|link| link.dyn_into::<HtmlElement>().ok()).map(|link| link.focus());
        }
    }
}
