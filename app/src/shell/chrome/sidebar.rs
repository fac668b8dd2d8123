//! The sidebar: workspace, places, and on phones a drawer. `<html data-sidebar>` says how wide it is, `data-drawer` whether
//! it is open on a phone.

use leptos::prelude::*;

use super::places;
use crate::{
    shell::{
        WorkspaceName,
        entry::{FrameData, Pictures},
        places::Place,
    },
    ui::{Avatar, Glyph, Icon, MENU_ITEM, Menu, Whose},
};

/// Left of every page.
pub(super) fn sidebar(data: &FrameData, pictures: &Pictures, here: usize) -> AnyView {
    let links = |bottom: bool| {
        let wanted = places(data).filter(|(_, place)| place.bottom == bottom);
        wanted.map(|(index, place)| link(data, place, index == here)).collect_view()
    };
    view! {
        <div class="drawer-shade" data-do="set drawer closed"></div>
        <nav class="sidebar" aria-label="Main">
            {switcher(data, pictures)}
            {links(false)}
            <div class="grow"></div>
            {links(true)}
            <button
                type="button"
                class="btn btn-ghost btn-icon sidebar-toggle"
                data-do="flip sidebar narrow wide"
                title="Wide or narrow sidebar"
                aria-label="Wide or narrow sidebar"
            >
                <Icon glyph=Glyph::Sidebar/>
            </button>
        </nav>
    }
    .into_any()
}

fn link(data: &FrameData, place: &Place, current: bool) -> AnyView {
    let count = (place.path == "/approvals").then(|| {
        let waiting = (data.pending > 0).then_some(data.pending);
        view! { <span class="nav-count" id="pending">{waiting}</span> }
    });
    view! {
        <a
            class="nav-link"
            href=data.href(place.path)
            title=place.name
            data-key=place.key.to_string()
            aria-current=current.then_some("page")
        >
            <Icon glyph=place.glyph/>
            <span class="nav-text">{place.name}</span>
            {count}
        </a>
    }
    .into_any()
}

/// The workspace's name, and the way to the others. Each workspace is a document of its own, so these load anew.
fn switcher(data: &FrameData, pictures: &Pictures) -> AnyView {
    // A name that begins with what one sees: whoever speaks to the browser says just that.
    let label = format!("{}: switch workspace", data.name.name);
    let name = data.name.name.clone();
    let face = |of: &WorkspaceName| {
        view! { <Avatar name=of.name.clone() image=pictures.of(of) whose=Whose::Workspace/> }
    };
    let trigger = view! { {face(&data.name)}<span class="nav-text truncate">{name}</span> };
    let link = |other: &WorkspaceName| {
        let (face, name) = (face(other), other.name.clone());
        view! { <a class=MENU_ITEM href=format!("/w/{}", other.slug) rel="external">{face}{name}</a> }
    };
    let others = data.others.iter().map(link).collect_view();
    view! {
        <div class="switcher">
            <Menu label=label trigger=trigger.into_any()>
                {others}
                <span class="menu-note">"You are in no other workspace."</span>
                <a class=MENU_ITEM href="/account/workspaces" rel="external"><Icon glyph=Glyph::Settings/>"All workspaces, and new ones"</a>
            </Menu>
        </div>
    }
    .into_any()
}
