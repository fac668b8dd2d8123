//! The test of a provider: a plain form, and what came of it on the page that shows next.

use hyvve_domain::ids::ProviderId;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::TestProvider;
use crate::{flash::Flash, ui::Button};

/// A button that tries the key, and the models that the last try has found. Why one failed stands in the row.
pub(super) fn test_form(id: ProviderId, flash: &Flash) -> AnyView {
    let found = (flash.typed("tested") == id.to_string()).then(|| flash.typed("models"));
    view! {
        <form method="post" action=TestProvider::url()>
            <input type="hidden" name="id" value=id.to_string()/>
            <Button kind="submit">"Test"</Button>
        </form>
        {found.map(|models| view! { <p role="status">{format!("It works, and offers {models}")}</p> })}
    }
    .into_any()
}
