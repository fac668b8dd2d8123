//! What a person wants, as far as a script can tell.

use serde_json::Number;

/// What the sandbox understands.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Intent {
    /// "Give Ada Lovelace a 20 % discount and mail her."
    Discount { name: String, percent: Number, mail: bool },
    /// "Find Ada in customers."
    Search { collection: &'static str, query: String },
    /// "Ask me which colour I like."
    Ask { question: String },
    /// "Mark invoice 2025-104 as paid."
    Mark { invoice: String, status: String },
    /// Anything else.
    Unknown,
}

const DISCOUNT: &[&str] = &["discount", "discounts", "off", "rebate", "reduction"];
const PERCENT: &[&str] = &["%", "percent", "pct"];
const MAIL: &[&str] = &["mail", "email", "e-mail", "write", "notify", "inform"];
const SEARCH: &[&str] = &["search", "find", "show", "list", "look", "display"];
const COLLECTIONS: &[(&str, &str)] =
    &[("customers", "customers"), ("customer", "customers"), ("invoices", "invoices"), ("invoice", "invoices")];
/// Words that are never part of a name or of what is searched for.
const FUNCTION_WORDS: &[&str] = &[
    "a", "about", "all", "also", "an", "and", "any", "apply", "are", "by", "called", "can", "could", "for", "from",
    "get", "gets", "give", "grant", "hello", "her", "hey", "hi", "him", "his", "i", "in", "is", "it", "its", "kindly",
    "know", "let", "like", "me", "message", "my", "named", "new", "now", "of", "offer", "on", "our", "please", "price",
    "prices", "record", "records", "receives", "send", "set", "should", "tell", "that", "the", "their", "them", "then",
    "this", "to", "up", "us", "want", "we", "with", "would", "you",
];

/// Understands a message, or says honestly that it does not.
pub(super) fn understand(message: &str) -> Intent {
    let words: Vec<Word<'_>> = message.split_whitespace().map(Word::of).filter(|w| !w.plain.is_empty()).collect();
    ask(&words)
        .or_else(|| mark(&words))
        .or_else(|| discount(&words))
        .or_else(|| search(&words))
        .unwrap_or(Intent::Unknown)
}

struct Word<'a> {
    /// As it was written.
    raw: &'a str,
    /// Without punctuation around it and without a possessive s.
    plain: &'a str,
    /// The same in lower case.
    low: String,
}

impl<'a> Word<'a> {
    fn of(raw: &'a str) -> Self {
        let plain = raw.trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
        let plain = ["'s", "’s"].iter().find_map(|s| plain.strip_suffix(s)).unwrap_or(plain);
        Self { raw, plain, low: plain.to_lowercase() }
    }

    fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.low.as_str())
    }
}

fn ask(words: &[Word<'_>]) -> Option<Intent> {
    let at = words.windows(2).position(|w| w[0].low == "ask" && w[1].low == "me")?;
    let rest: Vec<&str> = words[at + 2..].iter().map(|w| w.raw).collect();
    let rest = rest.join(" ");
    let mut letters = rest.trim_end_matches(|c: char| !c.is_alphanumeric()).chars();
    let first = letters.next()?;
    Some(Intent::Ask { question: format!("{}{}?", first.to_uppercase(), letters.as_str()) })
}

fn mark(words: &[Word<'_>]) -> Option<Intent> {
    words.iter().find(|w| w.is(&["mark", "set"]))?;
    let invoice = words.iter().position(|w| w.low == "invoice")?;
    let rest = &words[invoice + 1..];
    let number = rest.iter().find(|w| w.plain.contains(|c: char| c.is_ascii_digit()))?;
    let status = rest.iter().skip_while(|w| !w.is(&["as", "to"])).nth(1)?;
    Some(Intent::Mark { invoice: number.plain.to_owned(), status: status.low.clone() })
}

fn discount(words: &[Word<'_>]) -> Option<Intent> {
    words.iter().find(|w| w.is(DISCOUNT))?;
    let (at, percent) = words.iter().enumerate().find_map(|(at, word)| {
        let attached = word.low.strip_suffix('%');
        let percent = number(attached.unwrap_or(&word.low))?;
        let marked = attached.is_some() || words.get(at + 1).is_some_and(|next| next.is(PERCENT));
        marked.then_some((at, percent))
    })?;
    let part_of_a_name = |at_word: usize, w: &Word<'_>| {
        at_word != at && ![FUNCTION_WORDS, DISCOUNT, PERCENT, MAIL].iter().any(|s| w.is(s)) && !is_collection(w)
    };
    let name = best_run(words, part_of_a_name)?;
    Some(Intent::Discount { name, percent, mail: words.iter().any(|w| w.is(MAIL)) })
}

fn search(words: &[Word<'_>]) -> Option<Intent> {
    let verb = words.iter().take(4).position(|w| w.is(SEARCH))?;
    let collection = words.iter().find_map(|w| COLLECTIONS.iter().find(|(word, _)| *word == w.low))?.1;
    let query: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, w)| *at != verb && !w.is(FUNCTION_WORDS) && !is_collection(w))
        .map(|(_, w)| w.plain)
        .collect();
    Some(Intent::Search { collection, query: query.join(" ") })
}

fn is_collection(word: &Word<'_>) -> bool {
    COLLECTIONS.iter().any(|(name, _)| *name == word.low)
}

/// A whole number where it is one.
fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = text.replace(',', ".");
    text.parse::<u32>().map(Number::from).ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

/// The run of neighbouring words that passes and has the most capital letters; the first of several.
fn best_run(words: &[Word<'_>], passes: impl Fn(usize, &Word<'_>) -> bool) -> Option<String> {
    let mut best: Option<(usize, Vec<&str>)> = None;
    let mut run: Vec<&str> = Vec::new();
    for at in 0..=words.len() {
        match words.get(at) {
            Some(word) if passes(at, word) => run.push(word.plain),
            _ => {
                let capitals = run.iter().filter(|w| w.starts_with(char::is_uppercase)).count();
                let run = std::mem::take(&mut run);
                if !run.is_empty() && best.as_ref().is_none_or(|(most, _)| capitals > *most) {
                    best = Some((capitals, run));
                }
            }
        }
    }
    best.map(|(_, run)| run.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discount(name: &str, percent: impl Into<Number>, mail: bool) -> Intent {
        Intent::Discount { name: name.into(), percent: percent.into(), mail }
    }

    #[test]
    fn a_discount_is_understood_in_many_orders() {
        for (message, intent) in [
            ("Give Ada Lovelace a 20 % discount and mail her", discount("Ada Lovelace", 20, true)),
            ("give ada lovelace a 20% discount", discount("ada lovelace", 20, false)),
            (
                "Please give a discount of 15 percent to Grace Hopper and e-mail her about it.",
                discount("Grace Hopper", 15, true),
            ),
            ("Could you set Ludwig van Beethoven's discount to 5%?", discount("Ludwig van Beethoven", 5, false)),
            ("20\u{a0}% off for customer Jean-Luc O’Neill, and notify him!", discount("Jean-Luc O’Neill", 20, true)),
            ("GIVE ADA A 20% DISCOUNT AND MAIL HER", discount("ADA", 20, true)),
        ] {
            assert_eq!(understand(message), intent, "{message}");
        }
        let half = Number::from_f64(12.5).map(|n| discount("Ada", n, false));
        assert_eq!(Some(understand("Give Ada a 12,5 % discount")), half);
    }

    #[test]
    fn the_other_sentences_are_understood() {
        let search = |collection, query: &str| Intent::Search { collection, query: query.into() };
        let ask = |question: &str| Intent::Ask { question: question.into() };
        let mark = |invoice: &str, status: &str| Intent::Mark { invoice: invoice.into(), status: status.into() };
        for (message, intent) in [
            ("Search Ada in customers", search("customers", "Ada")),
            ("find the customer Ada Lovelace, please", search("customers", "Ada Lovelace")),
            ("Show me all overdue invoices", search("invoices", "overdue")),
            ("show customers", search("customers", "")),
            ("Ask me which colour I like.", ask("Which colour I like?")),
            ("please ask me: ready?", ask("Ready?")),
            ("Mark invoice 2025-104 as paid.", mark("2025-104", "paid")),
            ("set the invoice #77 to Overdue", mark("77", "overdue")),
        ] {
            assert_eq!(understand(message), intent, "{message}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        for message in [
            "",
            "hello 3",
            "%",
            "Give a 20 % discount",
            "Give Ada a discount",
            "ask me",
            "mark invoice as paid",
            "find Ada",
            "😀 \u{0}",
        ] {
            assert_eq!(understand(message), Intent::Unknown, "{message}");
        }
    }
}
