//! On what terms a workspace's agents are asked: what its providers' models cost.

use std::collections::HashMap;

use super::{EVERY_MODEL, ModelPrice, Price, Source, prices_store, shipped};
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::ProviderId,
    providers::{ChatRequest, Kind, Provider, Usage, models},
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

    /// What a call may cost that takes so many tokens, wherever its provider caches what it reads.
    fn at_most(&self, usage: &Usage) -> i64 {
        self.cost(usage).max(self.cost(&Usage { cache_write: usage.input, ..*usage }))
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
        let kind = provider.provider;
        let whole = || served.into_iter().chain([asked]);
        let names = || whole().chain(whole().filter_map(move |name| without_variant(kind, name)));
        let own = |model: &str| self.prices.iter().find(|p| p.provider_id == provider.id && p.model == model);
        if let Some(own) = names().chain([EVERY_MODEL]).find_map(own) {
            return Some(Priced { price: own.price, long: None, source: Source::Workspace(own.version) });
        }
        let listed = self.listed.get(&provider.id);
        if let Some(&(price, read_at)) = names().find_map(|name| listed?.get(name)) {
            return Some(Priced { price, long: None, source: Source::Listed(read_at) });
        }
        let source = Source::Shipped(shipped::VERSION);
        if kind == Kind::Sandbox {
            return Some(Priced { price: Price::default(), long: None, source });
        }
        let maker = maker(provider.base_url.as_deref()?)?;
        let listed = names().find_map(|name| shipped::find(maker, name))?;
        Some(Priced { price: listed.price, long: listed.long, source })
    }

    /// What a call may cost that takes so many tokens, whichever of the request's models answers, with the price of the dearest; `None`
    /// where none of them costs anything. Where nobody knows what one of them costs: its name.
    pub(super) fn dearest<'r>(
        &self,
        provider: &Provider,
        request: &'r ChatRequest,
        usage: &Usage,
    ) -> Result<Option<(i64, Priced)>, &'r str> {
        let mut dearest = None;
        for model in std::iter::once(&request.model).chain(&request.fallback_models) {
            let priced = self.price(provider, model, None).ok_or(model.as_str())?;
            let amount = priced.at_most(usage);
            if !priced.is_free() && dearest.as_ref().is_none_or(|(most, _)| amount > *most) {
                dearest = Some((amount, priced));
            }
        }
        Ok(dearest)
    }
}

/// Whose server it is, whatever format it is spoken to in: OpenAI answers in its old one too, and others in OpenAI’s.
fn maker(base_url: &str) -> Option<Kind> {
    let origin = origin(base_url)?;
    Kind::ADDABLE.into_iter().find(|kind| kind.base_url().and_then(self::origin) == Some(origin))
}

/// Scheme, host and port of an address that has a path.
fn origin(url: &str) -> Option<&str> {
    url.match_indices('/').nth(2).map(|(at, _)| &url[..at])
}

/// OpenRouter takes variants of every model, `maker/model:nitro`, and lists few of them. One that is free is a model of its own.
fn without_variant(kind: Kind, model: &str) -> Option<&str> {
    let (plain, variant) = model.rsplit_once(':').filter(|_| kind == Kind::Openrouter)?;
    (variant != "free").then_some(plain)
}

#[cfg(test)]
impl Terms {
    /// Of a workspace with these prices of its own.
    pub(super) fn with(prices: Vec<ModelPrice>) -> Self {
        Self { prices, ..Self::default() }
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
        let pretender = provider(Kind::OpenaiCompatible, Some("https://api.openai.com.example/v1"));
        assert_eq!(terms.price(&pretender, "gpt-4o", None), None);
    }

    #[test]
    fn a_maker_charges_the_same_whatever_format_it_is_spoken_to_in() {
        let terms = Terms::default();
        for (kind, url, model) in [
            (Kind::OpenaiCompatible, "https://api.openai.com/v1", "gpt-4o"),
            (Kind::OpenaiCompatible, "https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-pro"),
            (Kind::Anthropic, "https://api.deepseek.com/anthropic", "deepseek-chat"),
        ] {
            let found = terms.price(&provider(kind, Some(url)), model, None);
            assert_eq!(found.map(|p| p.source), Some(Source::Shipped(shipped::VERSION)), "{url}");
            assert_eq!(terms.price(&provider(kind, Some(url)), "claude-sonnet-4-5", None), None, "{url}");
        }
    }

    /// OpenRouter, with models at so many millionths of a dollar for a million tokens read.
    fn openrouter(models: &[(&str, i64)]) -> (Provider, Terms) {
        let provider = provider(Kind::Openrouter, Kind::Openrouter.base_url());
        let price = |input: i64| (Price { input, ..Price::default() }, Timestamp::now());
        let models = models.iter().map(|(model, input)| ((*model).to_owned(), price(*input))).collect();
        let terms = Terms { listed: HashMap::from([(provider.id, models)]), ..Terms::default() };
        (provider, terms)
    }

    #[test]
    fn a_variant_costs_what_its_model_does_unless_it_is_listed_itself_or_free() {
        let (provider, terms) = openrouter(&[("a/b", 3), ("a/c", 5), ("a/c:free", 0), ("a/c:thinking", 7)]);
        let input = |model: &str| terms.price(&provider, model, None).map(|p| p.price.input);
        assert_eq!((input("a/b:nitro"), input("a/c:online"), input("a/c:thinking")), (Some(3), Some(5), Some(7)));
        assert_eq!((input("a/b:free"), input("a/c:free"), input("a/d:nitro")), (None, Some(0), None));
        let elsewhere = Provider { provider: Kind::OpenaiCompatible, ..provider.clone() };
        assert_eq!(terms.price(&elsewhere, "a/b:nitro", None), None);
    }

    #[test]
    fn a_request_may_cost_what_the_dearest_does_of_those_that_may_answer() {
        let (provider, terms) = openrouter(&[("x:free", 0), ("y", 2_000_000), ("z", 5_000_000)]);
        let asks = |models: &[&str]| {
            let mut models = models.iter().map(|model| (*model).to_owned());
            let model = models.next().unwrap_or_default();
            ChatRequest { model, fallback_models: models.collect(), ..ChatRequest::default() }
        };
        let usage = Usage { input: 10, ..Usage::default() };
        let most = |models: &[&str]| match terms.dearest(&provider, &asks(models), &usage) {
            Ok(dearest) => Ok(dearest.map(|(amount, _)| amount)),
            Err(unknown) => Err(unknown.to_owned()),
        };
        assert_eq!(most(&["x:free"]), Ok(None));
        assert_eq!(most(&["x:free", "y"]), Ok(Some(20)));
        assert_eq!((most(&["y", "z", "x:free"]), most(&["z", "y"])), (Ok(Some(50)), Ok(Some(50))));
        assert_eq!((most(&["x:free", "q"]), most(&["q", "y"])), (Err("q".to_owned()), Err("q".to_owned())));
    }

    #[test]
    fn what_is_read_may_all_be_written_into_a_cache() {
        let claude = provider(Kind::Anthropic, Kind::Anthropic.base_url());
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        let priced = Terms::default().price(&claude, "claude-sonnet-4-5", None);
        assert_eq!(priced.map(|p| (p.cost(&usage), p.at_most(&usage))), Some((3_000_000, 3_750_000)));
    }

    #[test]
    fn a_long_request_costs_the_price_of_long_ones_as_a_whole() {
        let gemini = provider(Kind::Gemini, Kind::Gemini.base_url());
        let priced = Terms::default().price(&gemini, "gemini-2.5-pro", None);
        let cost = |input| priced.as_ref().map(|p| p.cost(&Usage { input, ..Usage::default() }));
        assert_eq!((cost(200_000), cost(200_001)), (Some(250_000), Some(500_003)));
    }
}
