//! What people said about a call, and what then happened, as the effect ledger has it.

use hyvve_domain::approvals::Item;
use leptos::prelude::*;

use crate::{approvals::words, shell::use_frame, ui::Pill};

/// The approval of a call: a link to it, and where it and its effect stand.
pub(super) fn outcome(item: Item) -> AnyView {
    let href = use_frame().href(&format!("/approvals/{}", item.id));
    let (state, tone) = words::state(&item);
    view! { <p class="outcome"><a class="link" href=href>{item.title}</a><Pill text=state tone=tone/></p> }.into_any()
}
