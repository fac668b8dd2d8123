//! The form of an agent's answers: what it is for everybody, and a form for those who choose it.

use hyvve_domain::{
    Role,
    agents::{Agent, output::MAX_BYTES},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::change::ChangeAnswers;
use crate::{
    flash::Flash,
    shell::Visit,
    ui::{Area, Button, Card, CardBody, Form, Revealed},
};

/// What the field is called in the form.
pub(super) const FIELD: &str = "output_schema";
/// What the domain calls it.
const NAME: &str = "outputSchema";
const HINT: &str = "A JSON Schema of an object. Models are told to give every field that it names and nothing else, and an answer \
                    that does not fit goes back to them. Empty for answers in words.";

/// Whether what a form left is of this card's.
pub(super) fn is_ours(flash: &Flash) -> bool {
    flash.typed.iter().any(|(name, _)| name == FIELD)
}

/// What was typed, as far as it can stay: half a schema is none.
pub(super) fn kept(schema: &str) -> String {
    if schema.len() <= MAX_KEPT { schema.to_owned() } else { String::new() }
}

/// The most bytes that travel beside an error to the next page: they are quoted, encoded, and in a cookie of four thousand.
const MAX_KEPT: usize = 1_000;

/// The card that says in which form an agent answers; nothing where it answers in words and the reader does not choose.
pub(super) fn answers_card(visit: &Visit, agent: &Agent) -> AnyView {
    let stored = agent.output_schema.as_ref().map(|schema| format!("{schema:#}"));
    if visit.actor.role().is_some_and(Role::can_configure_ai) {
        let flash = Flash::look().filter(is_ours).unwrap_or_default();
        return card(choose(agent, stored.unwrap_or_default(), &flash));
    }
    let Some(schema) = stored else { return ().into_any() };
    let shown = view! {
        <p class="pb-1">"It answers as JSON of this shape:"</p>
        <pre class="source" tabindex="0"><Revealed text=schema/></pre>
    };
    card(shown.into_any())
}

fn card(body: AnyView) -> AnyView {
    view! { <Card title="Answers"><CardBody>{body}</CardBody></Card> }.into_any()
}

fn choose(agent: &Agent, stored: String, flash: &Flash) -> AnyView {
    let typed = Some(flash.typed(FIELD)).filter(|typed| !typed.is_empty());
    let problem = flash.beside(&[NAME]).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let hint = format!("{HINT} At most {} KB.", MAX_BYTES / 1024);
    let (id, value, error) = (agent.id.to_string(), typed.unwrap_or(stored), flash.at(NAME));
    view! {
        {problem}
        <Form action=ChangeAnswers::url()>
            <input type="hidden" name="id" value=id/>
            <Area name=FIELD label="Answers as JSON of this shape" rows=8 value=value hint=hint error=error/>
            <div><Button kind="submit">"Save"</Button></div>
        </Form>
    }
    .into_any()
}
