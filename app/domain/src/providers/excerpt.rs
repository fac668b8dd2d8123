//! What a provider said, made fit to be shown: one short line, without the key.

use secrecy::{ExposeSecret, SecretString};

/// The most characters that are kept of a provider's message. The useful part of one is its first sentence.
const LONGEST: usize = 300;
/// The most characters that are looked at: a message may be megabytes. A key that is cut off there is hidden like any part of one.
const LOOKED_AT: usize = 4096;
/// So many characters in a row of the key give a word away. Providers show fewer when they mask a key.
const TELLING: usize = 8;
/// What stands in place of a word that has some of the key in it.
const HIDDEN: &str = "[key]";

/// The beginning of a message, or nothing where nothing is left of it.
pub(super) fn excerpt(message: &str, key: Option<&SecretString>) -> Option<String> {
    let key = key.map(|key| key.expose_secret().to_ascii_lowercase()).unwrap_or_default();
    let clean: String = message.chars().take(LOOKED_AT).map(|c| if is_shown(c) { c } else { ' ' }).collect();
    // A key could be split only by what is no part of keys, so words are looked at before anything is cut off.
    let words: Vec<&str> =
        clean.split_whitespace().map(|word| if gives_away(word, &key) { HIDDEN } else { word }).collect();
    let line = words.join(" ");
    let short: String = line.chars().take(LONGEST).collect();
    let short = if short.len() < line.len() { format!("{}…", short.trim_end()) } else { short };
    Some(short).filter(|line| !line.is_empty())
}

/// Control characters move the cursor, and marks of direction turn what stands around them.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a word has a telling part of the key in it; `key` is in lower case, and empty where there is none.
fn gives_away(word: &str, key: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let telling = TELLING.min(key.len());
    telling > 0 && key.as_bytes().windows(telling).any(|part| word.as_bytes().windows(telling).any(|w| w == part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str, key: &str) -> Option<String> {
        excerpt(message, Some(&SecretString::from(key)))
    }

    #[test]
    fn a_key_is_hidden_whole_in_part_and_in_any_case() {
        let key = "sk-Canary-0123456789";
        for (message, expected) in [
            ("Incorrect API key provided: sk-Canary-0123456789.", "Incorrect API key provided: [key]"),
            ("Bearer \"SK-CANARY-0123456789\"", "Bearer [key]"),
            ("ends in -23456789 and begins with sk-Canar", "ends in [key] and begins with [key]"),
            ("masked: sk-Ca***6789", "masked: sk-Ca***6789"),
            ("url?key=sk-Canary-0123456789&x=1", "[key]"),
        ] {
            assert_eq!(shown(message, key).as_deref(), Some(expected));
        }
        assert_eq!(shown("the key abc is wrong", "abc").as_deref(), Some("the key [key] is wrong"));
        assert_eq!(excerpt("no key", None).as_deref(), Some("no key"));
        assert_eq!(shown("an empty key", "").as_deref(), Some("an empty key"));
    }

    #[test]
    fn a_message_becomes_one_short_line() {
        assert_eq!(shown("two\nlines\t\u{1b}[31mred\u{202e}", "k0").as_deref(), Some("two lines [31mred"));
        let long = shown(&"ä ".repeat(1000), "k0").unwrap_or_default();
        assert!(long.ends_with('…') && long.chars().count() <= LONGEST + 1, "{long}");
        assert_eq!(shown(" \n\0 ", "k0"), None);
    }
}
