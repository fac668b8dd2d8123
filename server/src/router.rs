//! Every address that HYVVE answers: a table of contents.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, delete, get, patch, post, put},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{agentos, config::Origins, guard, http, pages, problem, problem::Problem, state::AppState};

/// Everything, with the guard in front of it.
pub(crate) fn router(state: AppState, agentos_origins: &Origins) -> Router {
    let inside = ServiceBuilder::new()
        .layer(CatchPanicLayer::custom(Problem::of_panic))
        .layer(from_fn(guard::whole))
        .layer(from_fn_with_state(state.clone(), guard::identify));
    let outside = ServiceBuilder::new()
        .layer(from_fn(guard::trace))
        .layer(from_fn(guard::harden))
        .layer(CompressionLayer::new())
        .layer(from_fn(problem::render));
    let agent_os = agent_os()
        .route_layer(from_fn(guard::limit::calls))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(inside.clone());
    // Around the guard, so that a page reads also what that refuses.
    let agent_os = match guard::cors(agentos_origins) {
        Some(layer) => agent_os.layer(layer),
        None => agent_os,
    };
    Router::new()
        .merge(api().route_layer(from_fn(guard::once::once)).route_layer(from_fn(guard::limit::calls)))
        .merge(pictures())
        .merge(pages::routes(&state).layer(from_fn(guard::limit::server_functions)))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(inside)
        .merge(agent_os)
        .layer(outside)
        .merge(pages::package(&state.leptos).layer(from_fn(guard::harden)))
        .with_state(state)
}

/// HYVVE's own REST API, and better-auth's below `/api/auth`.
fn api() -> Router<AppState> {
    Router::new()
        // Who somebody is
        .route("/api/auth/sign-up/email", post(http::auth::sign_up))
        .route("/api/auth/sign-in/email", post(http::auth::sign_in))
        .route("/api/auth/sign-out", post(http::auth::sign_out))
        .route("/api/auth/get-session", get(http::auth::get_session))
        .route("/api/auth/session", get(http::auth::session))
        .route("/api/auth/token", get(http::tokens::mint))
        .route("/api/auth/jwks", get(http::tokens::keys))
        .route("/.well-known/jwks.json", get(http::tokens::keys))
        // What people do with their own accounts
        .route("/api/auth/request-password-reset", post(http::account::forgot_password))
        .route("/api/auth/forgot-password", post(http::account::forgot_password))
        .route("/api/auth/reset-password", post(http::account::reset_password))
        .route("/api/auth/send-verification-email", post(http::account::send_proof))
        .route("/api/auth/verify-email", get(http::account::verify_email))
        .route("/api/auth/list-sessions", get(http::account::list_sessions))
        .route("/api/auth/revoke-session", post(http::account::revoke_session))
        .route("/api/auth/revoke-sessions", post(http::account::revoke_sessions))
        .route("/api/auth/revoke-other-sessions", post(http::account::revoke_other_sessions))
        .route("/api/auth/change-password", post(http::account::change_password))
        .route("/api/auth/change-email", post(http::account::change_email))
        .route("/api/auth/update-user", post(http::account::update_user))
        .route("/api/auth/delete-user", post(http::account::delete_user))
        // Signing in by somebody else's word
        .route("/api/auth/sign-in/social", post(http::openid::sign_in))
        .route("/api/auth/callback/{provider}", get(http::openid::callback))
        .route("/api/auth/link-social", post(http::openid::link))
        .route("/api/auth/unlink-account", post(http::openid::unlink))
        .route("/api/auth/list-accounts", get(http::openid::list))
        // The second factor, passkeys, and links by mail
        .route("/api/auth/two-factor/enable", post(http::factors::enable))
        .route("/api/auth/two-factor/disable", post(http::factors::disable))
        .route("/api/auth/two-factor/get-totp-uri", post(http::factors::totp_uri))
        .route("/api/auth/two-factor/verify-totp", post(http::factors::verify_totp))
        .route("/api/auth/two-factor/verify-backup-code", post(http::factors::verify_backup_code))
        .route("/api/auth/two-factor/generate-backup-codes", post(http::factors::backup_codes))
        .route(
            "/api/auth/passkey/generate-register-options",
            get(http::factors::register_options).post(http::factors::register_options),
        )
        .route("/api/auth/passkey/verify-registration", post(http::factors::register))
        .route(
            "/api/auth/passkey/generate-authenticate-options",
            get(http::factors::authenticate_options).post(http::factors::authenticate_options),
        )
        .route("/api/auth/passkey/verify-authentication", post(http::factors::authenticate))
        .route("/api/auth/passkey/list-user-passkeys", get(http::factors::list))
        .route("/api/auth/passkey/delete-passkey", post(http::factors::delete))
        .route("/api/auth/passkey/update-passkey", post(http::factors::rename))
        .route("/api/auth/sign-in/magic-link", post(http::factors::send_link))
        .route("/api/auth/magic-link/verify", get(http::factors::follow_link))
        // Workspaces, as better-auth's organization client calls them
        .route("/api/auth/organization/list", get(http::organization::list))
        .route("/api/auth/organization/create", post(http::organization::create))
        .route("/api/auth/organization/check-slug", post(http::organization::check_slug))
        .route("/api/auth/organization/update", post(http::organization::update))
        .route("/api/auth/organization/delete", post(http::organization::delete))
        .route("/api/auth/organization/set-active", post(http::organization::set_active))
        .route("/api/auth/organization/get-full-organization", get(http::organization::get))
        .route("/api/auth/organization/invite-member", post(http::organization::invite))
        .route("/api/auth/organization/accept-invitation", post(http::organization::accept))
        .route("/api/auth/organization/reject-invitation", post(http::organization::reject))
        .route("/api/auth/organization/cancel-invitation", post(http::organization::cancel))
        .route("/api/auth/organization/get-invitation", get(http::organization::get_invitation))
        .route("/api/auth/organization/list-invitations", get(http::organization::list_invitations))
        .route("/api/auth/organization/list-user-invitations", get(http::organization::own_invitations))
        .route("/api/auth/organization/list-members", get(http::organization::list_members))
        .route("/api/auth/organization/get-active-member", get(http::organization::active_member))
        .route("/api/auth/organization/get-active-member-role", get(http::organization::active_role))
        .route("/api/auth/organization/remove-member", post(http::organization::remove))
        .route("/api/auth/organization/update-member-role", post(http::organization::change_role))
        .route("/api/auth/organization/leave", post(http::organization::leave))
        .route("/api/auth/organization/has-permission", post(http::organization::has_permission))
        // Pictures; the guard has looked at how large they are
        .route("/api/account/picture", post(http::pictures::of_person).layer(DefaultBodyLimit::disable()))
        .route("/api/workspaces/{id}/picture", post(http::pictures::of_workspace).layer(DefaultBodyLimit::disable()))
        // Workspaces
        .route("/api/workspaces", get(http::workspaces::list).post(http::workspaces::create))
        .route("/api/workspaces/deleted", get(http::workspaces::deleted))
        .route(
            "/api/workspaces/{id}",
            get(http::workspaces::get).patch(http::workspaces::update).delete(http::workspaces::delete),
        )
        .route("/api/workspaces/{id}/security", get(http::workspaces::security).patch(http::workspaces::secure))
        .route("/api/workspaces/{id}/openness", get(http::workspaces::openness).patch(http::workspaces::open))
        .route("/api/workspaces/{id}/restore", post(http::workspaces::restore))
        .route("/api/workspaces/{id}/leave", post(http::workspaces::leave))
        .route("/api/workspaces/{id}/transfer", post(http::workspaces::transfer))
        .route("/api/workspaces/{id}/members", get(http::workspaces::members).post(http::workspaces::invite))
        .route(
            "/api/workspaces/{id}/members/{user_id}",
            patch(http::workspaces::change_role).delete(http::workspaces::remove),
        )
        .route(
            "/api/workspaces/{id}/invitations",
            get(http::workspaces::invitations).post(http::workspaces::invite_by_link),
        )
        .route("/api/workspaces/{id}/invitations/{invitation_id}", delete(http::workspaces::cancel))
        .route("/api/workspaces/{id}/invitations/{invitation_id}/resend", post(http::workspaces::resend))
        .route("/api/workspaces/{id}/api-keys", get(http::api_keys::list).post(http::api_keys::create))
        .route("/api/workspaces/{id}/api-keys/{key_id}", delete(http::api_keys::revoke))
        .route(
            "/api/workspaces/{id}/notification-settings",
            get(http::notifications::settings).patch(http::notifications::choose),
        )
        .route(
            "/api/workspaces/{id}/notification-webhook",
            put(http::notifications::set_webhook).delete(http::notifications::remove_webhook),
        )
        .route("/api/invitations", get(http::invitations::list))
        .route("/api/invitations/accept", post(http::invitations::accept))
        .route("/api/invitations/reject", post(http::invitations::reject))
        // Approvals
        .route("/api/approval-policies", get(http::approval_policies::list).put(http::approval_policies::change))
        .route("/api/approval-policies/dry-run", post(http::approval_policies::try_out))
        .route("/api/approval-grants", get(http::approval_policies::grants).post(http::approval_policies::make_grant))
        .route("/api/approval-grants/{id}", delete(http::approval_policies::revoke_grant))
        .route("/api/approval-filters", get(http::approval_filters::list).post(http::approval_filters::create))
        .route(
            "/api/approval-filters/{id}",
            patch(http::approval_filters::update).delete(http::approval_filters::delete),
        )
        .route("/api/calibration", get(http::approval_policies::calibration))
        .route("/api/approvals", get(http::approvals::list).post(http::outside::propose))
        .route("/api/approvals/bulk", post(http::approvals::bulk))
        .route("/api/approvals/bulk/preview", post(http::approvals::preview))
        .route("/api/approvals/{id}", get(http::approvals::get).patch(http::approvals::assign))
        .route("/api/approvals/{id}/claim", post(http::approvals::claim))
        .route("/api/approvals/{id}/release", post(http::approvals::release))
        .route("/api/approvals/{id}/approve", post(http::approvals::approve))
        .route("/api/approvals/{id}/reject", post(http::approvals::reject))
        .route("/api/approvals/{id}/settle", post(http::approvals::settle))
        .route("/api/approvals/{id}/review", post(http::approvals::review))
        .route("/api/approvals/{id}/edit", post(http::approvals::edit))
        .route("/api/approvals/{id}/ask", post(http::approvals::ask))
        .route("/api/approvals/{id}/presence", post(http::approvals::presence))
        .route("/api/approvals/{id}/comments", post(http::approvals::comment))
        .route("/api/approvals/{id}/decision", get(http::outside::decision))
        .route("/api/approvals/{id}/outcome", post(http::outside::report))
        // LangChain's Agent Inbox
        .route("/api/inbox/interrupts", post(http::inbox::interrupt))
        .route("/api/inbox/interrupts/{id}", get(http::inbox::answer))
        // AI providers
        .route("/api/ai-providers", get(http::ai_providers::list).post(http::ai_providers::create))
        .route("/api/ai-providers/usage", get(http::usage::stats))
        .route("/api/ai-providers/usage.csv", get(http::usage::export))
        .route("/api/ai-providers/prices", get(http::usage::prices).put(http::usage::set_price))
        .route("/api/ai-providers/budgets", get(http::usage::budgets).post(http::usage::set_budget))
        .route(
            "/api/ai-providers/budgets/{budget_id}",
            patch(http::usage::change_budget).delete(http::usage::remove_budget),
        )
        .route("/api/ai-providers/fallbacks", get(http::usage::fallbacks).put(http::usage::set_fallbacks))
        .route("/api/ai-providers/{id}", patch(http::ai_providers::update).delete(http::ai_providers::delete))
        .route("/api/ai-providers/{id}/test", post(http::ai_providers::test))
        .route("/api/ai-providers/{id}/models", get(http::ai_providers::models))
        // Agents, as far as AgentOS's surface does not know them
        .route("/api/agents/{id}", patch(http::agents::update))
        // Records
        .route("/api/collections", get(http::records::collections))
        .route("/api/collections/{slug}/records", get(http::records::list))
        .route("/api/records/{id}", get(http::records::get))
        .route("/api/records/{id}/access", get(http::records::access))
        .route("/api/records/{id}/restore", post(http::records::restore))
        .route("/api/records/{id}/assignee", put(http::records::assign))
        .route("/api/records/{id}/shares", post(http::records::share))
        .route("/api/records/{id}/shares/{user_id}", delete(http::records::unshare))
        // Messages with images; the guard has looked at how large they are
        .route("/api/messages", post(http::messages::send).layer(DefaultBodyLimit::disable()))
        // Runs
        .route("/api/runs", get(http::runs::list))
        .route("/api/runs/{id}", get(http::runs::get))
        // What one is told, and how
        .route("/api/notifications", get(http::notifications::list))
        .route("/api/notifications/read", post(http::notifications::read_all))
        .route("/api/notifications/{id}/read", post(http::notifications::read))
        // Webhooks
        .route("/api/webhooks", get(http::webhooks::list).post(http::webhooks::create))
        .route(
            "/api/webhooks/{id}",
            get(http::webhooks::get).patch(http::webhooks::update).delete(http::webhooks::delete),
        )
        .route("/api/webhooks/{id}/rotate", post(http::webhooks::rotate))
        .route("/api/webhooks/{id}/test", post(http::webhooks::test))
        .route("/api/webhooks/{id}/replay", post(http::webhooks::replay))
        .route("/api/webhooks/{id}/deliveries", get(http::webhooks::deliveries))
        .route("/api/webhooks/{id}/deliveries/{delivery_id}/redeliver", post(http::webhooks::redeliver))
        // The way back from channels: what Slack signs
        .route("/api/slack/{id}", post(http::webhooks::pressed))
        // Events that a consumer could not deal with
        .route("/api/events/dead-letters", get(http::dead_letters::list))
        .route("/api/events/dead-letters/{id}", delete(http::dead_letters::discard))
        .route("/api/events/dead-letters/{id}/requeue", post(http::dead_letters::requeue))
        // For those who run the installation
        .route("/api/operator/jobs", get(http::operator::jobs))
        .route("/api/operator/jobs/{id}", delete(http::operator::give_up))
        .route("/api/operator/jobs/{id}/run", post(http::operator::run))
        // What happened
        .route("/api/audit-log", get(http::audit::list))
        .route("/api/audit-log/export", get(http::audit::export))
        .route("/api/audit-log/verify", post(http::audit::verify))
        .route("/api/mails", get(http::mails::list))
        // What happens: read on from any moment, described, and the browser's one stream
        .route("/api/events", get(http::events::read))
        .route("/api/asyncapi.json", get(http::events::described))
        .route("/api/openapi.json", get(http::events::addresses))
        .route("/api/stream", get(http::stream::open))
        .route("/api/{*rest}", any(async || Problem::no_such_address()))
}

/// Pictures: pages show many of them, and browsers keep each, so they are not counted as calls.
fn pictures() -> Router<AppState> {
    Router::new()
        .route("/api/pictures/{id}", get(http::pictures::get))
        .route("/api/runs/{id}/images/{position}", get(http::runs::image))
}

/// What AgentOS's clients speak, at the root.
fn agent_os() -> Router<AppState> {
    Router::new()
        // The system
        .route("/health", get(agentos::system::health))
        .route("/info", get(agentos::system::info))
        .route("/config", get(agentos::system::config))
        .route("/models", get(agentos::system::models))
        // Agents
        .route("/agents", get(agentos::agents::list))
        .route("/agents/{agent_id}", get(agentos::agents::get))
        // Runs
        .route(
            "/agents/{agent_id}/runs",
            get(agentos::runs::list).post(agentos::runs::create).layer(DefaultBodyLimit::disable()),
        )
        .route("/agents/{agent_id}/runs/{run_id}", get(agentos::runs::get))
        .route("/agents/{agent_id}/runs/{run_id}/continue", post(agentos::confirm::go_on))
        .route("/agents/{agent_id}/runs/{run_id}/cancel", post(agentos::runs::cancel))
        .route("/agents/{agent_id}/runs/{run_id}/resume", post(agentos::resume::reattach))
        .route("/agents/runs/{run_id}/stream", get(agentos::resume::stream))
        // Approvals
        .route("/approvals", get(agentos::approvals::list))
        .route("/approvals/count", get(agentos::approvals::count))
        .route("/approvals/{id}", get(agentos::approvals::get))
        .route("/approvals/{id}/status", get(agentos::approvals::status))
        .route("/approvals/{id}/resolve", post(agentos::approvals::resolve))
}
