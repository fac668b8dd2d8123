//! This tab among the browser's tabs: one of them reads the stream and tells the others.
//!
//! Messages on the channel are texts, a letter and what it is about:
//! `e` an event, `r` a run's event, `g` a run that is gone and `p` that somebody came or left, as the stream sent them; `o` whether the stream is open (`1`, `0`);
//! `c` "I have seen events up to …"; `f` "follow this run from …"; `?` "I read the stream from now on: which runs do you
//! follow?" A run stays in the stream until it ends, even if nobody looks at it any more: that is cheaper than asking around.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt::Write as _,
    rc::Rc,
};

use js_sys::{Function, Promise, Reflect};
use leptos::{
    prelude::window,
    wasm_bindgen::{JsCast as _, JsValue, closure::Closure},
    web_sys::{BroadcastChannel, MessageEvent},
};

use super::{
    frame, hub,
    source::{Said, Source},
};

/// The most runs that one stream follows: the newest.
const RUNS_MAX: usize = 40;

type Deliver = Rc<dyn Fn(&str)>;

/// A run that this tab follows.
#[derive(Default)]
struct Followed {
    /// The next index.
    next: i32,
    /// Who wants its events.
    deliver: Vec<(u32, Deliver)>,
}

/// This tab's part in the browser's one stream.
#[derive(Clone)]
pub(super) struct Tab(Rc<Inner>);

struct Inner {
    workspace: String,
    channel: Option<BroadcastChannel>,
    /// The number of the newest event that this tab has seen.
    cursor: Cell<i64>,
    /// The runs that this tab follows.
    own: RefCell<BTreeMap<String, Followed>>,
    /// Numbers those who follow.
    followers: Cell<u32>,
    /// The runs that the stream follows, for all tabs: the next index.
    all: RefCell<BTreeMap<String, i32>>,
    /// The stream, in the tab that reads it.
    source: RefCell<Option<Source>>,
    /// That stream has failed, and is not open again yet.
    failed: Cell<bool>,
}

impl Tab {
    pub(super) fn join(workspace: &str, cursor: i64) -> Self {
        let tab = Self(Rc::new(Inner {
            workspace: workspace.to_owned(),
            channel: BroadcastChannel::new(&format!("hyvve-live-{workspace}")).ok(),
            cursor: Cell::new(cursor),
            own: RefCell::default(),
            followers: Cell::new(0),
            all: RefCell::default(),
            source: RefCell::default(),
            failed: Cell::new(false),
        }));
        tab.listen();
        tab.send(&format!("c{cursor}"));
        tab.stand_for_reader();
        tab
    }

    /// Answers the number that [`Tab::unfollow`] wants.
    pub(super) fn follow(&self, run: &str, from: i32, deliver: Deliver) -> u32 {
        let id = self.0.followers.get();
        self.0.followers.set(id + 1);
        let mut own = self.0.own.borrow_mut();
        let followed = own.entry(run.to_owned()).or_default();
        followed.next = from;
        followed.deliver.push((id, deliver));
        drop(own);
        self.send(&format!("f{run}:{from}"));
        self.also_read(run, from);
        id
    }

    pub(super) fn unfollow(&self, run: &str, id: u32) {
        let mut own = self.0.own.borrow_mut();
        if let Some(followed) = own.get_mut(run) {
            followed.deliver.retain(|(other, _)| *other != id);
            if followed.deliver.is_empty() {
                own.remove(run);
            }
        }
    }

    fn send(&self, message: &str) {
        if let Some(channel) = &self.0.channel {
            // Fails only on a closed channel, and nobody closes it.
            let _ = channel.post_message(&message.into());
        }
    }

    fn listen(&self) {
        let Some(channel) = &self.0.channel else { return };
        let tab = self.clone();
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(text) = message.data().as_string() {
                tab.hear(&text);
            }
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        // As long as the document lives.
        heard.forget();
    }

    /// What another tab says.
    fn hear(&self, message: &str) {
        let (kind, rest) = message.split_at_checked(1).unwrap_or_default();
        match kind {
            "e" => self.event(rest),
            "r" => self.run(rest),
            "g" => self.gone(rest),
            "p" => presence(rest),
            "o" => hub::set_online(rest == "1"),
            "c" => self.catch_up(rest.parse().unwrap_or(i64::MAX)),
            "f" => {
                if let Some((run, from)) = rest.split_once(':') {
                    self.also_read(run, from.parse().unwrap_or(0));
                }
            }
            "?" => {
                self.0.own.borrow().iter().for_each(|(run, followed)| self.send(&format!("f{run}:{}", followed.next)));
            }
            _ => {}
        }
    }

    /// An event of the workspace. Those that were seen before are passed over.
    fn event(&self, json: &str) {
        if let Some((seq, event)) = frame::event(json)
            && seq > self.0.cursor.get()
        {
            self.0.cursor.set(seq);
            hub::tell(&event);
        }
    }

    /// An event of a run.
    fn run(&self, json: &str) {
        let Some(frame) = frame::run(json) else { return };
        if let Some(next) = self.0.all.borrow_mut().get_mut(&frame.run) {
            *next = (*next).max(frame.index + 1);
        }
        let followers = self.0.own.borrow_mut().get_mut(&frame.run).map(|followed| {
            followed.next = followed.next.max(frame.index + 1);
            followed.deliver.clone()
        });
        // They may follow and unfollow: call them outside the list.
        for (_, deliver) in followers.into_iter().flatten() {
            deliver(&frame.json);
        }
        if frame.last {
            self.drop_run(&frame.run);
        }
    }

    /// A run that cannot be followed, or no longer.
    fn gone(&self, json: &str) {
        if let Some(run) = frame::gone(json) {
            self.drop_run(&run);
        }
    }

    fn drop_run(&self, run: &str) {
        self.0.own.borrow_mut().remove(run);
        self.0.all.borrow_mut().remove(run);
    }
}

/// Somebody came to an approval, or left it.
fn presence(json: &str) {
    if let Some(event) = frame::presence(json) {
        hub::tell(&event);
    }
}

/// The part of the one tab that reads the stream.
impl Tab {
    /// Reads the stream as soon as no other tab does. Without Web Locks (plain http on another machine) every tab does.
    fn stand_for_reader(&self) {
        let tab = self.clone();
        let begin = Closure::once_into_js(move || {
            tab.read();
            // Held until the tab goes away: this promise never ends.
            Promise::new(&mut |_, _| {})
        });
        let name = JsValue::from(format!("hyvve-live-{}", self.0.workspace));
        let locks = Reflect::get(&window().navigator(), &"locks".into()).unwrap_or(JsValue::UNDEFINED);
        let request = Reflect::get(&locks, &"request".into()).ok().and_then(|f| f.dyn_into::<Function>().ok());
        let asked = request.and_then(|request| request.call2(&locks, &name, &begin).ok());
        if asked.is_none() {
            self.read();
        }
    }

    fn read(&self) {
        let (tab, ears) = (self.clone(), self.clone());
        let source = Source::new(Rc::new(move || tab.address()), Rc::new(move |said| ears.pass_on(&said)));
        source.reopen();
        *self.0.source.borrow_mut() = Some(source);
        let own = self.0.own.borrow();
        self.0.all.borrow_mut().extend(own.iter().map(|(run, followed)| (run.clone(), followed.next)));
        self.send("?");
    }

    fn pass_on(&self, said: &Said) {
        match said {
            Said::Open(open) => {
                self.0.failed.set(!open);
                hub::set_online(*open);
                self.send(if *open { "o1" } else { "o0" });
            }
            Said::Frame("event", json) => {
                self.send(&format!("e{json}"));
                self.event(json);
            }
            Said::Frame("run", json) => {
                self.send(&format!("r{json}"));
                self.run(json);
            }
            Said::Frame("gone", json) => {
                self.send(&format!("g{json}"));
                self.gone(json);
            }
            Said::Frame("presence", json) => {
                self.send(&format!("p{json}"));
                presence(json);
            }
            // That something was said is all that it says.
            Said::Frame("beat", _) => {}
            Said::Frame(_, json) => {
                // A database that was restored from a backup numbers from further back.
                if let Some(head) = frame::hello(json).filter(|head| *head < self.0.cursor.get()) {
                    self.0.cursor.set(head);
                }
            }
        }
    }

    /// Where the stream goes on: after the newest event, and each run at its next index.
    fn address(&self) -> String {
        let mut address = format!("/api/stream?workspace={}&cursor={}&runs=", self.0.workspace, self.0.cursor.get());
        for (run, next) in self.0.all.borrow().iter().rev().take(RUNS_MAX) {
            // Writing to a text cannot fail.
            let _ = write!(address, "{run}:{next},");
        }
        address.trim_end_matches(',').to_owned()
    }

    /// Another tab has come, which does not know how the stream stands, and may have been rendered when fewer events had happened.
    fn catch_up(&self, seen: i64) {
        if self.0.failed.get() {
            self.send("o0");
        }
        if let Some(source) = &*self.0.source.borrow()
            && seen < self.0.cursor.get()
        {
            self.0.cursor.set(seen);
            source.reopen();
        }
    }

    /// Some tab wants this run, from this index.
    fn also_read(&self, run: &str, from: i32) {
        let Some(source) = &*self.0.source.borrow() else { return };
        let mut all = self.0.all.borrow_mut();
        if all.get(run).is_none_or(|next| *next > from) {
            all.insert(run.to_owned(), from);
            source.reopen();
        }
    }
}
