//! What the parts of a chat share: which conversation, what is typed, what is on its way.

use hyvve_domain::{
    agents::Agent,
    ids::{AgentId, AgentSessionId},
};
use leptos::{html, prelude::*, task::spawn_local};

use super::{
    api::{get_conversation, list_sessions, send_message},
    shown::Talk,
    thread::Thread,
};
use crate::{
    ApiError,
    agents::api::list_agents,
    live::use_live,
    runs::api::cancel_run,
    ui::{Toasts, use_toasts},
};
use hyvve_domain::agents::AgentSession;

/// A chat.
#[derive(Clone, Copy)]
pub(super) struct Chat {
    /// The conversation that shows; `None`: a new one.
    pub(super) session: Signal<Option<AgentSessionId>>,
    /// Shows another conversation, or a new one.
    pub(super) open: Callback<Option<AgentSessionId>>,
    /// The agent that was chosen for a new conversation.
    pub(super) chosen: RwSignal<Option<AgentId>>,
    /// What is typed.
    pub(super) draft: RwSignal<String>,
    /// The field that it is typed into.
    pub(super) field: NodeRef<html::Textarea>,
    /// A message on its way to the server: it shows at once.
    pub(super) sending: RwSignal<Option<String>>,
    /// What became of the last message, if it was refused.
    pub(super) problem: RwSignal<Option<String>>,
    /// The turns that show.
    pub(super) thread: RwSignal<Option<Thread>>,
    /// All conversations.
    pub(super) sessions: Resource<Result<Vec<AgentSession>, ApiError>>,
    /// The conversation that shows.
    pub(super) talk: Resource<Result<Option<Talk>, ApiError>>,
    /// Whom one can talk to.
    pub(super) agents: Resource<Result<Vec<Agent>, ApiError>>,
    toasts: Toasts,
}

/// A chat about a conversation. `open` shows another one.
pub(super) fn provide_chat(session: Signal<Option<AgentSessionId>>, open: Callback<Option<AgentSessionId>>) -> Chat {
    let started = use_live().version(&["run.started"]);
    let load = |id: Option<AgentSessionId>| async move {
        match id {
            Some(id) => get_conversation(id).await.map(Some),
            None => Ok(None),
        }
    };
    let chat = Chat {
        session,
        open,
        chosen: RwSignal::new(None),
        draft: RwSignal::new(String::new()),
        field: NodeRef::new(),
        sending: RwSignal::new(None),
        problem: RwSignal::new(None),
        thread: RwSignal::new(None),
        sessions: Resource::new(move || started.get(), |_| list_sessions()),
        talk: Resource::new(move || session.get(), load),
        agents: Resource::new(|| (), |()| list_agents()),
        toasts: use_toasts(),
    };
    provide_context(chat);
    chat
}

/// The chat around this part of it.
pub(super) fn use_chat() -> Chat {
    expect_context()
}

impl Chat {
    /// Sends a message. It shows at once; when the server refuses it, it is back in the field.
    pub(super) fn send(self, agent: AgentId, text: String) {
        if text.trim().is_empty() || self.sending.get_untracked().is_some() {
            return;
        }
        let session = self.session.get_untracked();
        self.draft.set(String::new());
        self.problem.set(None);
        self.sending.set(Some(text.clone()));
        spawn_local(async move {
            match send_message(agent, session, text.clone()).await {
                Ok(run) if session.is_none() => self.open.run(Some(run.session_id)),
                Ok(run) => {
                    if let Some(thread) = self.thread.get_untracked() {
                        thread.push(&run);
                    }
                    self.sending.set(None);
                }
                Err(error) => {
                    self.sending.set(None);
                    self.draft.update(|draft| draft.insert_str(0, &text));
                    self.problem.set(Some(error.to_string()));
                }
            }
        });
    }

    /// Stops what the agent works on.
    pub(super) fn stop(self) {
        let Some(run) = self.working() else { return };
        spawn_local(async move {
            if let Err(error) = cancel_run(run).await {
                self.toasts.fail(error.to_string());
            }
        });
    }

    /// The run that the agent works on.
    pub(super) fn working(self) -> Option<hyvve_domain::ids::RunId> {
        // The chat may be gone, while something of it is still being made.
        self.thread.try_read()?.as_ref().and_then(Thread::working)
    }

    /// Puts a text into the field, to be changed and sent again.
    pub(super) fn edit(self, text: String) {
        self.draft.set(text);
        if let Some(field) = self.field.get_untracked() {
            // Focus can only fail on an element that is gone.
            let _ = field.focus();
        }
    }
}
