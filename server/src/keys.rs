//! `hyvve keys`: looks at the keys that sign access tokens, and lets others follow them. Works beside a running server.

use std::io::Write;

use anyhow::Result;
use hyvve_domain::{
    Timestamp,
    auth::access_tokens::keys::{self, Listed},
    services::Services,
};

use crate::master_keys;

/// Writes a line for each key, and for each master key.
pub async fn list(services: &Services, out: &mut impl Write) -> Result<()> {
    let now = Timestamp::now();
    for key in keys::list(services).await? {
        writeln!(out, "{}", in_words(&key, now))?;
    }
    master_keys::list(services, out).await
}

/// Makes the next key; where one may be compromised, refuses what was signed before.
pub async fn rotate(services: &Services, compromised: bool, out: &mut impl Write) -> Result<()> {
    let new = if compromised { keys::replace(services).await? } else { keys::rotate(services).await? };
    writeln!(out, "{}: signs from {}", new.kid, new.not_before)?;
    if compromised {
        writeln!(out, "Earlier keys are gone. Running servers refuse what they signed within ten seconds.")?;
    }
    Ok(())
}

fn in_words(Listed { kid, not_before, retire_at, signs }: &Listed, now: Timestamp) -> String {
    let what = if *signs {
        format!("signs since {not_before}")
    } else if now < *not_before {
        format!("signs from {not_before}")
    } else {
        "signs no more".to_owned()
    };
    match retire_at {
        Some(at) => format!("{kid}: {what}, is accepted until {at}"),
        None => format!("{kid}: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_says_what_it_is_for() {
        let now = Timestamp::now();
        let (soon, later) = (now.plus(Duration::from_mins(1)), now.plus(Duration::from_mins(2)));
        let key = |not_before, retire_at, signs| Listed { kid: "k".to_owned(), not_before, retire_at, signs };
        assert_eq!(in_words(&key(now, None, true), now), format!("k: signs since {now}"));
        assert_eq!(in_words(&key(soon, None, false), now), format!("k: signs from {soon}"));
        let over = in_words(&key(now, Some(later), false), now);
        assert_eq!(over, format!("k: signs no more, is accepted until {later}"));
    }
}
