//! A question that an agent asks, with a field for the answer. A plain form, so that it works without JavaScript.

use hyvve_domain::ids::RunId;
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use server_fn::ServerFn as _;

use super::api::{AnswerQuestion, answer_question};
use crate::ui::{Button, Revealed, Variant};

/// The question and the answer's field.
pub(super) fn ask(run: RunId, call: String, question: String) -> AnyView {
    let (answer, busy, problem) = (RwSignal::new(String::new()), RwSignal::new(false), RwSignal::new(None::<String>));
    let to = call.clone();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        let call = to.clone();
        spawn_local(async move {
            // The question may be gone by the time of the answer: then it was answered.
            if let Err(error) = answer_question(run, call, answer.get_untracked()).await {
                problem.try_set(Some(error.to_string()));
                busy.try_set(false);
            }
        });
    };
    view! {
        <form class="ask" method="post" action=AnswerQuestion::url() on:submit=send>
            <p class="font-semibold said"><Revealed text=question/></p>
            <input type="hidden" name="run_id" value=run.to_string()/>
            <input type="hidden" name="tool_call_id" value=call/>
            <textarea
                class="input" name="text" rows="2" required=true aria-label="Your answer"
                prop:value=move || answer.get()
                on:input=move |event| answer.set(event_target_value(&event))
            ></textarea>
            <p class="field-error" role="alert">{move || problem.get()}</p>
            <div><Button variant=Variant::Primary kind="submit" disabled=busy>"Answer"</Button></div>
        </form>
    }
    .into_any()
}
