//! The form for changes of a provider, and what it shares with the steps of adding one.

use hyvve_domain::providers::{Models, Provider};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{ChangeProvider, SetPace},
    model::{model_field, read_again},
    row::HERE,
};
use crate::{
    flash::Flash,
    shell::use_frame,
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Variant},
};

/// The form for changes of a provider. What was typed before an error counts more than what is stored.
pub(super) fn edit_card(provider: Provider, models: &Models, flash: Flash) -> AnyView {
    let list = use_frame().href(HERE);
    let or_typed = |field: &str, stored: &str| {
        Some(flash.typed(field)).filter(|t| !t.is_empty()).unwrap_or_else(|| stored.to_owned())
    };
    let name = or_typed("name", &provider.name);
    let model = or_typed("default_model", &provider.default_model);
    let url = provider.base_url.as_deref().map(|url| or_typed("base_url", url));
    let name_error = flash.at("name");
    let (model, again) = (model_field(model, models, &flash), read_again(provider.id, models));
    let pace = url.is_some().then(|| pace_form(&provider, &flash));
    let fields: &[&str] = match url {
        Some(_) => &["name", "baseUrl", "apiKey", "defaultModel", "maxAtOnce", "maxPerMinute"],
        None => &["name", "defaultModel"],
    };
    let problem = message(&flash, fields);
    view! {
        <Card title=format!("Edit {}", provider.name)>
            <CardBody>
                {problem}
                <Form action=ChangeProvider::url()>
                    <input type="hidden" name="id" value=provider.id.to_string()/>
                    <Field name="name" label="Name" value=name error=name_error required=true/>
                    {url.map(|url| view! { <Place url=url flash=flash.clone()/> })}
                    {model}
                    {(!provider.is_default).then(make_default)}
                    <div class="flex gap-2">
                        <Button variant=Variant::Primary kind="submit">"Save"</Button>
                        <ButtonLink href=list>"Cancel"</ButtonLink>
                    </div>
                </Form>
                {again}
                {pace}
            </CardBody>
        </Card>
    }
    .into_any()
}

/// How many calls the key allows.
fn pace_form(provider: &Provider, flash: &Flash) -> AnyView {
    let value = |field: &str, stored: Option<i32>| {
        let typed = flash.typed(field);
        if typed.is_empty() { stored.map(|most| most.to_string()).unwrap_or_default() } else { typed }
    };
    let (at_once, per_minute) =
        (value("max_at_once", provider.max_at_once), value("max_per_minute", provider.max_per_minute));
    let (id, wrong, wrong_in_a_minute) = (provider.id.to_string(), flash.at("maxAtOnce"), flash.at("maxPerMinute"));
    view! {
        <Form action=SetPace::url()>
            <input type="hidden" name="id" value=id/>
            <Field
                name="max_at_once" label="Calls at once" kind="number" value=at_once error=wrong
                hint="On each server. Further ones wait in a line that is fair to people. Empty: as many as come."
            />
            <Field
                name="max_per_minute" label="Calls a minute" kind="number" value=per_minute error=wrong_in_a_minute
                hint="On each server. Empty: as many as come."
            />
            <div><Button kind="submit">"Set the limits"</Button></div>
        </Form>
    }
    .into_any()
}

/// What the server said about none of the form's fields.
pub(super) fn message(flash: &Flash, fields: &[&str]) -> AnyView {
    flash.beside(fields).map(|message| view! { <p class="form-message" role="alert">{message}</p> }).into_any()
}

/// Where it is and its key. The sandbox has neither.
#[component]
fn Place(url: String, flash: Flash) -> AnyView {
    let error = flash.at("apiKey");
    view! {
        {address_field(url, &flash)}
        <Field
            name="api_key" label="New key" kind="password" error=error
            hint="Tried before it is saved. Leave it empty to keep the stored one. Another base URL needs the key again: it is sent nowhere else."
        />
    }
    .into_any()
}

/// The field for the base URL.
pub(super) fn address_field(value: String, flash: &Flash) -> AnyView {
    view! {
        <Field
            name="base_url" label="Base URL" kind="url" value=value error=flash.at("baseUrl") required=true
            pattern="https?://.+" wrong="Please enter an address that begins with https:// or http://."
            placeholder="https://api.example.com/v1"
            hint="What comes before the paths of the API."
        />
    }
    .into_any()
}

/// Whether agents without a provider of their own use it from now on.
pub(super) fn make_default() -> AnyView {
    view! {
        <label class="check-line">
            <input type="checkbox" class="check" name="make_default" value="true"/>
            "Make it the default: agents without a provider of their own use it"
        </label>
    }
    .into_any()
}
