//! The command menu: every place and every action, a few letters away.

use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{dock::toggle_dock, places::PLACES, shortcuts::use_shortcut_help, use_frame};
use crate::ui::{Dialog, Glyph, Icon, set_preference};

#[derive(Clone, Copy)]
enum Act {
    Go(&'static str),
    Theme(&'static str),
    Chat,
    Shortcuts,
}

#[derive(Clone, Copy)]
struct Command {
    name: &'static str,
    glyph: Glyph,
    act: Act,
}

const ACTIONS: [Command; 5] = [
    Command { name: "Show or hide the chat", glyph: Glyph::Chat, act: Act::Chat },
    Command { name: "Theme: like the system", glyph: Glyph::Screen, act: Act::Theme("system") },
    Command { name: "Theme: light", glyph: Glyph::Sun, act: Act::Theme("light") },
    Command { name: "Theme: dark", glyph: Glyph::Moon, act: Act::Theme("dark") },
    Command { name: "Keyboard shortcuts", glyph: Glyph::Bolt, act: Act::Shortcuts },
];

/// The command menu of this frame.
#[derive(Clone, Copy)]
pub(crate) struct Commands(RwSignal<bool>);

impl Commands {
    /// Shows it.
    pub(crate) fn open(self) {
        self.0.set(true);
    }
}

pub(super) fn provide_commands() {
    provide_context(Commands(RwSignal::new(false)));
}

pub(super) fn use_commands() -> Commands {
    use_context().unwrap_or_else(|| Commands(RwSignal::new(false)))
}

/// The dialog behind Ctrl-K and ⌘K.
pub(super) fn command_menu() -> impl IntoView {
    let Commands(open) = use_commands();
    view! { <Dialog open=open title="Go to, or do">{palette(open)}</Dialog> }
}

/// What one typed, what fits, and which of it Enter takes.
fn palette(open: RwSignal<bool>) -> impl IntoView {
    let (query, at) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let role = use_frame().data().role;
    let fitting = Memo::new(move |_| fitting(&query.get(), role));
    let run = use_runner(open);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            // Focus can only fail on an element that is gone.
            let _ = input.focus();
        }
    });
    let enter = run.clone();
    let key = move |event: ev::KeyboardEvent| {
        let last = fitting.read().len().saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                if let Some(index) = fitting.read().get(at.get()) {
                    enter(*index);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let edit = move |event| {
        query.set(event_target_value(&event));
        at.set(0);
    };
    let rows = move || {
        let row = |(place, index): (usize, usize)| {
            let run = run.clone();
            let command = command(index);
            view! {
                <li role="option" id=format!("command-{place}") class="menu-item" aria-selected=move || (at.get() == place).to_string() on:click=move |_| run(index)>
                    <Icon glyph=command.glyph/>{command.name}
                </li>
            }
        };
        fitting.get().into_iter().enumerate().map(row).collect_view()
    };
    view! {
        <input
            class="input"
            node_ref=input
            type="text"
            role="combobox"
            aria-label="Search places and actions"
            aria-expanded="true"
            aria-controls="command-list"
            aria-activedescendant=move || format!("command-{}", at.get())
            autocomplete="off"
            placeholder="Approvals, records, theme…"
            on:input=edit
            on:keydown=key
        />
        <ul id="command-list" role="listbox" aria-label="Places and actions" class="command-list">{rows}</ul>
    }
}

/// The command of an index: places first, then actions.
fn command(index: usize) -> Command {
    match PLACES.get(index) {
        Some(place) => Command { name: place.name, glyph: place.glyph, act: Act::Go(place.path) },
        None => ACTIONS[(index - PLACES.len()).min(ACTIONS.len() - 1)],
    }
}

/// The commands that contain what was typed and that the role may use.
fn fitting(query: &str, role: hyvve_domain::Role) -> Vec<usize> {
    let query = query.trim().to_lowercase();
    let allowed = |index: &usize| PLACES.get(*index).is_none_or(|place| (place.allowed)(role));
    let fits = |index: &usize| command(*index).name.to_lowercase().contains(&query);
    (0..PLACES.len() + ACTIONS.len()).filter(allowed).filter(fits).collect()
}

/// Does what a command says, and closes the menu.
fn use_runner(open: RwSignal<bool>) -> impl Fn(usize) + Clone {
    let (frame, navigate, help) = (use_frame(), use_navigate(), use_shortcut_help());
    move |index| {
        open.set(false);
        match command(index).act {
            Act::Go(path) => navigate(&frame.href(path), NavigateOptions::default()),
            Act::Theme(theme) => set_preference("theme", theme),
            Act::Chat => toggle_dock(),
            Act::Shortcuts => help.open(),
        }
    }
}
