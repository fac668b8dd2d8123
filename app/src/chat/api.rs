//! What the chat asks the server.

use hyvve_domain::{
    agents::{AgentSession, Run},
    ids::{AgentId, AgentSessionId, RunId},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::shown::Earlier;
use super::shown::Talk;
use crate::{
    ApiError,
    client::{InWorkspace, Json},
};
#[cfg(feature = "ssr")]
use crate::{
    context::{self, actor},
    forms::{self, answer, answer_with},
};
#[cfg(feature = "ssr")]
use hyvve_domain::{
    PageRequest,
    agents::service::{self, NewRun},
    workspaces,
};

/// The person's conversations, newest first.
#[server(prefix = "/_fn", endpoint = "chat/sessions", client = InWorkspace, output = Json)]
pub async fn list_sessions() -> Result<Vec<AgentSession>, ApiError> {
    answer(async {
        let (services, actor) = actor().await?;
        service::sessions(&services, &actor).await
    })
    .await
}

/// A conversation with the newest that was said in it.
#[server(prefix = "/_fn", endpoint = "chat/conversation", client = InWorkspace, output = Json)]
pub async fn get_conversation(
    /// Which one.
    id: AgentSessionId,
) -> Result<Talk, ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        let talk = service::conversation(&services, &actor, id).await?;
        let page = service::TURNS / PageRequest::default().size + 1;
        let earlier = (talk.earlier > 0).then_some(Earlier { count: talk.earlier, page });
        Ok::<_, ApiError>(Talk {
            session: talk.session,
            turns: talk.turns.into_iter().map(Into::into).collect(),
            earlier,
        })
    })
    .await
}

/// Sends a message without images, which go as a form does; without JavaScript, goes to the conversation.
#[server(prefix = "/_fn", endpoint = "chat/send", client = InWorkspace, output = Json)]
pub async fn send_message(
    /// To which agent.
    agent_id: AgentId,
    /// In which conversation; `None` begins a new one.
    session_id: Option<AgentSessionId>,
    /// What is said.
    message: String,
) -> Result<Run, ApiError> {
    answer_with(vec![("message", message.clone())], async move {
        let (services, actor) = actor().await?;
        let images = Vec::new();
        let new = NewRun { run_id: None, agent_id, session_id, message, images, output_schema: None };
        let run = service::start(&services, &actor, new).await?;
        let slug = workspaces::service::get(&services, &actor).await?.slug;
        forms::go_on(&format!("/w/{slug}/chat/{}", run.session_id));
        Ok::<_, ApiError>(run)
    })
    .await
}

/// Answers a question that an agent asked.
#[server(prefix = "/_fn", endpoint = "chat/reply", client = InWorkspace, output = Json)]
pub async fn answer_question(
    /// The run that waits.
    run_id: RunId,
    /// Its question.
    tool_call_id: String,
    /// The answer.
    text: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = actor().await?;
        service::answer(&services, &actor, run_id, &tool_call_id, &text).await.map(drop)
    })
    .await
}

/// Markdown as clean HTML.
#[server(prefix = "/_fn", endpoint = "chat/format", client = InWorkspace, output = Json)]
pub async fn format_markdown(
    /// The markdown.
    text: String,
) -> Result<String, ApiError> {
    answer(async move {
        context::person()?;
        Ok::<_, ApiError>(crate::markdown::to_html(&text))
    })
    .await
}
