//! The document's one place in the workspace's stream, and who listens to it. It belongs to the document, not to a
//! component: the shell listens on pages that hold no application at all.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{LiveEvent, tab::Tab};

type Listener = Rc<dyn Fn(&LiveEvent)>;
type OnlineListener = Rc<dyn Fn(bool)>;

#[derive(Default)]
struct Hub {
    listeners: RefCell<Vec<(u32, Listener)>>,
    next: Cell<u32>,
    online: RefCell<Vec<OnlineListener>>,
    tab: RefCell<Option<Tab>>,
}

thread_local! {
    static HUB: Hub = Hub::default();
}

/// Joins the workspace's stream; once, by the shell. `cursor` is the newest event that the page was rendered with.
pub(crate) fn join(workspace: &str, cursor: i64) {
    let tab = Tab::join(workspace, cursor);
    HUB.with(|hub| hub.tab.replace(Some(tab)));
}

/// Calls `listener` with each event of the workspace, until the answer is given to [`forget`].
pub(crate) fn listen(listener: impl Fn(&LiveEvent) + 'static) -> u32 {
    HUB.with(|hub| {
        let id = hub.next.get();
        hub.next.set(id + 1);
        hub.listeners.borrow_mut().push((id, Rc::new(listener)));
        id
    })
}

/// Calls a listener no more.
pub(super) fn forget(id: u32) {
    HUB.with(|hub| hub.listeners.borrow_mut().retain(|(other, _)| *other != id));
}

/// Calls `listener` whenever the stream has opened (true) or failed.
pub(crate) fn listen_online(listener: impl Fn(bool) + 'static) {
    HUB.with(|hub| hub.online.borrow_mut().push(Rc::new(listener)));
}

/// Calls `deliver` with a run's events from `from` on, as JSON, until the run ends or the answer is called.
pub(crate) fn follow(
    run: String,
    from: i32,
    deliver: impl Fn(&str) + 'static,
) -> impl Fn() + Clone + Send + Sync + 'static {
    let id = with_tab(|tab| tab.follow(&run, from, Rc::new(deliver))).unwrap_or_default();
    move || {
        with_tab(|tab| tab.unfollow(&run, id));
    }
}

fn with_tab<T>(act: impl FnOnce(&Tab) -> T) -> Option<T> {
    let tab = HUB.with(|hub| hub.tab.borrow().clone());
    tab.map(|tab| act(&tab))
}

/// An event has arrived.
pub(super) fn tell(event: &LiveEvent) {
    // Listeners may add and remove listeners: call them outside the list.
    let listeners = HUB.with(|hub| hub.listeners.borrow().clone());
    for (_, listener) in listeners {
        listener(event);
    }
}

/// The stream has opened or failed.
pub(super) fn set_online(online: bool) {
    let listeners = HUB.with(|hub| hub.online.borrow().clone());
    for listener in listeners {
        listener(online);
    }
}
