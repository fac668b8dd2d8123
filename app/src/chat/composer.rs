//! Where one writes: Enter sends, Shift-Enter begins a line, Stop stops. A plain form, so that it works without
//! JavaScript; with images it is sent as one in any case, and goes to the conversation's page.

use std::time::Duration;

use hyvve_domain::{
    agents::{Agent, images},
    ids::AgentId,
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};

use super::state::{Chat, use_chat};
use crate::{
    shell::use_frame,
    ui::{Button, Glyph, Icon, Variant},
};

/// Images may be sent again when nothing has come of it for so long.
const PATIENCE: Duration = Duration::from_secs(15);

/// The field, and whom it goes to.
pub(super) fn composer(agents: Vec<Agent>) -> AnyView {
    let chat = use_chat();
    if !use_frame().data().role.can_run_agents() {
        return view! { <p class="composer-note">"Your role may read conversations, and start none."</p> }.into_any();
    }
    let to = format!("/api/messages?workspace={}", use_frame().data().name.slug);
    let first = agents.first().map(|agent| agent.id);
    let Some(first) = first else {
        return view! { <p class="composer-note">"There is no agent to talk to."</p> }.into_any();
    };
    let agent = Signal::derive(move || talking_to(&chat).or(chat.chosen.get()).unwrap_or(first));
    let (form, files) = (NodeRef::<html::Form>::new(), NodeRef::<html::Input>::new());
    let leaving = RwSignal::new(false);
    let submit = move || chat.send(agent.get_untracked(), chat.draft.get_untracked());
    let sent = move |event: SubmitEvent| match chosen(files) {
        Ok(0) => {
            event.prevent_default();
            submit();
        }
        // The browser sends them, once: that may take a while, and nothing of it shows.
        Ok(_) if leaving.get_untracked() => event.prevent_default(),
        Ok(_) => {
            leaving.set(true);
            let over = move || {
                // The chat may be gone by then.
                leaving.try_set(false);
            };
            set_timeout(over, PATIENCE);
        }
        Err(problem) => {
            event.prevent_default();
            chat.problem.set(Some(problem));
        }
    };
    let key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            match form.get_untracked().filter(|_| chosen(files) != Ok(0)) {
                // It can only fail with a button that is not the form's.
                Some(form) => drop(form.request_submit()),
                None => submit(),
            }
        }
    };
    // What a page comes with; in a browser it is the field's value.
    #[cfg(feature = "ssr")]
    let draft = crate::ui::area_html(&chat.draft.get_untracked());
    #[cfg(not(feature = "ssr"))]
    let draft = String::new();
    let session =
        move || chat.session.get().map(|id| view! { <input type="hidden" name="session_id" value=id.to_string()/> });
    view! {
        <form
            class="composer" method="post" action=to enctype="multipart/form-data" node_ref=form
            aria-busy=move || leaving.get().then_some("true")
            on:submit=sent
        >
            {session}
            <Recipient agents=agents agent=agent/>
            <textarea
                class="composer-field" name="message" rows="2" required=true placeholder="Ask or tell…" aria-label="Message"
                node_ref=chat.field inner_html=draft
                prop:value=move || chat.draft.get()
                on:input=move |event| chat.draft.set(event_target_value(&event))
                on:keydown=key
            ></textarea>
            <Images files=files/>
            <p class="field-error" role="alert">{move || chat.problem.get()}</p>
            <Buttons/>
        </form>
    }
    .into_any()
}

/// How many images are chosen; what is wrong with them, where they are more than is taken.
fn chosen(input: NodeRef<html::Input>) -> Result<usize, String> {
    let Some(files) = input.get_untracked().and_then(|input| input.files()) else { return Ok(0) };
    let sizes: Vec<f64> = (0..files.length()).filter_map(|n| files.get(n)).map(|file| file.size()).collect();
    let is_large = sizes.iter().any(|size| *size > images::MAX_BYTES as f64);
    if sizes.len() > images::MOST || is_large || sizes.iter().sum::<f64>() > images::MAX_TOTAL as f64 {
        return Err(format!("These are too many or too large: {}, please.", bounds()));
    }
    Ok(sizes.len())
}

fn bounds() -> String {
    let (each, all) = (images::MAX_BYTES >> 20, images::MAX_TOTAL >> 20);
    format!("at most {} images, {each} MB each and {all} MB together", images::MOST)
}

/// Images that go with the message.
#[component]
fn Images(files: NodeRef<html::Input>) -> AnyView {
    let chat = use_chat();
    let some = RwSignal::new(false);
    let changed = move |_| {
        let now = chosen(files);
        some.set(now != Ok(0));
        chat.problem.set(now.err());
    };
    let remove = Callback::new(move |()| {
        if let Some(input) = files.get_untracked() {
            input.set_value("");
            // Focus can only fail on an element that is gone.
            let _ = input.focus();
        }
        some.set(false);
        chat.problem.set(None);
    });
    view! {
        <div class="composer-images">
            <label class="composer-choice" title=bounds()>
                <span>"Images"<span class="sr-only">{format!(": {}", bounds())}</span></span>
                <input
                    class="composer-files" type="file" name="files" multiple=true accept=images::ACCEPTED node_ref=files
                    on:change=changed
                />
            </label>
            {move || some.get().then(|| view! { <Button on_click=remove>"Remove images"</Button> })}
        </div>
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
