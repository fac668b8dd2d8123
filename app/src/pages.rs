//! The pages that are only read: a table of contents. They are rendered on the server, and nowhere else.

use hyvve_domain::Error;
use leptos::prelude::*;

use crate::{
    ApiError, account, agents, approvals, auth, commands, docs, home, invite, mailbox, notifications, operator,
    records, runs, settings,
    shell::{Visit, use_frame},
    usage, welcome,
};

/// The page at a path.
pub(crate) async fn read(visit: &Visit, path: &str) -> Result<AnyView, ApiError> {
    let path = path.strip_prefix(&use_frame().href("")).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [] => home::home_page(visit).await,
        ["agents"] => agents::agents_page(visit).await,
        ["agents", agent] => agents::agent_page(visit, id(agent)?).await,
        ["approvals", "selected", "decide"] => approvals::selected_page(visit).await,
        ["runs"] => runs::runs_page(visit).await,
        ["runs", run] => runs::run_page(visit, id(run)?).await,
        ["records"] => records::collections_page(visit).await,
        ["records", collection] => records::records_page(visit, collection).await,
        ["records", _, record] => records::record_page(visit, id(record)?).await,
        ["usage"] => usage::overview_page(visit).await,
        ["usage", "budgets"] => usage::budgets_page(visit).await,
        ["usage", "prices"] => usage::prices_page(visit).await,
        ["notifications"] => notifications::notifications_page(visit).await,
        ["mailbox"] => mailbox::mailbox_page(visit).await,
        ["welcome"] => welcome::welcome_page(visit).await,
        ["commands"] => commands::commands_page(visit).await,
        ["settings"] => Ok(settings::first_page()),
        ["settings", "general"] => settings::general_page(visit).await,
        ["settings", "members"] => settings::members_page(visit).await,
        ["settings", "security"] => settings::security_page(visit).await,
        ["settings", "ai-providers"] => settings::providers_page(visit).await,
        ["settings", "api-keys"] => settings::api_keys_page(visit).await,
        ["settings", "approval-policy"] => settings::policy_page(visit).await,
        ["settings", "approval-policy", "calibration"] => settings::calibration_page(visit).await,
        ["settings", "approval-policy", "grants"] => settings::grants_page(visit).await,
        ["settings", "notifications"] => settings::notifications_page(visit).await,
        ["settings", "webhooks"] => settings::webhooks_page(visit).await,
        ["settings", "webhooks", webhook] => settings::webhook_page(visit, id(webhook)?).await,
        ["settings", "events"] => settings::events_page(visit).await,
        ["settings", "events", "dead-letters"] => settings::dead_letters_page(visit).await,
        ["settings", "events", "dead-letters", letter] => settings::dead_letter_page(visit, id(letter)?).await,
        ["settings", "audit-log"] => settings::audit_log_page(visit).await,
        _ => Err(Error::not_found("page").into()),
    }
}

/// The page at a path outside of every workspace.
pub(crate) async fn plain(path: &str) -> Result<AnyView, ApiError> {
    if let Some(token) = path.strip_prefix("/invite/") {
        return invite::invitation_page(token).await;
    }
    match path {
        "/sign-in" => auth::sign_in_page(),
        "/sign-in/continue" => auth::continue_page().await,
        "/sign-in/link" => auth::link::link_page().await,
        "/sign-in/second-factor" => auth::second_factor::second_factor_page().await,
        "/sign-up" => auth::sign_up_page().await,
        "/forgot-password" => Ok(auth::recovery::forgot_password_page()),
        "/reset-password" => auth::recovery::reset_password_page().await,
        "/verify-email" => auth::recovery::verify_email_page().await,
        "/docs/events" => Ok(docs::events_page()),
        "/api/docs" => docs::api_page(),
        "/account/profile" => account::profile_page().await,
        "/account/security" => account::security_page().await,
        "/account/sessions" => account::sessions_page().await,
        "/account/workspaces" => account::workspaces_page().await,
        "/operator/jobs" => operator::jobs_page().await,
        "/operator/letters" => operator::letters_page().await,
        _ => Err(Error::not_found("page").into()),
    }
}

/// What is no id leads to nothing that exists.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| Error::not_found("page").into())
}
