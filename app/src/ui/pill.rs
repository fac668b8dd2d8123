//! A pill: one or two words of state.

use leptos::prelude::*;

/// What a pill's colour says. Green and red are for outcomes only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Neutral,
    /// Active, or waiting for somebody.
    Honey,
    /// Went well, or can be taken back.
    Good,
    /// Went wrong, or can't be taken back.
    Bad,
    /// Should be looked at soon.
    Warn,
    /// Worth knowing.
    Info,
}

impl Tone {
    /// The class that paints a pill, or a text in a pill's colours.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "pill pill-neutral",
            Self::Honey => "pill pill-honey",
            Self::Good => "pill pill-good",
            Self::Bad => "pill pill-bad",
            Self::Warn => "pill pill-warn",
            Self::Info => "pill pill-info",
        }
    }
}

/// One or two words of state.
#[component]
pub fn Pill(
    /// What it says.
    #[prop(into)]
    text: String,
    /// What its colour says.
    #[prop(optional)]
    tone: Tone,
) -> impl IntoView {
    view! { <span class=tone.class()>{text}</span> }
}
