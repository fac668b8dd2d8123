//! How many in how long.

use std::{str::FromStr, time::Duration};

/// At most `max` within any interval as long as `window`. Written `5/15m`: seconds, minutes or hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many; at least one.
    pub max: u32,
    /// In how long: 1 second to 24 hours.
    pub window: Duration,
}

impl Rate {
    /// How many in so many seconds.
    const fn of(max: u32, seconds: u64) -> Self {
        Self { max, window: Duration::from_secs(seconds) }
    }

    /// So many times as many, in as long.
    pub(super) const fn times(self, factor: u32) -> Self {
        Self { max: self.max.saturating_mul(factor), window: self.window }
    }
}

/// The rate of each door; settings can change them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
    /// Attempts to sign in to one account, and to give a password again in one account; letters with a link to sign in asked
    /// for with one address.
    pub sign_in: Rate,
    /// Attempts to sign in from one network, letters with a link to sign in asked for from one network, and accounts asked for
    /// from it with passwords that will not do. More than of one
    /// account: a whole company may come from one address.
    pub sign_in_network: Rate,
    /// Accounts made for one address, and from one network.
    pub sign_up: Rate,
    /// Letters with a link asked for by one address, and from one network: those that reset passwords and those that prove
    /// addresses are counted apart. Invitations that one address gets by mail, apart as well.
    pub forgot_password: Rate,
    /// Links that do not work, followed from one network.
    pub links: Rate,
    /// Calls of one person's sessions together, of one key, and with one session's access tokens; of whoever is not signed in,
    /// from one network.
    pub api: Rate,
    /// Calls and forms about AI providers in one workspace, by whoever may configure them.
    pub ai_providers: Rate,
    /// Comments of one person with an `@` in them, which may tell others and write to them.
    pub mentions: Rate,
    /// Invitations by mail to one workspace, and five times as many from one network. One address gets as many as letters with a link.
    pub invitations: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            sign_in: Rate::of(5, 15 * 60),
            sign_in_network: Rate::of(30, 15 * 60),
            sign_up: Rate::of(3, 3_600),
            forgot_password: Rate::of(3, 3_600),
            links: Rate::of(20, 15 * 60),
            api: Rate::of(1_000, 60),
            ai_providers: Rate::of(100, 60),
            mentions: Rate::of(60, 10 * 60),
            invitations: Rate::of(100, 3_600),
        }
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str =
            "it should look like 5/15m: how many in how many seconds (s), minutes (m) or hours (h), at most 24h";
        let (max, window) = text.split_once('/').ok_or(SHAPE)?;
        let unit = match window.chars().next_back() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            _ => return Err(SHAPE),
        };
        let number = |digits: &str| digits.trim().parse::<u32>().ok().filter(|n| *n > 0).ok_or(SHAPE);
        let (max, count) = (number(max)?, number(&window[..window.len() - 1])?);
        let seconds = u64::from(count) * unit;
        if seconds > 24 * 3_600 { Err(SHAPE) } else { Ok(Self::of(max, seconds)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_so_many_in_so_long() {
        for (text, max, seconds) in
            [("5/15m", 5, 900), ("3/1h", 3, 3_600), ("1000/60s", 1_000, 60), ("7/24h", 7, 86_400)]
        {
            assert_eq!(text.parse(), Ok(Rate::of(max, seconds)), "{text}");
        }
        for bad in ["", "5", "5/", "0/1m", "5/0m", "-1/1m", "5/15", "5/1d", "5/25h", "5/15é", "9999999999/1m", "5/m"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad:?} was taken");
        }
    }
}
