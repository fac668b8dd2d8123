//! The four faces of loaded data: a skeleton while it comes, an error with Retry, the view, and the old view while new
//! data comes.

use hyvve_domain::Code;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::{ErrorState, Skeleton};
use crate::ApiError;

/// Shows a resource, with a skeleton while it loads.
pub fn loaded<T>(
    resource: Resource<Result<T, ApiError>>,
    show: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let retry = Callback::new(move |()| resource.refetch());
    let body = move || match resource.get()? {
        Ok(value) => Some(show(value)),
        Err(error) => Some(failed(error, retry)),
    };
    view! { <Transition fallback=|| view! { <Skeleton/> }>{body}</Transition> }.into_any()
}

/// What cannot be shown says why; on the server it also sets the page's status.
fn failed(error: ApiError, retry: Callback<()>) -> AnyView {
    #[cfg(feature = "ssr")]
    crate::forms::page_status(error.code());
    if error.code() == Code::Unauthorized {
        return view! { <ErrorState error=error href="/sign-in" action="Sign in"/> }.into_any();
    }
    view! { <ErrorState error=error retry=retry/> }.into_any()
}
