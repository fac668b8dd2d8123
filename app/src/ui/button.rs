//! Buttons, and links that look like them.

use leptos::prelude::*;

/// How much a button wants to be pressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Variant {
    /// The one thing to do here: ink.
    Primary,
    /// Everything else.
    #[default]
    Secondary,
    /// Says no, or removes something.
    Danger,
    /// Without a border, in bars and rows.
    Ghost,
    /// A square around an icon; give it a `label`.
    Icon,
}

impl Variant {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Secondary => "btn",
            Self::Danger => "btn btn-danger",
            Self::Ghost => "btn btn-ghost",
            Self::Icon => "btn btn-ghost btn-icon",
        }
    }
}

/// A button. `kind="submit"` sends its form; `name` and `value` go with it.
#[component]
pub fn Button(
    /// What it says.
    children: Children,
    /// How it looks.
    #[prop(optional)]
    variant: Variant,
    /// `button`, or `submit` to send the form around it.
    #[prop(default = "button")]
    kind: &'static str,
    /// The field that it sends.
    #[prop(optional)]
    name: Option<&'static str>,
    /// The field's value.
    #[prop(optional)]
    value: Option<&'static str>,
    /// What it does, where it only shows an icon; also its tooltip.
    #[prop(optional, into)]
    label: Option<String>,
    /// The key that does the same, announced to assistive technology.
    #[prop(optional)]
    shortcut: Option<&'static str>,
    /// Whether it is out of use.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What it does.
    #[prop(optional, into)]
    on_click: Option<Callback<()>>,
) -> AnyView {
    let press = move |_| {
        if let Some(callback) = on_click {
            callback.run(());
        }
    };
    view! {
        <button
            class=variant.class()
            type=kind
            name=name
            value=value
            title=label.clone()
            aria-label=label
            aria-keyshortcuts=shortcut
            disabled=move || disabled.get()
            on:click=press
        >
            {children()}
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    /// Where it goes.
    #[prop(into)]
    href: String,
    /// How it looks.
    #[prop(optional)]
    variant: Variant,
    /// What it says.
    children: Children,
) -> AnyView {
    view! { <a class=variant.class() href=href>{children()}</a> }.into_any()
}
