//! The page of letters that could not leave, because this server sends no mail: whoever runs it passes their links on.

use hyvve_domain::mail::letters::{Kept, SHOWN, kept};
use leptos::prelude::*;

use crate::{
    ApiError,
    account::layout::header,
    context,
    ui::{Card, EmptyState, Glyph, PageHeader, Time},
};

const LEAD: &str = "This server sends no mail. Who asked for a link waits for you to pass it on; it lets him or her into the account, so \
                    give it to nobody else. A letter is erased after a day. That you looked is written into the server’s log.";

/// The page at `/operator/letters`.
pub(crate) async fn letters_page() -> Result<AnyView, ApiError> {
    let (services, who) = context::signed_in()?;
    let letters = kept(&services, &who).await?;
    let lead = if services.mailer.is_silent() { LEAD } else { "This server sends mail: nothing new is kept here." };
    Ok(view! {
        {header()}
        <div class="page">
            <PageHeader title="Letters that could not leave" lead=lead/>
            <div class="stack">{list(&letters)}</div>
        </div>
    }
    .into_any())
}

fn list(letters: &[Kept]) -> AnyView {
    if letters.is_empty() {
        return view! {
            <Card title="Letters">
                <EmptyState glyph=Glyph::Mail title="No letter waits" text="When somebody asks for a link to get in, its letter shows here for a day."/>
            </Card>
        }
        .into_any();
    }
    let some = usize::try_from(SHOWN).is_ok_and(|shown| letters.len() >= shown);
    let note = if some { format!("the latest {}", letters.len()) } else { letters.len().to_string() };
    let rows = letters.iter().map(row).collect_view();
    view! { <Card title="Letters" note=note><ul class="entries">{rows}</ul></Card> }.into_any()
}

/// Its link stands there as text: whoever follows it uses it up.
fn row(letter: &Kept) -> AnyView {
    let (subject, to, text, at) = (letter.subject.clone(), letter.to.clone(), letter.text.clone(), letter.at);
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{subject}</p>
                <div class="meta"><span class="break-all">"to "{to}</span><Time at=at/></div>
                <p class="text-sm whitespace-pre-line break-words">{text}</p>
            </div>
        </li>
    }
    .into_any()
}
