//! Nothing that an agent writes runs, loads, or takes for ever.

use std::collections::BTreeMap;

use super::{
    DEPTH, TAGS, languages,
    lexer::{self, Token},
    to_html,
};

/// What the journey in a browser streams as well.
const PAYLOADS: &str = include_str!("../../../end2end/support/payloads.json");

/// Where in a text something may stand.
const PLACES: [(&str, &str); 13] = [
    ("", ""),
    ("> ", ""),
    ("- ", ""),
    ("# ", ""),
    ("[", "](https://a.example)"),
    ("[a](", ")"),
    ("**", "**"),
    ("| a |\n|---|\n| ", " |"),
    ("```", "\ncode\n```"),
    ("```html\n", "\n```"),
    ("```js\n\"", "\n```"),
    ("~~~~json\n", "\n~~~~"),
    ("```diff\n+", "\n```"),
];

/// The tags of clean HTML, with their attributes. What stands outside of tags is text, whatever it looks like.
fn tags(html: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut rest = html;
    let mut tags = Vec::new();
    while let Some((_, after)) = rest.split_once('<') {
        let name = after.len() - after.trim_start_matches(|c: char| c == '/' || c.is_ascii_alphanumeric()).len();
        let (name, mut inside) = after.split_at(name);
        let mut attributes = Vec::new();
        while let Some((attribute, value)) = inside.strip_prefix(' ').and_then(|rest| rest.split_once("=\"")) {
            let (value, after) = value.split_once('"').expect("the end of a value");
            attributes.push((attribute, value));
            inside = after;
        }
        rest = inside.strip_prefix('>').unwrap_or_else(|| panic!("not clean: <{after}"));
        tags.push((name.trim_start_matches('/'), attributes));
    }
    tags
}

/// What of it a browser might run, load, or take for something of the page's own.
fn harm(html: &str) -> Option<String> {
    let is_known = |name: &str, (attribute, value): &(&str, &str)| match (name, *attribute) {
        ("a", "href") => ["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
        ("a", "rel") => *value == "noopener noreferrer nofollow",
        ("a", "target") => *value == "_blank",
        ("div", "class") => ["code", "code-head"].contains(value),
        ("span", "class") => Token::ALL.iter().any(|token| token.class() == *value),
        ("button", "class") => *value == "code-copy needs-script",
        ("button", "type") => *value == "button",
        ("button", "data-do") => *value == "copy",
        ("pre", "tabindex") => *value == "0",
        ("ol", "start") => value.parse::<u64>().is_ok(),
        _ => false,
    };
    let tags = tags(html);
    let bad = tags.iter().find(|(name, attributes)| {
        !(TAGS.contains(name) || *name == "ul") || !attributes.iter().all(|attribute| is_known(name, attribute))
    });
    bad.map(|tag| format!("{tag:?}"))
}

#[test]
fn nothing_that_runs_or_fetches_survives_wherever_it_stands() -> serde_json::Result<()> {
    let payloads: BTreeMap<String, Vec<String>> = serde_json::from_str(PAYLOADS)?;
    assert!(payloads.values().flatten().count() >= 200);
    for payload in payloads.values().flatten() {
        for (before, after) in PLACES {
            let html = to_html(&format!("{before}{payload}{after}"));
            let found = harm(&html);
            assert!(found.is_none(), "{payload:?} after {before:?} became {}", found.unwrap_or_default());
        }
    }
    for (bad, seen) in [
        ("<script>", true),
        ("<p onclick=\"x\">", true),
        ("<a href=\"javascript:x\">", true),
        ("<a href=\"https://a.example\">&lt;script&gt;</a>", false),
    ] {
        assert_eq!(harm(bad).is_some(), seen, "{bad}");
    }
    Ok(())
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
    assert!(html.contains("<span>rust</span>") && html.contains(r#"<span class="tok-name">a</span>() {}"#), "{html}");
}

#[test]
fn what_is_nested_too_deep_loses_its_frame_and_keeps_its_words() {
    for (piece, tag) in [("> ", "<blockquote>"), ("- ", "<ul>"), ("1. ", "<ol>")] {
        let html = to_html(&format!("{}the words", piece.repeat(100_000)));
        let count = html.matches(tag).count();
        assert!((DEPTH / 3..=DEPTH).contains(&count), "{count} of {tag}");
        assert!(html.contains("the words"));
    }
    assert_eq!(to_html(&format!("{}a", "> ".repeat(20))).matches("<blockquote>").count(), 20);
}

/// What a browser shows of it.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

#[test]
fn hostile_content_in_a_fence_is_shown_letter_for_letter() -> serde_json::Result<()> {
    let payloads: BTreeMap<String, Vec<String>> = serde_json::from_str(PAYLOADS)?;
    for payload in payloads.values().flatten().filter(|payload| !payload.contains(['\r', '\0'])) {
        for language in ["", "html", "js", "json", "css", "php", "diff", "unknown"] {
            let html = to_html(&format!("~~~~~~~~{language}\n{payload}\n~~~~~~~~"));
            let (_, code) = html.split_once("<code>").expect("a block of code");
            assert_eq!(text_of(code).trim_end(), payload.trim_end(), "as {language}");
        }
    }
    Ok(())
}

/// Every piece with a meaning, as `meaning:piece`.
fn pieces(language: &str, code: &str) -> String {
    let mut found = Vec::new();
    lexer::cut(languages::named(language).expect("a language"), code, &mut |token, piece| {
        found.extend(token.map(|token| format!("{}:{piece}", token.class().trim_start_matches("tok-"))));
    });
    found.join(" ")
}

#[test]
fn the_pieces_of_a_code_are_told_apart() {
    for (language, code, expected) in [
        ("rust", "let a: &'a str = \"x\\\"y\"; // b", r#"keyword:let keyword:str string:"x\"y" comment:// b"#),
        ("python", "def f(a): # no\n  return 0x1F", "keyword:def name:f comment:# no keyword:return number:0x1F"),
        ("SQL", "order by 'it''s' -- all", "keyword:order keyword:by string:'it' string:'s' comment:-- all"),
        ("json", r#"{"a": "b", "c": [1.5, true]}"#, r#"name:"a" string:"b" name:"c" number:1.5 keyword:true"#),
        ("yaml", "- some-key: yes # b\n  url: https://x", "name:some-key keyword:yes comment:# b name:url"),
        ("toml", "[a.b]\nc = 1", "keyword:[a.b] name:c number:1"),
        ("sh", "echo \"$HOME\" | wc $a # b", "keyword:echo string:\"$HOME\" name:$a comment:# b"),
        ("js", "/* a\n b */ f(`x\ny`)", "comment:/* a\n b */ name:f string:`x\ny`"),
        ("css", ".a { color: #fff; }", "name:color"),
        ("html", "<a href=\"x\">b</a><!-- c -->", "keyword:<a name:href string:\"x\" keyword:</a comment:<!-- c -->"),
        ("diff", "@@ 1\n-a\n+b\n c", "keyword:@@ 1\n removed:-a\n added:+b\n"),
        ("go", "x := \"not closed\ny := 1", "string:\"not closed number:1"),
    ] {
        assert_eq!(pieces(language, code), expected, "{language}");
    }
}

#[test]
fn no_code_takes_for_ever_and_none_is_lost() {
    let units = [
        "\"", "\\\"", "'a", "/*", "//", "<!", "<!--", "<a \"", "a(", "a: ", "{{", "1.", "$a", "-", " ", "\n", "r#\"",
        "é", "=begin ",
    ];
    let mut slowest = std::time::Duration::ZERO;
    for name in ["c", "json", "yaml", "toml", "sql", "python", "js", "rust", "ruby", "lua", "html", "diff", "css", "sh"]
    {
        let language = languages::named(name).expect("a language");
        for unit in units {
            let code = unit.repeat(20_000 / unit.len());
            let mut whole = String::with_capacity(code.len());
            let began = std::time::Instant::now();
            lexer::cut(language, &code, &mut |_, piece| whole.push_str(piece));
            slowest = slowest.max(began.elapsed());
            assert!(whole == code, "{unit:?} in {name} is not what it was");
        }
    }
    // Unoptimised, and beside other tests; what looks back takes minutes for any of these.
    assert!(slowest.as_secs() < 2, "{slowest:?}");
}

#[test]
fn more_code_than_one_reads_stays_without_colours() {
    let block = |code: String| format!("```json\n{code}\n```\n\n");
    let html = to_html(&(block("1 ".repeat(25_000)) + &block("1 ".repeat(25_000)) + &block("1".into())));
    assert_eq!(html.matches("tok-number").count(), 25_000 + 1);
    assert_eq!(html.matches("<pre").count(), 3);
}
