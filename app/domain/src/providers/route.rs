//! Whom an agent asks, one after the other, and on what terms.

use std::sync::Arc;

use super::{
    ChatRequest, Endpoint, Failure, FailureKind, Kind, ModelStream, Provider, fallbacks_store, keys,
    sender::{self, Patience, Tries},
    store::{self, Stored},
    turnstile::{Pace, Pass},
};
use crate::{
    Code, Error, Result, Timestamp,
    db::TenantTx,
    ids::{ProviderId, UserId, WorkspaceId},
    services::Services,
    usage::Terms,
    workspaces::openness::{self, Openness},
};

/// A provider with its key opened.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Which one.
    pub provider: Provider,
    /// Where its requests go; the sandbox sends none.
    pub endpoint: Option<Endpoint>,
    /// What it sealed before is for another address, or another account.
    pub seals_since: Timestamp,
}

impl Resolved {
    async fn of(tx: &mut TenantTx, s: &Services, stored: Stored) -> Result<Self> {
        let endpoint = keys::open(tx, s, &stored).await?;
        Ok(Self { provider: stored.provider, endpoint, seals_since: stored.seals_since })
    }

    /// Waits until the key allows a call, on somebody's behalf.
    pub(crate) async fn turn(&self, s: &Services, user: UserId) -> Option<Pass> {
        s.turnstiles.pass(&s.limits, self.provider.id, Pace::of(&self.provider), user).await
    }

    /// Asks for a streamed answer, in somebody's turn. Whoever waits for the same key waits until the answer is dropped. A provider
    /// counts each try, so the next one waits for a turn of its own.
    pub(crate) async fn stream(
        &self,
        s: &Services,
        user: UserId,
        mut pass: Option<Pass>,
        request: &ChatRequest,
    ) -> Result<ModelStream, Failure> {
        let (Some(adapter), Some(endpoint)) = (self.provider.provider.adapter(), &self.endpoint) else {
            return match &request.output {
                None => Ok(ModelStream::sandbox(request, s.settings.sandbox_pace).let_in_by(pass)),
                Some(_) => Err(Failure {
                    kind: FailureKind::Refused,
                    provider: self.provider.name.clone(),
                    status: None,
                    retry_after: None,
                    said: Some("The Sandbox is a script, and answers only in words that it knows.".to_owned()),
                }),
            };
        };
        let (patience, mut tries) = (Patience::of(s.settings.stall), Tries::default());
        loop {
            match sender::once(&s.http, adapter, endpoint, &self.provider.name, request, patience).await {
                Ok(stream) => return Ok(stream.let_in_by(pass)),
                Err(failure) => {
                    drop(pass.take());
                    tries.wait_after(failure).await?;
                    pass = self.turn(s, user).await;
                }
            }
        }
    }
}

/// Who is asked instead when no answer comes.
#[derive(Clone, Debug)]
pub struct Fallback {
    /// The provider.
    pub on: Resolved,
    /// The model; `None`: the provider's default.
    pub model: Option<String>,
}

/// Who is asked, and for which model.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) on: Resolved,
    pub(crate) model: String,
    /// Models that the provider itself may answer with instead.
    pub(crate) or_models: Vec<String>,
}

/// Whom an agent asks, one after the other.
#[derive(Clone, Debug)]
pub struct Route {
    /// The agent's own provider, or the workspace's default.
    pub first: Resolved,
    /// The workspace's fallbacks, in their order.
    pub fallbacks: Vec<Fallback>,
    /// What it costs.
    pub(crate) terms: Terms,
    /// What the workspace lets its agents reach.
    pub(crate) openness: Openness,
}

impl Route {
    /// Everybody who is asked, in order, by an agent with that model of its own. Models of OpenRouter that follow one another are
    /// one request: it falls through them by itself.
    pub(crate) fn choices(&self, model: Option<&str>, falls_back: bool) -> Vec<Choice> {
        let named = |on: &Resolved, model: Option<&str>| model.unwrap_or(&on.provider.default_model).to_owned();
        let first = Choice { on: self.first.clone(), model: named(&self.first, model), or_models: Vec::new() };
        let mut choices = vec![first];
        for Fallback { on, model } in self.fallbacks.iter().filter(|_| falls_back) {
            let (id, model) = (on.provider.id, named(on, model.as_deref()));
            let known = |choice: &Choice| {
                choice.on.provider.id == id && (choice.model == model || choice.or_models.contains(&model))
            };
            if choices.iter().any(known) {
                continue;
            }
            match choices.last_mut() {
                Some(last) if on.provider.provider == Kind::Openrouter && last.on.provider.id == id => {
                    last.or_models.push(model);
                }
                _ => choices.push(Choice { on: on.clone(), model, or_models: Vec::new() }),
            }
        }
        choices
    }
}

impl FailureKind {
    /// Whether another provider may well answer. What a provider refuses for what it says is not carried to the next one.
    pub(crate) const fn is_of_the_provider(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

/// The route of an agent with that provider, with keys opened: for the runtime, which acts as an agent or as HYVVE itself.
pub async fn resolve(tx: &mut TenantTx, s: &Services, provider_id: Option<ProviderId>) -> Result<Arc<Route>> {
    let question = (tx.workspace(), provider_id);
    let asked = s.resolved.ask(&question);
    let stored = store::find(tx, provider_id).await?.ok_or_else(|| match provider_id {
        Some(_) => Error::not_found("AI provider"),
        None => Error::new(
            Code::Unprocessable,
            "This workspace has no default AI provider. An owner or admin can choose one in Settings → AI providers.",
        ),
    })?;
    let first = Resolved::of(tx, s, stored).await?;
    let mut fallbacks = Vec::new();
    for (id, model) in fallbacks_store::list(tx).await? {
        let Some(stored) = store::find(tx, Some(id)).await? else { continue };
        match Resolved::of(tx, s, stored).await {
            Ok(on) => fallbacks.push(Fallback { on, model }),
            // One that cannot be asked keeps nobody from asking the others.
            Err(error) => tracing::warn!(provider = %id, error.message = %error, "a fallback cannot be asked"),
        }
    }
    let asked_for: Vec<ProviderId> =
        std::iter::once(&first).chain(fallbacks.iter().map(|fallback| &fallback.on)).map(|on| on.provider.id).collect();
    let (terms, openness) = (Terms::of(tx, &asked_for).await?, openness::of(tx).await?);
    let route = Arc::new(Route { first, fallbacks, terms, openness });
    s.resolved.put(question, asked, Arc::clone(&route)).await;
    Ok(route)
}

/// The same where a run was driven on it within the last second. A key opened so lately is still the key for the address
/// that it is kept with.
pub async fn resolved_lately(
    s: &Services,
    workspace: WorkspaceId,
    provider_id: Option<ProviderId>,
) -> Option<Arc<Route>> {
    s.resolved.get(&(workspace, provider_id)).await
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn on(kind: Kind, id: u128, default_model: &str) -> Resolved {
        let id = ProviderId(Uuid::from_u128(id));
        let provider = Provider { id, default_model: default_model.into(), ..Provider::example(kind) };
        Resolved { provider, endpoint: None, seals_since: Timestamp::now() }
    }

    #[test]
    fn everybody_is_asked_once_and_openrouter_falls_through_its_models_by_itself() {
        let fallback = |on: Resolved, model: Option<&str>| Fallback { on, model: model.map(str::to_owned) };
        let openrouter = || on(Kind::Openrouter, 2, "x/one");
        let route = Route {
            first: on(Kind::Anthropic, 1, "claude"),
            fallbacks: vec![
                fallback(openrouter(), None),
                fallback(openrouter(), Some("y/two")),
                fallback(on(Kind::Anthropic, 1, "claude"), None),
                fallback(on(Kind::Openai, 3, "gpt"), None),
                fallback(openrouter(), Some("y/two")),
                fallback(openrouter(), Some("z/three")),
            ],
            terms: Terms::default(),
            openness: Openness::default(),
        };
        let asked = |model, falls_back| -> Vec<String> {
            let choices = route.choices(model, falls_back).into_iter();
            choices.map(|c| [vec![c.model], c.or_models].concat().join(" or ")).collect()
        };
        assert_eq!(asked(None, true), ["claude", "x/one or y/two", "gpt", "z/three"]);
        assert_eq!(asked(Some("opus"), true), ["opus", "x/one or y/two", "claude", "gpt", "z/three"]);
        assert_eq!(asked(None, false), ["claude"]);
    }
}
