//! Adding a provider: whose AI it is, where it is and its key, and which model. The key is tried between the second step and
//! the third, so whoever sees the third has a provider that works.

use hyvve_domain::providers::{Kind, Models, Provider};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{AddProvider, ChangeProvider},
    form::{address_field, make_default, message},
    model::{model_field, read_again},
    row::HERE,
    steps::{Step, steps},
};
use crate::{
    flash::Flash,
    shell::use_frame,
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Variant},
};

const TITLE: &str = "Add an AI provider";

/// The first step: the kinds, each a link to the second.
pub(super) fn whose_card(flash: &Flash) -> AnyView {
    let frame = use_frame();
    let kind = |kind: Kind| {
        let href = frame.href(&format!("{HERE}?kind={kind}"));
        view! {
            <li><a class="kind" href=href><b>{kind.label()}</b><span>{kind.about()}</span></a></li>
        }
    };
    let (problem, kinds) = (message(flash, &[]), Kind::ADDABLE.into_iter().map(kind).collect_view());
    view! {
        <Card title=TITLE>
            <CardBody>
                {steps(Step::Whose)}
                {problem}
                <ul class="kinds">{kinds}</ul>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// The second step, with the address that the kind is known to have. The model is asked for only where the provider, which was
/// asked before, lists none or not this one.
pub(super) fn key_card(kind: Kind, flash: Flash) -> AnyView {
    let back = use_frame().href(HERE);
    let typed = flash.typed("base_url");
    let url = if typed.is_empty() { kind.base_url().unwrap_or_default().to_owned() } else { typed };
    let address = address_field(url, &flash);
    let model = flash.typed("default_model");
    let asked = flash.at("defaultModel").is_some() || !model.is_empty();
    let model = asked.then(|| model_field(model, &Models::default(), &flash));
    view! {
        <Card title=TITLE note=kind.label()>
            <CardBody>
                {steps(Step::Key)}
                {message(&flash, &["baseUrl", "apiKey", "defaultModel"])}
                <Form action=AddProvider::url()>
                    <input type="hidden" name="provider" value=kind.as_str()/>
                    {address}
                    <Key kind=kind flash=flash/>
                    {model}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Primary kind="submit">"Test and go on"</Button>
                        <ButtonLink href=back>"Back"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

#[component]
fn Key(kind: Kind, flash: Flash) -> AnyView {
    let hint = match kind.base_url() {
        Some(_) => "Tried at once, sealed, and sent to this address only.",
        None => "Tried at once, sealed, and sent to this address only. Leave it empty where none is needed.",
    };
    view! {
        <div>
            <Field
                name="api_key" label="Key" kind="password" error=flash.at("apiKey") hint=hint
                required=kind.base_url().is_some() wrong="Please enter the key."
            />
            {kind.keys_page().map(|page| view! {
                <p class="field-hint">
                    "Keys are made at "
                    <a class="link" href=page.url target="_blank" rel="noopener noreferrer">{page.name}</a>"."
                </p>
            })}
        </div>
    }
    .into_any()
}

/// The third step: the provider is there and works; which of its models, and what it is called here.
pub(super) fn model_card(provider: Provider, models: &Models, flash: Flash) -> AnyView {
    let id = provider.id;
    let or_typed = |field: &str, stored: &str| {
        Some(flash.typed(field)).filter(|typed| !typed.is_empty()).unwrap_or_else(|| stored.to_owned())
    };
    let (problem, again) = (message(&flash, &["name", "defaultModel"]), read_again(id, models));
    let works = provider.check_error.is_none().then(|| {
        view! { <p class="form-done" role="status">{format!("{} works, and is added.", provider.name)}</p> }
    });
    let (name, model) = (or_typed("name", &provider.name), or_typed("default_model", &provider.default_model));
    let model = model_field(model, models, &flash);
    view! {
        <Card title=TITLE note=provider.provider.label()>
            <CardBody>
                {steps(Step::Model)}
                {works}
                {problem}
                <Form action=ChangeProvider::url()>
                    <input type="hidden" name="id" value=id.to_string()/>
                    {model}
                    <Field
                        name="name" label="Name" value=name error=flash.at("name") required=true
                        hint="What your workspace calls it."
                    />
                    {(!provider.is_default).then(make_default)}
                    <div><Button variant=Variant::Primary kind="submit">"Done"</Button></div>
                </Form>
                {again}
            </CardBody>
        </Card>
    }
    .into_any()
}
