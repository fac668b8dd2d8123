//! What one can sign in with besides a password: linking it, unlinking it, and a first password for whoever has none.

use hyvve_domain::{
    auth::{
        openid::{
            flow::{self, Then},
            linked::{self, Account},
        },
        recovery,
    },
    services::Services,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::security::HERE;
use crate::{
    ApiError,
    auth::{depart, others::browser},
    context,
    forms::{answer, done_at},
    ui::{Button, Card, CardBody, Time},
};

/// Leaves to link a provider.
#[server(prefix = "/_fn", endpoint = "account/link")]
pub async fn link_provider(
    /// The provider's id.
    provider: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        let browser = browser(&services)?;
        depart(&flow::leave(&services, &provider, Then::default(), browser.as_deref(), Some(&who)).await?)
    })
    .await
}

/// Unlinks a provider.
#[server(prefix = "/_fn", endpoint = "account/unlink")]
pub async fn unlink_provider(
    /// The account with it.
    id: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        linked::unlink(&services, &who, None, Some(&id), &context::request()?.origin).await?;
        done_at(HERE, "It is unlinked.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sends a link to choose a first password with.
#[server(prefix = "/_fn", endpoint = "account/first-password")]
pub async fn first_password() -> Result<(), ApiError> {
    answer(async {
        let (services, who) = context::signed_in()?;
        recovery::forgot_password(&services, &who.user.email, &context::request()?.origin).await?;
        done_at(HERE, "We have sent you a link.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Instead of what needs a password.
pub(super) fn no_password_card(email: &str) -> AnyView {
    let told = format!(
        "You have none yet. We can send a link to {email} with which you choose one; it signs you out everywhere."
    );
    view! {
        <Card title="Password">
            <CardBody>
                <p class="pb-3">
                    {told}
                </p>
                <form method="post" action=FirstPassword::url()>
                    <Button kind="submit">"Send me the link"</Button>
                </form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Every provider that is set up, and what is linked to one that is not any more.
pub(super) fn linked_card(s: &Services, accounts: Vec<Account>) -> AnyView {
    let linked: Vec<_> = accounts.into_iter().filter(|account| !account.is_password()).collect();
    let open: Vec<_> = s.openid.iter().filter(|by| linked.iter().all(|account| account.provider_id != by.id)).collect();
    if linked.is_empty() && open.is_empty() {
        return ().into_any();
    }
    let name = |id: &str| s.openid.iter().find(|by| by.id == id).map(|by| by.name.clone());
    let linked = linked.into_iter().map(|account| {
        let gone = || format!("{} (not set up here any more)", account.provider_id);
        let name = name(&account.provider_id).unwrap_or_else(gone);
        linked_row(account, name)
    });
    let rows = linked.chain(open.into_iter().map(|by| open_row(by.id.clone(), by.name.clone()))).collect_view();
    view! { <Card title="Sign-in with others"><ul class="entries">{rows}</ul></Card> }.into_any()
}

fn linked_row(account: Account, name: String) -> AnyView {
    let of = format!(" {name}");
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{name}</p>
                <div class="meta">
                    {account.email.map(|email| view! { <span>{email}</span> })}
                    <span>"linked "<Time at=account.created_at/></span>
                </div>
            </div>
            <div class="entry-actions">
                <form method="post" action=UnlinkProvider::url()>
                    <input type="hidden" name="id" value=account.id.to_string()/>
                    <Button kind="submit">"Unlink"<span class="sr-only">{of}</span></Button>
                </form>
            </div>
        </li>
    }
    .into_any()
}

fn open_row(id: String, name: String) -> AnyView {
    let of = format!(" {name}");
    view! {
        <li class="entry">
            <div class="entry-main"><p class="entry-title">{name}</p></div>
            <div class="entry-actions">
                <form method="post" action=LinkProvider::url()>
                    <input type="hidden" name="provider" value=id/>
                    <Button kind="submit">"Link"<span class="sr-only">{of}</span></Button>
                </form>
            </div>
        </li>
    }
    .into_any()
}
