//! What AI costs: usage, prices, budgets, and who is asked when a provider gives no answer.

use axum::{
    Json as Reply,
    body::Body,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use hyvve_domain::{
    Error,
    ids::BudgetId,
    providers::{FallbackChoice, fallbacks},
    usage::{
        BudgetChanges, LedgerRow, NewBudget, Period, SetPrice, budgets, prices,
        stats_service::{self, BATCH, Days},
    },
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    asking::{Admin, Entered, Member, Read},
    extract::{Empty, Ids, Json, Query},
    guard::Welcome,
    reply::{Answer, Success, created, data},
};

/// `GET /api/ai-providers/usage?startDate&endDate`
pub(crate) async fn stats(asking: Member<Read>, Query(period): Query<Period>) -> Answer<Response> {
    Ok(data(stats_service::stats(&asking.services, &asking.actor, &period).await?))
}

/// `GET /api/ai-providers/usage.csv?startDate&endDate`: every call, oldest first (RFC 4180).
pub(crate) async fn export(asking: Member<Read>, Query(period): Query<Period>) -> Answer<Response> {
    let asking = asking.into_inner();
    let days = stats_service::days(&asking.services, &asking.actor, &period).await?;
    let next = stats_service::rows(&asking.services, &asking.actor, days, None).await?;
    let export = Export { welcome: asking.welcome(), asking, days, next, head: true };
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"ai-usage.csv\"")];
    Ok((headers, Body::from_stream(stream::unfold(Some(export), Export::page).fuse())).into_response())
}

/// An export that is under way. Nothing is held open between two of its pages.
struct Export {
    asking: Entered,
    welcome: Welcome,
    days: Days,
    next: Vec<LedgerRow>,
    /// The heads of the columns are still to be written.
    head: bool,
}

impl Export {
    /// The next piece. When reading fails, or whoever asked may not read any more, the body is cut off, which every client takes
    /// for a failure.
    async fn page(export: Option<Self>) -> Option<(Result<Bytes, Error>, Option<Self>)> {
        let export = export?;
        Some(match export.piece().await {
            Ok((piece, next)) => (Ok(piece), next.map(|next| Self { next, head: false, ..export })),
            Err(error) => (Err(error), None),
        })
    }

    /// The rows that were read, and those that come after them.
    async fn piece(&self) -> Result<(Bytes, Option<Vec<LedgerRow>>), Error> {
        let piece = csv_of(&self.next, self.head)?;
        if (self.next.len() as i64) < BATCH {
            return Ok((piece, None));
        }
        if !self.welcome.lasts().await {
            return Err(Error::unauthorized());
        }
        let Entered { services, actor, .. } = &self.asking;
        let next = stats_service::rows(services, actor, self.days, self.next.last()).await?;
        Ok((piece, Some(next)))
    }
}

/// A column: its head, and what stands under it.
type Column = (&'static str, fn(&LedgerRow) -> String);

const COLUMNS: [Column; 22] = [
    ("id", |row| row.id.to_string()),
    ("at", |row| row.at.to_string()),
    ("person", |row| text(row.person.as_deref())),
    ("agent", |row| text(row.agent.as_deref())),
    ("run", |row| row.run_id.map(|id| id.to_string()).unwrap_or_default()),
    ("provider", |row| text(Some(&row.provider))),
    ("provider_kind", |row| row.provider_kind.clone()),
    ("key_ending_in", |row| text(row.key_hint.as_deref())),
    ("model_asked", |row| text(Some(&row.model_asked))),
    ("model_served", |row| text(row.model_served.as_deref())),
    ("hop", |row| row.hop.to_string()),
    ("outcome", |row| row.outcome.clone()),
    ("failure", |row| text(row.failure.as_deref())),
    ("input_tokens", |row| row.input_tokens.to_string()),
    ("output_tokens", |row| row.output_tokens.to_string()),
    ("reasoning_tokens", |row| row.reasoning_tokens.to_string()),
    ("cache_read_tokens", |row| row.cache_read_tokens.to_string()),
    ("cache_write_tokens", |row| row.cache_write_tokens.to_string()),
    // Empty where nobody knows.
    ("cost_micro_dollars", |row| row.cost_micros.map(|micros| micros.to_string()).unwrap_or_default()),
    ("price_version", |row| text(row.price_version.as_deref())),
    ("first_token_ms", |row| row.first_token_ms.map(|ms| ms.to_string()).unwrap_or_default()),
    ("total_ms", |row| row.total_ms.map(|ms| ms.to_string()).unwrap_or_default()),
];

/// Somebody else's words in a cell: a spreadsheet must not take them for a formula.
fn text(words: Option<&str>) -> String {
    let words = words.unwrap_or_default();
    if words.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{words}")
    } else {
        words.to_owned()
    }
}

fn csv_of(rows: &[LedgerRow], head: bool) -> Result<Bytes, Error> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if head {
        csv.write_record(COLUMNS.map(|(name, _)| name)).map_err(Error::internal)?;
    }
    for row in rows {
        csv.write_record(COLUMNS.map(|(_, of)| of(row))).map_err(Error::internal)?;
    }
    csv.into_inner().map(Bytes::from).map_err(Error::internal)
}

/// `GET /api/ai-providers/prices`
pub(crate) async fn prices(asking: Member<Read>) -> Answer<Response> {
    Ok(data(prices::list(&asking.services, &asking.actor).await?))
}

/// `PUT /api/ai-providers/prices`
pub(crate) async fn set_price(asking: Member<Admin>, Json(price): Json<SetPrice>) -> Answer<Response> {
    Ok(data(prices::set(&asking.services, &asking.actor, price).await?))
}

/// `GET /api/ai-providers/budgets`
pub(crate) async fn budgets(asking: Member<Read>) -> Answer<Response> {
    Ok(data(budgets::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/ai-providers/budgets`
pub(crate) async fn set_budget(asking: Member<Admin>, Json(new): Json<NewBudget>) -> Answer<Response> {
    Ok(created(budgets::create(&asking.services, &asking.actor, new).await?))
}

/// `PATCH /api/ai-providers/budgets/{budget_id}`
pub(crate) async fn change_budget(
    asking: Member<Admin>,
    Ids(id): Ids<BudgetId>,
    Json(changes): Json<BudgetChanges>,
) -> Answer<Response> {
    Ok(data(budgets::update(&asking.services, &asking.actor, id, changes).await?))
}

/// `DELETE /api/ai-providers/budgets/{budget_id}`
pub(crate) async fn remove_budget(asking: Member<Admin>, Ids(id): Ids<BudgetId>, _: Empty) -> Answer<Response> {
    budgets::delete(&asking.services, &asking.actor, id).await?;
    Ok(Reply(Success::new()).into_response())
}

/// What `PUT /api/ai-providers/fallbacks` takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fallbacks {
    fallbacks: Vec<FallbackChoice>,
}

/// `GET /api/ai-providers/fallbacks`
pub(crate) async fn fallbacks(asking: Member<Read>) -> Answer<Response> {
    Ok(data(fallbacks::list(&asking.services, &asking.actor).await?))
}

/// `PUT /api/ai-providers/fallbacks`: all of them, in their order.
pub(crate) async fn set_fallbacks(asking: Member<Admin>, Json(input): Json<Fallbacks>) -> Answer<Response> {
    Ok(data(fallbacks::replace(&asking.services, &asking.actor, input.fallbacks).await?))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1"] {
            assert_eq!(text(Some(formula)), format!("'{formula}"));
        }
        assert_eq!((text(Some("gpt-5")), text(None)), ("gpt-5".to_owned(), String::new()));
    }
}
