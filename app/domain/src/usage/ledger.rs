//! The ledger: every call of a model, from its beginning to what it cost.

use std::time::Instant;

use serde::Serialize;
use time::Date;
use uuid::Uuid;

use super::{Terms, budgets, budgets_store, ledger_store};
use crate::{
    Actor, Result, Timestamp, Who,
    db::TenantTx,
    ids::{AgentId, BudgetId, ProviderId, RunId, UserId, WorkspaceId},
    providers::{ChatRequest, FailureKind, Kind, Provider, Usage},
    services::Services,
};

/// Bytes of text that make a token at least: fewer tokens than that are hardly ever made of it.
const BYTES_PER_TOKEN: u64 = 3;
/// Tokens of a picture, about as many as the dearest provider counts for a large one.
const PICTURE: u64 = 1_600;
/// Bytes of an answer that make a token, more or less: what an answer took at least that broke off before its provider counted.
const BYTES_WRITTEN_PER_TOKEN: u64 = 4;

/// Output tokens that a call of such a provider may take where a budget limits it and nobody has said how many there may be: room for
/// an answer with its reasoning.
const fn room(kind: Kind) -> u32 {
    match kind {
        // They refuse more than their model writes, or than its context has room for.
        Kind::Deepseek | Kind::OpenaiCompatible => 8_192,
        _ => 16_384,
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking {
    pub(crate) workspace: WorkspaceId,
    pub(crate) run: RunId,
    pub(crate) agent: AgentId,
    pub(crate) user: UserId,
}

impl Asking {
    /// None for an actor that is no agent.
    pub(crate) fn of(actor: &Actor, run: RunId) -> Option<Self> {
        match actor.who {
            Who::Agent { agent, requester, .. } => {
                Some(Self { workspace: actor.workspace, run, agent, user: requester })
            }
            _ => None,
        }
    }
}

/// A call that has begun.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    entry: Entry,
    began: Instant,
}

/// What is held back for a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) month: Date,
    pub(super) amount: i64,
    pub(super) budgets: Vec<BudgetId>,
}

/// A row of the ledger; the fields are its columns.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    workspace_id: WorkspaceId,
    id: Uuid,
    pub(super) at: Timestamp,
    run_id: RunId,
    pub(super) agent_id: AgentId,
    pub(super) user_id: UserId,
    provider_id: ProviderId,
    pub(crate) provider: String,
    provider_kind: Kind,
    key_hint: Option<String>,
    model_asked: String,
    model_served: Option<String>,
    hop: i16,
    outcome: Outcome,
    failure: Option<&'static str>,
    input_tokens: u64,
    output_tokens: u64,
    reasoning_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    pub(crate) cost_micros: Option<i64>,
    price_version: Option<String>,
    first_token_ms: Option<u32>,
    total_ms: Option<u32>,
    #[serde(skip)]
    pub(super) held: Option<Held>,
}

/// How a call stands, or has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Under way, with something held back for it.
    Reserved,
    /// Complete.
    Answered,
    /// It broke off.
    Broken,
    /// No answer came.
    Failed,
    /// The server died meanwhile.
    Lost,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) outcome: Outcome,
    pub(crate) failure: Option<FailureKind>,
    /// The model that answered, as the provider names it.
    pub(crate) served: Option<&'a str>,
    pub(crate) usage: Usage,
    /// Bytes of the answer that came.
    pub(crate) written: usize,
    pub(crate) first_token_ms: Option<u32>,
}

impl Ended<'_> {
    /// The tokens that it took. Several providers count what is written at the end only, so of an answer that broke off what came
    /// counts at least.
    fn tokens(&self) -> Usage {
        let usage = self.usage;
        if self.outcome != Outcome::Broken || usage.input == 0 || usage.cost_micros.is_some() {
            return usage;
        }
        Usage { output: usage.output.max((self.written as u64).div_ceil(BYTES_WRITTEN_PER_TOKEN)), ..usage }
    }
}

impl Call {
    /// A call of a model, the `hop`th for the same answer, from 0.
    pub(crate) fn begin(asking: Asking, provider: &Provider, model: &str, hop: usize) -> Self {
        let entry = Entry {
            workspace_id: asking.workspace,
            id: Uuid::now_v7(),
            at: Timestamp::now(),
            run_id: asking.run,
            agent_id: asking.agent,
            user_id: asking.user,
            provider_id: provider.id,
            provider: provider.name.clone(),
            provider_kind: provider.provider,
            key_hint: provider.key_hint.clone(),
            model_asked: model.to_owned(),
            model_served: None,
            hop: i16::try_from(hop).unwrap_or(i16::MAX),
            outcome: Outcome::Reserved,
            failure: None,
            input_tokens: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
            cost_micros: None,
            price_version: None,
            first_token_ms: None,
            total_ms: None,
            held: None,
        };
        Self { entry, began: Instant::now() }
    }

    /// Holds back what the call may cost from the budgets that limit it, whoever of those that its provider may ask answers, and lets
    /// the answer take no more than that; says why it may not begin. Commits by itself: whoever else asks now has to see it.
    pub(crate) async fn hold(
        &mut self,
        s: &Services,
        actor: &Actor,
        terms: &Terms,
        provider: &Provider,
        request: &mut ChatRequest,
    ) -> Result<Result<(), budgets::Refused>> {
        let entry = &mut self.entry;
        let most = request.max_output_tokens.unwrap_or_else(|| room(provider.provider));
        let (amount, priced) = match terms.dearest(provider, request, &estimate(request, most)) {
            Ok(Some(dearest)) => dearest,
            Ok(None) => return Ok(Ok(())),
            Err(model) => return budgets::price_unknown(s, actor, model, &entry.provider).await.map(Err),
        };
        let mut tx = s.db.tenant(actor).await?;
        let held = budgets_store::hold(&mut tx, entry.agent_id, entry.user_id, entry.at, amount).await?;
        if let Some(full) = held.iter().find(|budget| budget.gone_before >= budget.limit) {
            let (scope, limit) = (full.scope, full.limit);
            tx.rollback().await?;
            return budgets::reached(s, actor, scope, limit).await.map(Err);
        }
        if let Some(month) = held.first().map(|budget| budget.month) {
            entry.held = Some(Held { month, amount, budgets: held.iter().map(|budget| budget.id).collect() });
            (entry.cost_micros, entry.price_version) = (Some(amount), Some(priced.source.to_string()));
            ledger_store::put(&mut tx, entry).await?;
            request.max_output_tokens = Some(most);
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// What the ledger knows it by.
    pub(crate) const fn id(&self) -> Uuid {
        self.entry.id
    }

    /// The same by the name that its beginning was told by. Its driver may live after all, and write it down as well.
    pub(crate) fn known_as(mut self, id: Option<Uuid>) -> Self {
        self.entry.id = id.unwrap_or(self.entry.id);
        self
    }

    /// What is to be written of a call that has ended.
    pub(crate) fn ended(&self, terms: &Terms, provider: &Provider, ended: &Ended<'_>) -> Entry {
        let Ended { outcome, failure, served, first_token_ms, .. } = ended;
        let usage = ended.tokens();
        let mut entry = self.entry.clone();
        let priced = terms.price(provider, &entry.model_asked, *served);
        let free = priced.as_ref().is_some_and(super::terms::Priced::is_free);
        (entry.cost_micros, entry.price_version) = match (usage.cost_micros, priced) {
            _ if *outcome == Outcome::Failed => (Some(0), None),
            (Some(cost), _) => (Some(i64::try_from(cost).unwrap_or(i64::MAX)), Some("provider".to_owned())),
            // Nobody has said how many tokens it took.
            _ if usage.input + usage.output == 0 && !free => (None, None),
            (None, Some(priced)) => (Some(priced.cost(&usage)), Some(priced.source.to_string())),
            (None, None) => (None, None),
        };
        entry.outcome = *outcome;
        entry.failure = failure.map(FailureKind::as_str);
        entry.model_served = served.map(str::to_owned);
        let tokens = usage.within(i64::MAX as u64);
        entry.input_tokens = tokens.input;
        entry.output_tokens = tokens.output;
        entry.reasoning_tokens = tokens.reasoning;
        entry.cache_read_tokens = tokens.cache_read;
        entry.cache_write_tokens = tokens.cache_write;
        entry.first_token_ms = *first_token_ms;
        entry.total_ms = Some(u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX));
        entry
    }
}

impl Entry {
    /// The model that answered, as far as its provider says so.
    pub(crate) fn model(&self) -> &str {
        self.model_served.as_ref().unwrap_or(&self.model_asked)
    }

    /// Tokens, as a run adds them up, with what they cost.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            input: self.input_tokens,
            output: self.output_tokens,
            reasoning: self.reasoning_tokens,
            cache_read: self.cache_read_tokens,
            cache_write: self.cache_write_tokens,
            cost_micros: self.cost_micros.map(i64::unsigned_abs),
        }
    }

    /// What budgets lose to it: where nobody knows what it cost, what was held back for it.
    pub(super) fn counted(&self) -> i64 {
        self.cost_micros.unwrap_or_else(|| self.held.as_ref().map_or(0, |held| held.amount))
    }
}

/// Writes down a call whose run is in somebody else's hands by now; it was made and has its price all the same.
pub(crate) async fn record(s: &Services, actor: &Actor, entry: &Entry) -> Result<()> {
    let mut tx = s.db.tenant(actor).await?;
    if ledger_store::put(&mut tx, entry).await? {
        budgets::settle(&mut tx, entry, true).await?;
    }
    tx.commit().await
}

/// Gives up calls of a run for which something was held back when their server died; answers how many. What was held back is
/// gone: it may have been spent.
pub(crate) async fn give_up(tx: &mut TenantTx, run: RunId) -> Result<usize> {
    let lost = ledger_store::give_up(tx, run).await?;
    for call in &lost {
        budgets::give_up(tx, call).await?;
    }
    Ok(lost.len())
}

/// Writes down that a call was lost of which nothing else is known.
pub(crate) async fn lost(tx: &mut TenantTx, call: Call) -> Result<()> {
    let entry = Entry { outcome: Outcome::Lost, ..call.entry };
    ledger_store::put(tx, &entry).await.map(drop)
}

/// The tokens that a request takes at most: more or less those of its text, and as many as are written.
fn estimate(request: &ChatRequest, output: u32) -> Usage {
    let (text, pictures) = request.size();
    let input = text.div_ceil(BYTES_PER_TOKEN) + pictures * PICTURE;
    Usage { input, output: output.into(), ..Usage::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        providers::Message,
        usage::{ModelPrice, Price},
    };

    #[test]
    fn what_is_held_back_grows_with_what_is_asked() {
        let mut request = ChatRequest { messages: vec![Message::user("x".repeat(3_000))], ..ChatRequest::default() };
        assert_eq!(estimate(&request, 20), Usage { input: 1_000, output: 20, ..Usage::default() });
        request.system = "y".repeat(300);
        assert_eq!(estimate(&request, 10), Usage { input: 1_100, output: 10, ..Usage::default() });
    }

    /// A call of a model at $1 for a million tokens read and $4 for a million written, for which 7 millionths are held back.
    fn ended(ended: &Ended<'_>) -> Entry {
        let nobody = Uuid::nil();
        let asking =
            Asking { workspace: WorkspaceId(nobody), run: RunId(nobody), agent: AgentId(nobody), user: UserId(nobody) };
        let provider = Provider::example(Kind::OpenaiCompatible);
        let price = Price { input: 1_000_000, output: 4_000_000, ..Price::default() };
        let at = Timestamp::now();
        let price = ModelPrice { provider_id: provider.id, model: "m".into(), price, version: 1, created_at: at };
        let mut call = Call::begin(asking, &provider, "m", 0);
        call.entry.held = Some(Held { month: Date::MIN, amount: 7, budgets: Vec::new() });
        call.ended(&Terms::with(vec![price]), &provider, ended)
    }

    #[test]
    fn what_broke_off_costs_what_came_of_it_at_least_and_uncounted_what_was_held_back() {
        let broken = Ended {
            outcome: Outcome::Broken,
            failure: Some(FailureKind::Stalled),
            served: None,
            usage: Usage::default(),
            written: 4_000,
            first_token_ms: None,
        };
        // Nobody has counted anything: it may have cost as much as was held back.
        let uncounted = ended(&broken);
        assert_eq!((uncounted.cost_micros, uncounted.counted(), uncounted.output_tokens), (None, 7, 0));
        // What is read is counted first, and what is written at the end, to which it did not come.
        let begun = Usage { input: 100, output: 1, ..Usage::default() };
        let cut = ended(&Ended { usage: begun, ..broken.clone() });
        assert_eq!((cut.output_tokens, cut.cost_micros), (1_000, Some(100 + 4_000)));
        let counted = Usage { output: 1_001, ..begun };
        assert_eq!(ended(&Ended { usage: counted, ..broken.clone() }).output_tokens, 1_001);
        // Of what is complete the provider’s count holds, and what was refused costs nothing.
        let whole = Ended { outcome: Outcome::Answered, usage: begun, ..broken.clone() };
        assert_eq!(ended(&whole).cost_micros, Some(104));
        let refused = ended(&Ended { outcome: Outcome::Failed, ..broken });
        assert_eq!((refused.cost_micros, refused.counted()), (Some(0), 0));
    }
}
