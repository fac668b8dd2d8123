//! What the pages of a workspace have in common: who looks at them, the stream, the keys, the dock.

use hyvve_domain::{Code, Error};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Outlet;

use super::{
    NotFound,
    dock::fill_dock,
    entry::{Entry, FrameData, use_entry},
    keys::provide_keys,
    pending::count_pending,
};
use crate::{ApiError, client, live::provide_live, ui::ErrorState};

/// What pages may know of their workspace and of who looks at them.
#[derive(Clone, Copy)]
pub struct Frame {
    data: StoredValue<FrameData>,
    /// How many approvals wait; follows the stream.
    pub pending: Signal<i64>,
}

impl Frame {
    /// The address of one of the workspace's pages: `path` is empty, or begins with a slash.
    pub fn href(&self, path: &str) -> String {
        self.data.with_value(|data| data.href(path))
    }

    /// Everything about the workspace and the person.
    pub fn data(&self) -> FrameData {
        self.data.get_value()
    }
}

/// The frame around this page. Only pages of a workspace have one.
pub fn use_frame() -> Frame {
    expect_context()
}

/// The pages of one workspace. A document belongs to one workspace and comes with its frame; the gate on the server has
/// decided who sees it.
#[component]
pub fn WorkspaceFrame() -> AnyView {
    match use_entry() {
        Entry(Ok(data)) => inside(data).into_any(),
        Entry(Err(error)) => outside(error),
    }
}

fn inside(data: FrameData) -> impl IntoView {
    client::set_workspace(&data.workspace.to_string());
    provide_live(&data.name.slug, data.cursor);
    let pending = count_pending(&data.name.slug, data.pending);
    let workspace = data.name.name.clone();
    provide_context(Frame { data: StoredValue::new(data), pending });
    let keys = provide_keys();
    #[cfg(feature = "hydrate")]
    super::conductor::conduct(pending, keys);
    #[cfg(not(feature = "hydrate"))]
    let _ = keys;
    fill_dock();
    let title = move |page: String| match pending.get() {
        0 => format!("{page} · {workspace} · HYVVE"),
        waiting => format!("({waiting}) {page} · {workspace} · HYVVE"),
    };
    view! {
        <Title formatter=title/>
        <Outlet/>
    }
}

fn outside(error: Error) -> AnyView {
    #[cfg(feature = "ssr")]
    crate::forms::page_status(error.code);
    if error.code == Code::NotFound {
        return view! { <NotFound/> }.into_any();
    }
    view! { <ErrorState error=ApiError(error)/> }.into_any()
}
