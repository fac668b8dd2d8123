//! Ids of calls, as a provider takes them. A conversation goes on with another provider than the one that named its calls, and
//! what one calls `functions.search:0` the next one refuses.

use std::borrow::Cow;

use crate::canonical;

/// What OpenAI takes in chat completions, and so whoever passes them on to it: longer ones are refused as "string too long".
pub(super) const COMPLETIONS: Rule = Rule { most: 40, any: true };
/// What it takes in responses.
pub(super) const RESPONSES: Rule = Rule { most: 64, any: true };
/// What Claude takes: `^[a-zA-Z0-9_-]+$`.
pub(super) const CLAUDE: Rule = Rule { most: 64, any: false };
/// Whatever there is.
pub(super) const ANY: Rule = Rule { most: usize::MAX, any: true };

/// Which ids somebody takes.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// The most characters.
    most: usize,
    /// Of whatever kind; else only letters, digits, `_` and `-` of ASCII.
    any: bool,
}

impl Rule {
    /// The id itself, or the one that always stands for it. Two ids never become one, so a call and its answer stay together and
    /// apart from others.
    pub(super) fn of(self, id: &str) -> Cow<'_, str> {
        let fits = |c: char| self.any || c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !id.is_empty() && id.chars().all(fits) && id.chars().count() <= self.most {
            return Cow::Borrowed(id);
        }
        let hash = canonical::sha256(id.as_bytes());
        Cow::Owned(format!("call_{}", hex::encode(&hash[..16])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_not_taken_has_one_that_is_and_no_other_has_the_same() {
        let long = "x".repeat(65);
        let ids = ["functions.search:0", "functions_search:0", "functions:search:0", "", "\u{e4}", &long, &long[1..]];
        for rule in [COMPLETIONS, RESPONSES, CLAUDE] {
            let mut sent: Vec<_> = ids.iter().map(|id| rule.of(id)).collect();
            assert_eq!(sent, ids.iter().map(|id| rule.of(id)).collect::<Vec<_>>(), "always the same");
            let fits = |id: &str| rule.any || id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            assert!(sent.iter().all(|id| !id.is_empty() && id.len() <= rule.most && fits(id)), "{sent:?}");
            sent.sort();
            sent.dedup();
            assert_eq!(sent.len(), ids.len());
            assert_eq!(rule.of("toolu_01-A"), "toolu_01-A");
        }
        assert_eq!(ANY.of(&long), long);
    }
}
