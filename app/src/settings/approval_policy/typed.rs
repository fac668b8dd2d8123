//! A policy as it is typed into its form, and as the domain takes it.

use hyvve_domain::{
    Error, Role,
    approvals::{
        policies::{Action, Assignment, Draft, Handling, Rule, Step},
        quorum::Group,
        routing::{Review, Thresholds},
    },
};
use serde::{Deserialize, Serialize};

/// A rule as it is typed. One without an expression and a name is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedRule {
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// When it applies.
    #[serde(default)]
    pub when: String,
    /// `quick` or `full`.
    #[serde(default)]
    pub review: String,
}

/// Thresholds as they are typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedThresholds {
    /// From which score on something goes on by itself.
    pub auto: String,
    /// From which score on a glance is enough.
    pub quick: String,
    /// Agreement that must be certain, in percent.
    pub target: String,
    /// What is looked at afterwards, in percent.
    pub sample: String,
}

/// How items wait, as it is typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedHandling {
    /// How many have to approve; empty for one.
    #[serde(default)]
    pub quorum: String,
    /// Hours until it times out; empty for never.
    #[serde(default)]
    pub due: String,
    /// How many owners have to be among them; empty for none.
    #[serde(default)]
    pub owners: String,
    /// How many admins, likewise.
    #[serde(default)]
    pub admins: String,
    /// `true`: whoever asks does not decide.
    #[serde(default)]
    pub requester: String,
    /// Who is asked first: `owner_of_record`, `role:admin`, `round_robin:owner`, `person:` and an id; empty for nobody.
    #[serde(default)]
    pub asks: String,
}

/// A step as it is typed. One without hours and an action is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedStep {
    /// How many hours after the proposal.
    #[serde(default)]
    pub hours: String,
    /// `remind`, `time_out`, `escalate:owner`, or whom it asks, as in [`TypedHandling::asks`].
    #[serde(default)]
    pub action: String,
}

impl TypedHandling {
    /// As the form shows what holds.
    pub(super) fn of(handling: &Handling) -> Self {
        let least = |role: Role| {
            let group = handling.groups.iter().find(|group| group.role == role);
            group.map(|group| group.at_least.to_string()).unwrap_or_default()
        };
        Self {
            quorum: handling.quorum.to_string(),
            due: handling.due_minutes.map(hours).unwrap_or_default(),
            owners: least(Role::Owner),
            admins: least(Role::Admin),
            requester: if handling.requester_barred { "true".to_owned() } else { String::new() },
            asks: handling.assignment.as_ref().map(whom).unwrap_or_default(),
        }
    }
}

impl TypedStep {
    /// As the form shows what holds.
    pub(super) fn of(step: &Step) -> Self {
        let action = match &step.action {
            Action::Remind {} => "remind".to_owned(),
            Action::TimeOut {} => "time_out".to_owned(),
            Action::Escalate { role } => format!("escalate:{role}"),
            Action::Reassign { to } => whom(to),
        };
        Self { hours: hours(step.after_minutes), action }
    }

    fn is_empty(&self) -> bool {
        self.hours.trim().is_empty() && self.action.is_empty()
    }

    fn step(&self, place: usize) -> Result<Step, Error> {
        let field = |name: &str| format!("handling.ladder[{place}].{name}");
        let action = match self.action.as_str() {
            "remind" => Some(Action::Remind {}),
            "time_out" => Some(Action::TimeOut {}),
            words => match words.strip_prefix("escalate:") {
                Some(role) => role.parse().ok().map(|role| Action::Escalate { role }),
                None => assignment(words).map(|to| Action::Reassign { to }),
            },
        };
        let action =
            action.ok_or_else(|| Error::invalid(&field("action"), "required", "Please choose what happens then."))?;
        Ok(Step { after_minutes: minutes(&field("afterMinutes"), &self.hours)?, action })
    }
}

/// Whom a policy asks, as a form says it.
fn whom(of: &Assignment) -> String {
    match of {
        Assignment::Person { user_id } => format!("person:{user_id}"),
        Assignment::Role { role } => format!("role:{role}"),
        Assignment::RoundRobin { role } => format!("round_robin:{role}"),
        Assignment::OwnerOfRecord {} => "owner_of_record".to_owned(),
    }
}

/// The same, read.
fn assignment(words: &str) -> Option<Assignment> {
    if words == "owner_of_record" {
        return Some(Assignment::OwnerOfRecord {});
    }
    let (kind, of) = words.split_once(':')?;
    match kind {
        "person" => Some(Assignment::Person { user_id: of.parse().ok()? }),
        "role" => Some(Assignment::Role { role: of.parse().ok()? }),
        "round_robin" => Some(Assignment::RoundRobin { role: of.parse().ok()? }),
        _ => None,
    }
}

/// Minutes as hours with at most two decimals, which [`minutes`] reads as the same minutes.
fn hours(minutes: i32) -> String {
    format!("{}", (f64::from(minutes) / 60.0 * 100.0).round() / 100.0)
}

/// Hours as they are typed, in minutes. What is out of range becomes minutes that are refused.
fn minutes(field: &str, hours: &str) -> Result<i32, Error> {
    Ok((number(field, hours)? * 60.0).round() as i32)
}

/// A policy as it is typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Typed {
    pub(super) tool: String,
    pub(super) thresholds: TypedThresholds,
    pub(super) handling: TypedHandling,
    pub(super) rules: Vec<TypedRule>,
    pub(super) steps: Vec<TypedStep>,
}

impl Typed {
    /// As the query of the policies' page, which then shows it.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let (t, h) = (&self.thresholds, &self.handling);
        for (name, value) in [
            ("tool", &self.tool),
            ("thresholds[auto]", &t.auto),
            ("thresholds[quick]", &t.quick),
            ("thresholds[target]", &t.target),
            ("thresholds[sample]", &t.sample),
            ("handling[quorum]", &h.quorum),
            ("handling[due]", &h.due),
            ("handling[owners]", &h.owners),
            ("handling[admins]", &h.admins),
            ("handling[requester]", &h.requester),
            ("handling[asks]", &h.asks),
        ] {
            query.append_pair(name, value);
        }
        for (place, rule) in self.rules.iter().enumerate() {
            for (name, value) in [("name", &rule.name), ("when", &rule.when), ("review", &rule.review)] {
                query.append_pair(&format!("rules[{place}][{name}]"), value);
            }
        }
        for (place, step) in self.steps.iter().enumerate() {
            for (name, value) in [("hours", &step.hours), ("action", &step.action)] {
                query.append_pair(&format!("steps[{place}][{name}]"), value);
            }
        }
        query.finish()
    }

    /// As the domain takes it.
    pub(super) fn draft(&self) -> Result<Draft, Error> {
        let rules = self.rules.iter().filter(|rule| !rule.name.trim().is_empty() || !rule.when.trim().is_empty());
        let t = &self.thresholds;
        Ok(Draft {
            tool: self.tool.clone(),
            thresholds: Thresholds {
                auto: number("thresholds.auto", &t.auto)?,
                quick: number("thresholds.quick", &t.quick)?,
                target: number("thresholds.target", &t.target)? / 100.0,
                sample: number("thresholds.sample", &t.sample)? / 100.0,
            },
            rules: rules
                .map(|rule| Rule {
                    name: rule.name.clone(),
                    when: rule.when.clone(),
                    review: if rule.review == "quick" { Review::Quick } else { Review::Full },
                })
                .collect(),
            handling: self.handling()?,
        })
    }

    fn handling(&self) -> Result<Handling, Error> {
        let h = &self.handling;
        // What is no whole number in range becomes one that is refused.
        let count = |field: &str, text: &str| Ok::<_, Error>(number(field, text)? as i16);
        let mut groups = Vec::new();
        for (role, text) in [(Role::Owner, &h.owners), (Role::Admin, &h.admins)] {
            if !matches!(text.trim(), "" | "0") {
                let at_least = count(&format!("handling.groups[{}].atLeast", groups.len()), text)?;
                groups.push(Group { role, at_least });
            }
        }
        let asks = (!h.asks.is_empty()).then(|| {
            assignment(&h.asks)
                .ok_or_else(|| Error::invalid("handling.assignment", "unknown", "There is nobody like that to ask."))
        });
        let due = Some(h.due.trim()).filter(|hours| !hours.is_empty());
        let steps = self.steps.iter().filter(|step| !step.is_empty()).enumerate();
        Ok(Handling {
            quorum: if h.quorum.trim().is_empty() { 1 } else { count("handling.quorum", &h.quorum)? },
            groups,
            requester_barred: h.requester == "true",
            due_minutes: due.map(|hours| minutes("handling.dueMinutes", hours)).transpose()?,
            assignment: asks.transpose()?,
            ladder: steps.map(|(place, step)| step.step(place)).collect::<Result<_, _>>()?,
        })
    }
}

fn number(field: &str, text: &str) -> Result<f64, Error> {
    let plain = text.trim().trim_end_matches('%').trim();
    plain.parse().map_err(|_| Error::invalid(field, "number", "Please enter a number."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_it_reads_again() {
        let user_id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().ok();
        let people = user_id.map(|user_id| Assignment::Person { user_id });
        let roles = [Role::Owner, Role::Admin];
        let of_roles = roles.into_iter().flat_map(|role| [Assignment::Role { role }, Assignment::RoundRobin { role }]);
        for one in people.into_iter().chain(of_roles).chain([Assignment::OwnerOfRecord {}]) {
            assert_eq!(assignment(&whom(&one)), Some(one));
        }
        for n in [1, 5, 7, 59, 60, 61, 1_440, 43_199, 43_200] {
            assert_eq!(minutes("x", &hours(n)), Ok(n));
        }
        let step = Step { after_minutes: 30, action: Action::Escalate { role: Role::Owner } };
        assert_eq!(TypedStep::of(&step).step(0), Ok(step));
        let nothing = TypedStep { hours: "1".to_owned(), action: String::new() };
        assert!(nothing.step(0).is_err());
    }
}
