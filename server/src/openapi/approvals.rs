//! Approvals: the queue, outside agents, policies.

use hyvve_domain::{
    Role,
    approvals::{
        Detail, Item,
        grants::Grant,
        outside::{
            Decided,
            inbox::{Answered, Made},
        },
        policies::{Changed, DryRun, Policy},
        presence::Watcher,
        routing::report::Report,
        saved::SavedFilter,
        sum::Sum,
    },
};
use serde_json::json;

use super::operation::{Operation, Shape, delete, get, of, patch, post, put};
use crate::{
    http::{approval_filters, approval_policies, approvals, inbox, outside as programs},
    openapi::part::JSON,
    reply::{List, Rows},
};

/// A list in pages, or after a cursor.
const LISTED: Shape = |generator| json!({ "anyOf": [of::<List<Item>>(generator), of::<Rows<Item>>(generator)] });

pub(super) fn queue() -> Vec<Operation> {
    vec![
        get("/api/approvals", approvals::list, "What waits, or what was decided.")
            .more(
                "In pages (`page`, `pageSize`), or, with `cursor` or `limit`, after a cursor. Of a list that is narrowed down by more \
                 than status and type, at most 10,001 are counted. A member sees those of his or her own runs.",
            )
            .role(Role::sees_approvals)
            .answers(LISTED),
        post("/api/approvals/bulk", approvals::bulk, "Decides on several, each by itself, as if decided alone.")
            .more("What was decided is in `data`, what was not, with why, in `errors`.")
            .answers(of::<approvals::Outcome>),
        post("/api/approvals/bulk/preview", approvals::preview, "Says what several would do together.")
            .role(Role::sees_approvals)
            .data::<Sum>(),
        get("/api/approvals/{id}", approvals::get, "One item with everything that a decision needs.")
            .role(Role::sees_approvals)
            .data::<Detail>(),
        patch("/api/approvals/{id}", approvals::assign, "Says who looks at it, until when, and when it is out of sight.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/claim", approvals::claim, "Takes it: its taker is asked to decide, if nobody else is.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/release", approvals::release, "Hands back what one has taken.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/approve", approvals::approve, "Approves exactly what was shown; its effect begins at once.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/reject", approvals::reject, "Rejects it, with a reason.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/settle", approvals::settle, "Says what became of an effect of unknown outcome.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/review", approvals::review, "Says whether what went on by itself should have.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/edit", approvals::edit, "Changes what would run, and approves that: a new item, which is answered.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/ask", approvals::ask, "Asks whoever proposed it something, instead of deciding.")
            .role(Role::can_decide)
            .data::<Detail>(),
        post("/api/approvals/{id}/presence", approvals::presence, "Says that one has it open, or not any more; answers who else has.")
            .role(Role::sees_approvals)
            .data::<Vec<Watcher>>(),
        post("/api/approvals/{id}/comments", approvals::comment, "Says something about it to the others.")
            .role(Role::sees_approvals)
            .data::<Detail>(),
        get("/api/approval-filters", approval_filters::list, "One’s own saved filters of the queue, by their names.")
            .role(Role::sees_approvals)
            .data::<Vec<SavedFilter>>(),
        post("/api/approval-filters", approval_filters::create, "Saves a filter of the queue, for oneself.")
            .role(Role::sees_approvals)
            .made::<SavedFilter>(),
        patch("/api/approval-filters/{id}", approval_filters::update, "Changes a saved filter’s name, or what it shows.")
            .role(Role::sees_approvals)
            .data::<SavedFilter>(),
        delete("/api/approval-filters/{id}", approval_filters::delete, "Removes a saved filter.")
            .role(Role::sees_approvals)
            .success(),
    ]
}

pub(super) fn outside() -> Vec<Operation> {
    let interrupt = json!({
        "type": "object",
        "description": "An interrupt of LangChain’s Agent Inbox, in its older or its newer form.",
        "anyOf": [
            { "required": ["action_request", "config"], "properties": {
                "action_request": { "type": "object", "required": ["action", "args"], "properties": {
                    "action": { "type": "string" }, "args": { "type": "object" },
                } },
                "config": { "type": "object", "properties": {
                    "allow_ignore": { "type": "boolean" }, "allow_respond": { "type": "boolean" },
                    "allow_edit": { "type": "boolean" }, "allow_accept": { "type": "boolean" },
                } },
                "description": { "type": ["string", "null"] },
            } },
            { "required": ["action_requests", "review_configs"], "properties": {
                "action_requests": { "type": "array", "items": {
                    "type": "object", "required": ["name", "args"],
                    "properties": { "name": { "type": "string" }, "args": { "type": "object" }, "description": { "type": ["string", "null"] } },
                } },
                "review_configs": { "type": "array", "items": {
                    "type": "object", "required": ["action_name", "allowed_decisions"],
                    "properties": {
                        "action_name": { "type": "string" },
                        "allowed_decisions": { "type": "array", "items": { "enum": ["approve", "edit", "reject", "respond"] } },
                        "args_schema": { "type": ["object", "null"] },
                    },
                } },
            } },
        ],
    });
    vec![
        post("/api/approvals", programs::propose, "Proposes something that HYVVE cannot do itself.")
            .more("The program does it once `…/decision` says `approved`, and reports with `…/outcome`.")
            .role(Role::can_propose)
            .made::<Item>(),
        get(
            "/api/approvals/{id}/decision",
            programs::decision,
            "What was decided on a program’s own proposal; waits for it if asked to.",
        )
        .more("`approved` is null as long as nothing is decided, or the decision can still be taken back.")
        .role(Role::can_propose)
        .refuses(&[409])
        .data::<Decided>(),
        post("/api/approvals/{id}/outcome", programs::report, "Says, once, what became of what was approved.")
            .more("`hash` is that of what the program did; it has to be the hash of what was approved.")
            .role(Role::can_propose)
            .data::<Decided>(),
        post(
            "/api/inbox/interrupts",
            inbox::interrupt,
            "Asks about several actions at once, as LangChain’s Agent Inbox does.",
        )
        .role(Role::can_propose)
        .body(JSON, interrupt)
        .made::<Made>(),
        get(
            "/api/inbox/interrupts/{id}",
            inbox::answer,
            "The answer to an interrupt, in the form that it was asked in; waits for it if asked to.",
        )
        .more("`reply` is null until all of its actions are decided on.")
        .role(Role::can_propose)
        .data::<Answered>(),
    ]
}

pub(super) fn policies() -> Vec<Operation> {
    vec![
        get("/api/approval-policies", approval_policies::list, "The policy of every tool.")
            .role(Role::can_decide)
            .data::<Vec<Policy>>(),
        put(
            "/api/approval-policies",
            approval_policies::change,
            "Changes a policy: at once, or as a proposal to somebody else.",
        )
        .role(Role::can_decide)
        .data::<Changed>(),
        post("/api/approval-policies/dry-run", approval_policies::try_out, "What another policy would have done.")
            .role(Role::can_decide)
            .data::<DryRun>(),
        get(
            "/api/approval-grants",
            approval_policies::grants,
            "Standing grants: those that hold first, then the newest.",
        )
        .role(Role::can_decide)
        .data::<Vec<Grant>>(),
        post(
            "/api/approval-grants",
            approval_policies::make_grant,
            "Lets an agent go on by itself, for so many uses and so long.",
        )
        .role(Role::can_decide)
        .made::<Grant>(),
        delete(
            "/api/approval-grants/{id}",
            approval_policies::revoke_grant,
            "Revokes a standing grant; it stays in the list.",
        )
        .role(Role::can_decide)
        .data::<Grant>(),
        get(
            "/api/calibration",
            approval_policies::calibration,
            "How often people agreed, and how well scores fit that.",
        )
        .role(Role::can_decide)
        .data::<Report>(),
    ]
}
