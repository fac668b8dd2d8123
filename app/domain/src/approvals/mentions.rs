//! Whom a comment mentions: `@` and a person's name, first name or address, of those who see the item.

use std::collections::HashMap;

use super::Mention;
use crate::{Error, Result, ids::UserId};

/// Somebody who can be mentioned.
pub(super) struct Candidate {
    pub(super) user: UserId,
    pub(super) name: String,
    pub(super) email: String,
}

/// The mentions of a text, in its order. The longest name that stands there counts; where it is that of several people it is an error:
/// nobody is guessed. What names nobody is text.
pub(super) fn find(text: &str, people: &[Candidate]) -> Result<Vec<Mention>> {
    let names = Names::of(people);
    let text: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let begins = text[at] == '@' && (at == 0 || !is_word(text[at - 1]));
        match if begins { names.named(&text[at + 1..])? } else { None } {
            Some((user_id, length)) => {
                found.push(Mention { user_id, start: at, length: length + 1 });
                at += length + 1;
            }
            None => at += 1,
        }
    }
    Ok(found)
}

/// What people are called, by the letter that it begins with: a text of nothing but `@` compares nothing with everybody.
struct Names<'a>(HashMap<char, Vec<Name<'a>>>);

/// One name of somebody.
struct Name<'a> {
    letters: Vec<char>,
    of: &'a Candidate,
}

impl<'a> Names<'a> {
    fn of(people: &'a [Candidate]) -> Self {
        let mut names: HashMap<char, Vec<Name<'a>>> = HashMap::new();
        for person in people {
            let first = person.name.split_whitespace().next().unwrap_or_default();
            for name in [person.email.as_str(), person.name.trim(), first] {
                if let Some(letter) = name.chars().next() {
                    names.entry(lower(letter)).or_default().push(Name { letters: name.chars().collect(), of: person });
                }
            }
        }
        Self(names)
    }

    /// Who is named at the beginning, and by how many characters.
    fn named(&self, text: &[char]) -> Result<Option<(UserId, usize)>> {
        let alike = text.first().and_then(|letter| self.0.get(&lower(*letter)));
        let mut best: (usize, Vec<&Candidate>) = (0, Vec::new());
        for name in alike.into_iter().flatten() {
            match begins(text, &name.letters) {
                Some(length) if length > best.0 => best = (length, vec![name.of]),
                // Of one person, a name and the first of it may be the same.
                Some(length) if length == best.0 && best.1.last().is_some_and(|last| last.user != name.of.user) => {
                    best.1.push(name.of);
                }
                _ => {}
            }
        }
        match best.1[..] {
            [] => Ok(None),
            [one] => Ok(Some((one.user, best.0))),
            [one, ..] => {
                let name: String = text[..best.0].iter().collect();
                let why = format!(
                    "“@{name}” may be any of {} people. Write @ and the address of the one whom you mean, for example @{}.",
                    best.1.len(),
                    one.email
                );
                Err(Error::invalid("body", "ambiguous", why))
            }
        }
    }
}

/// The first of what a letter is in lower case. Letters that are alike in lower case have the same one.
fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// How long a name is, if the text begins with it and a word ends there.
fn begins(text: &[char], name: &[char]) -> Option<usize> {
    let there = text.get(..name.len())?;
    let same = there.iter().zip(name).all(|(a, b)| a.to_lowercase().eq(b.to_lowercase()));
    let goes_on = match text.get(name.len()) {
        None => false,
        // An address goes on, a sentence ends.
        Some('.' | '-' | '@') => text.get(name.len() + 1).copied().is_some_and(is_word),
        Some(c) => is_word(*c),
    };
    (same && !goes_on).then_some(name.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn people() -> Vec<Candidate> {
        let one = |n: u128, name: &str, email: &str| Candidate {
            user: UserId(Uuid::from_u128(n)),
            name: name.to_owned(),
            email: email.to_owned(),
        };
        vec![
            one(1, "Ada Lovelace", "ada@example.com"),
            one(2, "Ada Byron", "byron@example.com"),
            one(3, "Zoë", "zoe@example.com"),
            one(4, "Zoë", "z2@example.com"),
            one(5, "Bob", "bob@example.com"),
        ]
    }

    fn found(text: &str) -> Result<Vec<(u128, String)>> {
        let said = |m: &Mention| text.chars().skip(m.start).take(m.length).collect();
        Ok(find(text, &people())?.iter().map(|m| (m.user_id.0.as_u128(), said(m))).collect())
    }

    #[test]
    fn the_longest_name_counts_and_a_word_ends_after_it() -> Result<()> {
        let one = |n, text: &str| vec![(n, text.to_owned())];
        assert_eq!(found("Look, @ada lovelace: this")?, one(1, "@ada lovelace"));
        assert_eq!(found("@Ada Byron's")?, one(2, "@Ada Byron"));
        assert_eq!(found("(@bob)")?, one(5, "@bob"));
        assert_eq!(found("@bob.")?, one(5, "@bob"));
        assert_eq!(found("@zoe@example.com.")?, one(3, "@zoe@example.com"));
        assert_eq!(found("@bob @ada@example.com")?.len(), 2);
        for nobody in ["bob", "@Bobby", "mail bob@bob", "@", "@@", "@eve", "@bob-marley", "@bob@example.org", "a@bob"] {
            assert_eq!(found(nobody)?, [], "{nobody}");
        }
        Ok(())
    }

    /// Where each sign was compared with everybody's names, this took seconds.
    #[test]
    fn a_text_of_nothing_but_signs_is_read_at_once() -> Result<()> {
        let many: Vec<Candidate> = (0..2_000)
            .map(|n| Candidate {
                user: UserId(Uuid::from_u128(n)),
                name: format!("Person {n}"),
                email: format!("p{n}@example.com"),
            })
            .collect();
        let began = std::time::Instant::now();
        assert_eq!(find(&"@".repeat(4_000), &many)?, []);
        let took = began.elapsed();
        assert!(took < std::time::Duration::from_millis(500), "{took:?}");
        Ok(())
    }

    #[test]
    fn of_several_nobody_is_guessed() {
        for several in ["@Ada", "@zoë!", "@ADA, please"] {
            let error = found(several).err().unwrap_or_else(Error::unauthorized);
            assert_eq!(
                (error.field(), &error.details.clone().unwrap_or_default()["constraint"]),
                (Some("body"), &"ambiguous".into())
            );
            assert!(error.message.contains("@ada@example.com") || error.message.contains("@zoe@example.com"));
        }
    }
}
