//! Toasts: short messages that come and go by themselves, announced to screen readers.

use std::time::Duration;

use leptos::prelude::*;

use super::{Button, Glyph, Icon, Variant};

/// How long a message stays.
const STAY: Duration = Duration::from_secs(6);

#[derive(Clone)]
struct Toast {
    id: u32,
    text: String,
    bad: bool,
}

/// The messages that show.
#[derive(Clone, Copy)]
pub struct Toasts {
    all: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// Says something.
    pub fn say(&self, text: impl Into<String>) {
        self.push(text.into(), false);
    }

    /// Says that something failed.
    pub fn fail(&self, text: impl Into<String>) {
        self.push(text.into(), true);
    }

    fn push(self, text: String, bad: bool) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.all.update(|all| all.push(Toast { id, text, bad }));
        set_timeout(move || self.remove(id), STAY);
    }

    fn remove(self, id: u32) {
        // The page, and the messages with it, may be gone by then.
        self.all.try_update(|all| all.retain(|toast| toast.id != id));
    }
}

/// Makes toasts possible below; once, at the root.
pub fn provide_toasts() {
    provide_context(Toasts { all: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
}

/// Where to say things. Below [`provide_toasts`]; elsewhere nobody hears them.
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(|| Toasts { all: RwSignal::new(Vec::new()), next: StoredValue::new(0) })
}

/// The place where toasts show.
#[component]
pub fn Toaster() -> AnyView {
    let toasts = use_toasts();
    let show = move |toast: Toast| {
        let id = toast.id;
        view! {
            <li class="toast" class:toast-bad=toast.bad>
                <span class="grow">{toast.text}</span>
                <Button variant=Variant::Icon label="Dismiss" on_click=Callback::new(move |()| toasts.remove(id))>
                    <Icon glyph=Glyph::Close/>
                </Button>
            </li>
        }
    };
    view! {
        <ol class="toaster" aria-live="polite" aria-label="Messages">
            <For each=move || toasts.all.get() key=|toast| toast.id children=show/>
        </ol>
    }
    .into_any()
}
