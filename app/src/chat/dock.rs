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
    let memory = Memory::of(&use_frame().data().workspace.to_string());
    let session = RwSignal::new(memory.recall());
    let open = Callback::new(move |id: Option<AgentSessionId>| {
        memory.keep(id);
        session.set(id);
    });
    provide_chat(session.into(), open);
    chat_panel()
}

/// Which conversation this tab had open, beyond a reload.
struct Memory {
    key: String,
}

impl Memory {
    fn of(workspace: &str) -> Self {
        Self { key: format!("hyvve-chat-{workspace}") }
    }

    fn recall(&self) -> Option<AgentSessionId> {
        let storage = window().session_storage().ok()??;
        storage.get_item(&self.key).ok()??.parse().ok()
    }

    /// A browser without storage forgets it at a reload, and nothing worse.
    fn keep(&self, id: Option<AgentSessionId>) {
        if let Ok(Some(storage)) = window().session_storage() {
            let _ = match id {
                Some(id) => storage.set_item(&self.key, &id.to_string()),
                None => storage.remove_item(&self.key),
            };
        }
    }
}
