//! On what terms a workspace's agents are asked: what its providers' models cost.

use std::collections::HashMap;

use super::{EVERY_MODEL, ModelPrice, Price, Source, prices_store, shipped};
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::ProviderId,
    providers::{Kind, Provider, Usage, models},
};

/// Prices of a workspace, as they are believed for a moment. Budgets are not: whoever is about to spend reads them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// The workspace's own prices.
    prices: Vec<ModelPrice>,
    /// What the providers list, by model.
    listed: HashMap<ProviderId, HashMap<String, (Price, Timestamp)>>,
}

/// What a model costs, and who says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Priced {
    pub(super) price: Price,
    long: Option<(u64, Price)>,
    /// Who says so.
    pub(super) source: Source,
}

impl Priced {
    /// What a call has cost.
    pub(crate) fn cost(&self, usage: &Usage) -> i64 {
        match self.long {
            Some((above, price)) if usage.input > above => price.cost(usage),
            _ => self.price.cost(usage),
        }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.price.is_free()
    }
}

impl Terms {
    /// As far as these providers are asked.
    pub(crate) async fn of(tx: &mut TenantTx, providers: &[ProviderId]) -> Result<Self> {
        let mut terms = Self { prices: prices_store::current(tx).await?, ..Self::default() };
        for (provider, model, price, read_at) in models::prices(tx, providers).await? {
            terms.listed.entry(provider).or_default().insert(model, (price, read_at));
        }
        Ok(terms)
    }

    /// What a model of a provider costs: as the workspace says; else as the provider itself lists it; else as the list does that came
    /// with HYVVE, where the maker itself is asked. `None`: it is not known. What was served counts more than what was asked for.
    pub(crate) fn price(&self, provider: &Provider, asked: &str, served: Option<&str>) -> Option<Priced> {
        let names = || served.into_iter().chain([asked]);
        let own = |model: &str| self.prices.iter().find(|p| p.provider_id == provider.id && p.model == model);
        if let Some(own) = names().chain([EVERY_MODEL]).find_map(own) {
            return Some(Priced { price: own.price, long: None, source: Source::Workspace(own.version) });
        }
        let listed = self.listed.get(&provider.id);
        if let Some(&(price, read_at)) = names().find_map(|name| listed?.get(name)) {
            return Some(Priced { price, long: None, source: Source::Listed(read_at) });
        }
        let source = Source::Shipped(shipped::VERSION);
        if provider.provider == Kind::Sandbox {
            return Some(Priced { price: Price::default(), long: None, source });
        }
        let at_the_maker = provider.base_url.as_deref() == provider.provider.base_url();
        let listed = names().find_map(|name| shipped::find(provider.provider, name)).filter(|_| at_the_maker)?;
        Some(Priced { price: listed.price, long: listed.long, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn provider(kind: Kind, base_url: Option<&str>) -> Provider {
        Provider { base_url: base_url.map(str::to_owned), ..Provider::example(kind) }
    }

    fn own(provider: ProviderId, model: &str, input: i64, version: i32) -> ModelPrice {
        let price = Price { input, ..Price::default() };
        ModelPrice { provider_id: provider, model: model.into(), price, version, created_at: Timestamp::now() }
    }

    #[test]
    fn the_workspace_s_price_counts_before_the_list_s_and_an_unknown_one_is_none() {
        let claude = provider(Kind::Anthropic, Kind::Anthropic.base_url());
        let version = |terms: &Terms, asked, served| terms.price(&claude, asked, served).map(|p| p.source.to_string());
        let terms = Terms::default();
        let shipped = format!("shipped:{}", shipped::VERSION);
        assert_eq!(version(&terms, "claude-sonnet-4-5", None), Some(shipped.clone()));
        assert_eq!(version(&terms, "x", Some("claude-sonnet-4-5-20250929")), Some(shipped));
        assert_eq!(version(&terms, "claude-unheard-of", None), None);

        // What the provider itself lists counts before that, for its own models only.
        let (price, read_at) = (Price { input: 5, ..Price::default() }, Timestamp::now());
        let models = HashMap::from([("claude-sonnet-4-5".to_owned(), (price, read_at))]);
        let terms = Terms { listed: HashMap::from([(claude.id, models)]), ..terms };
        assert_eq!(version(&terms, "claude-sonnet-4-5", None), Some(format!("listed:{read_at}")));
        assert_eq!(version(&terms, "claude-unheard-of", None), None);
        let router = Provider { id: ProviderId(Uuid::max()), ..claude.clone() };
        assert_eq!(terms.price(&router, "claude-sonnet-4-5", None).map(|p| p.price == price), Some(false));

        let terms =
            Terms { prices: vec![own(claude.id, "claude-sonnet-4-5", 7, 3), own(claude.id, "*", 8, 4)], ..terms };
        assert_eq!(version(&terms, "claude-sonnet-4-5", None).as_deref(), Some("workspace:3"));
        assert_eq!(version(&terms, "claude-unheard-of", None).as_deref(), Some("workspace:4"));
        // Another provider's prices are no prices of this one.
        let other = Provider { id: ProviderId(Uuid::max()), ..claude.clone() };
        assert_eq!(terms.price(&other, "claude-unheard-of", None), None);
    }

    #[test]
    fn the_list_says_nothing_about_what_others_charge_for_the_same_model() {
        let terms = Terms::default();
        let gateway = provider(Kind::Anthropic, Some("https://gateway.example/v1"));
        assert_eq!(terms.price(&gateway, "claude-sonnet-4-5", None), None);
        let local = provider(Kind::OpenaiCompatible, Some("http://localhost:11434/v1"));
        assert_eq!(terms.price(&local, "gpt-4o", None), None);
        assert!(terms.price(&provider(Kind::Sandbox, None), "sandbox-script", None).is_some_and(|p| p.is_free()));
    }

    #[test]
    fn a_long_request_costs_the_price_of_long_ones_as_a_whole() {
        let gemini = provider(Kind::Gemini, Kind::Gemini.base_url());
        let priced = Terms::default().price(&gemini, "gemini-2.5-pro", None);
        let cost = |input| priced.as_ref().map(|p| p.cost(&Usage { input, ..Usage::default() }));
        assert_eq!((cost(200_000), cost(200_001)), (Some(250_000), Some(500_003)));
    }
}
