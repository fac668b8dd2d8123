//! Who else looks at the card that is open.

#[cfg(feature = "hydrate")]
use std::time::Duration;

use hyvve_domain::ids::ApprovalId;
use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::task::spawn_local;

#[cfg(feature = "hydrate")]
use super::api::watch_approval;
#[cfg(feature = "hydrate")]
use crate::{live::use_live, shell::use_frame};

/// How often one says that the card is open. What was said is over after 25 seconds.
#[cfg(feature = "hydrate")]
const BEAT: Duration = Duration::from_secs(10);

/// The names of those who have the card open besides. Says that it is open here, until it is not.
pub(super) fn use_presence(id: Signal<Option<ApprovalId>>) -> Signal<Vec<String>> {
    let names = RwSignal::new(Vec::new());
    #[cfg(feature = "hydrate")]
    {
        let tab = js_sys::Math::random().to_string();
        let watch = Watch { id, names, tab: StoredValue::new(tab.clone()) };
        let workspace = use_frame().data().workspace.to_string();
        let leave = move |id: ApprovalId| beacon(&workspace, id, &tab);
        let left = leave.clone();
        Effect::watch(
            move || id.get(),
            move |_, before, _| {
                if let Some(Some(before)) = before {
                    left(*before);
                }
                watch.names.set(Vec::new());
                watch.beat();
            },
            true,
        );
        let beats = set_interval_with_handle(move || watch.beat(), BEAT);
        let gone = leave.clone();
        let hidden = window_event_listener_untyped("pagehide", move |_| {
            if let Some(id) = watch.id.try_get_untracked().flatten() {
                gone(id);
            }
        });
        use_live().on(&["presence"], move |event| {
            if event.subject.as_deref().and_then(|id| id.parse().ok()) == watch.id.get_untracked() {
                watch.beat();
            }
        });
        on_cleanup(move || {
            hidden.remove();
            if let Ok(beats) = beats {
                beats.clear();
            }
            if let Some(id) = watch.id.try_get_untracked().flatten() {
                leave(id);
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = id;
    names.into()
}

#[cfg(feature = "hydrate")]
#[derive(Clone, Copy)]
struct Watch {
    id: Signal<Option<ApprovalId>>,
    names: RwSignal<Vec<String>>,
    tab: StoredValue<String>,
}

#[cfg(feature = "hydrate")]
impl Watch {
    /// Says that the card is open, and learns who else has it.
    fn beat(self) {
        let Some(id) = self.id.get_untracked() else { return };
        spawn_local(async move {
            let Some(tab) = self.tab.try_get_value() else { return };
            // Without an answer nobody is known to be there.
            let names = watch_approval(id, tab).await.unwrap_or_default();
            if self.id.try_get_untracked() == Some(Some(id)) {
                self.names.set(names);
            }
        });
    }
}

/// Says that the card is not open any more, also while the page goes away: the browser sends it by itself.
#[cfg(feature = "hydrate")]
fn beacon(workspace: &str, id: ApprovalId, tab: &str) {
    use leptos::wasm_bindgen::{JsCast as _, JsValue};

    let navigator = window().navigator();
    let send = js_sys::Reflect::get(&navigator, &"sendBeacon".into()).unwrap_or(JsValue::UNDEFINED);
    if let Some(send) = send.dyn_ref::<js_sys::Function>() {
        let address = format!("/api/approvals/{id}/presence?workspace={workspace}");
        let body = format!(r#"{{"tab":"{tab}","here":false}}"#);
        // What is not sent is over after a while by itself.
        let _ = send.call2(&navigator, &address.into(), &body.into());
    }
}

/// The line that says who is there; it is read out when somebody comes.
pub(super) fn watchers(names: Signal<Vec<String>>) -> AnyView {
    let line = move || words(&names.read());
    view! { <p class="watchers" role="status" aria-live="polite">{line}</p> }.into_any()
}

/// “Grace Hopper is looking at this too.”
fn words(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} is looking at this too.")),
        [one, other] => Some(format!("{one} and {other} are looking at this too.")),
        [one, others @ ..] => Some(format!("{one} and {} others are looking at this too.", others.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn it_says_who_is_there() {
        let names = |names: &[&str]| words(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&[]), None);
        assert_eq!(names(&["Grace Hopper"]).as_deref(), Some("Grace Hopper is looking at this too."));
        assert_eq!(names(&["Ada", "Alan"]).as_deref(), Some("Ada and Alan are looking at this too."));
        assert_eq!(names(&["Ada", "Alan", "Grace"]).as_deref(), Some("Ada and 2 others are looking at this too."));
    }
}
