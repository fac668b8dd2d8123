//! The forms for a new provider and for changes of one.

use hyvve_domain::providers::{Kind, Provider};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{AddProvider, ChangeProvider},
    row::HERE,
};
use crate::{
    flash::Flash,
    shell::use_frame,
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Tab, Tabs, Variant},
};

/// The fields at which the server's messages show.
const FIELDS: [&str; 4] = ["name", "baseUrl", "apiKey", "defaultModel"];

/// The form for a new provider of a kind, with the address that the kind is known to have.
pub(super) fn add_card(kind: Kind, flash: Flash) -> AnyView {
    let typed = flash.typed("base_url");
    let url = if typed.is_empty() { kind.base_url().unwrap_or_default().to_owned() } else { typed };
    let unnamed = match kind {
        Kind::OpenaiCompatible => "What your workspace calls it. Without one, the server’s name.".to_owned(),
        _ => format!("What your workspace calls it. Without one, {}.", kind.label()),
    };
    view! {
        <Card title="Add an AI provider">
            <CardBody>
                <Kinds chosen=kind/>
                {message(flash.clone())}
                <Form action=AddProvider::url()>
                    <input type="hidden" name="provider" value=kind.as_str()/>
                    <Address value=url flash=flash.clone()/>
                    <div>
                        <Field
                            name="api_key" label="Key" kind="password" error=flash.at("apiKey")
                            hint="Sealed at once, and sent to this address only. Leave it empty where none is needed."
                        />
                        {kind.keys_page().map(|page| view! {
                            <p class="field-hint">
                                "Keys are made at "
                                <a class="link" href=page.url target="_blank" rel="noopener noreferrer">{page.name}</a>"."
                            </p>
                        })}
                    </div>
                    <Model value=flash.typed("default_model") flash=flash.clone()/>
                    <Field
                        name="name" label="Name" value=flash.typed("name") error=flash.at("name")
                        hint=unnamed
                    />
                    <MakeDefault/>
                    <div><Button variant=Variant::Primary kind="submit">"Add"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// The kinds, each a link to its form.
#[component]
fn Kinds(chosen: Kind) -> AnyView {
    let frame = use_frame();
    let tab = |kind: Kind| Tab {
        label: kind.label(),
        href: frame.href(&format!("{HERE}?kind={kind}")),
        count: None,
        current: kind == chosen,
    };
    let tabs: Vec<Tab> = Kind::ADDABLE.into_iter().map(tab).collect();
    view! { <div class="form-tabs"><Tabs label="Whose AI" tabs=Signal::stored(tabs)/></div> }.into_any()
}

/// The form for changes of a provider. What was typed before an error counts more than what is stored.
pub(super) fn edit_card(provider: Provider, flash: Flash) -> AnyView {
    let list = use_frame().href(HERE);
    let or_typed = |field: &str, stored: &str| {
        Some(flash.typed(field)).filter(|t| !t.is_empty()).unwrap_or_else(|| stored.to_owned())
    };
    let name = or_typed("name", &provider.name);
    let model = or_typed("default_model", &provider.default_model);
    let url = provider.base_url.as_deref().map(|url| or_typed("base_url", url));
    let name_error = flash.at("name");
    view! {
        <Card title=format!("Edit {}", provider.name)>
            <CardBody>
                {message(flash.clone())}
                <Form action=ChangeProvider::url()>
                    <input type="hidden" name="id" value=provider.id.to_string()/>
                    <Field name="name" label="Name" value=name error=name_error required=true/>
                    <Place url=url flash=flash.clone()/>
                    <Model value=model flash=flash/>
                    {(!provider.is_default).then(|| view! { <MakeDefault/> })}
                    <div class="flex gap-2">
                        <Button variant=Variant::Primary kind="submit">"Save"</Button>
                        <ButtonLink href=list>"Cancel"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// What the server said about none of the fields.
pub(super) fn message(flash: Flash) -> AnyView {
    flash.beside(&FIELDS).map(|message| view! { <p class="form-message" role="alert">{message}</p> }).into_any()
}

/// Where it is and its key. The sandbox has neither.
#[component]
fn Place(url: Option<String>, flash: Flash) -> AnyView {
    let Some(url) = url else {
        return view! { <input type="hidden" name="base_url" value=""/> }.into_any();
    };
    let error = flash.at("apiKey");
    view! {
        <Address value=url flash=flash/>
        <Field
            name="api_key" label="New key" kind="password" error=error
            hint="Leave it empty to keep the stored one. Another base URL needs the key again: it is sent nowhere else."
        />
    }
    .into_any()
}

#[component]
fn Address(value: String, flash: Flash) -> AnyView {
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

#[component]
fn Model(value: String, flash: Flash) -> AnyView {
    view! {
        <Field
            name="default_model" label="Model" value=value error=flash.at("defaultModel") required=true
            wrong="Please enter the model that agents use."
            hint="What agents use unless they name one. A test lists what there is."
        />
    }
    .into_any()
}

#[component]
fn MakeDefault() -> AnyView {
    view! {
        <label class="check-line">
            <input type="checkbox" class="check" name="make_default" value="true"/>
            "Make it the default: agents without a provider of their own use it"
        </label>
    }
    .into_any()
}
