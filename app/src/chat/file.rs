//! The chat's code: one file for both of its places, loaded when it is first needed.

use leptos::prelude::*;
use leptos_router::ChooseView;

use super::{dock::docked_chat, page::chat_page};

/// Where the chat shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A page of its own.
    Page,
    /// Beside every page.
    Dock,
}

/// The chat in one of its places.
#[lazy]
pub(crate) fn chat(place: Place) -> AnyView {
    match place {
        Place::Page => chat_page(),
        Place::Dock => docked_chat(),
    }
}

/// The page of the chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chat;

impl ChooseView for Chat {
    async fn choose(self) -> AnyView {
        chat(Place::Page).await
    }

    async fn preload(&self) {
        #[cfg(target_arch = "wasm32")]
        __preload_chat().await;
    }
}
