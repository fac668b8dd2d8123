//! Text with nothing hidden in it: zero-width and bidirectional characters, and letters that pose as others, show.
//!
//! People decide on what they read, so what they read has to be what is there. Zero-width and direction characters change
//! how a text looks without showing themselves (Unicode TR36); letters of other scripts can look like Latin ones (TR39).

use hyvve_domain::hidden::is_hidden;
use leptos::prelude::*;

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// What it seems to be.
    Plain(String),
    /// A character that doesn't show itself.
    Hidden(char),
    /// A letter that looks like another one.
    LookAlike(char),
}

/// Cyrillic and Greek letters that readers take for Latin ones; a working subset of Unicode's confusables.
const LOOK_ALIKES: &str = "аеорсухѕіјԁԛԝһӏАВЕКМНОРСТХУЅІЈԌԚԜαορνικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";

/// Letters in disguise wherever they stand: full-width forms and mathematical alphabets.
fn is_costume(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}')
}

/// Splits a text into what it seems to be and what it hides. Look-alikes count only beside Latin letters: a word of
/// Russian in a Russian text is what it seems to be.
pub fn reveal(text: &str) -> Vec<Piece> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n') {
        return vec![Piece::Plain(text.to_owned())];
    }
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let mut pieces = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        let found = if is_hidden(c) {
            Piece::Hidden(c)
        } else if is_costume(c) || (latin && LOOK_ALIKES.contains(c)) {
            Piece::LookAlike(c)
        } else {
            plain.push(c);
            continue;
        };
        if !plain.is_empty() {
            pieces.push(Piece::Plain(std::mem::take(&mut plain)));
        }
        pieces.push(found);
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    pieces
}

/// A text with nothing hidden in it.
#[component]
pub fn Revealed(
    /// The text as it is.
    #[prop(into)]
    text: String,
) -> AnyView {
    let show = |piece: Piece| match piece {
        Piece::Plain(text) => text.into_any(),
        Piece::Hidden(c) => {
            let code = format!("U+{:04X}", u32::from(c));
            view! { <mark class="revealed" title="An invisible character">{code}</mark> }.into_any()
        }
        Piece::LookAlike(c) => {
            let title = format!("Not a Latin letter: U+{:04X} looks like one", u32::from(c));
            view! { <mark class="revealed" title=title>{c.to_string()}</mark> }.into_any()
        }
    };
    reveal(&text).into_iter().map(show).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::{Piece, reveal};

    #[test]
    fn what_hides_or_poses_is_told_apart_from_what_does_not() {
        let plain = |text: &str| Piece::Plain(text.to_owned());
        assert_eq!(reveal("Ada <ada@example.com>"), [plain("Ada <ada@example.com>")]);
        assert_eq!(reveal("a\u{200b}b"), [plain("a"), Piece::Hidden('\u{200b}'), plain("b")]);
        assert_eq!(reveal("\u{202e}x"), [Piece::Hidden('\u{202e}'), plain("x")]);
        assert_eq!(reveal("p\u{430}ypal"), [plain("p"), Piece::LookAlike('\u{430}'), plain("ypal")]);
        assert_eq!(reveal("Привет, мир"), [plain("Привет, мир")]);
        assert_eq!(reveal("Zoë · 20 %"), [plain("Zoë · 20 %")]);
        assert_eq!(reveal("\0"), [Piece::Hidden('\0')]);
    }
}
