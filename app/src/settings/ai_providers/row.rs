//! A provider in the list.

use hyvve_domain::providers::{Kind, Provider};
use leptos::prelude::*;

use super::test::test_form;
use crate::{
    agents::SANDBOX,
    flash::Flash,
    shell::use_frame,
    ui::{ButtonLink, Pill, Time, Tone, Variant},
};

/// The page's address in the workspace.
pub(super) const HERE: &str = "/settings/ai-providers";

/// What it is, how its last test went, and what one can do with it.
pub(super) fn provider_row(provider: Provider, flash: &Flash) -> AnyView {
    let facts = facts(&provider).into_iter().map(|fact| view! { <span>{fact}</span> }).collect_view();
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">
                    {provider.name.clone()}" "
                    {provider.is_default.then(|| view! { <Pill text="default" tone=Tone::Honey/> })}
                </p>
                <div class="meta">{facts}</div>
                <Checked provider=provider.clone()/>
                {test_form(provider.id, flash)}
            </div>
            <Actions provider=provider/>
        </li>
    }
    .into_any()
}

/// Edit and Delete, as links: each opens its form on this page. The default one stays until another is the default.
#[component]
fn Actions(provider: Provider) -> AnyView {
    let frame = use_frame();
    let action = |word: &'static str, what: &str, variant: Variant| {
        let href = frame.href(&format!("{HERE}?{what}={}", provider.id));
        let name = format!(" {}", provider.name);
        view! { <ButtonLink variant=variant href=href>{word}<span class="sr-only">{name}</span></ButtonLink> }
    };
    view! {
        <div class="entry-actions">
            {action("Edit", "edit", Variant::Secondary)}
            {(!provider.is_default).then(|| action("Delete", "delete", Variant::Danger))}
        </div>
    }
    .into_any()
}

fn facts(provider: &Provider) -> Vec<String> {
    if provider.provider == Kind::Sandbox {
        return vec![SANDBOX.to_owned()];
    }
    let key = match provider.key_hint.as_deref() {
        None => "no key".to_owned(),
        Some("") => "a key is stored".to_owned(),
        Some(hint) => format!("key ending in {hint}"),
    };
    [
        Some(provider.provider.label().to_owned()),
        Some(provider.default_model.clone()),
        provider.base_url.clone(),
        Some(key),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How the last test went.
#[component]
fn Checked(provider: Provider) -> AnyView {
    match (provider.checked_at, provider.check_error) {
        (None, _) => ().into_any(),
        (Some(at), None) => {
            view! { <p class="meta"><Pill text="works" tone=Tone::Good/><span>"tested "<Time at=at/></span></p> }.into_any()
        }
        (Some(at), Some(error)) => view! {
            <p class="meta"><Pill text="does not work" tone=Tone::Bad/><span>"tested "<Time at=at/></span><span>{error}</span></p>
        }
        .into_any(),
    }
}
