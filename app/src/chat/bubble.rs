//! What the person said.

use leptos::prelude::*;

use super::state::use_chat;
use crate::ui::{Button, Glyph, Icon, Variant};

/// A message of the person.
pub(super) fn bubble(text: String) -> AnyView {
    let chat = use_chat();
    let again = text.clone();
    let edit = Callback::new(move |()| chat.edit(again.clone()));
    view! {
        <div class="bubble-line">
            <span class="needs-script">
                <Button variant=Variant::Icon label="Edit and send again" on_click=edit><Icon glyph=Glyph::Edit/></Button>
            </span>
            <p class="bubble"><span class="sr-only">"You: "</span>{text}</p>
        </div>
    }
    .into_any()
}

/// A message that is on its way to the server.
pub(super) fn sending() -> AnyView {
    let chat = use_chat();
    let bubble = move || {
        chat.sending
            .get()
            .map(|text| view! { <p class="bubble bubble-sending"><span class="sr-only">"Sending: "</span>{text}</p> })
    };
    bubble.into_any()
}
