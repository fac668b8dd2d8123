//! When several people have to agree: how far they have come, as one pure function.

use serde::{Deserialize, Serialize};

use crate::Role;
#[cfg(feature = "ssr")]
use crate::ids::UserId;

/// Some of a role that have to be among those who agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "QuorumGroup"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// `owner` or `admin`: exactly this one.
    pub role: Role,
    /// How many of it, 1 to 10.
    pub at_least: i16,
}

impl Group {
    /// One of the role, for people.
    pub const fn one(self) -> &'static str {
        match self.role {
            Role::Owner => "an owner",
            _ => "an admin",
        }
    }

    /// As many as there are, for people: “an owner”, “2 admins”.
    pub fn words(self) -> String {
        match self.at_least {
            1 => self.one().to_owned(),
            n => format!("{n} {}s", self.role),
        }
    }
}

/// How far those have come who have to agree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// How many agree, of those who may still decide.
    pub agreed: usize,
    /// How many have to: as many as the policy asks for, or all who are left to do it.
    pub needed: usize,
    /// Of which roles somebody still has to, and how many.
    pub missing: Vec<Group>,
}

impl Agreement {
    /// Whether all have agreed who have to.
    pub fn is_reached(&self) -> bool {
        self.agreed >= self.needed && self.missing.is_empty()
    }

    /// For people: “1 of 2 agreed; an owner still has to”.
    pub fn words(&self) -> String {
        let count = format!("{} of {} agreed", self.agreed, self.needed);
        if self.missing.is_empty() {
            return count;
        }
        let who = self.missing.iter().map(|group| group.words()).collect::<Vec<_>>().join(" and ");
        let verb = if self.missing.len() == 1 && self.missing[0].at_least == 1 { "has" } else { "have" };
        format!("{count}; {who} still {verb} to")
    }
}

/// How far those have come. `electorate` are all who could agree on it now, `agreed` those who do. Where fewer are left than a
/// policy asks for, all of them have to: else nobody could ever decide.
#[cfg(feature = "ssr")]
pub(super) fn agreement(quorum: i16, groups: &[Group], electorate: &[(UserId, Role)], agreed: &[UserId]) -> Agreement {
    let there_are = |role: Role| electorate.iter().filter(|(_, of)| *of == role).count();
    let agree = |role: Role| electorate.iter().filter(|(user, of)| *of == role && agreed.contains(user)).count();
    let size = |n: i16| usize::try_from(n).unwrap_or(0);
    let wanted: Vec<(Role, usize)> =
        groups.iter().map(|group| (group.role, size(group.at_least).min(there_are(group.role)))).collect();
    // Where a role has too few, others stand in: who may take a role from somebody must not make several into one by it.
    let asked: usize = groups.iter().map(|group| size(group.at_least)).sum();
    let of_groups: usize = wanted.iter().map(|(_, n)| n).sum();
    let missing = wanted.into_iter().filter_map(|(role, n)| {
        let left = n.saturating_sub(agree(role));
        (left > 0).then(|| Group { role, at_least: i16::try_from(left).unwrap_or(i16::MAX) })
    });
    Agreement {
        agreed: electorate.iter().filter(|(user, _)| agreed.contains(user)).count(),
        needed: size(quorum).max(asked).min(electorate.len()).max(of_groups).max(1),
        missing: missing.collect(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn all_groups_have_to_agree_and_nobody_waits_for_whoever_is_not_there() {
        let [grace, ada, alan] = std::array::from_fn(|_| UserId::new());
        let everybody = [(grace, Role::Owner), (ada, Role::Admin), (alan, Role::Admin)];
        let an_owner = [Group { role: Role::Owner, at_least: 1 }];
        let of = |agreed: &[UserId]| agreement(2, &an_owner, &everybody, agreed);
        assert_eq!(of(&[ada]).words(), "1 of 2 agreed; an owner still has to");
        assert_eq!(of(&[ada, alan]).words(), "2 of 2 agreed; an owner still has to");
        assert!(!of(&[ada, alan]).is_reached() && !of(&[grace]).is_reached());
        assert!(of(&[grace, alan]).is_reached());

        // Without an owner who could, the others are enough; and one who is left is enough.
        assert!(agreement(2, &an_owner, &everybody[1..], &[ada, alan]).is_reached());
        let alone = agreement(3, &an_owner, &everybody[..1], &[]);
        assert_eq!((alone.needed, alone.is_reached()), (1, false));
        // A vote of somebody who is gone is none.
        assert_eq!(agreement(2, &[], &everybody[..2], &[alan]).agreed, 0);
        // Two admins are two people, whoever of them is not an admin any more.
        let two = [Group { role: Role::Admin, at_least: 2 }];
        let left = agreement(1, &two, &everybody[..2], &[ada]);
        assert_eq!((left.needed, left.is_reached()), (2, false));
        assert!(agreement(1, &two, &everybody[..2], &[ada, grace]).is_reached());
        // Groups together may be more than the number.
        let both = [Group { role: Role::Owner, at_least: 1 }, Group { role: Role::Admin, at_least: 2 }];
        let begun = agreement(1, &both, &everybody, &[alan]);
        assert_eq!((begun.needed, begun.words().as_str()), (3, "1 of 3 agreed; an owner and an admin still have to"));
        assert!(agreement(1, &both, &everybody, &[alan, ada, grace]).is_reached());
    }
}
