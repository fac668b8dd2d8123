//! Pages outside of a workspace: the way in and out, and one's account. Plain HTML with plain forms; the browser holds no code
//! of them, and loads no script.

use leptos::prelude::*;

/// The page of this address, whichever it is.
pub(crate) fn plain_page() -> AnyView {
    #[cfg(feature = "ssr")]
    {
        let path = leptos_router::hooks::use_location().pathname.get_untracked();
        let page =
            Suspend::new(async move { crate::pages::plain(&path).await.unwrap_or_else(super::read_page::failed) });
        view! { <div class="contents">{page}</div> }.into_any()
    }
    #[cfg(not(feature = "ssr"))]
    ().into_any()
}
