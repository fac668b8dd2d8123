//! The people of the workspace.

use hyvve_domain::{Role, ids::UserId, workspaces::Member};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{api::ChangeRole, page::HERE};
use crate::{
    shell::use_frame,
    ui::{Avatar, AvatarSize, Button, ButtonLink, Card, Select, Time, Variant},
};

/// All of them; whoever may manage somebody gets the means to.
pub(super) fn people_card(people: Vec<Member>, own: UserId, role: Role) -> AnyView {
    let note = if people.len() == 1 { "only you".to_owned() } else { format!("{} people", people.len()) };
    let rows = people.into_iter().map(|member| person(member, own, role)).collect_view();
    view! { <Card title="People" note=note><ul class="entries">{rows}</ul></Card> }.into_any()
}

fn person(member: Member, own: UserId, role: Role) -> AnyView {
    let me = member.user_id == own;
    let name = if me { format!("{} (you)", member.name) } else { member.name.clone() };
    let means = if !me && role.may_manage(member.role) {
        means(&member, role)
    } else {
        view! { <span class="muted">{member.role.as_str()}</span> }.into_any()
    };
    view! {
        <li class="entry">
            <Avatar name=member.name.clone() image=member.image size=AvatarSize::Medium/>
            <div class="entry-main">
                <p class="entry-title">{name}</p>
                <div class="meta"><span>{member.email}</span><span>"joined "<Time at=member.created_at/></span></div>
            </div>
            <div class="entry-actions">{means}</div>
        </li>
    }
    .into_any()
}

fn means(member: &Member, role: Role) -> AnyView {
    let frame = use_frame();
    let id = member.user_id.to_string();
    let options = roles(role).into_iter().map(|(value, _)| (value.clone(), value)).collect();
    let link = |what: &str| frame.href(&format!("{HERE}?{what}={id}"));
    // Each button names whom it is about, for those who hear the page.
    let about = |word: &'static str| {
        let of = format!(" {}", member.name);
        view! { {word}<span class="sr-only">{of}</span> }
    };
    let (save, hand_over, remove) = (about("Save"), about("Make owner"), about("Remove"));
    let may_hand_over = role.owns_workspace() && member.role != Role::Owner;
    view! {
        <form method="post" action=ChangeRole::url() class="flex gap-2 items-center">
            <input type="hidden" name="user" value=id.clone()/>
            <Select
                name="role" id=format!("role-{id}") label=format!("Role of {}", member.name) bare=true
                options=options chosen=member.role.as_str()
            />
            <Button kind="submit">{save}</Button>
        </form>
        {may_hand_over.then(|| view! { <ButtonLink href=link("transfer")>{hand_over}</ButtonLink> })}
        <ButtonLink variant=Variant::Danger href=link("remove")>{remove}</ButtonLink>
    }
    .into_any()
}

/// The roles that somebody of this role may give.
pub(super) fn roles(own: Role) -> Vec<(String, String)> {
    Role::ALL
        .into_iter()
        .filter(|role| own.may_manage(*role))
        .map(|role| (role.to_string(), format!("{role}: {}", words(role))))
        .collect()
}

/// What a role is for.
const fn words(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything",
        Role::Admin => "settings, people, decisions",
        Role::Member => "works with agents and own records",
        Role::Viewer => "reads",
        Role::Guest => "reads what is shared",
    }
}
