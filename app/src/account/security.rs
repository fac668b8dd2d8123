//! What proves that it is one's account, and its end.

use hyvve_domain::auth::{
    openid::{self, linked::Account},
    rules::PASSWORD_MIN,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{ChangePassword, DeleteAccount},
    factors,
    layout::{account_page, message},
    linked::{linked_card, no_password_card},
};
use crate::{
    ApiError, context,
    flash::Flash,
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Variant},
};

/// The page's address.
pub(super) const HERE: &str = "/account/security";
/// The address that asks whether the account shall go.
pub(super) const DELETE: &str = "/account/security?delete=1";

/// The page at `/account/security`.
pub(crate) async fn security_page() -> Result<AnyView, ApiError> {
    let (services, who) = context::signed_in()?;
    let accounts = openid::linked::list(&services, who.user.id).await?;
    let has_password = accounts.iter().any(Account::is_password);
    let flash = Flash::take().unwrap_or_default();
    let query = leptos_router::hooks::use_query_map().get_untracked();
    let content = if query.get("delete").is_some() {
        delete_card(&flash, has_password)
    } else if let Some(card) = factors::asked_for(&services, &who, &query, &flash).await? {
        card
    } else {
        let factors = factors::cards(&services, &who, &query, &flash).await?;
        let password = if has_password { password_card(flash.clone()) } else { no_password_card(&who.user.email) };
        view! {
            {message(&flash, &["currentPassword", "password"])}
            {factors}
            {password}
            {linked_card(&services, accounts)}
            {end_card()}
        }
        .into_any()
    };
    Ok(account_page("Security", "How you prove that it is you.", &flash, content))
}

fn password_card(flash: Flash) -> AnyView {
    view! {
        <Card title="Password">
            <CardBody>
                <Form action=ChangePassword::url()>
                    <Field
                        name="current_password" label="Your password until now" kind="password" required=true
                        autocomplete="current-password" wrong="Please enter your password."
                        error=flash.at("currentPassword")
                    />
                    <Field
                        name="password" label="New password" kind="password" autocomplete="new-password" required=true
                        minlength=PASSWORD_MIN wrong="This is too short." error=flash.at("password")
                        hint=format!("At least {PASSWORD_MIN} characters, and hard to guess. You are signed out everywhere else.")
                    />
                    <div><Button variant=Variant::Primary kind="submit">"Change password"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn end_card() -> AnyView {
    view! {
        <Card title="Delete your account">
            <CardBody>
                <p class="pb-3">"What you did stays in your workspaces, without your name."</p>
                <ButtonLink variant=Variant::Danger href=DELETE>"Delete my account…"</ButtonLink>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Says what would go, and asks. Accounts without a password must have signed in a moment ago.
fn delete_card(flash: &Flash, has_password: bool) -> AnyView {
    let password = has_password.then(|| {
        view! {
            <Field
                name="password" label="Your password" kind="password" autocomplete="current-password" required=true
                wrong="Please enter your password." error=flash.at("password")
            />
        }
        .into_any()
    });
    let told = message(flash, &["password"]);
    view! {
        <Card title="Delete your account?">
            <CardBody>
                {told}
                <p class="pb-3">
                    "Your name, address and sessions are erased at once, from audit logs as well, and you leave all workspaces. What
                    you did there stays, under no name. Workspaces that nobody else belongs to are deleted. This cannot be taken
                    back."
                </p>
                <Form action=DeleteAccount::url()>
                    {password}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Delete my account"</Button>
                        <ButtonLink href=HERE>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
