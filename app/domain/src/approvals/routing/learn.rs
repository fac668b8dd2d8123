//! Learning from what people say: in the transaction in which they say it.

use serde_json::json;

use crate::{
    Result,
    approvals::calibration_store::{self as store, Lesson},
    approvals::policies::service as policies,
    audit::Entry,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::CalibrationReset},
};

/// Where a lesson comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::approvals) enum From {
    /// A decision before the effect.
    Decision,
    /// A look afterwards.
    Sample,
}

impl From {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Sample => "sample",
        }
    }
}

/// Learns that a person agreed, or did not. Of a proposal one thing is learned, once.
pub(in crate::approvals) async fn learn(tx: &mut TenantTx, lesson: &Lesson, agreed: bool, from: From) -> Result<()> {
    let target = policies::in_force(tx, &lesson.tool).await?.thresholds.target;
    // The cell first: whoever learns in it at the same time waits here, and nowhere holding less.
    let mut cell = store::lock(tx, lesson).await?;
    if !store::observe(tx, lesson, agreed, from.as_str()).await? {
        return Ok(());
    }
    let anew = cell.learn(lesson.band, agreed, target);
    store::keep(tx, lesson, &cell, anew).await?;
    if anew {
        let facts = json!({ "tool": lesson.tool, "agent": lesson.agent, "setup": lesson.setup, "target": target });
        tx.audit(Entry::new("calibration.reset", "agent", lesson.agent).details(facts));
        let (tool, setup) = (lesson.tool.clone(), lesson.setup.clone());
        let reset = CalibrationReset { tool, agent: lesson.agent, setup, target };
        tx.emit(Draft::new(DomainEvent::CalibrationReset(reset), lesson.agent));
    }
    Ok(())
}

/// Forgets what was learned from a decision that is taken back.
pub(in crate::approvals) async fn unlearn(tx: &mut TenantTx, lesson: &Lesson) -> Result<()> {
    let mut cell = store::lock(tx, lesson).await?;
    if let Some(agreed) = store::forget(tx, lesson.approval).await? {
        cell.unlearn(lesson.band, agreed);
        store::keep(tx, lesson, &cell, false).await?;
    }
    Ok(())
}
