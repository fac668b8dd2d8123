//! How a policy's items wait: who is asked, who has to agree, what happens while nobody decides, and when it is over.

use serde::{Deserialize, Serialize};

use crate::{
    Role,
    approvals::{
        quorum::Group,
        routing::{Floor, Review},
    },
    ids::UserId,
};

/// How an item waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Handling {
    /// How many people have to approve, 1 to 10. Where it is more than one, nothing goes on by itself.
    pub quorum: i16,
    /// Roles of which some have to be among them; then nothing goes on by itself either.
    pub groups: Vec<Group>,
    /// Whoever started the run, or proposed, does not decide on what comes of it.
    pub requester_barred: bool,
    /// After how many minutes without a decision it has timed out, 1 to 43,200; `None`: it waits for ever. Nobody decides by
    /// not being there: what has timed out is not done.
    pub due_minutes: Option<i32>,
    /// Who is asked first; `None`: nobody in particular. Whoever else may decide still may.
    pub assignment: Option<Assignment>,
    /// What happens while nobody decides, in this order; at most 10 steps.
    pub ladder: Vec<Step>,
}

/// Whom a policy asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Assignment {
    /// Somebody who may decide.
    Person {
        /// Who.
        user_id: UserId,
    },
    /// Anybody of a role that decides.
    Role {
        /// `owner` or `admin`: exactly this one.
        role: Role,
    },
    /// One after the other of a role that decides.
    RoundRobin {
        /// `owner` or `admin`: exactly this one.
        role: Role,
    },
    /// Whoever the record is assigned to, or else whose it is.
    OwnerOfRecord {},
}

/// Something that happens while nobody decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "LadderStep"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Minutes after it was proposed, 1 to 43,200; later than the step before.
    pub after_minutes: i32,
    /// What.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "LadderAction"))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// Writes to those who are asked.
    Remind {},
    /// Asks somebody else: a person, or the next one of a role.
    Reassign {
        /// Whom.
        to: Assignment,
    },
    /// Asks everybody of a role that decides.
    Escalate {
        /// Which.
        role: Role,
    },
    /// Ends it as timed out, never as approved. Only the last step does.
    TimeOut {},
}

/// A step that an item takes while it waits. The end is none of them: when it is over stands in the item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rung {
    /// Minutes after it was proposed.
    pub after_minutes: i32,
    /// What.
    pub action: Nudge,
}

/// What such a step does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Nudge {
    /// Writes to those who are asked.
    Remind {},
    /// Asks somebody else: a person, or the next one of a role.
    Reassign {
        /// Whom.
        to: Assignment,
    },
    /// Asks everybody of a role that decides.
    Escalate {
        /// Which.
        role: Role,
    },
}

impl Action {
    /// What is done while an item waits; `None` of its end.
    const fn nudge(self) -> Option<Nudge> {
        match self {
            Self::Remind {} => Some(Nudge::Remind {}),
            Self::Reassign { to } => Some(Nudge::Reassign { to }),
            Self::Escalate { role } => Some(Nudge::Escalate { role }),
            Self::TimeOut {} => None,
        }
    }
}

impl Handling {
    /// The look that has to be, because several people have to agree, or somebody of a certain role.
    pub fn floor(&self) -> Option<Floor> {
        let why = match (self.quorum > 1, self.groups.first()) {
            (true, _) => format!("{} people have to agree on this.", self.quorum),
            (false, Some(group)) => format!("{} has to agree on this.", capital(group.one())),
            (false, None) => return None,
        };
        Some(Floor { review: Review::Quick, why })
    }

    /// Whether one person's word is not enough, whoever it is.
    pub fn wants_several(&self) -> bool {
        self.floor().is_some()
    }

    /// After how many minutes it has timed out, whichever way the policy says so.
    pub fn times_out_after(&self) -> Option<i32> {
        let last = self.ladder.iter().find(|step| step.action == Action::TimeOut {});
        self.due_minutes.or_else(|| last.map(|step| step.after_minutes))
    }

    /// The steps that are taken before it times out.
    pub fn steps(&self) -> Vec<Rung> {
        let rung = |step: &Step| step.action.nudge().map(|action| Rung { after_minutes: step.after_minutes, action });
        self.ladder.iter().filter_map(rung).collect()
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

impl Default for Handling {
    fn default() -> Self {
        Self {
            quorum: 1,
            groups: Vec::new(),
            requester_barred: false,
            due_minutes: None,
            assignment: None,
            ladder: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_ends_it_is_when_it_is_due_and_a_group_wants_a_look() {
        let step = |after_minutes, action| Step { after_minutes, action };
        let plain = Handling::default();
        assert!(!plain.wants_several() && plain.times_out_after().is_none());
        let ladder = vec![step(5, Action::Remind {}), step(60, Action::TimeOut {})];
        let climbing = Handling { ladder, ..Handling::default() };
        assert_eq!((climbing.times_out_after(), climbing.steps().len()), (Some(60), 1));
        let of_owners = Handling { groups: vec![Group { role: Role::Owner, at_least: 1 }], ..Handling::default() };
        assert_eq!(of_owners.floor().map(|floor| floor.why).as_deref(), Some("An owner has to agree on this."));
    }
}
