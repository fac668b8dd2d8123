//! The sidebar: workspace, places, and on phones a drawer. `<html data-sidebar>` says how wide it is, `data-drawer` whether
//! it is open on a phone.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    entry::WorkspaceName,
    places::{PLACES, Place, place_of},
    use_frame,
};
use crate::ui::{Button, Glyph, Icon, MENU_ITEM, Menu, Variant, flip, set_preference};

/// Left of every page.
pub(super) fn sidebar() -> impl IntoView {
    let data = use_frame().data();
    let role = data.role;
    let here = current_place();
    let links = move |bottom: bool| {
        let seen = PLACES.iter().enumerate().filter(move |(_, place)| place.bottom == bottom && (place.allowed)(role));
        seen.map(|(index, place)| link(index, place, here)).collect_view()
    };
    let close = |_| set_preference("drawer", "closed");
    let fold = Callback::new(|()| {
        flip("sidebar", "narrow", "wide");
    });
    view! {
        <div class="drawer-shade" on:click=close></div>
        <nav class="sidebar" aria-label="Main" on:click=close>
            {switcher(data.name, data.others)}
            {links(false)}
            <div class="grow"></div>
            {links(true)}
            <span class="sidebar-toggle">
                <Button variant=Variant::Icon label="Wide or narrow sidebar" on_click=fold><Icon glyph=Glyph::Sidebar/></Button>
            </span>
        </nav>
    }
}

/// The index of the place that the address is in.
pub(super) fn current_place() -> Memo<usize> {
    let (frame, location) = (use_frame(), use_location());
    Memo::new(move |_| place_of(location.pathname.read().strip_prefix(&frame.href("")).unwrap_or_default()))
}

fn link(index: usize, place: &'static Place, here: Memo<usize>) -> impl IntoView {
    let frame = use_frame();
    let count = move || Some(frame.pending.get()).filter(|waiting| *waiting > 0 && place.path == "/approvals");
    view! {
        <a
            class="nav-link"
            href=frame.href(place.path)
            title=place.name
            aria-current=move || (here.get() == index).then_some("page")
        >
            <Icon glyph=place.glyph/>
            <span class="nav-text">{place.name}</span>
            <span class="nav-count">{count}</span>
        </a>
    }
}

/// The workspace's name, and the way to the others. Each workspace is a document of its own, so these load anew.
fn switcher(here: WorkspaceName, others: Vec<WorkspaceName>) -> impl IntoView {
    // A name that begins with what one sees: whoever speaks to the browser says just that.
    let label = format!("{}: switch workspace", here.name);
    let trigger =
        view! { <span class="hex" aria-hidden="true"></span><span class="nav-text truncate">{here.name}</span> };
    let link = |other: WorkspaceName| {
        view! { <a class=MENU_ITEM href=format!("/w/{}", other.slug) rel="external">{other.name}</a> }
    };
    let others = others.into_iter().map(link).collect_view();
    view! {
        <div class="switcher">
            <Menu label=label trigger=trigger.into_any()>
                {others}
                <span class="menu-note">"You are in no other workspace."</span>
            </Menu>
        </div>
    }
}

/// Opens the sidebar on phones.
pub(super) fn drawer_button() -> impl IntoView {
    let open = Callback::new(|()| set_preference("drawer", "open"));
    view! {
        <span class="drawer-button">
            <Button variant=Variant::Icon label="Open the menu" on_click=open><Icon glyph=Glyph::Bars/></Button>
        </span>
    }
}
