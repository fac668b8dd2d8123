//! SQL of what was used. Days begin at midnight in the workspace's time zone.

use std::cmp::Reverse;

use time::Date;
use uuid::Uuid;

use super::{Amounts, LedgerRow, Line, More, UsageStats, stats_service::Days};
use crate::{Result, Timestamp, actor::SOMEBODY_GONE, db::TenantTx, ids::RunId};

/// How many lines a list has at most; days are not cut.
const LINES: usize = 100;

/// Today, here.
pub(super) async fn today(tx: &mut TenantTx) -> Result<Date> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT (now() AT TIME ZONE timezone)::date AS "today!" FROM workspaces WHERE id = $1"#,
        workspace,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What was used, in every way of putting it together, in one look at the ledger.
pub(super) async fn stats(tx: &mut TenantTx, days: Days) -> Result<UsageStats> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"WITH calls AS (
             SELECT l.*, (l.at AT TIME ZONE w.timezone)::date AS day, COALESCE(l.model_served, l.model_asked) AS model
             FROM workspaces w JOIN usage_ledger l ON l.workspace_id = w.id
               AND l.at >= $2::date::timestamp AT TIME ZONE w.timezone
               AND l.at < ($3::date + 1)::timestamp AT TIME ZONE w.timezone
             WHERE w.id = $1 AND l.outcome <> 'reserved'),
           summed AS (
             SELECT grouping(day, provider_id, model, agent_id, user_id) AS sort,
                    day, provider_id, model, agent_id, user_id,
                    (array_agg(provider ORDER BY at DESC))[1] AS provider,
                    count(*) AS calls, count(*) FILTER (WHERE outcome <> 'answered') AS failed,
                    count(*) FILTER (WHERE cost_micros IS NULL) AS unpriced,
                    sum(input_tokens)::bigint AS input, sum(output_tokens)::bigint AS output,
                    sum(reasoning_tokens)::bigint AS reasoning, sum(cache_read_tokens)::bigint AS cache_read,
                    sum(cache_write_tokens)::bigint AS cache_write, COALESCE(sum(cost_micros), 0)::bigint AS cost
             FROM calls GROUP BY GROUPING SETS ((), (day), (provider_id), (model), (agent_id), (user_id)))
           SELECT s.sort AS "sort!", to_char(s.day, 'YYYY-MM-DD') AS day, s.provider_id AS "provider_id?", s.provider, s.model, s.agent_id, s.user_id,
                  a.name AS "agent?", u.name AS "person?", s.calls AS "calls!", s.failed AS "failed!", s.unpriced AS "unpriced!",
                  COALESCE(s.input, 0) AS "input!", COALESCE(s.output, 0) AS "output!", COALESCE(s.reasoning, 0) AS "reasoning!",
                  COALESCE(s.cache_read, 0) AS "cache_read!", COALESCE(s.cache_write, 0) AS "cache_write!", s.cost AS "cost!"
           FROM summed s LEFT JOIN agents a ON a.workspace_id = $1 AND a.id = s.agent_id LEFT JOIN users u ON u.id = s.user_id"#,
        workspace,
        days.start,
        days.end,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut stats = UsageStats {
        start_date: days.start.to_string(),
        end_date: days.end.to_string(),
        only_own: false,
        total: Amounts::default(),
        by_day: Vec::new(),
        by_provider: Vec::new(),
        by_model: Vec::new(),
        by_agent: Vec::new(),
        by_person: Vec::new(),
        more: More::default(),
    };
    for r in rows {
        let amounts = Amounts {
            calls: r.calls,
            failed: r.failed,
            unpriced: r.unpriced,
            input_tokens: r.input,
            output_tokens: r.output,
            reasoning_tokens: r.reasoning,
            cache_read_tokens: r.cache_read,
            cache_write_tokens: r.cache_write,
            cost_micros: r.cost,
        };
        let line = |id: Option<Uuid>, name: Option<String>, gone: &str| Line {
            id,
            name: name.unwrap_or_else(|| gone.to_owned()),
            amounts,
        };
        // A bit of `sort` is set where that column was not grouped by.
        match r.sort {
            0b01111 => stats.by_day.push(line(None, r.day, "")),
            0b10111 => stats.by_provider.push(line(r.provider_id, r.provider, "")),
            0b11011 => stats.by_model.push(line(None, r.model, "")),
            0b11101 => stats.by_agent.push(line(r.agent_id, r.agent, "An agent that is gone")),
            0b11110 => stats.by_person.push(line(r.user_id, r.person, SOMEBODY_GONE)),
            _ => stats.total = amounts,
        }
    }
    stats.more = More {
        by_provider: keep_the_dearest(&mut stats.by_provider),
        by_model: keep_the_dearest(&mut stats.by_model),
        by_agent: keep_the_dearest(&mut stats.by_agent),
        by_person: keep_the_dearest(&mut stats.by_person),
    };
    stats.by_day = every_day(days, stats.by_day);
    Ok(stats)
}

/// Puts the dearest first; answers how many are left out.
fn keep_the_dearest(lines: &mut Vec<Line>) -> usize {
    lines.sort_by_key(|line| {
        let Amounts { cost_micros, input_tokens, output_tokens, .. } = line.amounts;
        (Reverse((cost_micros, input_tokens + output_tokens)), line.name.clone())
    });
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    more
}

/// With the days on which nothing was used.
fn every_day(days: Days, mut used: Vec<Line>) -> Vec<Line> {
    let mut all = Vec::new();
    let mut day = Some(days.start);
    while let Some(date) = day.filter(|day| *day <= days.end) {
        let name = date.to_string();
        let at = used.iter().position(|line| line.name == name);
        all.push(at.map(|at| used.swap_remove(at)).unwrap_or(Line { id: None, name, amounts: Amounts::default() }));
        day = date.next_day();
    }
    all
}

/// Calls of some days, oldest first, after one of them.
pub(super) async fn rows(
    tx: &mut TenantTx,
    days: Days,
    after: Option<&LedgerRow>,
    limit: i64,
) -> Result<Vec<LedgerRow>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        LedgerRow,
        r#"SELECT l.id, l.at AS "at: Timestamp", u.name AS "person?", a.name AS "agent?", l.run_id, l.provider, l.provider_kind,
                  l.key_hint, l.model_asked, l.model_served, l.hop, l.outcome, l.failure, l.input_tokens, l.output_tokens,
                  l.reasoning_tokens, l.cache_read_tokens, l.cache_write_tokens, l.cost_micros, l.price_version, l.first_token_ms,
                  l.total_ms
           FROM workspaces w JOIN usage_ledger l ON l.workspace_id = w.id
             AND l.at >= $2::date::timestamp AT TIME ZONE w.timezone AND l.at < ($3::date + 1)::timestamp AT TIME ZONE w.timezone
           LEFT JOIN agents a ON a.workspace_id = $1 AND a.id = l.agent_id LEFT JOIN users u ON u.id = l.user_id
           WHERE w.id = $1 AND l.outcome <> 'reserved' AND ($4::timestamptz IS NULL OR (l.at, l.id) > ($4, $5))
           ORDER BY l.at, l.id LIMIT $6"#,
        workspace,
        days.start,
        days.end,
        after.map(|row| row.at.0),
        after.map(|row| row.id),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What a run has used so far. Calls are found by when they began: while the run went on.
pub(super) async fn of_run(tx: &mut TenantTx, run: RunId) -> Result<Amounts> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Amounts,
        r#"SELECT count(*) AS "calls!", count(*) FILTER (WHERE l.outcome <> 'answered') AS "failed!",
                  count(*) FILTER (WHERE l.cost_micros IS NULL) AS "unpriced!",
                  COALESCE(sum(l.input_tokens), 0)::bigint AS "input_tokens!", COALESCE(sum(l.output_tokens), 0)::bigint AS "output_tokens!",
                  COALESCE(sum(l.reasoning_tokens), 0)::bigint AS "reasoning_tokens!",
                  COALESCE(sum(l.cache_read_tokens), 0)::bigint AS "cache_read_tokens!",
                  COALESCE(sum(l.cache_write_tokens), 0)::bigint AS "cache_write_tokens!",
                  COALESCE(sum(l.cost_micros), 0)::bigint AS "cost_micros!"
           FROM runs r JOIN usage_ledger l ON l.workspace_id = r.workspace_id AND l.run_id = r.id
             AND l.at >= r.created_at - interval '1 minute' AND l.at <= COALESCE(r.ended_at, now()) + interval '1 minute'
           WHERE r.workspace_id = $1 AND r.id = $2 AND l.outcome <> 'reserved'"#,
        workspace,
        run.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_keeps_the_dearest_and_says_how_many_it_leaves_out() {
        let line = |cost_micros: i64| Line {
            id: None,
            name: cost_micros.to_string(),
            amounts: Amounts { cost_micros, ..Amounts::default() },
        };
        let mut lines: Vec<Line> = (0..103).map(line).collect();
        assert_eq!((keep_the_dearest(&mut lines), lines.len()), (3, LINES));
        assert_eq!((lines[0].name.as_str(), lines[99].name.as_str()), ("102", "3"));
        lines.truncate(2);
        assert_eq!((keep_the_dearest(&mut lines), lines.len()), (0, 2));
    }
}
