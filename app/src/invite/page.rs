//! What one is asked to join, by whom, and as what.

use hyvve_domain::{
    address::percent_encode,
    auth::User,
    workspaces::{Invitation, InvitationStatus, invitations},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    PATH,
    api::{AcceptInvitation, RejectInvitation, parse},
};
use crate::{
    ApiError,
    auth::{SIGN_OUT, door::Door},
    context,
    flash::Flash,
    ui::{Button, ButtonLink, Form, Time, Variant, now_millis},
};

/// The page at `/invite/{token}`.
pub(crate) async fn invitation_page(token: &str) -> Result<AnyView, ApiError> {
    let request = context::request()?;
    let invitation = invitations::opened(&request.services, &parse(token)?, &request.origin).await?;
    let flash = Flash::take().unwrap_or_default();
    let ended = ended(&invitation);
    let message = Some(flash.message).filter(|text| !text.is_empty());
    let from = told(&invitation);
    let until = invitation.expires_at;
    let content = match (ended, request.signed_in.map(|signed_in| signed_in.user)) {
        (Some(why), _) => view! { <p>{why}</p><ButtonLink href="/">"Go to HYVVE"</ButtonLink> }.into_any(),
        (None, Some(user)) if is_for(&invitation, &user) => view! {
            <p class="muted">"The link expires "<Time at=until/>"."</p>
            {answers(token, &user)}
        }
        .into_any(),
        (None, Some(user)) => elsewhere(&invitation, &user),
        (None, None) => ways_in(token, &invitation),
    };
    Ok(view! { <Door title="You are invited" message=message><p>{from}</p>{content}</Door> }.into_any())
}

/// Who asks, and where to.
pub(crate) fn told(invitation: &Invitation) -> String {
    let Invitation { inviter_name, workspace_name, role, .. } = invitation;
    format!("{inviter_name} invites you to work in “{workspace_name}” as {role}.")
}

/// Why it cannot be accepted any more.
fn ended(invitation: &Invitation) -> Option<&'static str> {
    match invitation.status {
        InvitationStatus::Accepted => Some("This invitation was used already."),
        InvitationStatus::Rejected => Some("This invitation was declined."),
        InvitationStatus::Canceled => Some("This invitation was taken back."),
        InvitationStatus::Pending if invitation.expires_at.unix_millis() < now_millis() => {
            Some("Its time is over. Ask for another one.")
        }
        InvitationStatus::Pending => None,
    }
}

fn is_for(invitation: &Invitation, user: &User) -> bool {
    invitation.email.as_deref().is_none_or(|email| email == user.email)
}

fn answers(token: &str, user: &User) -> AnyView {
    let (token, again) = (token.to_owned(), token.to_owned());
    let join = format!("Join as {}", user.email);
    view! {
        <Form action=AcceptInvitation::url()>
            <input type="hidden" name="invitation" value=token/>
            <Button variant=Variant::Primary kind="submit">{join}</Button>
        </Form>
        <Form action=RejectInvitation::url()>
            <input type="hidden" name="invitation" value=again/>
            <Button kind="submit">"Decline"</Button>
        </Form>
    }
    .into_any()
}

/// Signed in as somebody else.
fn elsewhere(invitation: &Invitation, user: &User) -> AnyView {
    let asked = invitation.email.clone().unwrap_or_default();
    view! {
        <p class="door-message" role="alert">
            {format!("It is for {asked}, and you are signed in as {}.", user.email)}
        </p>
        <Form action=SIGN_OUT>
            <Button variant=Variant::Primary kind="submit">"Sign out, then open the link again"</Button>
        </Form>
        <ButtonLink href="/">"Stay signed in"</ButtonLink>
    }
    .into_any()
}

/// Not signed in: with an account, or on the way to one.
fn ways_in(token: &str, invitation: &Invitation) -> AnyView {
    let next = percent_encode(&format!("{PATH}{token}"));
    let note = invitation.email.as_ref().map(|email| format!("Use the address {email}: the invitation is for it."));
    view! {
        <p class="muted">{note}</p>
        <ButtonLink variant=Variant::Primary href=format!("/sign-up?next={next}")>"Create an account"</ButtonLink>
        <ButtonLink href=format!("/sign-in?next={next}")>"I have an account"</ButtonLink>
    }
    .into_any()
}
