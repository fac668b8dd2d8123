//! Asking people to join, and those who were asked.

use hyvve_domain::{Role, workspaces::Invitation};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{CancelInvitation, InviteByLink, InviteMembers, ResendInvitation},
    people::roles,
};
use crate::{
    flash::Flash,
    ui::{Area, Button, Card, CardBody, Form, Select, Time, Variant, counted, now_millis},
};

/// The forms for people whose address one knows, and for a link.
pub(super) fn invite_card(own: Role, flash: Flash) -> AnyView {
    let options: Vec<_> = roles(own).into_iter().filter(|(role, _)| role != Role::Owner.as_str()).collect();
    let chosen = Some(flash.typed("role")).filter(|role| !role.is_empty()).unwrap_or_else(|| Role::Member.to_string());
    let by_link = options.clone();
    view! {
        <Card title="Invite people" note="a link works for 48 hours and once">
            <CardBody>
                <Form action=InviteMembers::url()>
                    <Area
                        name="emails" label="E-mail addresses" rows=3 required=true value=flash.typed("emails") error=flash.at("emails")
                        hint="Several at once, a line or a comma between them."
                    />
                    <Select name="role" label="As" options=options chosen=chosen error=flash.at("role")/>
                    <div><Button variant=Variant::Primary kind="submit">"Invite"</Button></div>
                </Form>
            </CardBody>
            <CardBody>
                <Form action=InviteByLink::url()>
                    <Select
                        name="role" id="link-role" label="Or make a link, for one person as" options=by_link
                        chosen=Role::Member.as_str()
                    />
                    <div><Button kind="submit">"Make a link"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// A link that was just made: shown now, and never again.
pub(super) fn link_card(link: String) -> AnyView {
    view! {
        <Card title="Hand this link over" note="it is shown only now">
            <CardBody>
                <div class="field">
                    <label for="link">"Whoever follows it first may join"</label>
                    <input id="link" class="input mono" readonly=true value=link/>
                </div>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Links that were just made for addresses, and that no mail brings there: one for each.
pub(crate) fn links_made(flash: &Flash) -> Vec<(String, String)> {
    let links = flash.typed("links");
    let pairs = links.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(email, link)| (email.to_owned(), link.to_owned())).collect()
}

/// A field to copy each of them from.
pub(crate) fn link_fields(links: Vec<(String, String)>) -> AnyView {
    let field = |(number, (email, link)): (usize, (String, String))| {
        let id = format!("link-{number}");
        let named = id.clone();
        view! {
            <div class="field pb-3">
                <label for=named>{format!("For {email}")}</label>
                <input id=id class="input mono" readonly=true value=link/>
            </div>
        }
    };
    links.into_iter().enumerate().map(field).collect_view().into_any()
}

/// The same on the page of members.
pub(super) fn links_card(links: Vec<(String, String)>) -> AnyView {
    view! {
        <Card title="Hand these links over" note="no mail server is set up; they are shown only now">
            <CardBody>{link_fields(links)}</CardBody>
        </Card>
    }
    .into_any()
}

/// Those who were asked and have not answered.
pub(super) fn waiting_card(waiting: Vec<Invitation>) -> AnyView {
    if waiting.is_empty() {
        return ().into_any();
    }
    let note = counted(waiting.len() as u64, "invitation");
    let rows = waiting.into_iter().map(invitation).collect_view();
    view! { <Card title="Waiting" note=note><ul class="entries">{rows}</ul></Card> }.into_any()
}

fn invitation(invitation: Invitation) -> AnyView {
    let id = invitation.id.to_string();
    let name = invitation.email.unwrap_or_else(|| "By link".to_owned());
    let over = invitation.expires_at.unix_millis() < now_millis();
    let until = if over { "expired " } else { "expires " };
    let (of, and_of) = (format!(" {name}"), format!(" {name}"));
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{name}</p>
                <div class="meta">
                    <span>{format!("as {}", invitation.role)}</span>
                    <span>{until}<Time at=invitation.expires_at/></span>
                    <span>{format!("by {}", invitation.inviter_name)}</span>
                </div>
            </div>
            <div class="entry-actions">
                <form method="post" action=ResendInvitation::url()>
                    <input type="hidden" name="id" value=id.clone()/>
                    <Button kind="submit">"New link"<span class="sr-only">{of}</span></Button>
                </form>
                <form method="post" action=CancelInvitation::url()>
                    <input type="hidden" name="id" value=id/>
                    <Button variant=Variant::Danger kind="submit">"Take back"<span class="sr-only">{and_of}</span></Button>
                </form>
            </div>
        </li>
    }
    .into_any()
}
