//! Who sees a record: the card for those who may say so.

use hyvve_domain::{
    Role,
    ids::RecordId,
    records::{Access, PersonWithAccess},
    workspaces::Member,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{AssignRecord, ShareRecord, UnshareRecord};
use crate::ui::{Button, Card, CardBody, Form, Select};

/// The member that it is assigned to, those that it is shared with, and the forms to change both.
pub(super) fn access_card(id: RecordId, access: Access, people: &[Member], problem: Option<String>) -> AnyView {
    let list = |may: fn(Role) -> bool| {
        let fitting = people.iter().filter(move |member| may(member.role));
        fitting.map(|member| (member.user_id.to_string(), member.name.clone())).collect::<Vec<_>>()
    };
    let assigned = access.assigned_to.as_ref().map(|person| person.user_id.to_string()).unwrap_or_default();
    let mut assignable = vec![(String::new(), "Nobody".to_owned())];
    assignable.extend(list(Role::can_be_assigned));
    let mut others = list(|role| !role.sees_all_records());
    others.retain(|(user, _)| !access.shared_with.iter().any(|person| person.user_id.to_string() == *user));
    let shared = access.shared_with.into_iter().map(|person| row(id, person)).collect_view();
    let share = (!others.is_empty()).then(|| {
        let chosen = others.first().map(|(user, _)| user.clone()).unwrap_or_default();
        view! {
            <CardBody>
                <Form action=ShareRecord::url()>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <Select name="user" id="share-with" label="Share with" options=others chosen=chosen/>
                    <div><Button kind="submit">"Share"</Button></div>
                </Form>
            </CardBody>
        }
    });
    view! {
        <Card title="Who sees it" note="besides owners, admins and viewers">
            {problem.map(|text| view! { <p class="form-message" role="alert">{text}</p> })}
            <CardBody>
                <Form action=AssignRecord::url()>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <Select name="user" id="assigned-to" label="Assigned to" options=assignable chosen=assigned/>
                    <div><Button kind="submit">"Assign"</Button></div>
                </Form>
            </CardBody>
            <ul class="entries">{shared}</ul>
            {share}
        </Card>
    }
    .into_any()
}

fn row(id: RecordId, person: PersonWithAccess) -> AnyView {
    let from = format!(" from {}", person.name);
    view! {
        <li class="entry">
            <div class="entry-main"><p class="entry-title">{person.name}</p><div class="meta"><span>"shared"</span></div></div>
            <div class="entry-actions">
                <form method="post" action=UnshareRecord::url()>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <input type="hidden" name="user" value=person.user_id.to_string()/>
                    <Button kind="submit">"Take back"<span class="sr-only">{from}</span></Button>
                </form>
            </div>
        </li>
    }
    .into_any()
}
