//! What happens in the workspace, as it happens.
//!
//! All tabs of a browser share **one** event stream: HTTP/1.1 allows six connections, and three tabs must not hang. The
//! tab that holds a Web Lock opens the stream and passes every frame on over a BroadcastChannel (`tab.rs`); the others ask
//! it to follow their runs too. Every tab counts for itself what it has seen, so that whoever takes over goes on exactly
//! there.

#[cfg(feature = "hydrate")]
mod frame;
#[cfg(feature = "hydrate")]
mod source;
#[cfg(feature = "hydrate")]
mod tab;

use std::sync::Arc;

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

type Listener = Arc<dyn Fn(&LiveEvent) + Send + Sync>;

/// The workspace's stream of events.
#[derive(Clone, Copy)]
pub struct Live {
    online: RwSignal<bool>,
    listeners: StoredValue<Vec<(u32, Listener)>>,
    next: StoredValue<u32>,
    #[cfg(feature = "hydrate")]
    tab: StoredValue<Option<tab::Tab>, LocalStorage>,
}

impl Live {
    fn new() -> Self {
        Self {
            online: RwSignal::new(true),
            listeners: StoredValue::new(Vec::new()),
            next: StoredValue::new(0),
            #[cfg(feature = "hydrate")]
            tab: StoredValue::new_local(None),
        }
    }

    /// Whether the stream is open. True until the first failure, so that nothing flashes at the start.
    pub fn online(&self) -> Signal<bool> {
        self.online.into()
    }

    /// Runs `callback` for each event whose name begins with one of `names`, until the component goes away.
    pub fn on(&self, names: &'static [&'static str], callback: impl Fn(&LiveEvent) + Send + Sync + 'static) {
        let (listeners, id) = (self.listeners, self.next.get_value());
        self.next.set_value(id + 1);
        let listener = move |event: &LiveEvent| {
            if names.iter().any(|name| event.name.starts_with(name)) {
                callback(event);
            }
        };
        listeners.update_value(|all| all.push((id, Arc::new(listener))));
        on_cleanup(move || {
            // The shell, and the listeners with it, may go away first.
            listeners.try_update_value(|all| all.retain(|(other, _)| *other != id));
        });
    }

    /// A number that grows with each event whose name begins with one of `names`: the source of a resource that shows
    /// them.
    pub fn version(&self, names: &'static [&'static str]) -> Signal<u32> {
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
    ) -> impl Fn() + Clone + 'static {
        #[cfg(feature = "hydrate")]
        {
            let deliver = move |json: &str| {
                if let Ok(event) = serde_json::from_str(json) {
                    callback(event);
                }
            };
            let id = self.with_tab(|tab| tab.follow(&run.to_string(), from, std::rc::Rc::new(deliver)));
            move || {
                self.with_tab(|tab| tab.unfollow(&run.to_string(), id.unwrap_or_default()));
            }
        }
        #[cfg(not(feature = "hydrate"))]
        {
            let _ = (run, from, callback);
            || ()
        }
    }
}

#[cfg(feature = "hydrate")]
impl Live {
    fn with_tab<T>(self, act: impl FnOnce(&tab::Tab) -> T) -> Option<T> {
        self.tab.try_get_value().flatten().map(|tab| act(&tab))
    }

    fn tell(self, event: &LiveEvent) {
        // Listeners may add and remove listeners: call them outside the list.
        for (_, listener) in self.listeners.try_get_value().unwrap_or_default() {
            listener(event);
        }
    }

    fn set_online(self, online: bool) {
        // The shell may be gone; then nobody wants to know.
        self.online.try_set(online);
    }
}

/// Joins the workspace's stream; once, by the shell. `cursor` is the newest event that the page was rendered with.
pub fn provide_live(workspace: &str, cursor: i64) {
    let live = Live::new();
    provide_context(live);
    #[cfg(feature = "hydrate")]
    {
        let workspace = workspace.to_owned();
        Effect::new(move || live.tab.set_value(Some(tab::Tab::join(&workspace, cursor, live))));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (workspace, cursor);
}

/// The workspace's stream; outside of a workspace one on which nothing ever comes.
pub fn use_live() -> Live {
    use_context().unwrap_or_else(Live::new)
}
