//! Messages with images, as the chat's form sends them: it needs no JavaScript, and is answered with the conversation's page.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyvve_app::forms::{is_plain, page_before};
use hyvve_domain::{
    agents::service::{self, NewRun},
    ids::{AgentId, AgentSessionId},
    workspaces::service as workspaces,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    agentos::form::WithImages,
    asking::{Anyone, Member, Propose},
    reply::{Answer, created},
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewMessage {
    agent_id: AgentId,
    session_id: Option<AgentSessionId>,
    message: String,
}

/// `POST /api/messages`
pub(crate) async fn send(
    Anyone(context): Anyone,
    asking: Answer<Member<Propose>>,
    headers: HeaderMap,
    said: Answer<WithImages<NewMessage>>,
) -> Response {
    let typed =
        said.as_ref().map(|said| (said.form.agent_id.to_string(), said.form.message.clone())).unwrap_or_default();
    let sent: Answer<_> = async {
        let asking = asking?;
        let WithImages { form: NewMessage { agent_id, session_id, message }, images } = said?;
        let new = NewRun { run_id: None, agent_id, session_id, message, images, output_schema: None };
        let run = service::start(&asking.services, &asking.actor, new).await?;
        let slug = workspaces::get(&asking.services, &asking.actor).await?.slug;
        let page = format!("/w/{slug}/chat/{}", run.session_id);
        Ok((run, page))
    }
    .await;
    if !is_plain(&headers) {
        return sent.map(|(run, _)| created(run)).into_response();
    }
    match sent {
        Ok((_, page)) => (StatusCode::SEE_OTHER, [(header::LOCATION, page)]).into_response(),
        Err(problem) => {
            let (agent, message) = typed;
            let flash = problem.flash().keeping("agent_id", &agent).keeping("message", &message);
            let cookie = [(header::SET_COOKIE, flash.set_cookie(context.secure_cookies))];
            (StatusCode::SEE_OTHER, cookie, [(header::LOCATION, page_before(&headers))]).into_response()
        }
    }
}
