//! The person's conversations.

use hyvve_domain::agents::AgentSession;
use leptos::{ev::MouseEvent, prelude::*};

use super::state::use_chat;
use crate::{
    shell::use_frame,
    ui::{Time, loaded},
};

/// All of them, newest first.
pub(super) fn conversations() -> AnyView {
    let sessions = use_chat().sessions;
    loaded(sessions, |sessions| {
        if sessions.is_empty() {
            return view! { <p class="p-2.5 text-muted-foreground">"No conversations yet."</p> }.into_any();
        }
        let rows = sessions.into_iter().map(|session| view! { <Row session=session/> }).collect_view();
        view! { <ul class="talks">{rows}</ul> }.into_any()
    })
}

/// A link to the conversation's page; a plain click shows it right here.
#[component]
fn Row(session: AgentSession) -> AnyView {
    let chat = use_chat();
    let id = session.id;
    let href = use_frame().href(&format!("/chat/{id}"));
    let open = move |event: MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            chat.open.run(Some(id));
        }
    };
    let current = move || (chat.session.get() == Some(id)).then_some("page");
    view! {
        <li>
            <a class="talk" href=href on:click=open aria-current=current>
                <span class="truncate">{session.title}</span>
                <span class="meta"><span>{session.agent}</span><Time at=session.updated_at/></span>
            </a>
        </li>
    }
    .into_any()
}
