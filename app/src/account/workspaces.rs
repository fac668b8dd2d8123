//! The workspaces that one belongs to, making another, and having a deleted one back.

use hyvve_domain::workspaces::{DeletedWorkspace, Invitation, MAX_OWNED, Membership, invitations, service};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::layout::{account_page, message};
use crate::{
    ApiError, context,
    flash::Flash,
    invite::{
        api::{AcceptInvitation, RejectInvitation},
        told,
    },
    settings::general::api::{CreateWorkspace, RestoreWorkspace},
    ui::{Avatar, AvatarSize, Button, ButtonLink, Card, CardBody, Field, Form, Time, Variant, Whose, counted},
};

/// The page at `/account/workspaces`.
pub(crate) async fn workspaces_page() -> Result<AnyView, ApiError> {
    let (request, user) = context::person()?;
    let flash = Flash::take().unwrap_or_default();
    let own = service::memberships(&request.services, user.id).await?;
    let deleted = service::deleted(&request.services, user.id).await?;
    let waiting = invitations::waiting_for(&request.services, &user).await?;
    let content = view! {
        {message(&flash, &["name"])}
        {invitations_card(waiting)}
        {own_card(own)}
        {create_card(flash.clone())}
        {deleted_card(deleted)}
    };
    Ok(account_page("Workspaces", "Where you work. Each is a world of its own.", &flash, content.into_any()))
}

fn own_card(own: Vec<Membership>) -> AnyView {
    let note = counted(own.len() as u64, "workspace");
    let rows = own.into_iter().map(|Membership { workspace, role }| {
        let of = format!(" {}", workspace.name);
        let (name, image) = (workspace.name.clone(), workspace.image);
        view! {
            <li class="entry">
                <Avatar name=name image=image whose=Whose::Workspace size=AvatarSize::Medium/>
                <div class="entry-main">
                    <p class="entry-title">{workspace.name}</p>
                    <div class="meta"><span>{format!("/w/{}", workspace.slug)}</span><span>{format!("you are {role}")}</span></div>
                </div>
                <div class="entry-actions">
                    <ButtonLink href=format!("/w/{}", workspace.slug)>"Open"<span class="sr-only">{of}</span></ButtonLink>
                </div>
            </li>
        }
    });
    view! { <Card title="Yours" note=note><ul class="entries">{rows.collect_view()}</ul></Card> }.into_any()
}

/// Where one is asked to join.
fn invitations_card(waiting: Vec<Invitation>) -> AnyView {
    if waiting.is_empty() {
        return ().into_any();
    }
    let rows = waiting.into_iter().map(|invitation| {
        let (id, again) = (invitation.id.to_string(), invitation.id.to_string());
        let (told, until) = (told(&invitation), invitation.expires_at);
        let name = invitation.workspace_name;
        let (to, of) = (format!(" {name}"), format!(" the invitation to {name}"));
        view! {
            <li class="entry">
                <div class="entry-main">
                    <p class="entry-title">{name}</p>
                    <div class="meta"><span>{told}</span><span>"expires "<Time at=until/></span></div>
                </div>
                <div class="entry-actions">
                    <Form action=AcceptInvitation::url()>
                        <input type="hidden" name="invitation" value=id/>
                        <Button variant=Variant::Primary kind="submit">"Join"<span class="sr-only">{to}</span></Button>
                    </Form>
                    <Form action=RejectInvitation::url()>
                        <input type="hidden" name="invitation" value=again/>
                        <Button kind="submit">"Decline"<span class="sr-only">{of}</span></Button>
                    </Form>
                </div>
            </li>
        }
    });
    view! { <Card title="Invitations"><ul class="entries">{rows.collect_view()}</ul></Card> }.into_any()
}

fn create_card(flash: Flash) -> AnyView {
    view! {
        <Card title="New workspace" note=format!("you may own {MAX_OWNED}")>
            <CardBody>
                <Form action=CreateWorkspace::url()>
                    <Field
                        name="name" label="Name" required=true wrong="Please enter a name."
                        value=flash.typed("name") error=flash.at("name")
                        hint="A company, a team, a project. You can change it later."
                    />
                    <div><Button variant=Variant::Primary kind="submit">"Create"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn deleted_card(deleted: Vec<DeletedWorkspace>) -> AnyView {
    if deleted.is_empty() {
        return ().into_any();
    }
    let rows = deleted.into_iter().map(|gone| {
        let of = format!(" {}", gone.name);
        view! {
            <li class="entry">
                <div class="entry-main">
                    <p class="entry-title">{gone.name}</p>
                    <div class="meta">
                        <span>"deleted "<Time at=gone.deleted_at/></span>
                        <span>"purged for good "<Time at=gone.purged_at/></span>
                    </div>
                </div>
                <div class="entry-actions">
                    <form method="post" action=RestoreWorkspace::url()>
                        <input type="hidden" name="id" value=gone.id.to_string()/>
                        <Button kind="submit">"Have it back"<span class="sr-only">{of}</span></Button>
                    </form>
                </div>
            </li>
        }
    });
    view! { <Card title="Deleted"><ul class="entries">{rows.collect_view()}</ul></Card> }.into_any()
}
