//! What people see: a table of contents of the pages.

#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod forms;

pub mod agents;
pub mod approvals;
pub mod auth;
pub mod chat;
pub mod client;
mod error;
pub mod flash;
pub mod home;
pub mod live;
pub mod mailbox;
mod pages;
pub mod records;
pub mod runs;
pub mod settings;
pub mod shell;
pub mod ui;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

pub use error::ApiError;

use approvals::ApprovalsPage;
use auth::{sign_in_page, sign_up_page};
use chat::ChatDock;
use pages::{Chat, Everyday, Home};
use settings::SettingsIndex;
use shell::{NotFound, WorkspaceFrame, dock::InDock};

/// The application. Pages render in one piece ([`SsrMode::Async`]): they read without JavaScript, and their status is
/// right. A page of a workspace is one line here; its code is loaded when it is first needed (see `pages.rs`).
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    ui::provide_clock();
    approvals::provide_decisions();
    provide_context(InDock(|| view! { <ChatDock/> }.into_any()));
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=sign_in_page ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=sign_up_page ssr=SsrMode::Async/>
                <ParentRoute path=path!("/w/:workspace") view=WorkspaceFrame ssr=SsrMode::Async>
                    <Route path=path!("/") view=Home ssr=SsrMode::Async/>
                    <Route path=path!("/approvals/:id?") view={Lazy::<ApprovalsPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/chat/:session?") view=Chat ssr=SsrMode::Async/>
                    <Route path=path!("/agents") view=Everyday::Agents ssr=SsrMode::Async/>
                    <Route path=path!("/agents/:agent") view=Everyday::Agent ssr=SsrMode::Async/>
                    <Route path=path!("/runs") view=Everyday::Runs ssr=SsrMode::Async/>
                    <Route path=path!("/runs/:run") view=Everyday::Run ssr=SsrMode::Async/>
                    <Route path=path!("/records") view=Everyday::Collections ssr=SsrMode::Async/>
                    <Route path=path!("/records/:collection") view=Everyday::Records ssr=SsrMode::Async/>
                    <Route path=path!("/records/:collection/:record") view=Everyday::Record ssr=SsrMode::Async/>
                    <Route path=path!("/mailbox") view=Everyday::Mailbox ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view=SettingsIndex ssr=SsrMode::Async/>
                    <Route path=path!("/settings/ai-providers") view=Everyday::Providers ssr=SsrMode::Async/>
                    <Route path=path!("/settings/audit-log") view=Everyday::AuditLog ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Brings the server's page to life, in the browser.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    use leptos::{mount::hydrate_from_async, wasm_bindgen::JsCast as _};
    if let Some(main) = document().get_element_by_id("main").and_then(|main| main.dyn_into().ok()) {
        wasm_bindgen_futures::spawn_local(async move { hydrate_from_async(main, App).await.forget() });
    }
}
