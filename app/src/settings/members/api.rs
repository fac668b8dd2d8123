//! What the forms of Settings → Members do.

use hyvve_domain::{
    Error, Role,
    ids::{InvitationId, UserId},
    workspaces::{invitations, members},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, answer_with, leave_form, tell},
};

/// The most people that one form invites.
const AT_ONCE: usize = 50;

/// So much of links travels to the page that shows them, and of what else it says; in bytes.
const LINKS_MAX: usize = 1_400;
const TOLD_MAX: usize = 600;

/// Invites people by mail, several at once. Those who could not be invited are named; the others are.
#[server(prefix = "/_fn", endpoint = "members/invite", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn invite_members(
    /// Addresses, apart by blanks, commas or lines.
    emails: String,
    /// What they will be.
    role: Role,
) -> Result<(), ApiError> {
    let typed = vec![("emails", emails.clone()), ("role", role.to_string())];
    answer_with(typed, async move {
        let (services, actor) = context::actor().await?;
        let all: Vec<&str> =
            emails.split([' ', ',', ';', '\n', '\r', '\t']).map(str::trim).filter(|email| !email.is_empty()).collect();
        if all.is_empty() {
            return Err(Error::invalid("emails", "required", "Please enter at least one address.").into());
        }
        if all.len() > AT_ONCE {
            let why = format!("At most {AT_ONCE} addresses at once, please.");
            return Err(Error::invalid("emails", "maxItems", why).into());
        }
        let (mut invited, mut links, mut refused) = (0, Vec::new(), Vec::new());
        // The path of an invitation, and its secret.
        let link = services.settings.public_url.len() + 52;
        if !services.mailer.has_server() && all.iter().map(|email| email.len() + link).sum::<usize>() > LINKS_MAX {
            let why = "No mail server is set up, and so many links cannot be shown to be handed over. Please invite fewer \
                       people at once.";
            return Err(Error::invalid("emails", "maxItems", why).into());
        }
        for email in all {
            match invitations::invite(&services, &actor, Some(email), role, false).await {
                Ok(made) => {
                    invited += 1;
                    links.extend(made.link.map(|link| format!("{email} {link}")));
                }
                Err(error) if error.field() == Some("email") => refused.push(format!("{email}: {}", error.message)),
                Err(error) if invited == 0 => return Err(error.into()),
                // What was done is not hidden by what went wrong after it.
                Err(error) => {
                    refused.push(format!("{email}, and who comes after, not yet: {}", error.message));
                    break;
                }
            }
        }
        if invited == 0 {
            return Err(Error::invalid("emails", "invitable", refused.join(" ")).into());
        }
        let mut done =
            if invited == 1 { "Invited one person.".to_owned() } else { format!("Invited {invited} people.") };
        for problem in refused {
            done.push(' ');
            done.push_str(&problem);
        }
        // Without a mail server the links have to be handed over some other way, and this is the only time that they can be.
        tell(vec![("done", done.chars().take(TOLD_MAX).collect()), ("links", links.join("\n"))]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Makes a link that lets one person in.
#[server(prefix = "/_fn", endpoint = "members/invite-by-link", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn invite_by_link(
    /// What the person will be.
    role: Role,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let made = invitations::invite(&services, &actor, None, role, false).await?;
        tell(made.link.map(|link| ("link", link)).into_iter().collect());
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sends an invitation again, with another link.
#[server(prefix = "/_fn", endpoint = "members/resend", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn resend_invitation(
    /// Which one.
    id: InvitationId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let made = invitations::resend(&services, &actor, id).await?;
        tell(vec![match made.link {
            None => ("done", "Sent again. The earlier link opens nothing any more.".to_owned()),
            Some(link) => ("link", link),
        }]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Takes an invitation back.
#[server(prefix = "/_fn", endpoint = "members/cancel-invitation", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn cancel_invitation(
    /// Which one.
    id: InvitationId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        invitations::cancel(&services, &actor, id).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Gives a member another role.
#[server(prefix = "/_fn", endpoint = "members/role", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn change_role(
    /// Who.
    user: UserId,
    /// As what.
    role: Role,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let member = members::change_role(&services, &actor, user, role).await?;
        tell(vec![("done", format!("{} is {} now.", member.name, member.role))]);
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Removes a member.
#[server(prefix = "/_fn", endpoint = "members/remove", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn remove_member(
    /// Who.
    user: UserId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        members::remove(&services, &actor, user).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Hands the workspace over.
#[server(prefix = "/_fn", endpoint = "members/transfer", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn transfer_workspace(
    /// To whom.
    user: UserId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        members::transfer(&services, &actor, user).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}
