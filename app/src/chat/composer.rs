//! Where one writes: Enter sends, Shift-Enter begins a line, Stop stops. A plain form, so that it works without JavaScript.

use hyvve_domain::{agents::Agent, ids::AgentId};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    prelude::*,
};
use server_fn::ServerFn as _;

use super::{
    api::SendMessage,
    state::{Chat, use_chat},
};
use crate::{
    shell::use_frame,
    ui::{Button, Glyph, Icon, Variant},
};

/// The field, and whom it goes to.
pub(super) fn composer(agents: Vec<Agent>) -> AnyView {
    let chat = use_chat();
    if !use_frame().data().role.can_run_agents() {
        return view! { <p class="composer-note">"Your role may read conversations, and start none."</p> }.into_any();
    }
    let first = agents.first().map(|agent| agent.id);
    let Some(first) = first else {
        return view! { <p class="composer-note">"There is no agent to talk to."</p> }.into_any();
    };
    let agent = Signal::derive(move || talking_to(&chat).or(chat.chosen.get()).unwrap_or(first));
    let submit = move || chat.send(agent.get_untracked(), chat.draft.get_untracked());
    let sent = move |event: SubmitEvent| {
        event.prevent_default();
        submit();
    };
    let key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            submit();
        }
    };
    let session =
        move || chat.session.get().map(|id| view! { <input type="hidden" name="session_id" value=id.to_string()/> });
    view! {
        <form class="composer" method="post" action=SendMessage::url() on:submit=sent>
            {session}
            <Recipient agents=agents agent=agent/>
            <textarea
                class="composer-field" name="message" rows="2" required=true placeholder="Ask or tell…" aria-label="Message"
                node_ref=chat.field
                prop:value=move || chat.draft.get()
                on:input=move |event| chat.draft.set(event_target_value(&event))
                on:keydown=key
            ></textarea>
            <p class="field-error" role="alert">{move || chat.problem.get()}</p>
            <Buttons/>
        </form>
    }
    .into_any()
}

/// The agent of the conversation that shows.
fn talking_to(chat: &Chat) -> Option<AgentId> {
    chat.talk.get().and_then(Result::ok).flatten().map(|talk| talk.session.agent_id)
}

/// Whom a new conversation is with. One that goes on stays with its agent.
#[component]
fn Recipient(agents: Vec<Agent>, agent: Signal<AgentId>) -> AnyView {
    let chat = use_chat();
    let choose = move |event| chat.chosen.set(event_target_value(&event).parse().ok());
    let one_only = agents.len() < 2;
    let shown = move || {
        if one_only || chat.session.get().is_some() {
            return view! { <input type="hidden" name="agent_id" value=move || agent.get().to_string()/> }.into_any();
        }
        let chosen = agent.get_untracked();
        let option = |one: &Agent| view! { <option value=one.id.to_string() selected=one.id == chosen>{one.name.clone()}</option> };
        let options = agents.iter().map(option).collect_view();
        view! { <select class="input" name="agent_id" aria-label="Agent" on:change=choose>{options}</select> }
            .into_any()
    };
    shown.into_any()
}

/// Send; while the agent works, Stop as well.
#[component]
fn Buttons() -> AnyView {
    let chat = use_chat();
    let working = Memo::new(move |_| chat.working().is_some());
    let stop = Callback::new(move |()| chat.stop());
    view! {
        <div class="composer-buttons">
            <span class="text-muted-foreground text-sm grow">"Enter sends, Shift-Enter begins a line"</span>
            {move || working.get().then(|| view! { <Button variant=Variant::Danger on_click=stop><Icon glyph=Glyph::Stop/>"Stop"</Button> })}
            <Button variant=Variant::Primary kind="submit" disabled=working><Icon glyph=Glyph::Send/>"Send"</Button>
        </div>
    }
    .into_any()
}
