//! What the pieces of a code are: comments, strings, numbers, keywords and names.
//!
//! One pass from left to right in which no character is looked at more than a few times, whatever it is: a model writes
//! these texts. Highlighters made of regular expressions look again and again at what does not fit (one line of a thousand
//! characters can take minutes), and parsers in C end the whole process. It is for reading: where it errs, a colour is wrong.

use std::collections::HashSet;

use super::languages::{Language, Manner, Quoted};

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token {
    Comment,
    String,
    Number,
    Keyword,
    /// What is called or defined, a key, a variable.
    Name,
    Added,
    Removed,
}

impl Token {
    pub(super) const ALL: [Self; 7] =
        [Self::Comment, Self::String, Self::Number, Self::Keyword, Self::Name, Self::Added, Self::Removed];

    /// What the style sheet calls it.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Comment => "tok-comment",
            Self::String => "tok-string",
            Self::Number => "tok-number",
            Self::Keyword => "tok-keyword",
            Self::Name => "tok-name",
            Self::Added => "tok-added",
            Self::Removed => "tok-removed",
        }
    }
}

/// Cuts a code into pieces; what has no meaning of its own comes without a token. Together they are the code.
pub(super) fn cut<'c>(language: &Language, code: &'c str, say: &mut dyn FnMut(Option<Token>, &'c str)) {
    let mut at = 0;
    let mut plain = 0;
    let keywords = language.keywords.split_ascii_whitespace().collect();
    let mut place = Place { keywords, before: '\n', fresh: true, in_tag: false };
    while let Some(first) = code[at..].chars().next() {
        let rest = &code[at..];
        let (token, length) = match language.manner {
            Manner::Words => word_like(language, rest, first, &place),
            Manner::Markup => markup(rest, first, &mut place),
            Manner::Changes => change(rest),
        };
        if token.is_some() {
            if plain < at {
                say(None, &code[plain..at]);
            }
            say(token, &rest[..length]);
            plain = at + length;
        }
        place.goes_on(&rest[..length]);
        at += length;
    }
    if plain < at {
        say(None, &code[plain..]);
    }
}

/// Where the lexer is, and what are words there.
struct Place<'k> {
    keywords: HashSet<&'k str>,
    /// The character before.
    before: char,
    /// Whether a key may stand here: at the beginning of a line, or of what braces hold.
    fresh: bool,
    /// Whether this is inside of a tag.
    in_tag: bool,
}

impl Place<'_> {
    fn goes_on(&mut self, piece: &str) {
        for c in piece.chars() {
            self.fresh = matches!(c, '\n' | '{' | ';' | ',') || (self.fresh && (c.is_whitespace() || c == '-'));
            self.before = c;
        }
    }
}

type Piece = (Option<Token>, usize);

fn word_like(language: &Language, rest: &str, first: char, place: &Place<'_>) -> Piece {
    if let Some(length) = comment(language, rest, place.before) {
        return (Some(Token::Comment), length);
    }
    if let Some(quoted) = language.strings.iter().find(|quoted| rest.starts_with(quoted.open)) {
        let length = string(quoted, rest);
        let is_key = language.key.is_some_and(|key| rest[length..].trim_start_matches(' ').starts_with(key));
        return (Some(if is_key { Token::Name } else { Token::String }), length);
    }
    if first.is_ascii_digit() {
        return (Some(Token::Number), number(rest));
    }
    if first.is_alphabetic() || "_$@".contains(first) {
        return word(language, rest, first, place);
    }
    if first == '[' && place.before == '\n' && language.key == Some('=') {
        return (Some(Token::Keyword), line(rest));
    }
    (None, first.len_utf8())
}

/// How long the line is.
fn line(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn comment(language: &Language, rest: &str, before: char) -> Option<usize> {
    if let Some((open, close)) = language.comments.iter().find(|(open, _)| rest.starts_with(open)) {
        return Some(rest[open.len()..].find(close).map_or(rest.len(), |end| open.len() + end + close.len()));
    }
    // `$#`, `a#b` and `https://` are none.
    let begins = before.is_whitespace() || !(before == ':' || rest.starts_with('#'));
    (begins && language.remarks.iter().any(|mark| rest.starts_with(mark))).then(|| line(rest))
}

/// How long a string is, its marks included. One that does not end takes what it may take, so that it is looked at once.
fn string(quoted: &Quoted, rest: &str) -> usize {
    let mut at = quoted.open.len();
    while let Some(c) = rest[at..].chars().next() {
        if rest[at..].starts_with(quoted.close) {
            return at + quoted.close.len();
        }
        if c == '\n' && !quoted.long {
            return at;
        }
        at += c.len_utf8();
        if c == '\\' && quoted.escapes {
            at += rest[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        }
    }
    rest.len()
}

fn number(rest: &str) -> usize {
    let mut after = rest.char_indices().peekable();
    while let Some((at, c)) = after.next() {
        let goes_on = c.is_ascii_alphanumeric()
            || c == '_'
            || (c == '.' && after.peek().is_some_and(|(_, next)| next.is_ascii_digit()));
        if !goes_on {
            return at;
        }
    }
    rest.len()
}

fn word(language: &Language, rest: &str, first: char, place: &Place<'_>) -> Piece {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_' || language.inside.contains(c);
    let length = rest[first.len_utf8()..].find(|c| !goes_on(c)).map_or(rest.len(), |end| first.len_utf8() + end);
    let (word, after) = rest.split_at(length);
    let small = if language.any_case { word.to_ascii_lowercase() } else { String::new() };
    let is_keyword = || place.keywords.contains(if language.any_case { small.as_str() } else { word });
    let is_key = || place.fresh && language.key.is_some_and(|key| after.trim_start_matches(' ').starts_with(key));
    let token = if "$@".contains(first) {
        (length > 1).then_some(Token::Name)
    } else if is_key() {
        Some(Token::Name)
    } else if is_keyword() {
        Some(Token::Keyword)
    } else {
        after.starts_with('(').then_some(Token::Name)
    };
    (token, length)
}

fn markup(rest: &str, first: char, place: &mut Place<'_>) -> Piece {
    let name = |from: usize| {
        let ends = |c: char| !(c.is_alphanumeric() || "_-:.".contains(c));
        rest[from..].find(ends).map_or(rest.len(), |end| from + end)
    };
    if rest.starts_with("<!--") {
        return (Some(Token::Comment), rest.find("-->").map_or(rest.len(), |end| end + 3));
    }
    if first == '<' {
        let from = 1 + usize::from(rest[1..].starts_with(['/', '!', '?']));
        let end = name(from);
        place.in_tag = end > from;
        return (place.in_tag.then_some(Token::Keyword), end);
    }
    if !place.in_tag {
        return (None, rest.find('<').unwrap_or(rest.len()));
    }
    match first {
        '>' => place.in_tag = false,
        '"' | '\'' => {
            let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
            return (Some(Token::String), end);
        }
        _ if name(0) > 0 => return (Some(Token::Name), name(0)),
        _ => {}
    }
    (None, first.len_utf8())
}

/// A line of what was changed.
fn change(rest: &str) -> Piece {
    let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
    let headed = |marks: &[&str]| marks.iter().any(|mark| rest.starts_with(mark));
    let token = match rest.as_bytes()[0] {
        _ if headed(&["+++ ", "--- ", "diff ", "index "]) => Some(Token::Comment),
        b'@' => Some(Token::Keyword),
        b'+' => Some(Token::Added),
        b'-' => Some(Token::Removed),
        _ => None,
    };
    (token, length)
}
