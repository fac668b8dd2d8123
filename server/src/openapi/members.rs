//! Members, invitations, API keys.

use hyvve_domain::{
    Role,
    api_keys::{ApiKey, Scope},
    workspaces::{Invitation, Member, NewInvitation},
};

use super::operation::{Operation, delete, get, patch, post};
use crate::http::{api_keys, invitations, workspaces};

pub(super) fn members() -> Vec<Operation> {
    vec![
        get("/api/workspaces/{id}/members", workspaces::members, "Who belongs to a workspace.")
            .scope(Scope::Read)
            .role(Role::sees_members)
            .data::<Vec<Member>>(),
        post("/api/workspaces/{id}/members", workspaces::invite, "Invites somebody by mail.")
            .more("An API key cannot invite somebody who decides or manages members. `link` is there only if no mail leaves.")
            .scope(Scope::Admin)
            .role(Role::can_manage_members)
            .made::<NewInvitation>(),
        patch("/api/workspaces/{id}/members/{user_id}", workspaces::change_role, "Changes a member’s role.")
            .more("Only owners have a say about owners.")
            .scope(Scope::Admin)
            .role(Role::can_manage_members)
            .data::<Member>(),
        delete("/api/workspaces/{id}/members/{user_id}", workspaces::remove, "Removes a member.")
            .scope(Scope::Admin)
            .role(Role::can_manage_members)
            .success(),
        get("/api/workspaces/{id}/invitations", workspaces::invitations, "Invitations that wait.")
            .scope(Scope::Read)
            .role(Role::can_manage_members)
            .data::<Vec<Invitation>>(),
        post("/api/workspaces/{id}/invitations", workspaces::invite_by_link, "Makes a link that invites one person, whoever that is.")
            .scope(Scope::Admin)
            .role(Role::can_manage_members)
            .made::<NewInvitation>(),
        delete("/api/workspaces/{id}/invitations/{invitation_id}", workspaces::cancel, "Takes an invitation back.")
            .scope(Scope::Admin)
            .role(Role::can_manage_members)
            .success(),
        post("/api/workspaces/{id}/invitations/{invitation_id}/resend", workspaces::resend, "Invites again, by another link.")
            .role(Role::can_manage_members)
            .data::<NewInvitation>(),
        get("/api/invitations", invitations::list, "Invitations that wait for oneself.").data::<Vec<Invitation>>(),
        post("/api/invitations/accept", invitations::accept, "Accepts an invitation: by its link’s secret, or by its id.")
            .refuses(&[404])
            .data::<Invitation>(),
        post("/api/invitations/reject", invitations::reject, "Declines an invitation: by its link’s secret, or by its id.")
            .refuses(&[404])
            .data::<Invitation>(),
        get("/api/workspaces/{id}/api-keys", api_keys::list, "One’s own API keys; to owners and admins, all.")
            .data::<Vec<ApiKey>>(),
        post("/api/workspaces/{id}/api-keys", api_keys::create, "Makes an API key. Its secret is shown in this reply only.")
            .role(Role::can_make_keys)
            .made::<api_keys::Made>(),
        delete("/api/workspaces/{id}/api-keys/{key_id}", api_keys::revoke, "Ends an API key, and answers how it stands in the list from now on.")
            .data::<ApiKey>(),
    ]
}
