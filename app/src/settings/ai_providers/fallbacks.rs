//! Who is asked when a provider gives no answer, in order. Arrows move a row, each press being a plain form; where scripts run, a
//! row is also dragged by its grip (`shell/conductor/order.rs`), which fills a form of the same kind.

use hyvve_domain::providers::{FallbackChoice, Kind, Provider, fallbacks};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{AddFallback, ArrangeFallback};
use crate::{
    ApiError,
    flash::Flash,
    shell::Visit,
    ui::{Button, Card, CardBody, EmptyState, Field, Form, Glyph, Icon, Select, Variant},
};

/// The list, and the form for one more.
pub(super) async fn fallbacks_card(visit: &Visit, providers: &[Provider], flash: &Flash) -> Result<AnyView, ApiError> {
    let chosen = fallbacks::shown(&visit.services, &visit.actor).await?;
    let last = chosen.len().saturating_sub(1);
    let full = chosen.len() >= fallbacks::MOST;
    let rows = chosen.into_iter().enumerate().map(|(at, fallback)| row(at, last, fallback, providers)).collect_view();
    let list = if rows.is_empty() {
        let text = "When an agent’s provider cannot answer, its run fails. Name others that are asked instead.";
        view! { <EmptyState glyph=Glyph::Runs title="Nobody is asked instead" text=text/> }.into_any()
    } else {
        view! { <ol class="entries" data-ordered="">{rows}</ol> }.into_any()
    };
    let form = (!full).then(|| add_form(providers, flash.clone()));
    let view = view! {
        <Card title="Fallbacks" note="asked in this order, as long as nothing of an answer has come">
            {list}
            {form}
        </Card>
    };
    Ok(view.into_any())
}

fn row(at: usize, last: usize, fallback: FallbackChoice, providers: &[Provider]) -> AnyView {
    let provider = providers.iter().find(|provider| provider.id == fallback.provider_id);
    let (name, default) =
        provider.map(|provider| (provider.name.clone(), provider.default_model.clone())).unwrap_or_default();
    let model = fallback.model.clone().unwrap_or(default);
    let title = format!("{}. {model} · {name}", at + 1);
    let button = |what: &'static str, label: &'static str, there: bool, variant: Variant| {
        let (of, asked) = (format!("{label} {model} of {name}"), fallback.model.clone().unwrap_or_default());
        let id = fallback.provider_id.to_string();
        there.then(|| {
            view! {
                <Form action=ArrangeFallback::url()>
                    <input type="hidden" name="position" value=at.to_string()/>
                    <input type="hidden" name="provider_id" value=id/>
                    <input type="hidden" name="model" value=asked/>
                    <input type="hidden" name="to" value=what/>
                    <Button kind="submit" variant=variant label=of>{label}</Button>
                </Form>
            }
        })
    };
    let (id, asked) = (fallback.provider_id.to_string(), fallback.model.clone().unwrap_or_default());
    let grip = (last > 0).then(|| {
        view! {
            <form class="grip" method="post" action=ArrangeFallback::url()>
                <input type="hidden" name="position" value=at.to_string()/>
                <input type="hidden" name="provider_id" value=id/>
                <input type="hidden" name="model" value=asked/>
                <input type="hidden" name="to" value=at.to_string()/>
                <span data-grip="" aria-hidden="true" title="Drag to put in order"><Icon glyph=Glyph::Grip/></span>
                <button type="submit" hidden=true></button>
            </form>
        }
    });
    view! {
        <li class="entry">
            {grip}
            <div class="entry-main"><p class="entry-title">{title}</p></div>
            <div class="entry-actions">
                {button("up", "Up", at > 0, Variant::Secondary)}
                {button("down", "Down", at < last, Variant::Secondary)}
                {button("remove", "Remove", true, Variant::Danger)}
            </div>
        </li>
    }
    .into_any()
}

fn add_form(providers: &[Provider], flash: Flash) -> AnyView {
    let options: Vec<(String, String)> = providers
        .iter()
        .filter(|provider| provider.provider != Kind::Sandbox)
        .map(|provider| (provider.id.to_string(), provider.name.clone()))
        .collect();
    if options.is_empty() {
        return ().into_any();
    }
    let error = flash.field.as_deref().filter(|field| field.starts_with("fallbacks")).map(|_| flash.message.clone());
    view! {
        <CardBody>
            <Form action=AddFallback::url()>
                <Select name="provider_id" id="fallback-provider" label="Ask instead" options=options chosen=flash.typed("provider_id") error=error/>
                <Field name="fallback_model" label="Which of its models" value=flash.typed("fallback_model") hint="Empty: the provider’s default."/>
                <div><Button kind="submit">"Add"</Button></div>
            </Form>
        </CardBody>
    }
    .into_any()
}
