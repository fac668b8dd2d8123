//! Deciding on several items at once: each goes through the door by itself, and each has its own answer.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::ApprovalId;

/// The most items that are decided on at once.
pub const MOST: usize = 100;

/// An item as somebody was shown it in a list; as text, `id.hash`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picked {
    /// Which one.
    pub id: ApprovalId,
    /// The hash that the list showed.
    pub hash: String,
}

impl std::fmt::Display for Picked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.id, self.hash)
    }
}

impl FromStr for Picked {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('.').and_then(|(id, hash)| Some((id.parse().ok()?, hash.to_owned())));
        let (id, hash) = parts.ok_or_else(|| {
            crate::Error::invalid(
                "picked",
                "format",
                "This is no approval of the list. Reload the page, then try again.",
            )
        })?;
        Ok(Self { id, hash })
    }
}

/// What became of each.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Decided as wanted.
    pub done: Vec<ApprovalId>,
    /// Approved, and still waiting for others who have to.
    pub waiting: Vec<ApprovalId>,
    /// Not decided.
    pub refused: Vec<Refused>,
    /// Milliseconds in which an approval can be taken back, counted from the first one; 0 when none can.
    pub undo_ms: u64,
}

/// One that was not decided on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// Which one.
    pub id: ApprovalId,
    /// What it is, in plain words.
    pub title: String,
    /// Why not.
    pub why: String,
}

#[cfg(feature = "ssr")]
pub use self::several::decide;

#[cfg(feature = "ssr")]
mod several {
    use std::{collections::HashMap, time::Instant};

    use super::{MOST, Outcome, Picked, Refused};
    use crate::{
        Actor, Error, Result,
        approvals::{Decide, Status, Verdict, door, outcomes, service},
        services::Services,
    };

    /// Decides on each of them, in their order. What is wrong with all of them is said before anything is decided: too many,
    /// a rejection without a reason, an item that is not there.
    pub async fn decide(
        s: &Services,
        actor: &Actor,
        mut picked: Vec<Picked>,
        verdict: Verdict,
        note: Option<String>,
    ) -> Result<Outcome> {
        let mut seen = std::collections::HashSet::new();
        picked.retain(|one| seen.insert(one.id));
        if picked.is_empty() {
            return Err(Error::invalid("picked", "required", "Please select what to decide on."));
        }
        if picked.len() > MOST {
            return Err(Error::invalid("picked", "maxItems", format!("At most {MOST} at once, please.")));
        }
        let ids: Vec<_> = picked.iter().map(|one| one.id).collect();
        let items = service::some(s, actor, &ids).await?;
        if items.len() < ids.len() {
            return Err(Error::not_found("approval"));
        }
        let titles: HashMap<_, _> = items.into_iter().map(|item| (item.id, item.title)).collect();
        let decision = |hash: Option<String>| Decide { verdict, note: note.clone(), hash, interactive: true };
        outcomes::note(&decision(None))?;

        let began = Instant::now();
        let mut outcome = Outcome::default();
        for Picked { id, hash } in picked {
            match door::decide(s, actor, id, decision(Some(hash))).await {
                Ok(decided) if decided.item.status == Status::Pending => outcome.waiting.push(id),
                Ok(_) => outcome.done.push(id),
                Err(error) => {
                    let title = titles.get(&id).cloned().unwrap_or_default();
                    outcome.refused.push(Refused { id, title, why: error.message });
                }
            }
        }
        if verdict == Verdict::Approve && !outcome.done.is_empty() {
            let left = s.settings.undo.saturating_sub(began.elapsed());
            outcome.undo_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::Picked;
    use crate::ids::ApprovalId;

    #[test]
    fn what_was_picked_is_understood_as_it_was_written() {
        let one = Picked { id: ApprovalId::new(), hash: "0a".repeat(32) };
        assert_eq!(one.to_string().parse(), Ok(one.clone()));
        for wrong in ["", ".", "x.y", &one.hash, &one.id.to_string()] {
            assert!(wrong.parse::<Picked>().is_err(), "{wrong:?}");
        }
    }
}
