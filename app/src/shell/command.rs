//! A line of the command menu: somewhere to go, or something to do.

use leptos::prelude::*;

use crate::ui::{Glyph, Icon, Kbd};

/// One line.
pub(crate) struct Command {
    name: String,
    glyph: Glyph,
    /// What choosing it does, in the words of `data-do`.
    what: String,
    /// The key that does the same.
    key: Option<&'static str>,
    /// A selector of what has to be on the page for it.
    needs: Option<String>,
    /// Other words that somebody may type for it.
    words: Option<&'static str>,
}

impl Command {
    /// What does what `data-do` says.
    pub(crate) fn new(name: impl Into<String>, glyph: Glyph, what: impl Into<String>) -> Self {
        Self { name: name.into(), glyph, what: what.into(), key: None, needs: None, words: None }
    }

    /// The way to an address of this site.
    pub(crate) fn go(name: impl Into<String>, glyph: Glyph, href: &str) -> Self {
        Self::new(name, glyph, format!("go {href}"))
    }

    /// What a key of the page does.
    pub(crate) fn press(name: impl Into<String>, glyph: Glyph, key: &'static str) -> Self {
        Self { key: Some(key), ..Self::new(name, glyph, format!("press {key}")) }
    }

    /// Only where something like this is on the page.
    pub(crate) fn needs(self, selector: impl Into<String>) -> Self {
        Self { needs: Some(selector.into()), ..self }
    }

    /// Found under other words as well.
    pub(crate) fn words(self, words: &'static str) -> Self {
        Self { words: Some(words), ..self }
    }

    /// As a link, if that is what it is.
    pub(crate) fn link(&self) -> Option<(String, String)> {
        Some((self.what.strip_prefix("go ")?.to_owned(), self.name.clone()))
    }

    /// As an option of the menu.
    pub(crate) fn option(self, id: String, more: Option<String>) -> AnyView {
        let Self { name, glyph, what, key, needs, words } = self;
        let kbd = key.map(|key| view! { <Kbd key=key/> });
        view! {
            <li
                role="option"
                class="menu-item"
                id=id
                data-do=what
                data-needs=needs
                data-words=words
                data-more=more
                aria-keyshortcuts=key
                aria-selected="false"
            >
                <Icon glyph=glyph/><span class="grow">{name}</span>{kbd}
            </li>
        }
        .into_any()
    }
}
