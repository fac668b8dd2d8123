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
pub use self::several::{Weighed, decide, sum_now, weigh};

#[cfg(feature = "ssr")]
mod several {
    use std::{
        collections::{HashMap, HashSet},
        time::Instant,
    };

    use super::{MOST, Outcome, Picked, Refused};
    use crate::{
        Actor, Code, Error, Result,
        approvals::{
            Decide, Status, Verdict, door, list_store, outcomes, policy,
            proposal::Proposal,
            service,
            sum::{Sum, groups},
        },
        ids::ApprovalId,
        services::Services,
        tools::registry,
    };

    /// Each once, and neither none nor too many.
    fn sensible(picked: &mut Vec<Picked>) -> Result<()> {
        let mut seen = HashSet::new();
        picked.retain(|one| seen.insert(one.id));
        if picked.is_empty() {
            return Err(Error::invalid("picked", "required", "Please select what to decide on."));
        }
        if picked.len() > MOST {
            return Err(Error::invalid("picked", "maxItems", format!("At most {MOST} at once, please.")));
        }
        Ok(())
    }

    /// A selection, added up.
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct Weighed {
        /// What it would do together.
        pub sum: Sum,
        /// The items of each of the sum's groups, the oldest first.
        pub members: Vec<Vec<ApprovalId>>,
        /// What the actor may not decide on, and why.
        pub barred: Vec<(ApprovalId, String)>,
        /// What is not, or not any more, what was shown as waiting.
        pub moved_on: Vec<ApprovalId>,
    }

    /// What they would do together, as their cards show it. What the actor may not decide on, and what is not as it was picked any
    /// more, is counted and left out.
    pub async fn weigh(s: &Services, actor: &Actor, mut picked: Vec<Picked>) -> Result<Weighed> {
        sensible(&mut picked)?;
        let shown: HashMap<_, _> = picked.into_iter().map(|one| (one.id, one.hash)).collect();
        let ids: Vec<_> = shown.keys().map(|id| id.0).collect();
        let mut tx = s.db.tenant(actor).await?;
        let items = list_store::summands(&mut tx, &ids).await?;
        if items.len() < ids.len() {
            return Err(Error::not_found("approval"));
        }
        let (mut weighed, mut actions, mut in_groups) = (Weighed::default(), Vec::new(), Vec::new());
        for item in items {
            if item.status != Status::Pending || shown.get(&item.id) != Some(&hex::encode(&item.hash)) {
                weighed.moved_on.push(item.id);
                continue;
            }
            if let Some(why) = policy::blocked_from(actor, &item.parties) {
                weighed.barred.push((item.id, why));
                continue;
            }
            let Proposal { tool, arguments, expected_versions, .. } =
                Proposal::open(tx.workspace(), &item.canonical, &item.hash)?;
            match registry::preview(&mut tx, &tool, &arguments, &expected_versions, &s.mailer).await {
                Ok(preview) => {
                    weighed.sum.want_several += usize::from(item.wants_several);
                    in_groups.push(item.id);
                    actions.push((tool, item.reversibility, preview));
                }
                // What it would change is gone.
                Err(error) if error.code == Code::NotFound => weighed.moved_on.push(item.id),
                Err(error) => return Err(error),
            }
        }
        for (group, places) in groups(&actions) {
            weighed.sum.irreversible += group.irreversible;
            weighed.sum.groups.push(group);
            weighed.members.push(places.into_iter().filter_map(|place| in_groups.get(place).copied()).collect());
        }
        weighed.sum.barred = weighed.barred.len();
        weighed.sum.moved_on = weighed.moved_on.len();
        Ok(weighed)
    }

    /// What items as they are now would do together.
    pub async fn sum_now(s: &Services, actor: &Actor, ids: &[ApprovalId]) -> Result<Sum> {
        service::reader(actor)?;
        if ids.is_empty() || ids.len() > MOST {
            return Err(Error::invalid("ids", "items", format!("Between 1 and {MOST}, please.")));
        }
        let items = service::some(s, actor, ids).await?;
        if items.len() < ids.iter().collect::<HashSet<_>>().len() {
            return Err(Error::not_found("approval"));
        }
        let picked = items.into_iter().map(|item| Picked { id: item.id, hash: item.hash }).collect();
        Ok(weigh(s, actor, picked).await?.sum)
    }

    /// Decides on each of them, in their order. What is wrong with all of them is said before anything is decided: too many,
    /// a rejection without a reason, an item that is not there.
    pub async fn decide(
        s: &Services,
        actor: &Actor,
        mut picked: Vec<Picked>,
        verdict: Verdict,
        note: Option<String>,
    ) -> Result<Outcome> {
        sensible(&mut picked)?;
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
