//! The authenticator app: setting it up, and removing it.

use hyvve_domain::{
    auth::{
        SignedIn,
        factors::{
            Overview,
            totp::{self, Qr, Setup},
        },
    },
    services::Services,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{BeginAuthenticator, ConfirmAuthenticator, RemoveAuthenticator},
    back, password_field,
};
use crate::{
    ApiError,
    account::layout::message,
    flash::Flash,
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Pill, Time, Tone, Variant},
};

/// Light modules around a QR code, without which cameras do not find it.
const QUIET: usize = 4;

/// What there is, and the way to it.
pub(super) fn card(found: &Overview) -> AnyView {
    let state = if found.is_on() {
        view! { <Pill text="on" tone=Tone::Good/> }.into_any()
    } else {
        view! { <Pill text="off" tone=Tone::Warn/> }.into_any()
    };
    let app = match found.authenticator {
        Some(since) => view! {
            <p class="pb-3">"Your authenticator app was set up "<Time at=since/>"."</p>
            <ButtonLink href="?remove=app">"Remove the app…"</ButtonLink>
        }
        .into_any(),
        None => view! {
            <p class="pb-3">"An authenticator app on your phone shows a code that you enter after your password."</p>
            <ButtonLink href="?add=app">"Set up an authenticator app"</ButtonLink>
        }
        .into_any(),
    };
    view! {
        <Card title="Two-step verification">
            <CardBody>
                <p class="pb-3">{state}" With an authenticator app or a passkey, your password alone does not open your account."</p>
                {app}
            </CardBody>
        </Card>
    }
    .into_any()
}

pub(super) fn begin_card(found: &Overview, flash: &Flash) -> AnyView {
    let (problem, password) = (message(flash, &["password"]), password_field(found, flash));
    let elsewhere = (!found.is_on()).then(|| view! { <p class="pb-3">"You are signed out everywhere else."</p> });
    view! {
        <Card title="Set up an authenticator app">
            <CardBody>
                {problem}
                {elsewhere}
                <Form action=BeginAuthenticator::url()>
                    {password}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Primary kind="submit">"Continue"</Button>
                        {back("Not now")}
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Shows the secret, and asks for the first code. Nothing when this browser is not setting one up.
pub(super) async fn confirm_card(
    services: &Services,
    who: &SignedIn,
    flash: &Flash,
) -> Result<Option<AnyView>, ApiError> {
    let Some(setup) = totp::setup(services, who).await? else { return Ok(None) };
    let picture = picture(&setup.qr()?);
    let (problem, wrong) = (message(flash, &["code"]), flash.at("code"));
    let Setup { secret, uri } = setup;
    let grouped: Vec<&str> = secret.as_bytes().chunks(4).filter_map(|four| str::from_utf8(four).ok()).collect();
    let grouped = grouped.join(" ");
    Ok(Some(
        view! {
            <Card title="Set up an authenticator app">
                <CardBody>
                    {problem}
                    <p class="pb-3">"Scan this with your app, then enter the code that it shows."</p>
                    {picture}
                    <p class="pt-3">"No camera? Enter this key: "<code class="font-mono secret">{grouped}</code></p>
                    <p class="pb-3"><a class="link" href=uri>"Or open the app on this device"</a></p>
                    <Form action=ConfirmAuthenticator::url()>
                        <Field
                            name="code" label="Code" autocomplete="one-time-code" required=true autofocus=true
                            wrong="Please enter the six digits." hint="Six digits; they change every 30 seconds."
                            error=wrong
                        />
                        <div class="flex gap-2 flex-wrap">
                            <Button variant=Variant::Primary kind="submit">"Switch on"</Button>
                            {back("Not now")}
                        </div>
                    </Form>
                </CardBody>
            </Card>
        }
        .into_any(),
    ))
}

/// Black on white in every theme: that is what cameras look for.
fn picture(qr: &Qr) -> AnyView {
    let side = qr.size + 2 * QUIET;
    let (view_box, place) = (format!("0 0 {side} {side}"), format!("translate({QUIET} {QUIET})"));
    view! {
        <svg class="qr" viewBox=view_box role="img" aria-label="QR code of the key below" shape-rendering="crispEdges">
            <rect width=side.to_string() height=side.to_string() fill="#fff"></rect>
            <path d=qr.path.clone() transform=place fill="#000"></path>
        </svg>
    }
    .into_any()
}

pub(super) fn remove_card(found: &Overview, flash: &Flash) -> AnyView {
    let (problem, password) = (message(flash, &["password"]), password_field(found, flash));
    let last = found.passkeys.is_empty().then(|| {
        view! { <p class="pb-3">"Your password alone opens your account then, and your recovery codes are gone."</p> }
    });
    view! {
        <Card title="Remove the authenticator app?">
            <CardBody>
                {problem}
                {last}
                <Form action=RemoveAuthenticator::url()>
                    {password}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Remove the app"</Button>
                        {back("Keep it")}
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
