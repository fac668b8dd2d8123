//! Code in an answer: a bar with its language and a button that copies it, and colours where the language is known.

use html_escape::encode_text_to_string;
use pulldown_cmark::CowStr;

use super::{
    languages,
    lexer::{self, Token},
};

/// How many bytes of one text's code get colours: each coloured piece is an element in the page of whoever reads it.
const COLOURED: usize = 60_000;

/// The code blocks of one text.
pub(super) struct Blocks {
    /// Language and text of the block that is being gathered.
    open: Option<(String, String)>,
    /// Bytes that may still be coloured.
    left: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { open: None, left: COLOURED }
    }
}

impl Blocks {
    pub(super) fn begin(&mut self, language: &str) {
        let language = language.chars().filter(|c| c.is_ascii_alphanumeric() || "+-#.".contains(*c)).take(20).collect();
        self.open = Some((language, String::new()));
    }

    /// Keeps what stands in a block; gives back what does not.
    pub(super) fn take<'t>(&mut self, text: CowStr<'t>) -> Option<CowStr<'t>> {
        match &mut self.open {
            Some((_, code)) => {
                code.push_str(&text);
                None
            }
            None => Some(text),
        }
    }

    /// The whole block.
    pub(super) fn end(&mut self) -> Option<String> {
        let (language, code) = self.open.take()?;
        let mut html = format!(
            r#"<div class="code"><div class="code-head"><span>{language}</span><button class="code-copy needs-script">Copy</button></div><pre><code>"#
        );
        match languages::named(&language).filter(|_| code.len() <= self.left) {
            Some(known) => {
                self.left -= code.len();
                lexer::cut(known, &code, &mut |token, piece| push(&mut html, token, piece));
            }
            None => push(&mut html, None, &code),
        }
        html.push_str("</code></pre></div>");
        Some(html)
    }
}

fn push(html: &mut String, token: Option<Token>, piece: &str) {
    if let Some(token) = token {
        html.extend(["<span class=\"", token.class(), "\">"]);
    }
    encode_text_to_string(piece, html);
    if token.is_some() {
        html.push_str("</span>");
    }
}
