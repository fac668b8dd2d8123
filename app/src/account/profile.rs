//! Who one is: name, picture, address.

use hyvve_domain::auth::{User, account};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{ChangeEmail, ChangeProfile, ChangeReminders, ProveAddress},
    layout::{account_page, message},
};
use crate::{
    ApiError, context,
    flash::Flash,
    picture::picture_form,
    ui::{Avatar, AvatarSize, Button, Card, CardBody, Field, Form, Pill, Tone, Variant},
};

/// The page at `/account/profile`.
pub(crate) async fn profile_page() -> Result<AnyView, ApiError> {
    let (services, who) = context::signed_in()?;
    let reminded = account::reminded(&services, &who).await?;
    let user = who.user;
    let flash = Flash::take().unwrap_or_default();
    let content = view! {
        {profile_card(&user, flash.clone())}
        {address_card(user, flash.clone())}
        {mail_card(reminded)}
    };
    Ok(account_page("Profile", "How others see you.", &flash, content.into_any()))
}

fn profile_card(user: &User, flash: Flash) -> AnyView {
    let or_typed = |field: &str, stored: &str| {
        Some(flash.typed(field)).filter(|t| !t.is_empty()).unwrap_or_else(|| stored.to_owned())
    };
    let name = or_typed("name", &user.name);
    let avatar = view! { <Avatar name=user.name.clone() image=user.image.clone() size=AvatarSize::Large/> };
    let picture = picture_form("/api/account/picture", avatar.into_any(), user.image.is_some(), flash.at("image"));
    view! {
        <Card title="You">
            <CardBody>
                {message(&flash, &["name", "image", "email"])}
                {picture}
                <Form action=ChangeProfile::url()>
                    <Field
                        name="name" label="Your name" autocomplete="name" required=true value=name
                        wrong="Please enter your name." error=flash.at("name")
                    />
                    <div><Button variant=Variant::Primary kind="submit">"Save"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// The address, whether it is proved, and the way to another one.
fn address_card(user: User, flash: Flash) -> AnyView {
    let state = if user.email_verified {
        view! { <Pill text="confirmed" tone=Tone::Good/> }.into_any()
    } else {
        view! {
            <Pill text="not confirmed" tone=Tone::Warn/>
            <form method="post" action=ProveAddress::url()>
                <Button kind="submit">"Send me a link to confirm it"</Button>
            </form>
        }
        .into_any()
    };
    view! {
        <Card title="E-mail">
            <CardBody>
                <div class="flex gap-2 flex-wrap items-center pb-3"><b>{user.email}</b>{state}</div>
                <Form action=ChangeEmail::url()>
                    <Field
                        name="email" label="Another address" kind="email" autocomplete="email" required=true
                        wrong="Please enter an e-mail address like ada@example.com."
                        value=flash.typed("email") error=flash.at("email")
                        hint="It changes once you follow the link that we send there. Your present address is told."
                    />
                    <div><Button kind="submit">"Change"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Which letters one gets besides those that are about the account itself.
fn mail_card(reminded: bool) -> AnyView {
    view! {
        <Card title="Mail">
            <CardBody>
                <Form action=ChangeReminders::url()>
                    <label class="check-line">
                        <input type="checkbox" class="check" name="reminded" value="true" checked=reminded/>
                        <span>"Write to me when something has waited for my decision, once an hour at most"</span>
                    </label>
                    <div><Button kind="submit">"Save the choice"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
