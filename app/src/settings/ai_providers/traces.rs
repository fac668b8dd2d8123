//! Whether whoever runs the server reads in its traces what was said.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::TraceContent;
use crate::ui::{Button, Card, CardBody, Form, Pill, Tone, Variant};

/// The state, and the button that changes it.
pub(super) fn traces_card(content: bool) -> AnyView {
    let (state, label, variant) = if content {
        (view! { <Pill text="with content" tone=Tone::Warn/> }, "Leave content out", Variant::Primary)
    } else {
        (view! { <Pill text="without content" tone=Tone::Good/> }, "Include content", Variant::Secondary)
    };
    view! {
        <Card title="Traces">
            <CardBody>
                <p class="pb-3">
                    {state}" Whoever runs this server may collect how each call of a model went: when, by which agent, how many
                    tokens. What was asked and answered is included only if you say so here. Keys never are."
                </p>
                <Form action=TraceContent::url()>
                    <input type="hidden" name="content" value=(!content).to_string()/>
                    <div><Button variant=variant kind="submit">{label}</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
