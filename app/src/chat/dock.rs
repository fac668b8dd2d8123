//! The chat in the dock. Nothing of it is loaded before the dock has been seen, and the document comes without it: pages
//! do not wait for conversations.

use hyvve_domain::ids::AgentSessionId;
use leptos::{html, prelude::*};

use super::{
    file::{Place, chat},
    panel::chat_panel,
    state::provide_chat,
};
use crate::{
    shell::use_frame,
    ui::{Skeleton, use_seen},
};

/// The dock's content.
#[component]
pub fn ChatDock() -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let seen = use_seen(node);
    let content = move || {
        seen.get()
            .then(|| view! { <Suspense fallback=|| view! { <Skeleton/> }>{Suspend::new(chat(Place::Dock))}</Suspense> })
    };
    view! { <div class="chat-dock" node_ref=node>{content}</div> }.into_any()
}

/// The chat itself.
pub(super) fn docked_chat() -> AnyView {
    let data = use_frame().data();
    // Somebody else may sign in in the same tab.
    let whose = format!("{}-{}", data.workspace, data.user);
    let (talk, draft) = (Memory::of("chat", &whose), Memory::of("draft", &whose));
    let session = RwSignal::new(talk.recall().and_then(|id| id.parse().ok()));
    let open = Callback::new(move |id: Option<AgentSessionId>| {
        talk.keep(&id.map(|id| id.to_string()).unwrap_or_default());
        session.set(id);
    });
    let chat = provide_chat(session.into(), open);
    chat.draft.set(draft.recall().unwrap_or_default());
    Effect::new(move || chat.draft.with(|text| draft.keep(text)));
    chat_panel()
}

/// Something that this tab remembers beyond a reload: the open conversation, a text half written.
struct Memory {
    key: String,
}

impl Memory {
    fn of(what: &str, whose: &str) -> Self {
        Self { key: format!("hyvve-{what}-{whose}") }
    }

    fn recall(&self) -> Option<String> {
        window().session_storage().ok()??.get_item(&self.key).ok()?
    }

    /// A browser without storage, or without room in it, forgets it at a reload, and nothing worse.
    fn keep(&self, text: &str) {
        if let Ok(Some(storage)) = window().session_storage() {
            let _ = storage.set_item(&self.key, text);
        }
    }
}
