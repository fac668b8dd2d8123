//! The chat as a page: for phones, for reading without JavaScript, and for addresses that one keeps.

use hyvve_domain::ids::{AgentId, AgentSessionId};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};

use super::{conversations::conversations, panel::chat_panel, state::provide_chat};
use crate::{flash::use_flash, shell::use_frame, ui::page_title};

/// The page at `/w/{workspace}/chat[/{session}]`.
pub(super) fn chat_page() -> AnyView {
    let (frame, navigate) = (use_frame(), use_navigate());
    let (params, query) = (use_params_map(), use_query_map());
    let session = Memo::new(move |_| params.read().get_str("session").and_then(|id| id.parse::<AgentSessionId>().ok()));
    let open = Callback::new(move |id: Option<AgentSessionId>| {
        let path = id.map_or_else(|| "/chat".to_owned(), |id| format!("/chat/{id}"));
        navigate(&frame.href(&path), NavigateOptions::default());
    });
    let flash = use_flash();
    let chat = provide_chat(session.into(), open);
    let chosen: Option<AgentId> = query.read_untracked().get_str("agent").and_then(|id| id.parse().ok());
    chat.chosen.set(flash.typed("agent_id").parse().ok().or(chosen));
    chat.draft.set(flash.typed("message"));
    chat.problem.set(Some(flash.message).filter(|text| !text.is_empty()));
    page_title("Chat");
    view! {
        <h1 class="sr-only">"Chat"</h1>
        <div class="chat-page">
            <nav class="chat-aside" aria-label="Conversations">{conversations()}</nav>
            {chat_panel()}
        </div>
    }
    .into_any()
}
