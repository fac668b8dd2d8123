//! A provider in the list.

use hyvve_domain::{
    providers::{Kind, Provider},
    usage::{Amounts, dollars},
};
use leptos::prelude::*;

use super::test::test_form;
use crate::{
    agents::SANDBOX,
    flash::Flash,
    shell::use_frame,
    ui::{ButtonLink, Pill, Time, Tone, Variant, counted},
};

/// The page's address in the workspace.
pub(super) const HERE: &str = "/settings/ai-providers";

/// A line for each of what it is, whether it works, what it has cost this month and what came of a test just now; and what one
/// can do with it.
pub(super) fn provider_row(provider: Provider, month: Option<Amounts>, flash: &Flash) -> AnyView {
    let facts = facts(&provider).into_iter().map(|fact| view! { <span>{fact}</span> }).collect_view();
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">
                    {provider.name.clone()}" "
                    {provider.is_default.then(|| view! { <Pill text="default" tone=Tone::Honey/> })}
                </p>
                <div class="meta">{facts}</div>
                <State provider=provider.clone()/>
                {(provider.provider != Kind::Sandbox).then(|| view! { <p class="meta">{spent(month)}</p> })}
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

/// What its calls of this month have cost, as far as their prices are known.
fn spent(month: Option<Amounts>) -> String {
    let Some(Amounts { calls, unpriced, cost_micros, .. }) = month else { return "not used this month".to_owned() };
    let of = counted(calls.unsigned_abs(), "call");
    match unpriced {
        0 => format!("{} this month, in {of}", dollars(cost_micros)),
        _ if unpriced == calls => format!("price unknown, {of} this month"),
        _ => format!("{} this month, in {of}; the price of {unpriced} is unknown", dollars(cost_micros)),
    }
}

/// Whether it works, as far as the last test knows.
#[component]
fn State(provider: Provider) -> AnyView {
    let Some(at) = provider.checked_at else {
        // There is nothing in the sandbox that could break.
        let never = (provider.provider != Kind::Sandbox).then(|| view! { <Pill text="never tested"/> });
        return view! { <p class="meta">{never}</p> }.into_any();
    };
    let tested = view! { <span>"tested "<Time at=at/></span> };
    match provider.check_error {
        None => view! { <p class="meta"><Pill text="works" tone=Tone::Good/>{tested}</p> }.into_any(),
        Some(error) => {
            let since = provider.failing_since.map(|at| view! { <span>"since "<Time at=at/></span> });
            view! {
                <p class="meta"><Pill text="does not work" tone=Tone::Bad/>{since}{tested}<span>{error}</span></p>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use hyvve_domain::usage::Amounts;

    use super::spent;

    #[test]
    fn what_is_not_known_is_not_called_free() {
        let month =
            |calls, unpriced, cost_micros| spent(Some(Amounts { calls, unpriced, cost_micros, ..Amounts::default() }));
        assert_eq!(spent(None), "not used this month");
        assert_eq!(month(1, 0, 1_250_000), "$1.25 this month, in 1 call");
        assert_eq!(month(3, 3, 0), "price unknown, 3 calls this month");
        assert_eq!(month(3, 1, 20_000), "$0.02 this month, in 3 calls; the price of 1 is unknown");
    }
}
