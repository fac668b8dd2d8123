//! Pages that are only read. The server renders them from what its services say; the browser holds no code of them, and
//! asks for the HTML when it goes from one page to another, or when something has happened that the page shows.

#[cfg(feature = "ssr")]
use hyvve_domain::{Actor, Code, services::Services};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[cfg(feature = "ssr")]
use super::NotFound;
#[cfg(feature = "ssr")]
use crate::{
    ApiError, context,
    ui::{ErrorState, page_title},
};

/// The page of this address, whichever it is.
pub(crate) fn read_page() -> AnyView {
    let location = use_location();
    #[cfg(feature = "ssr")]
    {
        let path = location.pathname.get_untracked();
        let page = Suspend::new(async move {
            let page = async { crate::pages::read(&Visit::new().await?, &path).await };
            page.await.unwrap_or_else(failed)
        });
        view! { <div id="page" class="contents">{page}</div> }.into_any()
    }
    #[cfg(not(feature = "ssr"))]
    {
        #[cfg(feature = "hydrate")]
        Effect::new(move |before: Option<()>| {
            let (path, query) = (location.pathname.get(), location.search.get());
            let address = if query.is_empty() { path } else { format!("{path}?{query}") };
            // The first one may have come with the document.
            let here = before.is_none() && document().query_selector("#page > *").is_ok_and(|page| page.is_some());
            if !here {
                super::conductor::load(address);
            }
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = location;
        view! { <div id="page" class="contents"></div> }.into_any()
    }
}

#[cfg(feature = "ssr")]
pub(super) fn failed(error: ApiError) -> AnyView {
    crate::forms::page_status(error.code());
    match error.code() {
        Code::NotFound => view! { <NotFound/> }.into_any(),
        Code::Unauthorized => view! { <ErrorState error=error href="/sign-in" action="Sign in"/> }.into_any(),
        _ => {
            page_title("Not now");
            view! { <ErrorState error=error/> }.into_any()
        }
    }
}

/// Somebody who looks at a page, and what the address says beside its path.
#[cfg(feature = "ssr")]
pub(crate) struct Visit {
    pub(crate) services: Services,
    pub(crate) actor: Actor,
    query: leptos_router::params::ParamsMap,
}

#[cfg(feature = "ssr")]
impl Visit {
    async fn new() -> Result<Self, ApiError> {
        let query = leptos_router::hooks::use_query_map().get_untracked();
        let (services, actor) = context::actor().await?;
        Ok(Self { services, actor, query })
    }

    /// What the address says of `key`.
    pub(crate) fn query(&self, key: &str) -> Option<String> {
        self.query.get(key)
    }

    /// The same as a number or an id; what is neither counts as not said.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.query(key)?.parse().ok()
    }

    /// Everything that it says of `key`, in its order.
    pub(crate) fn all(&self, key: &str) -> Vec<String> {
        self.query.get_all(key).unwrap_or_default()
    }
}
