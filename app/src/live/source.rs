//! The stream itself: opened with explicit cursors, and again after a failure, after a little longer each time.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast as _, closure::Closure},
    web_sys::{EventSource, MessageEvent},
};

/// Waits after a failure; the last one is kept.
const PAUSES: [u64; 6] = [250, 500, 1_000, 2_000, 5_000, 15_000];

/// The server says something every 15 seconds, be it that nothing has happened. Whoever hears nothing for so long (in milliseconds)
/// has a connection that is dead without knowing it: a lid was closed, or a router forgot.
const SILENCE: f64 = 40_000.0;
/// How often that is looked at.
const WATCH: Duration = Duration::from_secs(10);

/// What the stream says.
pub(super) enum Said<'a> {
    /// It is open, or has just failed.
    Open(bool),
    /// A frame of this name.
    Frame(&'a str, &'a str),
}

type Address = Rc<dyn Fn() -> String>;
type Hear = Rc<dyn Fn(Said)>;

#[derive(Default)]
struct State {
    source: Option<EventSource>,
    // The browser calls these as long as the source is open.
    closures: Vec<Closure<dyn FnMut(MessageEvent)>>,
    failures: usize,
    timer: Option<TimeoutHandle>,
    /// When something was last heard, in milliseconds since 1970.
    heard: f64,
}

/// An event stream that keeps itself open.
#[derive(Clone)]
pub(super) struct Source {
    state: Rc<RefCell<State>>,
    address: Address,
    hear: Hear,
}

impl Source {
    pub(super) fn new(address: Address, hear: Hear) -> Self {
        let this = Self { state: Rc::default(), address, hear };
        let watched = this.clone();
        // As long as the document lives.
        set_interval(move || watched.watch(), WATCH);
        let gone = this.clone();
        drop(window_event_listener(leptos::ev::offline, move |_| gone.lose()));
        let back = this.clone();
        drop(window_event_listener(leptos::ev::online, move |_| back.try_now()));
        this
    }

    /// Gives a connection up on which nothing is heard any more.
    fn watch(&self) {
        let silent = {
            let state = self.state.borrow();
            state.source.is_some() && js_sys::Date::now() - state.heard > SILENCE
        };
        if silent {
            self.fail();
        }
    }

    /// The network is gone: nobody waits for the silence that follows to be long enough.
    fn lose(&self) {
        if self.state.borrow().source.is_some() {
            self.fail();
        }
    }

    /// The network is back: nobody waits for the rest of a pause.
    fn try_now(&self) {
        if self.state.borrow().source.is_none() {
            self.state.borrow_mut().failures = 0;
            self.reopen();
        }
    }

    /// Opens the stream anew, a moment from now: what asks for it several times at once gets one.
    pub(super) fn reopen(&self) {
        self.open_after(Duration::from_millis(20));
    }

    fn open_after(&self, pause: Duration) {
        let this = self.clone();
        let timer = set_timeout_with_handle(move || this.open(), pause).ok();
        if let Some(waiting) = std::mem::replace(&mut self.state.borrow_mut().timer, timer) {
            waiting.clear();
        }
    }

    fn open(&self) {
        self.close();
        let Ok(source) = EventSource::new(&(self.address)()) else { return self.fail() };
        let mut closures = Vec::new();
        for name in ["hello", "event", "run", "gone", "presence", "beat"] {
            let this = self.clone();
            let frame = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
                {
                    let mut state = this.state.borrow_mut();
                    (state.failures, state.heard) = (0, js_sys::Date::now());
                }
                if let Some(data) = message.data().as_string() {
                    (this.hear)(Said::Frame(name, &data));
                }
            });
            // Fails only when memory is short.
            let _ = source.add_event_listener_with_callback(name, frame.as_ref().unchecked_ref());
            closures.push(frame);
        }
        let this = self.clone();
        let opened = Closure::<dyn FnMut(MessageEvent)>::new(move |_| (this.hear)(Said::Open(true)));
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        let this = self.clone();
        let failed = Closure::<dyn FnMut(MessageEvent)>::new(move |_| this.fail());
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        closures.extend([opened, failed]);
        let mut state = self.state.borrow_mut();
        (state.source, state.heard) = (Some(source), js_sys::Date::now());
        // The old ones may be running this very function: they go after it.
        let old = std::mem::replace(&mut state.closures, closures);
        set_timeout(move || drop(old), Duration::ZERO);
    }

    /// The browser would try again with the address of then; we want the cursors of now.
    fn fail(&self) {
        self.close();
        let failures = self.state.borrow().failures;
        self.state.borrow_mut().failures = failures + 1;
        (self.hear)(Said::Open(false));
        let pause = PAUSES.get(failures).or(PAUSES.last()).copied().unwrap_or_default();
        // Spread, so that not all browsers come back at once after a restart.
        self.open_after(Duration::from_millis(pause + (js_sys::Math::random() * pause as f64) as u64));
    }

    fn close(&self) {
        if let Some(source) = self.state.borrow_mut().source.take() {
            source.close();
        }
    }
}
