//! The test of a provider: a plain form, whose outcome the list then shows; with JavaScript also the models.

use hyvve_domain::{ids::ProviderId, providers::TestResult};
use leptos::{prelude::*, task::spawn_local};
use server_fn::ServerFn as _;

use super::api::{TestProvider, test_provider};
use crate::{
    ApiError,
    ui::{Button, Disclosure, counted},
};

/// Where a test stands.
#[derive(Clone)]
enum Test {
    Idle,
    Running,
    Ended(Result<TestResult, ApiError>),
}

/// A button that tries the key, and what came of it.
pub(super) fn test_form(id: ProviderId) -> AnyView {
    let test = RwSignal::new(Test::Idle);
    let running = Signal::derive(move || matches!(*test.read(), Test::Running));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        test.set(Test::Running);
        spawn_local(async move {
            let outcome = test_provider(id).await;
            // The row may be gone by then.
            test.try_set(Test::Ended(outcome));
        });
    };
    view! {
        <form method="post" action=TestProvider::url() on:submit=submit>
            <input type="hidden" name="id" value=id.to_string()/>
            <Button kind="submit" disabled=running>"Test"</Button>
        </form>
        <div role="status">{move || outcome(test.get())}</div>
    }
    .into_any()
}

fn outcome(test: Test) -> AnyView {
    match test {
        Test::Idle => ().into_any(),
        Test::Running => view! { <p class="text-muted-foreground">"Asking for its models…"</p> }.into_any(),
        Test::Ended(Err(error)) => view! { <p class="field-error">{error.to_string()}</p> }.into_any(),
        Test::Ended(Ok(TestResult { valid: false, error, .. })) => {
            view! { <p class="field-error">{error.unwrap_or_else(|| "It does not work.".to_owned())}</p> }.into_any()
        }
        Test::Ended(Ok(TestResult { models, .. })) => {
            let summary = format!("It works, and offers {}", counted(models.len() as u64, "model"));
            let models = models.into_iter().map(|model| view! { <li><code>{model}</code></li> }).collect_view();
            view! { <Disclosure summary=summary open=true><ul class="models">{models}</ul></Disclosure> }.into_any()
        }
    }
}
