//! AI providers and what they cost; agents and runs; records.

use hyvve_domain::{
    Role,
    agents::{Agent, Run, RunDetail},
    providers::{FallbackChoice, Provider, TestResult},
    records::{Access, Collection, Detail, Record},
    usage::{Budget, ModelPrice, UsageStats},
};

use super::operation::{Operation, delete, get, of, patch, post, put};
use crate::http::{agents as settings, ai_providers, messages, records as collections, runs, usage};

pub(super) fn providers() -> Vec<Operation> {
    vec![
        get("/api/ai-providers", ai_providers::list, "The workspace’s AI providers. Keys are never shown again.")
            .role(Role::can_configure_ai)
            .data::<Vec<Provider>>(),
        post("/api/ai-providers", ai_providers::create, "Adds an AI provider, once its key was taken.")
            .role(Role::can_configure_ai)
            .made::<Provider>(),
        patch("/api/ai-providers/{id}", ai_providers::update, "Changes an AI provider; what is missing stays.")
            .role(Role::can_configure_ai)
            .data::<Provider>(),
        delete("/api/ai-providers/{id}", ai_providers::delete, "Removes an AI provider and its key.")
            .role(Role::can_configure_ai)
            .success(),
        post("/api/ai-providers/{id}/test", ai_providers::test, "Asks an AI provider whether its key is good.")
            .role(Role::can_configure_ai)
            .answers(of::<TestResult>),
        get("/api/ai-providers/{id}/models", ai_providers::models, "The models that an AI provider offers.")
            .role(Role::can_configure_ai)
            .answers(of::<ai_providers::Offered>),
        get(
            "/api/ai-providers/usage",
            usage::stats,
            "What AI was asked, and what that cost, by day, provider, model, agent and person.",
        )
        .more("Whoever may not configure AI providers sees his or her own.")
        .data::<UsageStats>(),
        get("/api/ai-providers/usage.csv", usage::export, "Every call, oldest first.")
            .other("text/csv", "RFC 4180, with a line of heads."),
        get("/api/ai-providers/prices", usage::prices, "The workspace’s own prices.")
            .role(Role::can_configure_ai)
            .data::<Vec<ModelPrice>>(),
        put(
            "/api/ai-providers/prices",
            usage::set_price,
            "Sets a model’s price, or with `null` takes the workspace’s own away.",
        )
        .role(Role::can_configure_ai)
        .data::<Vec<ModelPrice>>(),
        get("/api/ai-providers/budgets", usage::budgets, "Budgets, with what is spent of them this month.")
            .data::<Vec<Budget>>(),
        post(
            "/api/ai-providers/budgets",
            usage::set_budget,
            "Limits what the workspace, an agent or a person spends in a month.",
        )
        .role(Role::can_configure_ai)
        .made::<Budget>(),
        patch("/api/ai-providers/budgets/{budget_id}", usage::change_budget, "Changes a budget’s limit.")
            .role(Role::can_configure_ai)
            .data::<Budget>(),
        delete("/api/ai-providers/budgets/{budget_id}", usage::remove_budget, "Removes a budget.")
            .role(Role::can_configure_ai)
            .success(),
        get(
            "/api/ai-providers/fallbacks",
            usage::fallbacks,
            "Who is asked, in which order, when a provider gives no answer.",
        )
        .role(Role::can_configure_ai)
        .data::<Vec<FallbackChoice>>(),
        put("/api/ai-providers/fallbacks", usage::set_fallbacks, "Sets all fallbacks, in their order.")
            .role(Role::can_configure_ai)
            .data::<Vec<FallbackChoice>>(),
    ]
}

pub(super) fn agents() -> Vec<Operation> {
    vec![
        patch(
            "/api/agents/{id}",
            settings::update,
            "Chooses what an agent runs on, and the form of its answers; what is missing stays.",
        )
        .role(Role::can_configure_ai)
        .data::<Agent>(),
        get("/api/runs", runs::list, "Runs, the newest first.").page::<Run>(),
        get("/api/runs/{id}", runs::get, "One run with its steps.").data::<RunDetail>(),
        get("/api/runs/{id}/images/{position}", runs::image, "An image that came with the run’s message.")
            .other("image/*", "The image."),
        post("/api/messages", messages::send, "Says something to an agent, with images, as the chat’s form does.")
            .role(Role::can_run_agents)
            .made::<Run>()
            .bare(303, "To the conversation, for a form that a browser sends."),
    ]
}

pub(super) fn records() -> Vec<Operation> {
    vec![
        get("/api/collections", collections::collections, "The workspace’s collections, with their schemas.")
            .data::<Vec<Collection>>(),
        get("/api/collections/{slug}/records", collections::list, "Records of a collection that one may see.")
            .page::<Record>(),
        get("/api/records/{id}", collections::get, "One record with its history.").data::<Detail>(),
        post("/api/records/{id}/restore", collections::restore, "Brings a deleted record back as it was.")
            .role(Role::shares_records)
            .data::<Detail>(),
        get("/api/records/{id}/access", collections::access, "Who sees a record besides those whose role sees all.")
            .role(Role::shares_records)
            .data::<Access>(),
        put(
            "/api/records/{id}/assignee",
            collections::assign,
            "Assigns a record to somebody, or with `null` to nobody.",
        )
        .role(Role::shares_records)
        .data::<Access>(),
        post("/api/records/{id}/shares", collections::share, "Shares a record with somebody.")
            .role(Role::shares_records)
            .data::<Access>(),
        delete("/api/records/{id}/shares/{user_id}", collections::unshare, "Shares a record with somebody no more.")
            .role(Role::shares_records)
            .data::<Access>(),
    ]
}
