//! A form that is sent the plain way, with or without JavaScript; with it, fields are checked before it leaves.

use leptos::{ev::SubmitEvent, html, prelude::*};

use super::field::Check;

/// Checks one field and shows the outcome at it; false when it may not be sent like this.
type Gate = Callback<(), bool>;

#[derive(Clone, Copy)]
struct Gates(StoredValue<Vec<Gate>>);

/// A `POST` form around its fields. Every [`super::Field`] with a check holds it back until the check passes.
#[component]
pub fn Form(
    /// The address of the server function.
    action: &'static str,
    /// Its fields.
    children: Children,
) -> AnyView {
    let gates = Gates(StoredValue::new(Vec::new()));
    provide_context(gates);
    let submit = move |event: SubmitEvent| {
        // All of them: every field that is wrong says so at once.
        let wrong = gates.0.get_value().into_iter().filter(|gate| !gate.run(())).count();
        if wrong > 0 {
            event.prevent_default();
        }
    };
    // Our own messages are better than the browser's bubbles, once there is somebody to show them.
    let alive = RwSignal::new(false);
    Effect::new(move || alive.set(true));
    view! {
        <form class="form" method="post" action=action novalidate=move || alive.get() on:submit=submit>{children()}</form>
    }
    .into_any()
}

/// The message to show, what to do when the field is left and when it is edited, and the field itself.
pub(super) type Checked = (Signal<Option<String>>, Callback<()>, Callback<()>, NodeRef<html::Input>);

/// Runs a field's check when it is left and before its form is sent; an edit takes the message away.
pub(super) fn use_checks(check: Option<Check>, from_server: Signal<Option<String>>) -> Checked {
    let node = NodeRef::<html::Input>::new();
    let own = RwSignal::new(None::<String>);
    let edited = RwSignal::new(false);
    Effect::new(move || {
        from_server.track();
        edited.set(false);
    });
    let run = move || {
        let text = node.get_untracked().map(|input| input.value()).unwrap_or_default();
        let message = check.and_then(|check| check(&text));
        own.set(message.clone());
        message.is_none()
    };
    let leave = Callback::new(move |()| {
        // An empty field that was only visited is not wrong yet.
        let empty = node.get_untracked().is_none_or(|input| input.value().is_empty());
        if !empty {
            run();
        }
    });
    let edit = Callback::new(move |()| {
        own.set(None);
        edited.set(true);
    });
    if let (Some(gates), Some(_)) = (use_context::<Gates>(), check) {
        let gate = move |()| {
            let passes = run();
            if !passes && let Some(input) = node.get_untracked() {
                // Focus can only fail on an element that is gone.
                let _ = input.focus();
            }
            passes
        };
        gates.0.update_value(|all| all.push(Callback::new(gate)));
    }
    let message = move || own.get().or_else(|| if edited.get() { None } else { from_server.get() });
    (Signal::derive(message), leave, edit, node)
}
