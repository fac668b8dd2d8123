//! What the pages of a workspace have in common: who looks at them, and the dock.

use hyvve_domain::{Code, Error};
use leptos::prelude::*;
use leptos_router::components::Outlet;

use super::{
    NotFound,
    dock::fill_dock,
    entry::{Entry, FrameData, use_entry},
};
use crate::{ApiError, client, ui::ErrorState};

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
        Entry(Ok(data)) => inside(data),
        Entry(Err(error)) => outside(error),
    }
}

fn inside(data: FrameData) -> AnyView {
    client::set_workspace(&data.workspace.to_string());
    let pending = RwSignal::new(data.pending);
    #[cfg(feature = "ssr")]
    crate::ui::title_around(&data.name.name, data.pending);
    provide_context(Frame { data: StoredValue::new(data), pending: pending.into() });
    #[cfg(feature = "hydrate")]
    super::conductor::accompany(pending);
    fill_dock();
    view! { <Outlet/> }.into_any()
}

fn outside(error: Error) -> AnyView {
    #[cfg(feature = "ssr")]
    crate::forms::page_status(error.code);
    if error.code == Code::NotFound {
        return view! { <NotFound/> }.into_any();
    }
    view! { <ErrorState error=ApiError(error)/> }.into_any()
}
