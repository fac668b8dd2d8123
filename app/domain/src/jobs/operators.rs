//! Who runs the installation: they see how all workspaces' jobs go, and nothing of what is in them.

use std::str::FromStr;

use crate::{
    Error, Result,
    auth::{SignedIn, rules},
    services::Services,
};

/// Addresses of those who run the installation: `ada@example.com, grace@example.com`. None by default.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Operators(Vec<String>);

impl FromStr for Operators {
    type Err = String;

    /// Addresses between commas, as at sign-in.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = |entry: &str| rules::email(entry).map_err(|_| format!("{:?} is no address", entry.trim()));
        text.split(',').map(address).collect::<Result<_, _>>().map(Self)
    }
}

/// Refuses whoever is no operator as if there were nothing. An address counts once it is proved: else whoever is first to sign up
/// with it would be one.
pub(super) fn check(s: &Services, who: &SignedIn) -> Result<()> {
    if is_one(s, who) { Ok(()) } else { Err(Error::not_found("page")) }
}

/// Whether this is one of them.
pub(super) fn is_one(s: &Services, who: &SignedIn) -> bool {
    let Operators(addresses) = &s.settings.operators;
    who.user.email_verified && addresses.contains(&who.user.email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_at_sign_in() {
        let expected = Operators(vec!["ada@example.com".to_owned(), "grace@example.com".to_owned()]);
        assert_eq!(" Ada@Example.com,grace@example.com ".parse::<Operators>(), Ok(expected));
        assert_eq!("ada@example.com, ada".parse::<Operators>(), Err("\"ada\" is no address".to_owned()));
    }
}
