//! The fields of an endpoint, and the card with its secret.

use leptos::prelude::*;

use crate::{
    flash::Flash,
    ui::{Card, CardBody, Field},
};

/// The fields at which the server's messages show.
pub(super) const FIELDS: [&str; 4] = ["url", "description", "events", "signingSecret"];

/// What stands in the fields.
pub(super) struct Values {
    pub(super) url: String,
    pub(super) description: String,
    pub(super) events: String,
}

impl Values {
    /// What was typed before an error.
    pub(super) fn typed(flash: &Flash) -> Self {
        Self { url: flash.typed("url"), description: flash.typed("description"), events: flash.typed("events") }
    }
}

/// Address, description and filter.
pub(super) fn fields(values: Values, flash: &Flash) -> AnyView {
    view! {
        <Field
            name="url" label="Address" kind="url" value=values.url error=flash.at("url") required=true
            placeholder="https://example.com/hooks" hint="Public and https, or a host that whoever runs this server allows."
            wrong="Please enter an address that begins with https://."
        />
        <Field name="description" label="What is it for?" value=values.description error=flash.at("description")/>
        <Field
            name="events" label="Which events?" value=values.events error=flash.at("events") placeholder="all of them"
            hint="Types, or beginnings that end in a dot, with spaces between: approval. run.failed budget.alerted"
        />
    }
    .into_any()
}

/// Description and, where it is another one, the address of a channel.
pub(super) fn channel_fields(description: String, flash: &Flash) -> AnyView {
    view! {
        <Field
            name="url" label="Another address" kind="url" error=flash.at("url")
            hint="Leave it empty to keep the present one. Whoever knows it can write there, so only its host and its end are shown."
            wrong="Please enter an address that begins with https://."
        />
        <Field name="description" label="What is it for?" value=description error=flash.at("description")/>
    }
    .into_any()
}

/// The one time that a secret is shown.
pub(super) fn secret_card(secret: String) -> AnyView {
    view! {
        <Card title="Copy the secret now" note="it is shown only this once">
            <CardBody>
                <div class="field">
                    <label for="secret">"With it, the other side checks that what it gets is from here"</label>
                    <div class="flex gap-2 items-center">
                        <input id="secret" class="input mono" readonly=true value=secret autocomplete="off" aria-describedby="secret-hint"/>
                        <button type="button" class="btn needs-script" data-do="copy secret">"Copy"</button>
                    </div>
                    <p class="field-hint" id="secret-hint">"Any library for Standard Webhooks takes it as it is."</p>
                </div>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// What is wrong besides fields.
pub(super) fn problem(flash: &Flash) -> AnyView {
    let failed = Some(flash.typed("failed")).filter(|failed| !failed.is_empty());
    let text = flash.beside(&FIELDS).or(failed);
    text.map(|text| view! { <p class="form-message" role="alert">{text}</p> }).into_any()
}
