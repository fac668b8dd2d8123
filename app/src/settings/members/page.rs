//! The page: the people, and for those who manage them the invitations.

use hyvve_domain::{
    Role,
    ids::UserId,
    workspaces::{Member, invitations, members},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{RemoveMember, TransferWorkspace},
    invitations::{invite_card, link_card, links_card, links_made, waiting_card},
    people::people_card,
};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, Card, CardBody, Form, Variant},
};

/// The page's address in the workspace.
pub(super) const HERE: &str = "/settings/members";

/// The page at `/w/{workspace}/settings/members`.
pub(crate) async fn members_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let (own, role) = visit.actor.person()?;
    let people = members::list(&visit.services, &visit.actor).await?;
    let manages = role.can_manage_members();
    let waiting = if manages { invitations::list(&visit.services, &visit.actor).await? } else { Vec::new() };
    let problem =
        flash.beside(&["emails", "role"]).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let link = Some(flash.typed("link")).filter(|link| !link.is_empty());
    let links = Some(links_made(&flash)).filter(|links| !links.is_empty());
    let question = question(visit, &people);
    // What is shown only once is not taken away because something happens meanwhile.
    let follow = (link.is_none() && links.is_none()).then_some("workspace.");
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem}
            {link.map(link_card)}
            {links.map(links_card)}
            {question}
            {people_card(people, own, role)}
            {manages.then(|| invite_card(role, flash))}
            {manages.then(|| waiting_card(waiting))}
        </div>
    };
    let lead = "Who works here, and as what. A change holds from the next click on.";
    Ok(settings_page("Members", lead, follow, content.into_any()))
}

/// The question that the address asks for.
fn question(visit: &Visit, people: &[Member]) -> Option<AnyView> {
    let find = |id: UserId| people.iter().find(|member| member.user_id == id).cloned();
    match (visit.parsed("remove"), visit.parsed("transfer")) {
        (Some(id), _) => find(id).map(remove_card),
        (None, Some(id)) => find(id).map(transfer_card),
        (None, None) => None,
    }
}

fn remove_card(member: Member) -> AnyView {
    let back = use_frame().href(HERE);
    view! {
        <Card title=format!("Remove {}?", member.name)>
            <CardBody>
                <p class="pb-3">"What the person made stays. Open pages, keys and agents of this person stop at once."</p>
                <Form action=RemoveMember::url()>
                    <input type="hidden" name="user" value=member.user_id.to_string()/>
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">{format!("Remove {}", member.name)}</Button>
                        <ButtonLink href=back>"Keep"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn transfer_card(member: Member) -> AnyView {
    let back = use_frame().href(HERE);
    view! {
        <Card title=format!("Hand the workspace over to {}?", member.name)>
            <CardBody>
                <p class="pb-3">{format!("{} becomes its owner, and you become {}.", member.name, Role::Admin)}</p>
                <Form action=TransferWorkspace::url()>
                    <input type="hidden" name="user" value=member.user_id.to_string()/>
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Hand it over"</Button>
                        <ButtonLink href=back>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
