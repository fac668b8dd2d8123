//! How items wait, in words: the same for a policy's page and for a proposal that changes it.

use hyvve_domain::{
    approvals::policies::{Action, Assignment, Step},
    ids::UserId,
};

/// Who is asked.
pub(crate) fn whom(whom: &Assignment, people: &[(UserId, String)]) -> String {
    match whom {
        Assignment::Person { user_id } => person(*user_id, people),
        Assignment::Role { role } => format!("any {role}"),
        Assignment::RoundRobin { role } => format!("one {role} after the other"),
        Assignment::OwnerOfRecord {} => "whoever’s record it is".to_owned(),
    }
}

/// Who has left is named by the id.
fn person(id: UserId, people: &[(UserId, String)]) -> String {
    let found = people.iter().find(|(user, _)| *user == id);
    found.map_or_else(|| format!("a person who does not decide here ({id})"), |(_, name)| name.clone())
}

/// What happens when.
pub(crate) fn step(step: &Step, people: &[(UserId, String)]) -> String {
    let what = match &step.action {
        Action::Remind {} => "remind".to_owned(),
        Action::Reassign { to } => format!("ask {}", whom(to, people)),
        Action::Escalate { role } => format!("ask every {role}"),
        Action::TimeOut {} => "time out".to_owned(),
    };
    format!("after {}: {what}", span(step.after_minutes))
}

/// Minutes, in the largest unit that they fill.
pub(crate) fn span(minutes: i32) -> String {
    let of = |n: i32, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match minutes {
        n if n > 0 && n % 1_440 == 0 => of(n / 1_440, "day"),
        n if n > 0 && n % 60 == 0 => of(n / 60, "hour"),
        n => of(n, "minute"),
    }
}

#[cfg(test)]
mod tests {
    use hyvve_domain::{
        Role,
        approvals::policies::{Action, Step},
    };

    use super::{span, step};

    #[test]
    fn a_step_says_when_and_what() {
        assert_eq!((span(1).as_str(), span(90).as_str(), span(120).as_str()), ("1 minute", "90 minutes", "2 hours"));
        let escalate = Step { after_minutes: 1_440, action: Action::Escalate { role: Role::Owner } };
        assert_eq!(step(&escalate, &[]), "after 1 day: ask every owner");
    }
}
