//! What a policy would have done with the last 90 days.

use std::time::{Duration, Instant};

use super::{
    Draft, DryRun, Policy, rules, service,
    store::{self, Past},
};
use crate::{
    Actor, Error, Result, Role,
    approvals::routing::{Review, route},
    services::Services,
};

/// The most proposals that are looked at.
const LIMIT: i64 = 10_000;
/// For how long they are looked at, the newest first: rules that take longer are tried on fewer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Routes what agents proposed in the last 90 days once more, with what was known then, under this draft. Nothing changes.
pub async fn dry_run(s: &Services, actor: &Actor, draft: Draft) -> Result<DryRun> {
    actor.require(Role::can_decide, "try policies")?;
    let mut tx = s.db.tenant(actor).await?;
    let draft = service::checked(&mut tx, draft).await?;
    let past = store::past(&mut tx, &draft.tool, LIMIT).await?;
    drop(tx);
    // Ten thousand proposals under fifty rules take a while, and this thread has others to serve.
    tokio::task::spawn_blocking(move || tried(&draft, &past)).await.map_err(Error::internal)
}

fn tried(draft: &Draft, past: &[Past]) -> DryRun {
    let mut result = DryRun { matched: vec![0; draft.rules.len()], ..DryRun::default() };
    let began = Instant::now();
    let in_time = past.iter().take_while(|_| began.elapsed() < PATIENCE);
    let verdicts = rules::ask_each(&draft.rules, in_time.map(|item| &item.fields));
    for (item, verdict) in past.iter().zip(verdicts) {
        result.proposals += 1;
        result.auto_then += u32::from(item.was_auto);
        for place in verdict.places {
            result.matched[place] += 1;
        }
        let floor = service::closer(verdict.floor, draft.handling.floor());
        match route(&item.estimate, item.reversible, &draft.thresholds, floor).review {
            Review::Auto => {
                result.auto += 1;
                result.auto_rejected += u32::from(item.agreed == Some(false));
            }
            Review::Quick => result.quick += 1,
            Review::Full => result.full += 1,
        }
    }
    result
}

impl From<Policy> for Draft {
    fn from(policy: Policy) -> Self {
        Self { tool: policy.tool, thresholds: policy.thresholds, rules: policy.rules, handling: policy.handling }
    }
}
