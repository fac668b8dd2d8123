//! What an agent runs on: a sentence for everybody, and a form for those who choose it.

use hyvve_domain::{
    Role,
    agents::Agent,
    providers::{Kind, Listed, Provider, models, service},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{SANDBOX, answers, change::ChangeAgent};
use crate::{
    ApiError,
    flash::Flash,
    settings::models_list,
    shell::Visit,
    ui::{Button, Card, CardBody, Field, Form, Select},
};

/// The id of the list that the field for the model looks in.
const LIST: &str = "models";

/// The card that says what an agent runs on, as far as the reader may know, and lets owners and admins choose.
pub(super) async fn runs_on_card(visit: &Visit, agent: &Agent) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    if !actor.role().is_some_and(Role::can_configure_ai) {
        // Members are not told which provider a workspace has.
        return Ok(card("The workspace’s default AI provider".to_owned(), ().into_any()));
    }
    let providers = service::shown(services, actor).await?;
    let on = providers.iter().find(|p| agent.provider_id.map_or(p.is_default, |id| p.id == id));
    let listed = match on {
        Some(provider) => models::shown(services, actor, provider.id).await?.models,
        None => Vec::new(),
    };
    let said =
        on.map_or_else(|| "Nothing yet: the workspace has no default AI provider.".to_owned(), |on| said(agent, on));
    let flash = Flash::take().filter(|flash| !answers::is_ours(flash)).unwrap_or_default();
    let form = choose(agent, &providers, on, &listed, &flash);
    let misfit = on.zip(agent.model.as_ref()).filter(|(on, model)| !models::may_have(on, &listed, model));
    let warning = misfit.map(|(on, model)| misfits_text(model, &on.name));
    let warned = view! { {warning.map(|text| view! { <p class="form-message" role="status">{text}</p> })}{form} };
    Ok(card(said, warned.into_any()))
}

/// What is likely to become of runs that ask for a model which is in no list.
pub(crate) fn misfits_text(model: &str, provider: &str) -> String {
    format!(
        "{model} is not in {provider}’s list of models, so runs are likely to fail. Choose a model that is, or another provider."
    )
}

fn card(said: String, form: AnyView) -> AnyView {
    view! {
        <Card title="Runs on"><CardBody><p class="pb-1">{said}</p>{form}</CardBody></Card>
    }
    .into_any()
}

/// What it runs on, in a sentence.
fn said(agent: &Agent, on: &Provider) -> String {
    if on.provider == Kind::Sandbox {
        return SANDBOX.to_owned();
    }
    let model = agent.model.as_ref().unwrap_or(&on.default_model);
    format!("{model} · {}", on.name)
}

fn choose(agent: &Agent, providers: &[Provider], on: Option<&Provider>, models: &[Listed], flash: &Flash) -> AnyView {
    let default = providers.iter().find(|provider| provider.is_default);
    let default = default.map_or_else(
        || "The workspace’s default".to_owned(),
        |provider| format!("The workspace’s default ({})", provider.name),
    );
    let mut options = vec![(String::new(), default)];
    options.extend(providers.iter().map(|provider| (provider.id.to_string(), provider.name.clone())));
    // What was sent and refused, or what is stored.
    let was_sent = !flash.message.is_empty();
    let stored = agent.provider_id.map(|id| id.to_string()).unwrap_or_default();
    let chosen = if was_sent { flash.typed("provider") } else { stored };
    let model = if was_sent { flash.typed("model") } else { agent.model.clone().unwrap_or_default() };
    let usual = on.map_or_else(
        || "Empty for the provider’s own.".to_owned(),
        |on| format!("Empty for the provider’s own: {}.", on.default_model),
    );
    let falls_back = if was_sent { !flash.typed("falls_back").is_empty() } else { agent.falls_back };
    let problem = flash.beside(&["model"]).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let (id, wrong, list) = (agent.id.to_string(), flash.at("model"), models_list(LIST, models));
    view! {
        {problem}
        <Form action=ChangeAgent::url()>
            <input type="hidden" name="id" value=id/>
            <Select name="provider" label="AI provider" options=options chosen=chosen/>
            <Field name="model" label="Model" value=model hint=usual error=wrong list=LIST/>
            {list}
            <label class="check-line">
                <input type="checkbox" class="check" name="falls_back" value="true" checked=falls_back/>
                "Ask the workspace’s fallbacks when it gives no answer"
            </label>
            <div><Button kind="submit">"Save"</Button></div>
        </Form>
    }
    .into_any()
}
