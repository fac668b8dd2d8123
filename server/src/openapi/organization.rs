//! Workspaces, as better-auth's organization client calls them. A member's id is the person's.

use hyvve_domain::{Role, Timestamp, ids::UserId, workspaces::InvitationStatus};
use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::operation::{Operation, Shape, get, of, post};
use crate::http::organization::{self as theirs, Organization};

/// Nobody is told whether a workspace, a member or an invitation is somebody else's or not there at all.
const HIDDEN: &[u16] = &[404];

const STATUS: Shape =
    |_| json!({ "type": "object", "required": ["status"], "properties": { "status": { "const": true } } });
const ALL: Shape = of::<Vec<Organization>>;
const FULL: Shape = full;
const FULL_OR_NULL: Shape = |generator| json!({ "anyOf": [full(generator), { "type": "null" }] });
const INVITATION: Shape = invitation;
const INVITATIONS: Shape = |generator| json!({ "type": "array", "items": invitation(generator) });
const JOINED: Shape = |generator| {
    let member = json!({ "anyOf": [membership(generator), { "type": "null" }] });
    json!({ "type": "object", "required": ["invitation", "member"], "properties": {
        "invitation": invitation(generator), "member": member,
    } })
};
const MEMBER: Shape = member;
const MEMBERSHIP: Shape = membership;
const MEMBERS: Shape = |generator| {
    json!({ "type": "object", "required": ["members", "total"], "properties": {
        "members": { "type": "array", "items": member(generator) }, "total": { "type": "integer", "minimum": 0 },
    } })
};
const REMOVED: Shape =
    |generator| json!({ "type": "object", "required": ["member"], "properties": { "member": member(generator) } });
const ROLE: Shape =
    |generator| json!({ "type": "object", "required": ["role"], "properties": { "role": of::<Role>(generator) } });
const PERMITTED: Shape = |_| {
    json!({ "type": "object", "required": ["error", "success"], "properties": {
        "error": { "type": "null" }, "success": { "type": "boolean" },
    } })
};

/// What is known of a member wherever one is named.
fn membership(generator: &mut SchemaGenerator) -> Value {
    let id = of::<UserId>(generator);
    json!({
        "type": "object",
        "required": ["id", "userId", "organizationId", "role"],
        "properties": { "id": id, "userId": id, "organizationId": id, "role": of::<Role>(generator) },
    })
}

fn member(generator: &mut SchemaGenerator) -> Value {
    let mut member = membership(generator);
    let person = json!({ "type": "object", "required": ["id", "name", "email", "image"], "properties": {
        "id": of::<UserId>(generator), "name": { "type": "string" }, "email": { "type": "string" },
        "image": { "type": ["string", "null"] },
    } });
    member["properties"]["user"] = person;
    member["properties"]["createdAt"] = of::<Timestamp>(generator);
    member
}

fn invitation(generator: &mut SchemaGenerator) -> Value {
    let (id, at) = (of::<UserId>(generator), of::<Timestamp>(generator));
    json!({
        "type": "object",
        "required": [
            "id", "email", "role", "status", "organizationId", "organizationName", "inviterId", "expiresAt", "createdAt",
        ],
        "properties": {
            "id": id, "email": { "type": ["string", "null"] }, "role": of::<Role>(generator),
            "status": of::<InvitationStatus>(generator), "organizationId": id, "organizationName": { "type": "string" },
            "inviterId": id, "expiresAt": at, "createdAt": at,
        },
    })
}

/// An organization with its members and, for those who manage them, its invitations.
fn full(generator: &mut SchemaGenerator) -> Value {
    let more = json!({ "type": "object", "required": ["members", "invitations"], "properties": {
        "members": { "type": "array", "items": member(generator) },
        "invitations": { "type": "array", "items": invitation(generator) },
    } });
    json!({ "allOf": [of::<Organization>(generator), more] })
}

pub(super) fn organization() -> Vec<Operation> {
    let mut all = organizations();
    all.extend(people());
    all.extend(invitations());
    all
}

fn organizations() -> Vec<Operation> {
    vec![
        get("/api/auth/organization/list", theirs::list, "One’s own organizations.").answers(ALL),
        post(
            "/api/auth/organization/create",
            theirs::create,
            "Makes an organization; it is the active one from then on.",
        )
        .answers(FULL),
        post("/api/auth/organization/check-slug", theirs::check_slug, "Whether a slug is free; 400 if it is not.")
            .answers(STATUS),
        post("/api/auth/organization/update", theirs::update, "Changes an organization.")
            .refuses(HIDDEN)
            .role(Role::can_edit_workspace)
            .answers(of::<Organization>),
        post("/api/auth/organization/delete", theirs::delete, "Deletes an organization, and answers what it was.")
            .refuses(HIDDEN)
            .role(Role::owns_workspace)
            .answers(FULL),
        post("/api/auth/organization/set-active", theirs::set_active, "Makes an organization the active one.")
            .refuses(HIDDEN)
            .answers(FULL),
        get(
            "/api/auth/organization/get-full-organization",
            theirs::get,
            "An organization with its members; `null` where none is active.",
        )
        .refuses(HIDDEN)
        .answers(FULL_OR_NULL),
        post(
            "/api/auth/organization/has-permission",
            theirs::has_permission,
            "Whether one may, in the words of better-auth’s default access control.",
        )
        .refuses(HIDDEN)
        .answers(PERMITTED),
    ]
}

fn people() -> Vec<Operation> {
    vec![
        get("/api/auth/organization/list-members", theirs::list_members, "Who belongs to an organization.")
            .refuses(HIDDEN)
            .role(Role::sees_members)
            .answers(MEMBERS),
        get("/api/auth/organization/get-active-member", theirs::active_member, "Oneself, in the active organization.")
            .refuses(HIDDEN)
            .answers(MEMBER),
        get("/api/auth/organization/get-active-member-role", theirs::active_role, "One’s role in an organization.")
            .refuses(HIDDEN)
            .answers(ROLE),
        post("/api/auth/organization/remove-member", theirs::remove, "Removes a member.")
            .refuses(HIDDEN)
            .role(Role::can_manage_members)
            .answers(REMOVED),
        post("/api/auth/organization/update-member-role", theirs::change_role, "Changes a member’s role.")
            .refuses(HIDDEN)
            .role(Role::can_manage_members)
            .answers(MEMBER),
        post("/api/auth/organization/leave", theirs::leave, "Leaves an organization; its last owner cannot.")
            .refuses(HIDDEN)
            .answers(MEMBERSHIP),
    ]
}

fn invitations() -> Vec<Operation> {
    vec![
        post("/api/auth/organization/invite-member", theirs::invite, "Invites somebody by mail.")
            .refuses(HIDDEN)
            .role(Role::can_manage_members)
            .answers(INVITATION),
        post("/api/auth/organization/accept-invitation", theirs::accept, "Accepts an invitation.")
            .refuses(HIDDEN)
            .answers(JOINED),
        post("/api/auth/organization/reject-invitation", theirs::reject, "Declines an invitation.")
            .refuses(HIDDEN)
            .answers(JOINED),
        post("/api/auth/organization/cancel-invitation", theirs::cancel, "Takes an invitation back.")
            .refuses(HIDDEN)
            .role(Role::can_manage_members)
            .answers(INVITATION),
        get("/api/auth/organization/get-invitation", theirs::get_invitation, "An invitation, for whom it is meant.")
            .refuses(HIDDEN)
            .answers(INVITATION),
        get("/api/auth/organization/list-invitations", theirs::list_invitations, "Invitations that wait.")
            .refuses(HIDDEN)
            .role(Role::can_manage_members)
            .answers(INVITATIONS),
        get(
            "/api/auth/organization/list-user-invitations",
            theirs::own_invitations,
            "Invitations that wait for oneself.",
        )
        .answers(INVITATIONS),
    ]
}
