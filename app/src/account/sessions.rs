//! Where one is signed in.

use hyvve_domain::auth::session_list::{self, Listed};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{RevokeOtherSessions, RevokeSession, RevokeSessions},
    layout::{account_page, message},
};
use crate::{
    ApiError, context,
    flash::Flash,
    ui::{Button, Pill, Time, Tone, Variant},
};

/// The page at `/account/sessions`.
pub(crate) async fn sessions_page() -> Result<AnyView, ApiError> {
    let (services, who) = context::signed_in()?;
    let flash = Flash::take().unwrap_or_default();
    let all = session_list::list(&services, &who).await?;
    let others = all.len() > 1;
    let rows = all.into_iter().map(session_row).collect_view();
    let content = view! {
        {message(&flash, &[])}
        <ul class="entries card">{rows}</ul>
        <div class="flex gap-2 flex-wrap">
            {others.then(|| view! {
                <form method="post" action=RevokeOtherSessions::url()>
                    <Button kind="submit">"Sign out everywhere else"</Button>
                </form>
            })}
            <form method="post" action=RevokeSessions::url()>
                <Button variant=Variant::Danger kind="submit">"Sign out everywhere, here as well"</Button>
            </form>
        </div>
    };
    let lead = "Where you are signed in. If you do not know one of these, sign it out and choose a new password.";
    Ok(account_page("Sessions", lead, &flash, content.into_any()))
}

/// Which device, from where, since when, and a way to end it. The one that looks at the page signs out at its top.
fn session_row(listed: Listed) -> AnyView {
    let Listed { session, device, current, .. } = listed;
    let place = session.ip_address.unwrap_or_else(|| "unknown network".to_owned());
    let named = format!(" {device}, {place}");
    let end = (!current).then(|| {
        view! {
            <form method="post" action=RevokeSession::url()>
                <input type="hidden" name="id" value=session.id.to_string()/>
                <Button kind="submit">"Sign out"<span class="sr-only">{named}</span></Button>
            </form>
        }
    });
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">
                    {device}" "{current.then(|| view! { <Pill text="this one" tone=Tone::Honey/> })}
                </p>
                <div class="meta">
                    <span>{place}</span>
                    <span>"used "<Time at=session.updated_at/></span>
                    <span>"signed in "<Time at=session.created_at/></span>
                </div>
            </div>
            <div class="entry-actions">{end}</div>
        </li>
    }
    .into_any()
}
