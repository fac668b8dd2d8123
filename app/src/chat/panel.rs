//! The chat from top to bottom: who, what was said, what one says.

use hyvve_domain::{ids::AgentSessionId, number::grouped};
use leptos::prelude::*;

use super::{
    announcer::announcer,
    bubble::sending,
    composer::composer,
    header::chat_header,
    shown::{Earlier, Talk},
    state::use_chat,
    thread::Thread,
    turn::turn_view,
};
use crate::{
    shell::use_frame,
    ui::{EmptyState, Glyph, loaded},
};

/// The whole of it; fills the height that it is given.
pub(super) fn chat_panel() -> AnyView {
    let chat = use_chat();
    view! {
        <section class="chat" aria-label="Conversation">
            {chat_header()}
            // Laid out from below, so that it stays at its end while it grows.
            <div class="chat-scroll" tabindex="0" role="log" aria-live="off" aria-label="Messages">
                <div class="chat-thread">
                    {loaded(chat.talk, |talk| match talk {
                        Some(talk) => view! { <Turns talk=talk/> }.into_any(),
                        None => welcome(),
                    })}
                    {sending()}
                </div>
            </div>
            {announcer()}
            {loaded(chat.agents, composer)}
        </section>
    }
    .into_any()
}

/// A conversation's turns.
#[component]
fn Turns(talk: Talk) -> AnyView {
    let chat = use_chat();
    let agent = talk.session.agent_id;
    let before = talk.earlier.map(|earlier| earlier_link(talk.session.id, earlier));
    let thread = Thread::new(talk);
    let turns = thread.0.clone();
    Effect::new(move || {
        chat.thread.set(Some(thread.clone()));
        chat.sending.set(None);
    });
    on_cleanup(move || {
        // The chat may go away first.
        chat.thread.try_set(None);
    });
    view! {
        {before}
        <For each=move || turns.get() key=|turn| turn.run children=move |turn| turn_view(turn, agent)/>
    }
    .into_any()
}

/// Where what was said before can be read.
fn earlier_link(session: AgentSessionId, Earlier { count, page }: Earlier) -> AnyView {
    let href = use_frame().href(&format!("/runs?session={session}&page={page}"));
    let text = if count == 1 { "1 earlier message".to_owned() } else { format!("{} earlier messages", grouped(count)) };
    view! { <p class="text-sm"><a class="link" href=href>{text}</a></p> }.into_any()
}

fn welcome() -> AnyView {
    let chat = use_chat();
    let try_it = move |_| chat.edit("Give Ada Lovelace a 20 % discount and mail her".to_owned());
    view! {
        <EmptyState
            title="What should be done?"
            text="Ask for something. Whatever changes data or leaves the house waits for a decision first."
            glyph=Glyph::Chat
        >
            <button type="button" class="chip needs-script" on:click=try_it>"Give Ada Lovelace a 20 % discount and mail her"</button>
        </EmptyState>
    }
    .into_any()
}
