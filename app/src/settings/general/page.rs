//! The page, its form, and the questions before one leaves or deletes.

use hyvve_domain::{
    Role,
    workspaces::{RECOVERABLE_DAYS, Workspace, service},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{ChangeWorkspace, DeleteWorkspace, LeaveWorkspace};
use crate::{
    ApiError,
    flash::Flash,
    picture::picture_form,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{Avatar, AvatarSize, Button, ButtonLink, Card, CardBody, Field, Form, Variant, Whose},
};

/// The page's address in the workspace.
const HERE: &str = "/settings/general";
/// The fields at which the server's messages show.
const FIELDS: [&str; 5] = ["name", "slug", "image", "timezone", "confirm"];

/// The page at `/w/{workspace}/settings/general`.
pub(crate) async fn general_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let workspace = service::get(&visit.services, &visit.actor).await?;
    let role = visit.actor.role().unwrap_or(Role::Guest);
    let asks = |what: &str| visit.query("ask").as_deref() == Some(what);
    let problem = flash.beside(&FIELDS).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let form = role.can_edit_workspace().then(|| change_card(&workspace, flash.clone()));
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem}
            {form}
            {leave_card(&workspace, asks("leave"))}
            {role.owns_workspace().then(|| delete_card(&workspace, asks("delete"), flash))}
        </div>
    };
    let lead = "What the workspace is called, and where its days begin.";
    Ok(settings_page("General", lead, Some("workspace."), content.into_any()))
}

fn change_card(workspace: &Workspace, flash: Flash) -> AnyView {
    let or_typed = |field: &str, stored: &str| {
        Some(flash.typed(field)).filter(|t| !t.is_empty()).unwrap_or_else(|| stored.to_owned())
    };
    let name = or_typed("name", &workspace.name);
    let slug = or_typed("slug", &workspace.slug);
    let (of, image) = (workspace.name.clone(), workspace.image.clone());
    let avatar = view! { <Avatar name=of image=image whose=Whose::Workspace size=AvatarSize::Large/> };
    let to = format!("/api/workspaces/{}/picture", workspace.id);
    let picture = picture_form(&to, avatar.into_any(), workspace.image.is_some(), flash.at("image"));
    let timezone = or_typed("timezone", &workspace.timezone);
    view! {
        <Card title="Workspace">
            <CardBody>
                {picture}
                <Form action=ChangeWorkspace::url()>
                    <Field
                        name="name" label="Name" value=name error=flash.at("name") required=true
                        wrong="Please enter a name."
                    />
                    <Field
                        name="slug" label="Address" value=slug error=flash.at("slug") required=true
                        pattern="[a-z0-9][a-z0-9\\-]{0,46}[a-z0-9]"
                        wrong="Please use 2 to 48 of a–z, 0–9 and dashes."
                        hint="What stands after /w/ in the address bar. Links to the old address stop working."
                    />
                    <Field
                        name="timezone" label="Time zone" value=timezone error=flash.at("timezone") required=true
                        wrong="Please name a time zone." hint="Like Europe/Berlin. Figures by day begin their days there."
                    />
                    <div><Button variant=Variant::Primary kind="submit">"Save"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn leave_card(workspace: &Workspace, asked: bool) -> AnyView {
    let frame = use_frame();
    let name = workspace.name.clone();
    let content = if asked {
        let question = format!("Leave {name}? You can only come back by an invitation.");
        view! {
            <p class="pb-3">{question}</p>
            <Form action=LeaveWorkspace::url()>
                <div class="flex gap-2 flex-wrap">
                    <Button variant=Variant::Danger kind="submit">{format!("Leave {name}")}</Button>
                    <ButtonLink href=frame.href(HERE)>"Stay"</ButtonLink>
                </div>
            </Form>
        }
        .into_any()
    } else {
        let ask = frame.href(&format!("{HERE}?ask=leave"));
        view! {
            <p class="pb-3">"What you made stays. The last owner hands the workspace over first."</p>
            <ButtonLink href=ask>"Leave the workspace"</ButtonLink>
        }
        .into_any()
    };
    view! { <Card title="Leave"><CardBody>{content}</CardBody></Card> }.into_any()
}

fn delete_card(workspace: &Workspace, asked: bool, flash: Flash) -> AnyView {
    let frame = use_frame();
    let name = workspace.name.clone();
    let wrong = flash.at("confirm");
    let content = if asked || wrong.is_some() {
        view! {
            <Form action=DeleteWorkspace::url()>
                <Field
                    name="confirm" label=format!("Type “{name}” to delete it") error=wrong required=true
                    wrong="Please type the workspace’s name."
                />
                <div class="flex gap-2 flex-wrap">
                    <Button variant=Variant::Danger kind="submit">"Delete the workspace"</Button>
                    <ButtonLink href=frame.href(HERE)>"Keep it"</ButtonLink>
                </div>
            </Form>
        }
        .into_any()
    } else {
        let ask = frame.href(&format!("{HERE}?ask=delete"));
        let note = format!(
            "Nobody can reach it from then on, and nothing in it goes on. For {RECOVERABLE_DAYS} days you can have it back; \
             then it is purged with everything in it."
        );
        view! {
            <p class="pb-3">{note}</p>
            <ButtonLink variant=Variant::Danger href=ask>"Delete the workspace…"</ButtonLink>
        }
        .into_any()
    };
    view! { <Card title="Delete"><CardBody>{content}</CardBody></Card> }.into_any()
}
