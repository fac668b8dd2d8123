//! What one can do besides deciding: take it, ask, hand to somebody, put off, say when it is due, talk.

use hyvve_domain::{
    approvals::{Comment, Item, Status, outside::DecisionKind},
    ids::UserId,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{Clock, Shown},
    care_api::{AskApproval, AssignApproval, ClaimApproval, CommentApproval, NEVER},
    case::Case,
};
use crate::{
    shell::use_frame,
    ui::{Button, Card, CardBody, Revealed, Time},
};

/// How long one can put something off, in hours.
pub(super) const PAUSES: [(&str, &str); 4] =
    [("1", "for an hour"), ("4", "for four hours"), ("24", "until tomorrow"), ("168", "for a week")];

/// The button that takes an item for oneself where nobody else has it, or hands it back; for those who may decide.
pub(super) fn claim_form(item: &Item) -> AnyView {
    let me = use_frame().data().user;
    let (take, words) = match item.assignee_id {
        None => ("true", "Take it"),
        Some(person) if person == me => ("false", "Hand it back"),
        Some(_) => return ().into_any(),
    };
    let id = item.id.to_string();
    view! {
        <form method="post" action=ClaimApproval::url()>
            <input type="hidden" name="id" value=id/>
            <Button kind="submit" name="take" value=take>{words}</Button>
        </form>
    }
    .into_any()
}

/// The ways of not deciding yet; for those who may decide.
pub(super) fn other_ways(shown: &Shown, case: Case) -> AnyView {
    let item = &shown.detail.item;
    if item.status != Status::Pending || shown.detail.blocked.is_some() {
        return ().into_any();
    }
    let outside = shown.detail.outside.as_ref();
    let answers = outside.is_some_and(|outside| outside.allowed.contains(&DecisionKind::Respond));
    let ask = (item.run_id.is_some() || answers).then(|| ask_form(item, outside.is_some()));
    let refused = case.due.get_value();
    let open = refused.is_some();
    let due = shown.clock.clone().map(|clock| due_form(item, clock, refused));
    view! {
        <details class="more" name="ways" open=open>
            <summary>"Ask, hand over, put off, or set a due date"</summary>
            <div class="ways">{ask}{assign_form(item, &shown.deciders)}{snooze_form(item)}{due}</div>
        </details>
    }
    .into_any()
}

fn ask_form(item: &Item, outside: bool) -> AnyView {
    let hint = if outside {
        "Nothing is done. The outside agent gets the question, and proposes again if it still wants to."
    } else {
        "Nothing is done. It answers in its run, and proposes again if it still wants to."
    };
    let id = item.id.to_string();
    view! {
        <form class="form" method="post" action=AskApproval::url()>
            <input type="hidden" name="id" value=id/>
            <div class="field">
                <label for="ask-question">"Ask the agent"</label>
                <textarea class="input" id="ask-question" name="question" rows="2" maxlength="2000" required=true></textarea>
                <p class="field-hint">{hint}</p>
            </div>
            <div><Button kind="submit">"Ask"</Button></div>
        </form>
    }
    .into_any()
}

fn assign_form(item: &Item, deciders: &[(UserId, String)]) -> AnyView {
    let (id, assigned) = (item.id.to_string(), item.assignee_id);
    let option = |(user, name): &(UserId, String)| {
        let (value, selected, name) = (user.to_string(), assigned == Some(*user), name.clone());
        view! { <option value=value selected=selected>{name}</option> }
    };
    let options = deciders.iter().map(option).collect_view();
    view! {
        <form class="form" method="post" action=AssignApproval::url()>
            <input type="hidden" name="id" value=id/>
            <div class="field">
                <label for="assign-to">"Who looks at it"</label>
                <select class="input" id="assign-to" name="assignee">
                    <option value="nobody" selected=assigned.is_none()>"Nobody in particular"</option>
                    {options}
                </select>
            </div>
            <div><Button kind="submit">"Hand over"</Button></div>
        </form>
    }
    .into_any()
}

fn snooze_form(item: &Item) -> AnyView {
    let id = item.id.to_string();
    let options = PAUSES.map(|(hours, words)| view! { <option value=hours>{words}</option> }).collect_view();
    view! {
        <form class="form" method="post" action=AssignApproval::url()>
            <input type="hidden" name="id" value=id/>
            <div class="field">
                <label for="snooze-for">"Put it off"</label>
                <select class="input" id="snooze-for" name="snooze_hours">{options}<option value="0">"not any more"</option></select>
            </div>
            <div><Button kind="submit">"Put off"</Button></div>
        </form>
    }
    .into_any()
}

/// When somebody has to have decided; `refused`: why the last one was not taken, and what was typed.
fn due_form(item: &Item, Clock { zone, due }: Clock, refused: Option<(String, String)>) -> AnyView {
    let (id, at) = (item.id.to_string(), item.due_at);
    let (wrong, typed) = refused.unzip();
    let invalid = wrong.is_some().then_some("true");
    let value = typed.or(due).unwrap_or_default();
    let hint = format!(
        "In the workspace’s time zone, {zone}. If nobody has decided by then, it has timed out: nothing is done."
    );
    let remove = at.map(|at| {
        let id = id.clone();
        view! {
            <form class="form" method="post" action=AssignApproval::url()>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="due_at" value=NEVER/>
                <p class="field-hint">"Due "<Time at/>"."</p>
                <div><Button kind="submit">"Remove the due date"</Button></div>
            </form>
        }
    });
    view! {
        <div>
            <form class="form" method="post" action=AssignApproval::url()>
                <input type="hidden" name="id" value=id/>
                <div class="field">
                    <label for="due-at">"When it is due"</label>
                    <input
                        class="input" id="due-at" name="due_at" type="datetime-local" value=value required=true
                        aria-describedby="due-hint due-error" aria-invalid=invalid
                    />
                    <p class="field-hint" id="due-hint">{hint}</p>
                    <p class="field-error" id="due-error" role="alert">{wrong}</p>
                </div>
                <div><Button kind="submit">"Set"</Button></div>
            </form>
            {remove}
        </div>
    }
    .into_any()
}

/// What people say about it, and a field to say more.
pub(super) fn talk(shown: &Shown) -> AnyView {
    let id = shown.detail.item.id.to_string();
    let comment = |comment: &Comment| {
        let who = comment.by.clone().unwrap_or_else(|| "Somebody who is gone".to_owned());
        let at = comment.at;
        view! {
            <li>
                <div class="flex gap-2 justify-between"><b>{who}</b><span class="text-muted-foreground text-sm"><Time at/></span></div>
                <p class="whitespace-pre-line">{said(comment)}</p>
            </li>
        }
    };
    let comments = shown.detail.comments.iter().map(comment).collect_view();
    let list = (!shown.detail.comments.is_empty()).then(|| view! { <ol class="history">{comments}</ol> });
    view! {
        <Card title="Comments" note="between people; no agent is told">
            <CardBody>
                {list}
                <form class="form" method="post" action=CommentApproval::url()>
                    <input type="hidden" name="id" value=id/>
                    <label class="sr-only" for="comment-body">"Say something about this"</label>
                    <textarea class="input" id="comment-body" name="body" rows="2" maxlength="4000" required=true aria-describedby="comment-hint"></textarea>
                    <p class="field-hint" id="comment-hint">"With @ and a name you tell somebody who sees this."</p>
                    <div><Button kind="submit">"Comment"</Button></div>
                </form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// What somebody says, with the names of those who were told of it marked.
fn said(Comment { body, mentions, .. }: &Comment) -> AnyView {
    let mut rest = body.chars();
    let mut at = 0;
    let mut pieces = Vec::with_capacity(2 * mentions.len() + 1);
    for mention in mentions {
        let before: String = rest.by_ref().take(mention.start.saturating_sub(at)).collect();
        let name: String = rest.by_ref().take(mention.length).collect();
        at = mention.start + mention.length;
        pieces.push(view! { <Revealed text=before/><b class="mention"><Revealed text=name/></b> }.into_any());
    }
    let after: String = rest.collect();
    pieces.push(view! { <Revealed text=after/> }.into_any());
    pieces.into_any()
}
