//! One dead letter's page: the event as it was, what went wrong, and what can be done.

use hyvve_domain::{
    events::dead_letters::{DeadLetter, service},
    ids::DeadLetterId,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::DiscardDeadLetter,
    page::{HERE, LEAD, problem, requeue, state, tried, who},
};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::settings_page,
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, Card, CardBody, Form, Json, Time, Variant},
};

/// The page at `/w/{workspace}/settings/events/dead-letters/{id}`.
pub(crate) async fn dead_letter_page(visit: &Visit, id: DeadLetterId) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let letter = service::get(&visit.services, &visit.actor, id).await?;
    let asked = visit.query("ask").as_deref() == Some("discard");
    let content = view! {
        <div class="stack">
            {problem(&flash)}
            {asked.then(|| discard_card(&letter))}
            {letter_card(letter)}
        </div>
    };
    Ok(settings_page("Dead letters", LEAD, None, content.into_any()))
}

fn letter_card(letter: DeadLetter) -> AnyView {
    let discard = use_frame().href(&format!("{HERE}/{}?ask=discard", letter.id));
    let again = letter.next_try_at.map(|at| view! { <span>"next try "<Time at=at/></span> });
    let (state, tried) = (state(&letter), tried(&letter));
    let (who, requeue) = (who(&letter.consumer), requeue(&letter));
    let DeadLetter { event, error, died_at, .. } = letter;
    let number = format!("event {} of this workspace", event.seq);
    view! {
        <Card title=event.name>
            <CardBody>
                <div class="meta">{state}<span>{tried}</span><Time at=died_at/>{again}</div>
                <dl class="facts">
                    <dt>"Could not deal with it"</dt><dd>{who}</dd>
                    <dt>"Why"</dt><dd>{error}</dd>
                    <dt>"Happened"</dt><dd><Time at=event.created_at/>", "{number}</dd>
                    <dt>"Id"</dt><dd class="mono text-sm break-all">{event.id.to_string()}</dd>
                    <dt>"What it says"</dt><dd><Json value=event.payload/></dd>
                </dl>
                <div class="flex gap-2 flex-wrap pt-3">
                    {requeue}
                    <ButtonLink variant=Variant::Danger href=discard>"Discard it"</ButtonLink>
                </div>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn discard_card(letter: &DeadLetter) -> AnyView {
    let id = letter.id.to_string();
    let keep = use_frame().href(&format!("{HERE}/{id}"));
    view! {
        <Card title="Discard this event?">
            <CardBody>
                <p class="pb-3">"It happened all the same; but what was to be done about it is never done. This cannot be undone."</p>
                <Form action=DiscardDeadLetter::url()>
                    <input type="hidden" name="id" value=id/>
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Discard it"</Button>
                        <ButtonLink href=keep>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
