//! Workspaces, how they are secured, and pictures.

use hyvve_domain::{
    Role,
    api_keys::Scope,
    auth::User,
    notifications::Settings,
    workspaces::{DeletedWorkspace, Membership, Workspace, openness::Openness, security::Security},
};

use super::operation::{Operation, delete, get, patch, post, put};
use crate::http::{notifications, pictures, workspaces as own};

const KNOWN: [(&str, &str); 1] = [("if-none-match", "The `ETag` of a picture that the browser has.")];

pub(super) fn workspaces() -> Vec<Operation> {
    vec![
        get("/api/workspaces", own::list, "One’s own workspaces, with one’s role in each.").data::<Vec<Membership>>(),
        post("/api/workspaces", own::create, "Makes a workspace, and its owner of whoever asks.").made::<Workspace>(),
        get("/api/workspaces/deleted", own::deleted, "Deleted workspaces that one can have back.")
            .data::<Vec<DeletedWorkspace>>(),
        get("/api/workspaces/{id}", own::get, "One workspace.").scope(Scope::Read).data::<Workspace>(),
        patch("/api/workspaces/{id}", own::update, "Changes a workspace’s name, address, picture or time zone.")
            .scope(Scope::Admin)
            .role(Role::can_edit_workspace)
            .data::<Workspace>(),
        delete("/api/workspaces/{id}", own::delete, "Deletes a workspace; for a while its owner can have it back.")
            .role(Role::owns_workspace)
            .success(),
        get("/api/workspaces/{id}/security", own::security, "What a workspace asks of its members.")
            .role(Role::can_secure_workspace)
            .data::<Security>(),
        patch("/api/workspaces/{id}/security", own::secure, "Asks every member for a second factor, or no more.")
            .role(Role::can_secure_workspace)
            .data::<Security>(),
        get("/api/workspaces/{id}/openness", own::openness, "The hosts that agents may ask, and what traces say.")
            .role(Role::can_secure_workspace)
            .data::<Openness>(),
        patch(
            "/api/workspaces/{id}/openness",
            own::open,
            "Opens a workspace further, or less far; what is missing stays.",
        )
        .role(Role::can_secure_workspace)
        .data::<Openness>(),
        post("/api/workspaces/{id}/restore", own::restore, "Has a deleted workspace back: for those who owned it.")
            .data::<Workspace>(),
        post("/api/workspaces/{id}/leave", own::leave, "Leaves a workspace; its last owner cannot.").success(),
        post("/api/workspaces/{id}/transfer", own::transfer, "Hands a workspace over to another member.")
            .role(Role::owns_workspace)
            .success(),
        get(
            "/api/workspaces/{id}/notification-settings",
            notifications::settings,
            "How one wants to hear of what is told.",
        )
        .data::<Settings>(),
        patch(
            "/api/workspaces/{id}/notification-settings",
            notifications::choose,
            "Changes that; what is missing stays.",
        )
        .data::<Settings>(),
        put(
            "/api/workspaces/{id}/notification-webhook",
            notifications::set_webhook,
            "Sets one’s own address in the manner of Slack’s incoming webhooks.",
        )
        .more("It is kept once a first message got through.")
        .data::<Settings>(),
        delete("/api/workspaces/{id}/notification-webhook", notifications::remove_webhook, "Takes that address away.")
            .data::<Settings>(),
        post("/api/account/picture", pictures::of_person, "Sets one’s own picture, or takes it away.")
            .data::<User>()
            .bare(303, "To the page that the form stood on, for a form that a browser sends."),
        post("/api/workspaces/{id}/picture", pictures::of_workspace, "Sets a workspace’s picture, or takes it away.")
            .scope(Scope::Admin)
            .role(Role::can_edit_workspace)
            .data::<Workspace>()
            .bare(303, "To the page that the form stood on, for a form that a browser sends."),
        get("/api/pictures/{id}", pictures::get, "A picture; another picture has another address.")
            .scope(Scope::Read)
            .headers(&KNOWN)
            .other("image/*", "The picture.")
            .bare(304, "The browser has it."),
    ]
}
