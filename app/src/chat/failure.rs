//! Why a run failed, in words, and what to do about it.

use hyvve_domain::agents::RunFailure;
use leptos::prelude::*;

use crate::{
    shell::use_frame,
    ui::{ButtonLink, Glyph, Icon},
};

/// What remedies call the page of providers.
const PROVIDERS: &str = "Settings → AI providers";

/// What happened and what to do, with the way there.
#[component]
pub fn Failure(
    /// Why it failed.
    error: RunFailure,
    /// More that one can do.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    let there = error.remedy.contains(PROVIDERS).then(|| {
        let href = use_frame().href("/settings/ai-providers");
        view! { <ButtonLink href=href>"AI providers"</ButtonLink> }
    });
    view! {
        <div class="failure" role="alert">
            <Icon glyph=Glyph::Warning/>
            <div class="grow min-w-0">
                <p class="font-semibold">{error.message}</p>
                {error.said.map(|said| view! { <p class="text-muted-foreground">"The provider said: “"{said}"”"</p> })}
                <p>{error.remedy}</p>
                <div class="flex flex-wrap gap-2 pt-2">{children.map(|children| children())}{there}</div>
            </div>
        </div>
    }
    .into_any()
}
