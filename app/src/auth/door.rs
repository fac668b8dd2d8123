//! What the pages of the way in and out look like.

use leptos::prelude::*;

use crate::{context, flash::Flash, ui::page_title};

/// What is said where no letter leaves.
const NO_MAIL: &str =
    "This server sends no mail: ask whoever runs it. They see the link for a day, and can give it to you.";

fn sends_no_mail() -> bool {
    context::request().is_ok_and(|request| request.services.mailer.is_silent())
}

/// What has become of the link that was asked for, without saying whether there was one to send: `of` whom it is one.
pub(super) fn link_sent(flash: &Flash, of: &str) -> Option<String> {
    let email = Some(flash.typed("sent")).filter(|sent| !sent.is_empty())?;
    let otherwise = || format!("If {email} {of}, there is a link for it. {NO_MAIL}");
    Some(if sends_no_mail() { otherwise() } else { format!("If {email} {of}, a link is on its way to it.") })
}

/// What is said of a letter that one can ask for, or what is said where none leaves.
pub(super) fn by_mail(text: &'static str) -> AnyView {
    let text = if sends_no_mail() { NO_MAIL } else { text };
    view! { <p>{text}</p> }.into_any()
}

/// The card in the middle of the page.
#[component]
pub fn Door(
    /// What one does here.
    title: &'static str,
    /// What is wrong.
    message: Option<String>,
    /// What has just been done.
    #[prop(optional_no_strip)]
    done: Option<String>,
    /// The form.
    children: Children,
) -> AnyView {
    page_title(format!("{title} · HYVVE"));
    view! {
        <div class="door">
            <div class="door-card">
                <p class="door-brand"><span class="hex" aria-hidden="true"></span>"HYVVE"</p>
                <h1>{title}</h1>
                {done.map(|done| view! { <p class="form-done" role="status">{done}</p> })}
                {message.map(|message| view! { <p class="door-message" role="alert">{message}</p> })}
                {children()}
            </div>
        </div>
    }
    .into_any()
}
