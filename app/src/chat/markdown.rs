//! An agent's markdown as HTML that may be shown: only known tags, no pictures, links that tell nothing about us.
//!
//! Rendered on the server, so that the browser downloads no parser. Markup that the model wrote itself is shown as text;
//! the sanitiser behind it is a second wall, not the first.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
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
        .allowed_classes(HashMap::from([
            ("div", HashSet::from(["code", "code-head", "table-scroll"])),
            ("button", HashSet::from(["code-copy"])),
        ]))
        .set_tag_attribute_value("a", "target", "_blank")
        .set_tag_attribute_value("button", "type", "button")
        .set_tag_attribute_value("pre", "tabindex", "0")
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    cleaner
});

/// Markdown as clean HTML.
pub(crate) fn to_html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut raw = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut raw, Parser::new_ext(markdown, options).map(tame));
    CLEANER.clean(&raw).to_string()
}

/// Pictures become links, foreign markup becomes text, code gets a bar with its language and a copy button.
fn tame(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::Start(Tag::CodeBlock(kind)) => {
            let language = match &kind {
                CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default(),
                CodeBlockKind::Indented => "",
            };
            let language: String =
                language.chars().filter(|c| c.is_ascii_alphanumeric() || "+-#.".contains(*c)).take(20).collect();
            let head = format!(
                r#"<div class="code"><div class="code-head"><span>{language}</span><button class="code-copy">Copy</button></div><pre><code>"#
            );
            Event::Html(head.into())
        }
        Event::End(TagEnd::CodeBlock) => Event::Html("</code></pre></div>".into()),
        Event::Start(Tag::Table(_)) | Event::End(TagEnd::Table) => event,
        Event::TaskListMarker(done) => Event::Text(if done { "☑ " } else { "☐ " }.into()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn nothing_that_runs_or_fetches_survives() {
        for bad in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,x)",
            "![x](https://evil.example/pixel.png)",
            "<a href=\"https://a.example\" onclick=\"x()\">a</a>",
            "<iframe src=//evil.example></iframe>",
            "```\"><img src=x onerror=alert(1)>\nx\n```",
        ] {
            let html = to_html(bad);
            // What stands outside of tags is text, whatever it looks like.
            let tags: Vec<&str> = html.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0)).collect();
            for never in ["script", "img", "iframe", "javascript:", "data:", "onclick", "onerror", "src="] {
                assert!(!tags.iter().any(|tag| tag.contains(never)), "{bad:?} became {html:?}");
            }
        }
    }

    #[test]
    fn a_picture_becomes_a_link_that_tells_nothing_about_us() {
        let html = to_html("![a chart](https://a.example/c.png)");
        assert!(html.contains(r#"href="https://a.example/c.png""#) && html.contains("a chart"), "{html}");
        assert!(html.contains("noopener noreferrer nofollow") && html.contains(r#"target="_blank""#), "{html}");
    }

    #[test]
    fn tables_code_and_emphasis_show() {
        let html = to_html("| a |\n|---|\n| **b** |\n\n```rust\nfn a() {}\n```");
        assert!(html.contains("<td><strong>b</strong></td>"), "{html}");
        assert!(html.contains("<span>rust</span>") && html.contains("fn a() {}"), "{html}");
    }
}
