//! Whether the log is whole: the address asks, so that it works without JavaScript.

use hyvve_domain::audit::Verdict;
use leptos::prelude::*;

use super::api::verify_log;
use crate::ui::{Button, Glyph, Icon, counted, grouped, loaded};

/// Checks the log and says what was found.
pub(super) fn verification() -> AnyView {
    let verdict = Resource::new(|| (), |()| verify_log());
    let again = Callback::new(move |()| verdict.refetch());
    view! {
        <div role="status">{loaded(verdict, |verdict| view! { <Found verdict=verdict/> }.into_any())}</div>
        <div><Button on_click=again>"Verify again"</Button></div>
    }
    .into_any()
}

#[component]
fn Found(verdict: Verdict) -> AnyView {
    let entries = counted(verdict.rows.unsigned_abs(), "entry").replace("entrys", "entries");
    match verdict.first_bad {
        None => view! {
            <p class="verdict verdict-good">
                <Icon glyph=Glyph::Shield/>
                {format!("All good: {entries} checked, anchored up to number {}.", grouped(verdict.anchored))}
            </p>
        }
        .into_any(),
        Some(flaw) => view! {
            <p class="verdict verdict-bad" role="alert">
                <Icon glyph=Glyph::Warning/>
                {format!("Entry {} is not right: {}. {entries} before it are good.", grouped(flaw.seq), flaw.what)}
            </p>
        }
        .into_any(),
    }
}
