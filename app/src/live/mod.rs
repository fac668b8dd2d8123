//! What happens in the workspace, as it happens.
//!
//! All tabs of a browser share **one** event stream: HTTP/1.1 allows six connections, and three tabs must not hang. The
//! tab that holds a Web Lock opens the stream and passes every frame on over a BroadcastChannel (`tab.rs`); the others ask
//! it to follow their runs too. Every tab counts for itself what it has seen, so that whoever takes over goes on exactly
//! there.

#[cfg(feature = "hydrate")]
pub(crate) mod frame;
#[cfg(feature = "hydrate")]
pub(crate) mod hub;
#[cfg(feature = "hydrate")]
mod source;
#[cfg(feature = "hydrate")]
mod tab;

use hyvve_domain::{agents::RunEvent, ids::RunId};
use leptos::prelude::*;

/// Something happened in the workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveEvent {
    /// Dotted, lower case: `approval.requested`.
    pub name: String,
    /// The id of what it is about.
    pub subject: Option<String>,
}

impl LiveEvent {
    /// Whether its name begins with one of `names`.
    pub fn is_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.starts_with(name))
    }
}

/// The workspace's stream of events, for components; on the server nothing ever comes.
#[derive(Clone, Copy)]
pub struct Live;

impl Live {
    /// Runs `callback` for each event whose name begins with one of `names`, until the component goes away.
    pub fn on(self, names: &'static [&'static str], callback: impl Fn(&LiveEvent) + 'static) {
        #[cfg(feature = "hydrate")]
        {
            let id = hub::listen(move |event| {
                if event.is_of(names) {
                    callback(event);
                }
            });
            on_cleanup(move || hub::forget(id));
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (names, callback);
    }

    /// A number that grows with each event whose name begins with one of `names`: the source of a resource that shows
    /// them.
    pub fn version(self, names: &'static [&'static str]) -> Signal<u32> {
        let version = RwSignal::new(0);
        self.on(names, move |_| version.update(|n| *n += 1));
        version.into()
    }

    /// Calls `callback` with a run's events from `from` on, until the run ends or the answer is called. Events may come
    /// twice, never with a gap: [`hyvve_domain::agents::Turn::apply`] tells what to do with them.
    pub fn follow_run(
        self,
        run: RunId,
        from: i32,
        callback: impl Fn(RunEvent) + 'static,
    ) -> impl Fn() + Clone + Send + Sync + 'static {
        #[cfg(feature = "hydrate")]
        {
            hub::follow(run.to_string(), from, move |json| {
                if let Ok(event) = serde_json::from_str(json) {
                    callback(event);
                }
            })
        }
        #[cfg(not(feature = "hydrate"))]
        {
            let _ = (run, from, callback);
            || ()
        }
    }
}

/// The workspace's stream.
pub fn use_live() -> Live {
    Live
}
