//! Characters that do not show themselves (Unicode TR36): people decide on what they read, so what they read has to be what is there.

use std::fmt::Write as _;

/// Whether a character takes no room of its own, turns the direction of what follows, or is a control character other than an
/// end of line or a tab.
pub fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    ) || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A text in which such characters stand by their names, `[U+202E]`: for where nothing can be marked, as in titles and letters.
pub fn spelled(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            let _ = write!(spelled, "[U+{:04X}]", u32::from(c));
        } else {
            spelled.push(c);
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_itself_stands_by_its_name() {
        assert_eq!(spelled("Pay \u{202e}04$\u{200b} — übermorgen\n"), "Pay [U+202E]04$[U+200B] — übermorgen\n");
        assert_eq!(spelled("\u{0}"), "[U+0000]");
    }
}
