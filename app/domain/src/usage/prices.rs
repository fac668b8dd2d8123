//! The workspace's own prices. Each change is a new version; calls keep the one that they were priced with.

use serde_json::json;

use super::{EVERY_MODEL, ModelPrice, Price, SetPrice, Source, Terms, prices_store as store};
use crate::{
    Actor, Error, Result, Role,
    audit::Entry,
    events::{DomainEvent, Draft, payload::PriceSet},
    ids::ProviderId,
    providers::{Provider, fallbacks::must_be_here, service::enter},
    services::Services,
};

/// The highest price of a million tokens: ten thousand dollars.
const MOST: i64 = 10_000_000_000;

/// The workspace's own prices, by provider and model.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<ModelPrice>> {
    enter(s, actor, "see prices").await?;
    shown(s, actor).await
}

/// The same for a page that shows them, which is no call and not counted.
pub async fn shown(s: &Services, actor: &Actor) -> Result<Vec<ModelPrice>> {
    actor.require(Role::can_configure_ai, "see prices")?;
    let mut tx = s.db.tenant(actor).await?;
    store::current(&mut tx).await
}

/// What models cost at the moment, and who says so; `None` where that is not known. In the order of the question.
pub async fn in_force(
    s: &Services,
    actor: &Actor,
    models: &[(&Provider, &str)],
) -> Result<Vec<Option<(Price, Source)>>> {
    actor.require(Role::can_configure_ai, "see prices")?;
    let mut tx = s.db.tenant(actor).await?;
    let providers: Vec<ProviderId> = models.iter().map(|(provider, _)| provider.id).collect();
    let terms = Terms::of(&mut tx, &providers).await?;
    let priced = |(provider, model): &(&Provider, &str)| terms.price(provider, model, None);
    Ok(models.iter().map(priced).map(|priced| priced.map(|priced| (priced.price, priced.source))).collect())
}

/// Sets a price, or takes it back; answers all that hold from now on.
pub async fn set(s: &Services, actor: &Actor, set: SetPrice) -> Result<Vec<ModelPrice>> {
    enter(s, actor, "set prices").await?;
    let user = actor.user_id();
    let model = model(&set.model)?;
    set.price.as_ref().map_or(Ok(()), checked)?;
    let mut tx = s.db.tenant(actor).await?;
    must_be_here(&mut tx, set.provider_id).await?;
    store::lock(&mut tx).await?;
    let before =
        store::current(&mut tx).await?.into_iter().find(|p| p.provider_id == set.provider_id && p.model == model);
    if before.as_ref().map(|p| p.price) == set.price {
        return store::current(&mut tx).await;
    }
    let version = store::add(&mut tx, set.provider_id, &model, set.price, user).await?;
    let details = json!({ "model": model, "price": set.price, "before": before.map(|p| p.price), "version": version });
    tx.audit(Entry::new("model_price.set", "ai_provider", set.provider_id.0).details(details));
    tx.emit(Draft::new(DomainEvent::ModelPriceSet(PriceSet { version }), set.provider_id));
    let now = store::current(&mut tx).await?;
    tx.commit().await?;
    s.resolved.forget_all();
    Ok(now)
}

fn model(entered: &str) -> Result<String> {
    let name = entered.trim();
    let bad = |constraint: &str, message: &str| Err(Error::invalid("model", constraint, message));
    match name {
        "" => bad("required", "Please enter the model’s name, or * for all models of the provider."),
        _ if name.chars().count() > 200 => bad("maxLength", "A model’s name has at most 200 characters."),
        _ if name.chars().any(char::is_control) => {
            bad("noControlCharacters", "Control characters are not allowed here.")
        }
        _ if name != EVERY_MODEL && name.contains('*') => {
            bad("noPattern", "* stands for all models, not for part of a name.")
        }
        _ => Ok(name.to_owned()),
    }
}

fn checked(price: &Price) -> Result<()> {
    let parts = [
        ("price.input", price.input),
        ("price.output", price.output),
        ("price.cacheRead", price.cache_read),
        ("price.cacheWrite", price.cache_write),
    ];
    for (field, micros) in parts {
        if !(0..=MOST).contains(&micros) {
            return Err(Error::invalid(field, "range", "A million tokens cost between $0 and $10,000."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_neither_negative_nor_absurd_and_has_a_model() {
        let price = Price { input: 3, ..Price::default() };
        assert!(checked(&price).is_ok());
        let bad = [
            (Price { input: -1, ..price }, "price.input"),
            (Price { output: MOST + 1, ..price }, "price.output"),
            (Price { cache_read: i64::MIN, ..price }, "price.cacheRead"),
            (Price { cache_write: i64::MAX, ..price }, "price.cacheWrite"),
        ];
        for (price, field) in bad {
            assert_eq!(checked(&price).err().as_ref().and_then(Error::field), Some(field));
        }
        assert_eq!(model(" gpt-5 ").ok().as_deref(), Some("gpt-5"));
        assert_eq!(model("*").ok().as_deref(), Some("*"));
        for bad in ["", "gpt-*", "a\nb", &"m".repeat(201)] {
            assert!(model(bad).is_err(), "{bad:?}");
        }
    }
}
