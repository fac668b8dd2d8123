//! How a policy's items wait: the part of the form, and the sentences of the list.

use hyvve_domain::{approvals::policies::Handling, ids::UserId};
use leptos::prelude::*;

use super::typed::{Typed, TypedStep};
use crate::{approvals::handling, flash::Flash, ui::Field};

/// Rows for steps that there are not yet.
const SPARE: usize = 2;

/// What the list says of it.
pub(super) fn sentences(of: &Handling, people: &[(UserId, String)]) -> Vec<String> {
    let mut said = Vec::new();
    if of.quorum > 1 {
        said.push(format!("{} have to approve", of.quorum));
    }
    if !of.groups.is_empty() {
        let groups: Vec<_> = of.groups.iter().map(|group| group.words()).collect();
        said.push(format!("{} among them", groups.join(" and ")));
    }
    if of.requester_barred {
        said.push("whoever asks does not decide".to_owned());
    }
    if let Some(whom) = &of.assignment {
        said.push(format!("asks {}", handling::whom(whom, people)));
    }
    said.extend(of.ladder.iter().map(|step| handling::step(step, people)));
    said.extend(of.due_minutes.map(|minutes| format!("times out after {}", handling::span(minutes))));
    said
}

/// Whether a message about this field shows beside it.
pub(super) fn shows(field: &str) -> bool {
    ["handling.ladder[", "handling.groups[", "handling.assignment", "handling.requesterBarred"]
        .iter()
        .any(|begin| field.starts_with(begin))
}

/// Who has to agree, who is asked, and what happens while nobody decides.
pub(super) fn fields(typed: &Typed, flash: &Flash, people: &[(UserId, String)]) -> AnyView {
    let h = &typed.handling;
    let of_groups = flash.field.as_deref().filter(|field| field.starts_with("handling.groups["));
    let of_groups = of_groups.map(|_| flash.message.clone());
    let asks = choice("handling[asks]", "handling-asks", &asked_first(people), &h.asks);
    let (barred, refused) = (h.requester == "true", flash.at("handling.requesterBarred"));
    let spare = std::iter::repeat_n(TypedStep::default(), SPARE);
    let steps = typed.steps.iter().cloned().chain(spare).enumerate();
    let steps = steps.map(|(place, step)| step_row(place, &step, flash, people)).collect_view();
    view! {
        <fieldset class="rule-rows">
            <legend>"Who decides"</legend>
            <div class="field-grid">
                <Field name="handling[owners]" label="Owners among those who approve, at least" value=h.owners.clone() error=of_groups
                    hint="Empty: none has to."/>
                <Field name="handling[admins]" label="Admins among them, at least" value=h.admins.clone() hint="Empty: none has to."/>
                <div class="field">
                    <label for="handling-asks">"Who is asked first"</label>
                    {asks}
                    <p class="field-hint">"Others who may decide still can. Where that person may not, it falls to the owners."</p>
                    <p class="field-error" role="alert">{flash.at("handling.assignment")}</p>
                </div>
                <div class="field">
                    <label class="check-line">
                        <input class="check" type="checkbox" name="handling[requester]" value="true" checked=barred/>
                        "Whoever asks for it does not decide on it"
                    </label>
                    <p class="field-error" role="alert">{refused}</p>
                </div>
            </div>
        </fieldset>
        <fieldset class="rule-rows">
            <legend>"While nobody decides"</legend>
            <p class="field-hint">"Steps in their order, in hours after the proposal. A row without hours and a step is left out. What has timed out is not done."</p>
            {steps}
        </fieldset>
    }
    .into_any()
}

fn step_row(place: usize, step: &TypedStep, flash: &Flash, people: &[(UserId, String)]) -> AnyView {
    let (hours, hours_id) = (format!("steps[{place}][hours]"), format!("step-{place}-hours"));
    let (action, action_id) = (format!("steps[{place}][action]"), format!("step-{place}-action"));
    let at = |name: &str| flash.at(&format!("handling.ladder[{place}].{name}"));
    let error = at("afterMinutes").or_else(|| at("action"));
    let (invalid, message_id) = (error.is_some().then_some("true"), format!("step-{place}-error"));
    let message = error.map(|text| view! { <p class="field-error" id=message_id.clone() role="alert">{text}</p> });
    let nth = place + 1;
    let what = choice(&action, &action_id, &actions(people), &step.action);
    view! {
        <div class="rule-row">
            <label class="sr-only" for=hours_id.clone()>{format!("Hours until step {nth}")}</label>
            <input class="input" id=hours_id name=hours value=step.hours.clone() inputmode="decimal" autocomplete="off" placeholder="24"
                aria-invalid=invalid aria-describedby=message_id/>
            <label class="sr-only" for=action_id>{format!("What step {nth} does")}</label>
            {what}
            {message}
        </div>
    }
    .into_any()
}

fn choice(name: &str, id: &str, options: &[(String, String)], chosen: &str) -> AnyView {
    let option = |(value, words): &(String, String)| {
        let (selected, value, words) = (value == chosen, value.clone(), words.clone());
        view! { <option value=value selected=selected>{words}</option> }
    };
    let options = options.iter().map(option).collect_view();
    let (name, id) = (name.to_owned(), id.to_owned());
    view! { <select class="input" id=id name=name>{options}</select> }.into_any()
}

fn named(value: &str, words: &str) -> (String, String) {
    (value.to_owned(), words.to_owned())
}

fn asked_first(people: &[(UserId, String)]) -> Vec<(String, String)> {
    let mut options = vec![
        named("", "Nobody in particular"),
        named("owner_of_record", "Whoever’s record it is"),
        named("role:owner", "Any owner"),
        named("role:admin", "Any admin"),
        named("round_robin:owner", "One owner after the other"),
        named("round_robin:admin", "One admin after the other"),
    ];
    options.extend(people.iter().map(|(id, name)| (format!("person:{id}"), name.clone())));
    options
}

fn actions(people: &[(UserId, String)]) -> Vec<(String, String)> {
    let mut options = vec![
        named("", "Nothing"),
        named("remind", "Remind those who are asked"),
        named("round_robin:owner", "Ask the next owner"),
        named("round_robin:admin", "Ask the next admin"),
    ];
    options.extend(people.iter().map(|(id, name)| (format!("person:{id}"), format!("Ask {name}"))));
    options.extend([
        named("escalate:owner", "Ask every owner"),
        named("escalate:admin", "Ask every admin"),
        named("time_out", "Time out"),
    ]);
    options
}
