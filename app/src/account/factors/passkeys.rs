//! Passkeys: a list, and a page for each.

use hyvve_domain::{
    auth::factors::{Overview, passkeys::Passkey},
    ids::PasskeyId,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{AddPasskey, RemovePasskey, RenamePasskey},
    back, password_field,
};
use crate::{
    ApiError,
    account::layout::message,
    auth::{party, passkey::passkey_script},
    flash::Flash,
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Pill, Time, Variant},
};

/// All of them, and the way to another.
pub(super) fn card(found: &Overview) -> AnyView {
    let rows = found.passkeys.iter().cloned().map(row).collect_view();
    let list = (!found.passkeys.is_empty()).then(|| view! { <ul class="entries">{rows}</ul> });
    view! {
        <Card title="Passkeys">
            {list}
            <CardBody>
                <p class="pb-3">"A passkey signs you in with a finger, a face or a PIN, and nobody can trick you into giving it away."</p>
                <ButtonLink href="?add=passkey">"Add a passkey"</ButtonLink>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn row(passkey: Passkey) -> AnyView {
    let of = format!(" {}", passkey.name);
    let used = match passkey.last_used_at {
        Some(at) => view! { <span>"used "<Time at=at/></span> }.into_any(),
        None => view! { <span>"not used yet"</span> }.into_any(),
    };
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">
                    {passkey.name}" "{passkey.backed_up.then(|| view! { <Pill text="synced"/> })}
                </p>
                <div class="meta"><span>"added "<Time at=passkey.created_at/></span>{used}</div>
            </div>
            <div class="entry-actions">
                <ButtonLink href=format!("?passkey={}", passkey.id)>"Change"<span class="sr-only">{of}</span></ButtonLink>
            </div>
        </li>
    }
    .into_any()
}

/// Asks the browser for another one. The browser needs JavaScript for that, so the form is hidden without.
pub(super) fn add_card(found: &Overview, flash: &Flash) -> Result<AnyView, ApiError> {
    let form = if party()?.is_some() {
        let name = Some(flash.typed("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| "Passkey".to_owned());
        let wrong = flash.at("name");
        let password = (!found.is_fresh).then(|| password_field(found, flash));
        let codes = (!found.is_on()).then(|| {
            view! {
                <p>"From then on your password alone does not open your account. You get recovery codes, and are signed out
                everywhere else."</p>
            }
        });
        view! {
            <p data-passkey-missing="">"Passkeys need JavaScript, and a browser that knows them."</p>
            <form
                class="form" method="post" action=AddPasskey::url() hidden=true
                data-passkey="create" data-options="/api/auth/passkey/generate-register-options"
            >
                {codes}
                <Field
                    name="name" label="Name" required=true value=name error=wrong wrong="Please enter a name."
                    hint="What it is kept on: a phone, a key, a password manager."
                />
                {password}
                <input type="hidden" name="credential"/>
                <p class="field-error" role="alert"></p>
                <div class="flex gap-2 flex-wrap">
                    <Button variant=Variant::Primary kind="submit">"Add a passkey"</Button>
                    {back("Not now")}
                </div>
            </form>
            {passkey_script()}
        }
        .into_any()
    } else {
        view! {
            <p class="pb-3">"Passkeys do not work at this address. They need https and a name, or http://localhost."</p>
            {back("Back")}
        }
        .into_any()
    };
    let problem = message(flash, &["name"]);
    Ok(view! {
        <Card title="Add a passkey">
            <CardBody>
                {problem}
                {form}
            </CardBody>
        </Card>
    }
    .into_any())
}

/// One of them: another name, or its end. Nothing when there is no such one.
pub(super) fn one_card(found: &Overview, id: PasskeyId, flash: &Flash) -> Option<AnyView> {
    let passkey = found.passkeys.iter().find(|passkey| passkey.id == id)?.clone();
    let is_last = found.passkeys.len() == 1 && found.authenticator.is_none();
    let last = is_last.then(|| {
        view! { <p class="pb-3">"Your password alone opens your account then, and your recovery codes are gone."</p> }
    });
    let name = Some(flash.typed("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| passkey.name.clone());
    let (problem, wrong) = (message(flash, &["name", "password"]), flash.at("name"));
    let password = (!found.is_fresh).then(|| password_field(found, flash));
    Some(
        view! {
            <Card title=format!("Passkey “{}”", passkey.name)>
                <CardBody>
                    {problem}
                    <Form action=RenamePasskey::url()>
                        <input type="hidden" name="id" value=id.to_string()/>
                        <Field
                            name="name" label="Name" required=true value=name error=wrong
                            wrong="Please enter a name."
                        />
                        <div class="flex gap-2 flex-wrap">
                            <Button variant=Variant::Primary kind="submit">"Save"</Button>
                            {back("Back")}
                        </div>
                    </Form>
                </CardBody>
            </Card>
            <Card title="Remove it">
                <CardBody>
                    {last}
                    <Form action=RemovePasskey::url()>
                        <input type="hidden" name="id" value=id.to_string()/>
                        {password}
                        <div><Button variant=Variant::Danger kind="submit">"Remove this passkey"</Button></div>
                    </Form>
                </CardBody>
            </Card>
        }
        .into_any(),
    )
}
