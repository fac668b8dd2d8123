//! The form of a policy: tried by its address, saved by a post.

use hyvve_domain::ids::UserId;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::ChangePolicy,
    page::of_tool,
    tabs::Part,
    typed::{Typed, TypedRule},
    waiting,
};
use crate::{
    flash::Flash,
    shell::use_frame,
    ui::{Button, Card, CardBody, Field, Variant},
};

/// Rows for rules that there are not yet.
const SPARE: usize = 2;

/// Thresholds and rules of one tool.
pub(super) fn form_card(typed: Typed, flash: &Flash, people: &[(UserId, String)]) -> AnyView {
    let fields = [
        "thresholds.auto",
        "thresholds.quick",
        "thresholds.target",
        "thresholds.sample",
        "handling.quorum",
        "handling.dueMinutes",
    ];
    let at_rule = flash.field.as_deref().is_some_and(|field| field.starts_with("rules[") || waiting::shows(field));
    let beside = flash.beside(&fields).filter(|_| !at_rule);
    let [auto, quick, target, sample, quorum, due] = fields.map(|field| flash.at(field));
    let problem = beside.map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let here = use_frame().href(Part::Policies.path());
    let spare = std::iter::repeat_n(TypedRule::default(), SPARE);
    let rules = typed.rules.iter().cloned().chain(spare).enumerate();
    let rules = rules.map(|(place, rule)| rule_row(place, rule, flash)).collect_view();
    let waits = waiting::fields(&typed, flash, people);
    view! {
        <Card title="Change the policy" note=of_tool(&typed.tool)>
            <CardBody>
                <form class="form" method="post" action=ChangePolicy::url()>
                    {problem}
                    <input type="hidden" name="tool" value=typed.tool.clone()/>
                    <div class="field-grid">
                        <Field name="thresholds[auto]" label="By itself from" value=typed.thresholds.auto.clone() error=auto required=true
                            hint="Calibrated score, 50 to 100; 101 for never."/>
                        <Field name="thresholds[quick]" label="A glance from" value=typed.thresholds.quick.clone() error=quick required=true
                            hint="Below, a full review."/>
                        <Field name="thresholds[target]" label="Agreement that must be certain, %" value=typed.thresholds.target.clone() error=target required=true
                            hint="With 95 % confidence, before anything goes on by itself."/>
                        <Field name="thresholds[sample]" label="Looked at afterwards, %" value=typed.thresholds.sample.clone() error=sample required=true
                            hint="Of what went on by itself, at least 1."/>
                        <Field name="handling[quorum]" label="How many have to approve" value=typed.handling.quorum.clone() error=quorum
                            hint="1 to 10 owners and admins."/>
                        <Field name="handling[due]" label="Times out after, hours" value=typed.handling.due.clone() error=due
                            hint="Empty: it waits for ever. What has timed out is not done."/>
                    </div>
                    <fieldset class="rule-rows">
                        <legend>"Rules that ask for a closer look"</legend>
                        <p class="field-hint">
                            "In the "<a class="link" href="https://cel.dev" rel="noreferrer">"Common Expression Language"</a>
                            ", about "<code class="hash">"tool"</code>", "<code class="hash">"agent"</code>", "<code class="hash">"sort"</code>", "
                            <code class="hash">"size"</code>", "<code class="hash">"reversible"</code>" and the action’s own fields: "
                            <code class="hash">"collection == \"customers\" && changes.discount_percent > 20"</code>", "
                            <code class="hash">"!(recipient.domain in [\"example.com\"])"</code>
                            ". A rule without a name and an expression is left out."
                        </p>
                        {rules}
                    </fieldset>
                    {waits}
                    <div class="flex flex-wrap gap-2">
                        <Button variant=Variant::Primary kind="submit">"Save"</Button>
                        <button class="btn" type="submit" formmethod="get" formaction=here>"Try it on the last 90 days"</button>
                    </div>
                </form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn rule_row(place: usize, rule: TypedRule, flash: &Flash) -> AnyView {
    let field = |name: &str| (format!("rules[{place}][{name}]"), format!("rule-{place}-{name}"));
    let ((name, name_id), (when, when_id), (review, review_id)) = (field("name"), field("when"), field("review"));
    let error = flash.at(&format!("rules[{place}].when")).or_else(|| flash.at(&format!("rules[{place}].name")));
    let (invalid, message_id) = (error.is_some().then_some("true"), format!("rule-{place}-error"));
    let message = error.map(|text| view! { <p class="field-error" id=message_id.clone() role="alert">{text}</p> });
    let nth = place + 1;
    let options = [("full", "Full review"), ("quick", "At least a glance")];
    let options = options.map(|(value, words)| {
        let selected = rule.review == value;
        view! { <option value=value selected=selected>{words}</option> }
    });
    let options = options.collect_view();
    view! {
        <div class="rule-row">
            <label class="sr-only" for=name_id.clone()>{format!("Name of rule {nth}")}</label>
            <input class="input" id=name_id name=name value=rule.name maxlength="80" placeholder="Large discounts"/>
            <label class="sr-only" for=when_id.clone()>{format!("When rule {nth} applies")}</label>
            <input class="input font-mono" id=when_id name=when value=rule.when maxlength="500" spellcheck="false"
                placeholder="changes.discount_percent > 20" aria-invalid=invalid aria-describedby=message_id/>
            <label class="sr-only" for=review_id.clone()>{format!("Look that rule {nth} asks for")}</label>
            <select class="input" id=review_id name=review>{options}</select>
            {message}
        </div>
    }
    .into_any()
}
