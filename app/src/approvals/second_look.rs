//! Looking afterwards at what went on by itself: a question, and what was answered.

use hyvve_domain::approvals::Sample;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{ReviewApproval, Shown};
use crate::ui::{Button, Card, CardBody, Revealed, Time, Variant};

/// Nothing where nobody is asked.
pub(super) fn second_look(shown: &Shown) -> AnyView {
    match shown.detail.sample.clone() {
        None => ().into_any(),
        Some(Sample { agreed: None, .. }) => question(shown),
        Some(Sample { agreed: Some(agreed), by, note, at }) => answer(agreed, by, note, at),
    }
}

fn question(shown: &Shown) -> AnyView {
    let id = shown.detail.item.id.to_string();
    view! {
        <Card title="A second look" note="drawn by lot">
            <CardBody>
                <p>
                    "Nobody looked at this before it went on. Would you have approved it? Your answer is what the agent’s
                    score rests on; the score itself is hidden until then."
                </p>
                <form class="form" method="post" action=ReviewApproval::url()>
                    <input type="hidden" name="id" value=id/>
                    <label for="second-look-note">"What should have been different"<span class="text-muted-foreground">" (for a no)"</span></label>
                    <textarea class="input" id="second-look-note" name="note" rows="2" maxlength="2000"></textarea>
                    <div class="flex flex-wrap gap-2">
                        <Button variant=Variant::Primary kind="submit" name="agreed" value="true">"Yes, as it is"</Button>
                        <Button variant=Variant::Danger kind="submit" name="agreed" value="false">"No"</Button>
                    </div>
                </form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn answer(agreed: bool, by: Option<String>, note: Option<String>, at: Option<hyvve_domain::Timestamp>) -> AnyView {
    let who = by.unwrap_or_else(|| "Somebody who is gone".to_owned());
    let word = if agreed { " would have approved this" } else { " would not have approved this" };
    let note = note.map(|note| view! { <blockquote class="quote"><Revealed text=note/></blockquote> });
    let at = at.map(|at| view! { ", "<Time at/> });
    view! { <Card title="A second look"><CardBody><p><b>{who}</b>{word}{at}"."</p>{note}</CardBody></Card> }.into_any()
}
