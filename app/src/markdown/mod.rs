//! An agent's markdown as HTML that may be shown: only known tags, no pictures, links that tell nothing about us.
//!
//! Rendered on the server, so that the browser downloads no parser and no highlighter. Markup that the model wrote itself is
//! shown as text; the sanitiser behind it is a second wall, not the first.

mod code;
mod languages;
mod lexer;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, Url, UrlRelative};
use leptos::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, html};

/// What an answer may be made of.
const TAGS: [&str; 29] = [
    "a",
    "blockquote",
    "br",
    "button",
    "code",
    "del",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut tags: HashSet<&str> = TAGS.into();
    tags.insert("ul");
    let mut cleaner = Builder::empty();
    cleaner
        .tags(tags)
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["align"])),
            ("th", HashSet::from(["align"])),
        ]))
        .generic_attributes(HashSet::new())
        .allowed_classes(HashMap::from([
            ("div", HashSet::from(["code", "code-head", "table-scroll"])),
            ("button", HashSet::from(["code-copy", "needs-script"])),
            ("span", lexer::Token::ALL.map(lexer::Token::class).into()),
        ]))
        .set_tag_attribute_value("a", "target", "_blank")
        .set_tag_attribute_value("button", "type", "button")
        .set_tag_attribute_value("button", "data-do", "copy")
        .set_tag_attribute_value("pre", "tabindex", "0")
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .attribute_filter(whole_address)
        .link_rel(Some("noopener noreferrer nofollow"));
    cleaner
});

/// An address as it is meant. Browsers take `https:settings` for a page beside the one that shows, where that came by https.
fn whole_address<'v>(_: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    if attribute == "href" { Url::parse(value).ok().map(|url| String::from(url).into()) } else { Some(value.into()) }
}

/// How deep things may stand within each other. What is deeper loses its frame and keeps its words: each element is held
/// against all that are open around it, so a megabyte of `>` would take a processor for minutes.
const DEPTH: usize = 64;

/// Markdown as clean HTML.
pub(crate) fn to_html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut raw = String::with_capacity(markdown.len() * 2);
    let mut depth = 0_usize;
    let shallow = Parser::new_ext(markdown, options).filter(|event| match event {
        Event::Start(_) => {
            depth += 1;
            depth <= DEPTH
        }
        Event::End(_) => {
            depth -= 1;
            depth < DEPTH
        }
        _ => true,
    });
    let mut blocks = code::Blocks::default();
    html::push_html(&mut raw, shallow.filter_map(|event| tame(event, &mut blocks)));
    CLEANER.clean(&raw).to_string()
}

/// Markdown on a page that the server renders.
pub(crate) fn prose(markdown: &str) -> AnyView {
    view! { <div class="prose" inner_html=to_html(markdown)></div> }.into_any()
}

/// Pictures become links, foreign markup becomes text, code is gathered until it is whole.
fn tame<'e>(event: Event<'e>, blocks: &mut code::Blocks) -> Option<Event<'e>> {
    Some(match event {
        Event::Start(Tag::CodeBlock(kind)) => {
            let language = match &kind {
                CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default(),
                CodeBlockKind::Indented => "",
            };
            blocks.begin(language);
            return None;
        }
        Event::End(TagEnd::CodeBlock) => Event::Html(blocks.end()?.into()),
        Event::Text(text) => Event::Text(blocks.take(text)?),
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::TaskListMarker(done) => Event::Text(if done { "☑ " } else { "☐ " }.into()),
        other => other,
    })
}
