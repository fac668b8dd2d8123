//! The pages of a workspace, and the files that their code comes in.
//!
//! The first visit brings the shell and one page. Files are few on purpose: whatever two of them share becomes a chunk of
//! its own, and a chunk for each set of pages would mean more requests than the bytes are worth.

use leptos::prelude::*;
use leptos_router::ChooseView;

use crate::{agents, chat, home, mailbox, records, runs, settings};

/// What most people see first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Home;

#[lazy]
fn first() -> AnyView {
    home::home_page()
}

impl ChooseView for Home {
    async fn choose(self) -> AnyView {
        first().await
    }

    async fn preload(&self) {
        #[cfg(target_arch = "wasm32")]
        __preload_first().await;
    }
}

/// The chat as a page; the dock's comes in the same file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chat;

impl ChooseView for Chat {
    async fn choose(self) -> AnyView {
        chat::chat(chat::Place::Page).await
    }

    async fn preload(&self) {
        chat::preload().await;
    }
}

/// What people look things up and set things in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Everyday {
    Agents,
    Agent,
    Runs,
    Run,
    Collections,
    Records,
    Record,
    Mailbox,
    Providers,
    AuditLog,
}

#[lazy]
fn everyday(page: Everyday) -> AnyView {
    match page {
        Everyday::Agents => agents::agents_page(),
        Everyday::Agent => agents::agent_page(),
        Everyday::Runs => runs::runs_page(),
        Everyday::Run => runs::run_page(),
        Everyday::Collections => records::collections_page(),
        Everyday::Records => records::records_page(),
        Everyday::Record => records::record_page(),
        Everyday::Mailbox => mailbox::mailbox_page(),
        Everyday::Providers => settings::providers_page(),
        Everyday::AuditLog => settings::audit_log_page(),
    }
}

impl ChooseView for Everyday {
    async fn choose(self) -> AnyView {
        everyday(self).await
    }

    async fn preload(&self) {
        #[cfg(target_arch = "wasm32")]
        __preload_everyday().await;
    }
}
