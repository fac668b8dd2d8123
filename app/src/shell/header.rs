//! The header: where one is, the command menu, the theme, and who one is.

use leptos::prelude::*;

use super::{
    commands::use_commands,
    dock::toggle_dock,
    places::PLACES,
    sidebar::{current_place, drawer_button},
    use_frame,
};
use crate::{
    auth::SIGN_OUT,
    live::use_live,
    ui::{Button, Glyph, Icon, Kbd, MENU_ITEM, Menu, Variant, set_preference},
};

/// Above every page.
pub(super) fn header() -> impl IntoView {
    let commands = use_commands();
    let open = Callback::new(move |()| commands.open());
    let chat = Callback::new(|()| toggle_dock());
    view! {
        <header class="app-header">
            {drawer_button()}
            {breadcrumb()}
            <div class="grow"></div>
            {offline()}
            <span class="command-button">
                <Button label="Go to… ⌘K" shortcut="Control+K Meta+K" on_click=open>
                    <Icon glyph=Glyph::Search/><span class="command-text">"Go to…"</span><Kbd key="⌘K"/>
                </Button>
            </span>
            {theme_menu()}
            <Button variant=Variant::Icon label="Chat" shortcut="c" on_click=chat><Icon glyph=Glyph::Chat/></Button>
            {user_menu()}
        </header>
    }
}

/// Where one is: the place, and the way back to it.
fn breadcrumb() -> impl IntoView {
    let (frame, here) = (use_frame(), current_place());
    let href = move || PLACES.get(here.get()).map(|place| frame.href(place.path));
    let name = move || PLACES.get(here.get()).map(|place| place.name);
    view! { <nav class="breadcrumb" aria-label="Breadcrumb"><a href=href>{name}</a></nav> }
}

/// Says so while nothing new can arrive.
fn offline() -> impl IntoView {
    let online = use_live().online();
    view! { <span class="offline" role="status">{move || (!online.get()).then_some("Reconnecting…")}</span> }
}

/// System, light or dark.
fn theme_menu() -> impl IntoView {
    let choice = |name: &'static str, value: &'static str, glyph: Glyph| {
        view! { <button class=MENU_ITEM on:click=move |_| set_preference("theme", value)><Icon glyph=glyph/>{name}</button> }
    };
    let trigger = view! { <Icon glyph=Glyph::Sun/> }.into_any();
    view! {
        <Menu label="Theme" trigger=trigger end=true>
            {choice("Like the system", "system", Glyph::Screen)}
            {choice("Light", "light", Glyph::Sun)}
            {choice("Dark", "dark", Glyph::Moon)}
        </Menu>
    }
}

/// Who is signed in, and the way out.
fn user_menu() -> impl IntoView {
    let data = use_frame().data();
    let initial = data.person.chars().next().map(String::from).unwrap_or_default();
    let trigger = view! { <span class="avatar">{initial}</span> }.into_any();
    view! {
        <Menu label="Your account" trigger=trigger end=true>
            <div class="px-2.5 py-1.5">
                <div class="font-semibold">{data.person}</div>
                <div class="text-muted-foreground text-sm">{data.email}</div>
                <div class="text-muted-foreground text-sm">{format!("Role: {}", data.role)}</div>
            </div>
            <form method="post" action=SIGN_OUT>
                <button class=MENU_ITEM type="submit"><Icon glyph=Glyph::SignOut/>"Sign out"</button>
            </form>
        </Menu>
    }
}
