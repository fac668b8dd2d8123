//! The models that a provider offers: listed by it, kept for a day, searched, and asked for again.

use std::time::Duration;

use serde_json::json;

use super::{
    Endpoint, Failure, Kind, Listed, Models, Provider, choice, keys, models_store, rules,
    service::{enter, found, note},
    store::{self, Stored},
    trial::{Form, Offer, Trial, told},
};
use crate::{
    Actor, Code, Error, Result, Role, Timestamp, db::TenantTx, ids::ProviderId, services::Services, usage::Price,
};

/// For how long a list is believed.
const FRESH: Duration = Duration::from_hours(24);
/// How long a provider that did not answer is left alone, unless somebody wants it to be asked.
const PAUSE: Duration = Duration::from_mins(10);
/// How many models are answered unless asked otherwise.
const SOME: usize = 50;

/// Which models are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// Words that stand in the id or the name, in whatever case; empty for all.
    pub words: String,
    /// The most that are wanted.
    pub limit: Option<usize>,
    /// Ask the provider again, however lately it was asked.
    pub fresh: bool,
}

/// A provider's models. The provider is asked where it was not for a day; if it does not answer then, what it said before is
/// better than nothing.
pub async fn list(s: &Services, actor: &Actor, id: ProviderId, search: Search) -> Result<Models> {
    enter(s, actor, "see the models of AI providers").await?;
    let mut tx = s.db.tenant(actor).await?;
    let stored = found(&mut tx, id).await?;
    let (mut listed, mut read_at) = models_store::list(&mut tx, id).await?;
    if search.fresh || is_due(&stored.provider, read_at, Timestamp::now()) {
        let endpoint = keys::open(&mut tx, s, &stored).await?;
        tx.rollback().await?;
        match look(s, actor, &stored, endpoint.as_ref()).await? {
            Ok(offer) => (listed, read_at) = (offer.into_models(), Some(Timestamp::now())),
            Err(failure) if search.fresh || read_at.is_none() => return Err(failed(&failure)),
            Err(_) => {}
        }
    }
    Ok(some(listed, read_at, &search))
}

/// All that are kept of a provider, for a page that shows them: neither counted nor asked for.
pub async fn shown(s: &Services, actor: &Actor, id: ProviderId) -> Result<Models> {
    actor.require(Role::can_configure_ai, "see the models of AI providers")?;
    let mut tx = s.db.tenant(actor).await?;
    let (listed, read_at) = models_store::list(&mut tx, id).await?;
    Ok(Models { total: listed.len(), models: listed, read_at })
}

/// What providers list for their models: whose, which one, what, and when they were asked.
pub(crate) async fn prices(
    tx: &mut TenantTx,
    providers: &[ProviderId],
) -> Result<Vec<(ProviderId, String, Price, Timestamp)>> {
    let listed = models_store::prices(tx, providers).await?;
    let priced = |listed: models_store::PricedModel| {
        let (input, output) = (listed.input, listed.output);
        let cache_read = listed.cache_read.unwrap_or(input);
        let cache_write = listed.cache_write.unwrap_or(input);
        (listed.provider, listed.model, Price { input, output, cache_read, cache_write }, listed.read_at)
    };
    Ok(listed.into_iter().map(priced).collect())
}

/// Whether a model may be one of those that a provider lists; one that lists nothing may have any, and the sandbox plays any.
pub fn may_have(provider: &Provider, listed: &[Listed], model: &str) -> bool {
    provider.provider == Kind::Sandbox || listed.is_empty() || choice::is_listed(provider.provider, listed, model)
}

/// Whether an agent can run on this provider (`None`: the workspace's default) and model (`None`: the provider's own). Answers the
/// model as it is to be kept.
pub async fn fit_for_agent(
    s: &Services,
    actor: &Actor,
    provider: Option<ProviderId>,
    model: Option<&str>,
) -> Result<Option<String>> {
    enter(s, actor, "choose what agents run on").await?;
    let mut tx = s.db.tenant(actor).await?;
    let stored = match provider {
        Some(id) => found(&mut tx, id).await?,
        None if model.is_none() => return Ok(None),
        None => store::find(&mut tx, None).await?.ok_or_else(|| {
            Error::invalid("model", "provider", "This workspace has no default AI provider. Choose a provider as well.")
        })?,
    };
    let Some(model) = model else { return Ok(None) };
    let model = rules::model(stored.provider.provider, Form::Agent.model(), model)?;
    let endpoint = keys::open(&mut tx, s, &stored).await?;
    tx.rollback().await?;
    checked(s, actor, &stored, endpoint.as_ref(), model, Form::Agent).await.map(Some)
}

/// A model of a stored provider, which has it: by the list that is kept, else by asking.
pub(super) async fn checked(
    s: &Services,
    actor: &Actor,
    stored: &Stored,
    endpoint: Option<&Endpoint>,
    model: String,
    form: Form,
) -> Result<String> {
    let Provider { id, provider: kind, name, .. } = &stored.provider;
    let mut tx = s.db.tenant(actor).await?;
    let (listed, _) = models_store::list(&mut tx, *id).await?;
    tx.rollback().await?;
    if choice::is_listed(*kind, &listed, &model) {
        return Ok(model);
    }
    let trial = Trial { form, kind: *kind, name, endpoint };
    let offer = look(s, actor, stored, endpoint).await?.map_err(|failure| trial.refused(failure))?;
    trial.model(s, &offer, Some(model)).await
}

/// Tries a provider's key, lists its models, and keeps what came of it unless the provider was changed meanwhile. No transaction
/// is open while it is asked.
pub(super) async fn look(
    s: &Services,
    actor: &Actor,
    stored: &Stored,
    endpoint: Option<&Endpoint>,
) -> Result<Result<Offer, Failure>> {
    let Provider { id, provider: kind, name, default_model, .. } = &stored.provider;
    let answer = Trial { form: Form::Provider, kind: *kind, name, endpoint }.models(s, Some(default_model)).await;
    let error = answer.as_ref().err().map(|failure| told(failure, failure.remedy()));
    let mut tx = s.db.tenant(actor).await?;
    if store::set_checked(&mut tx, stored, error.as_deref()).await? {
        if let Ok(offer) = &answer {
            models_store::keep(&mut tx, *id, offer.models()).await?;
        }
        note(&mut tx, "ai_provider.tested", &stored.provider, json!({ "valid": error.is_none() }));
    }
    tx.commit().await?;
    Ok(answer)
}

/// Whether a provider should be asked for its models before anybody is told what it listed before.
fn is_due(provider: &Provider, read_at: Option<Timestamp>, now: Timestamp) -> bool {
    let is_old = read_at.is_none_or(|at| at.plus(FRESH) < now);
    let rests = provider.failing_since.is_some() && provider.checked_at.is_some_and(|at| now < at.plus(PAUSE));
    is_old && !(rests && read_at.is_some())
}

fn some(listed: Vec<Listed>, read_at: Option<Timestamp>, search: &Search) -> Models {
    let mut models = choice::matching(listed, &search.words);
    let total = models.len();
    models.truncate(search.limit.unwrap_or(SOME));
    Models { models, total, read_at }
}

fn failed(failure: &Failure) -> Error {
    let details = json!({ "provider": failure.provider, "type": failure.kind, "remedy": failure.remedy() });
    Error::new(Code::ProviderFailed, told(failure, failure.remedy())).with(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(checked_at: Timestamp, failing_since: Option<Timestamp>) -> Provider {
        Provider { checked_at: Some(checked_at), failing_since, ..Provider::example(Kind::Openai) }
    }

    #[test]
    fn a_list_is_believed_for_a_day_and_who_does_not_answer_is_left_alone_for_a_while() {
        let now = Timestamp::now();
        let ago = |minutes: u64| now.minus(Duration::from_mins(minutes));
        let works = provider(ago(30), None);
        assert!(is_due(&works, None, now) && is_due(&works, Some(ago(25 * 60)), now));
        assert!(!is_due(&works, Some(ago(23 * 60)), now));
        let old = Some(ago(25 * 60));
        assert!(!is_due(&provider(ago(5), Some(ago(90))), old, now));
        assert!(is_due(&provider(ago(15), Some(ago(90))), old, now));
        assert!(is_due(&provider(ago(5), Some(ago(90))), None, now), "there is nothing to tell instead");
    }

    #[test]
    fn a_search_says_how_many_there_are_beside_those_that_it_answers() {
        let listed: Vec<Listed> = (0..120).map(|n| Listed::of(format!("m-{n}"))).collect();
        let asked = |words: &str, limit| {
            let found = some(listed.clone(), None, &Search { words: words.into(), limit, fresh: false });
            (found.models.len(), found.total)
        };
        assert_eq!((asked("", None), asked("M-11", Some(3)), asked("x", None)), ((50, 120), (3, 11), (0, 0)));
    }
}
