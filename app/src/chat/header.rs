//! The chat's bar: with whom, the other conversations, a new one.

use leptos::prelude::*;

use super::{conversations::conversations, state::use_chat};
use crate::{
    shell::use_frame,
    ui::{Glyph, Icon, Menu},
};

/// The bar at the top.
pub(super) fn chat_header() -> AnyView {
    let chat = use_chat();
    let new = use_frame().href("/chat");
    let trigger = view! { <Icon glyph=Glyph::Bars/> }.into_any();
    let title = move || {
        let talk = chat.talk.get().and_then(Result::ok).flatten();
        talk.map_or_else(|| "New conversation".to_owned(), |talk| talk.session.agent)
    };
    let begin = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        chat.open.run(None);
    };
    view! {
        <header class="chat-bar">
            <h2 class="grow truncate"><Transition>{title}</Transition></h2>
            <a class="btn btn-ghost btn-icon" href=new title="New conversation" aria-label="New conversation" on:click=begin>
                <Icon glyph=Glyph::Plus/>
            </a>
            <div class="chat-menu"><Menu label="Conversations" trigger=trigger end=true>{conversations()}</Menu></div>
        </header>
    }
    .into_any()
}
