//! The header: where one is, the command menu, the theme, and who one is.

use leptos::prelude::*;

use crate::{
    auth::SIGN_OUT,
    shell::{
        bell::{Unread, count},
        entry::{FrameData, Pictures},
        places::PLACES,
    },
    ui::{Avatar, Glyph, Icon, Kbd, MENU_ITEM, Menu},
};

/// Above every page.
pub(super) fn header(data: &FrameData, pictures: &Pictures, unread: Unread, here: usize) -> AnyView {
    let place = PLACES.get(here).map(|place| view! { <a id="place" href=data.href(place.path)>{place.name}</a> });
    view! {
        <header class="app-header">
            {button("Open the menu", "btn btn-ghost btn-icon drawer-button", "set drawer open", Glyph::Bars)}
            <nav class="breadcrumb" aria-label="Breadcrumb">{place}</nav>
            <div class="grow"></div>
            <span class="offline" id="offline" role="status"></span>
            <button
                type="button"
                class="btn command-button"
                data-do="show palette"
                title="Go to… ⌘K"
                aria-label="Go to… ⌘K"
                aria-keyshortcuts="Control+K Meta+K"
            >
                <Icon glyph=Glyph::Search/><span class="command-text">"Go to…"</span><Kbd key="⌘K"/>
            </button>
            {theme_menu()}
            {bell(data, unread)}
            {button("Chat", "btn btn-ghost btn-icon", "chat", Glyph::Chat)}
            {user_menu(data, pictures)}
        </header>
    }
    .into_any()
}

/// The way to what one was told, with how many of it one has not read. Where there is a script, it opens a dialog.
fn bell(data: &FrameData, Unread(unread): Unread) -> AnyView {
    view! {
        <a id="bell" class="btn btn-ghost btn-icon bell" href=data.href("/notifications") title="Notifications">
            <Icon glyph=Glyph::Bell/>
            <span class="sr-only">"Notifications "</span>
            <span class="bell-count" id="unread">{count(unread)}</span>
        </a>
    }
    .into_any()
}

fn button(label: &'static str, class: &'static str, what: &'static str, glyph: Glyph) -> AnyView {
    view! { <button type="button" class=class title=label aria-label=label data-do=what><Icon glyph=glyph/></button> }
        .into_any()
}

/// System, light or dark.
fn theme_menu() -> AnyView {
    let choice = |name: &'static str, what: &'static str, glyph: Glyph| {
        view! { <button type="button" class=MENU_ITEM data-do=what><Icon glyph=glyph/>{name}</button> }
    };
    view! {
        <Menu label="Theme" trigger=view! { <Icon glyph=Glyph::Sun/> }.into_any() end=true>
            {choice("Like the system", "set theme system", Glyph::Screen)}
            {choice("Light", "set theme light", Glyph::Sun)}
            {choice("Dark", "set theme dark", Glyph::Moon)}
        </Menu>
    }
    .into_any()
}

/// Who is signed in, and the way out.
fn user_menu(data: &FrameData, pictures: &Pictures) -> AnyView {
    let face = view! { <Avatar name=data.person.clone() image=pictures.person.clone()/> }.into_any();
    let (person, email, role) = (data.person.clone(), data.email.clone(), format!("Role: {}", data.role));
    view! {
        <Menu label="Your account" trigger=face end=true>
            <div class="px-2.5 py-1.5">
                <div class="font-semibold">{person}</div>
                <div class="text-muted-foreground text-sm">{email}</div>
                <div class="text-muted-foreground text-sm">{role}</div>
            </div>
            <a class=MENU_ITEM href="/account/profile" rel="external"><Icon glyph=Glyph::Shield/>"Your account"</a>
            <form method="post" action=SIGN_OUT>
                <button class=MENU_ITEM type="submit"><Icon glyph=Glyph::SignOut/>"Sign out"</button>
            </form>
        </Menu>
    }
    .into_any()
}
