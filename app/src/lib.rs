//! What people see: a table of contents of the pages.

#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod forms;

#[cfg(feature = "ssr")]
pub mod account;
pub mod agents;
pub mod approvals;
#[cfg(feature = "ssr")]
pub mod auth;
pub mod chat;
pub mod client;
#[cfg(feature = "ssr")]
mod commands;
#[cfg(feature = "ssr")]
pub mod docs;
mod error;
pub mod flash;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
pub mod invite;
pub mod live;
#[cfg(feature = "ssr")]
mod mailbox;
#[cfg(feature = "ssr")]
mod markdown;
#[cfg(feature = "ssr")]
pub mod notifications;
#[cfg(feature = "ssr")]
pub mod operator;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod picture;
pub mod records;
pub mod runs;
#[cfg(feature = "ssr")]
pub mod settings;
pub mod shell;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod usage;
#[cfg(feature = "ssr")]
pub mod welcome;

use leptos::prelude::*;
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

pub use error::ApiError;

use approvals::ApprovalsPage;
use chat::{Chat, ChatDock};
use shell::{NotFound, WorkspaceFrame, dock::InDock, plain_page, read_page};

/// The application. Pages render in one piece ([`SsrMode::Async`]): they read without JavaScript, and their status is
/// right. What one works with is a route and a file of code here; what one reads is in `pages.rs`, on the server.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(not(feature = "hydrate"))]
    leptos_meta::provide_meta_context();
    approvals::provide_decisions();
    provide_context(InDock(|| view! { <ChatDock/> }.into_any()));
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/sign-in/:step") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/forgot-password") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/reset-password") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/verify-email") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/invite/:token") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/docs/:page") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/api/docs") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/account/:page") view=plain_page ssr=SsrMode::Async/>
                <Route path=path!("/operator/:page") view=plain_page ssr=SsrMode::Async/>
                <ParentRoute path=path!("/w/:workspace") view=WorkspaceFrame ssr=SsrMode::Async>
                    <Route path=path!("/approvals/:id?") view={Lazy::<ApprovalsPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/chat/:session?") view=Chat ssr=SsrMode::Async/>
                    <Route path=path!("/") view=read_page ssr=SsrMode::Async/>
                    <Route path=path!("/*page") view=read_page ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Begins in the browser: with the shell, and with the application once something needs it.
#[cfg(feature = "hydrate")]
pub fn start() {
    shell::conductor::conduct();
}

/// Brings the server's page to life.
#[cfg(feature = "hydrate")]
#[lazy]
pub(crate) fn come_alive() {
    use leptos::{mount::hydrate_from_async, wasm_bindgen::JsCast as _};
    if let Some(main) = document().get_element_by_id("main").and_then(|main| main.dyn_into().ok()) {
        wasm_bindgen_futures::spawn_local(async move {
            hydrate_from_async(main, App).await.forget();
            ui::set_fact("alive", "all");
        });
    }
}
