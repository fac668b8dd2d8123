//! A dialog: the browser's own, which keeps the focus inside and closes on Escape.

use leptos::{html, prelude::*};

use super::{Button, Glyph, Icon, Variant};

/// A modal dialog that shows while `open` is true.
#[component]
pub fn Dialog(
    /// Whether it shows.
    open: RwSignal<bool>,
    /// Its heading.
    #[prop(into)]
    title: String,
    /// What stands in it; made anew each time it opens.
    children: ChildrenFn,
) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            // Fails only when the element is not in the document, and then there is nothing to show.
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let close = Callback::new(move |()| open.set(false));
    view! {
        <dialog class="dialog" node_ref=node aria-label=title on:close=move |_| open.set(false)>
            <header class="flex items-center gap-2 px-4 py-3 border-b border-border">
                <h2 class="font-semibold grow">{title.clone()}</h2>
                <Button variant=Variant::Icon label="Close" on_click=close><Icon glyph=Glyph::Close/></Button>
            </header>
            <div class="p-4">{move || open.get().then(|| children())}</div>
        </dialog>
    }
    .into_any()
}
