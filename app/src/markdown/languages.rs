//! What the lexer has to know of each language: its words, and how its comments and strings begin and end.

/// How a language is read.
pub(super) enum Manner {
    /// Words, strings, numbers and comments.
    Words,
    /// Tags around text.
    Markup,
    /// Lines that were added or removed.
    Changes,
}

/// What stands between two marks.
pub(super) struct Quoted {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    /// Whether a backslash takes the next character along.
    pub(super) escapes: bool,
    /// Whether it may go on in the next line.
    pub(super) long: bool,
}

/// A language.
pub(super) struct Language {
    /// What it is called behind a fence, in small letters.
    names: &'static str,
    pub(super) manner: Manner,
    /// What begins a comment that ends with the line.
    pub(super) remarks: &'static [&'static str],
    /// What a longer comment stands between.
    pub(super) comments: &'static [(&'static str, &'static str)],
    /// Longer marks before the shorter ones that they begin with.
    pub(super) strings: &'static [Quoted],
    /// In small letters where `any_case` is set.
    pub(super) keywords: &'static str,
    pub(super) any_case: bool,
    /// What stands in words besides letters, digits and `_`.
    pub(super) inside: &'static str,
    /// What a key at the beginning of a line is followed by.
    pub(super) key: Option<char>,
}

/// A string that ends with its line, and one that does not.
const fn short(mark: &'static str) -> Quoted {
    Quoted { open: mark, close: mark, escapes: true, long: false }
}

const fn long(mark: &'static str) -> Quoted {
    Quoted { open: mark, close: mark, escapes: true, long: true }
}

const fn raw(open: &'static str, close: &'static str) -> Quoted {
    Quoted { open, close, escapes: false, long: true }
}

/// Most languages look like C; what is different is said of each.
const LIKE_C: Language = Language {
    names: "c h cpp c++ cc hpp",
    manner: Manner::Words,
    remarks: &["//"],
    comments: &[("/*", "*/")],
    strings: &[short("\""), short("'")],
    keywords: "alignas auto bool break case catch char class const constexpr continue default delete do double else enum explicit \
               extern false float for friend goto if inline int long namespace new nullptr NULL operator private protected public \
               register return short signed sizeof static struct switch template this throw true try typedef typename union unsigned \
               using virtual void volatile while",
    any_case: false,
    inside: "",
    key: None,
};

/// And most settings look like INI.
const SETTINGS: Language = Language {
    names: "ini cfg conf properties env dotenv editorconfig",
    remarks: &["#", ";"],
    comments: &[],
    strings: &[short("\"")],
    keywords: "true false yes no on off null",
    inside: "-.",
    key: Some('='),
    ..LIKE_C
};

const LANGUAGES: &[Language] = &[
    LIKE_C,
    SETTINGS,
    Language {
        names: "json jsonc json5 jsonl",
        strings: &[short("\"")],
        keywords: "true false null",
        key: Some(':'),
        ..LIKE_C
    },
    Language { names: "yaml yml", remarks: &["#"], strings: &[short("\""), raw("'", "'")], key: Some(':'), ..SETTINGS },
    Language {
        names: "toml",
        remarks: &["#"],
        strings: &[long("\"\"\""), raw("'''", "'''"), short("\""), short("'")],
        keywords: "true false inf nan",
        ..SETTINGS
    },
    Language {
        names: "sql postgres postgresql psql mysql sqlite plpgsql tsql",
        remarks: &["--"],
        strings: &[raw("'", "'"), raw("\"", "\"")],
        keywords: "add all alter analyze and any array as asc begin between bigint boolean by bytea cascade case cast check coalesce \
                   column commit conflict constraint create cross current date default delete desc distinct do drop else end except \
                   exists explain false filter foreign for from full function grant group having if ilike in index inner insert \
                   int integer intersect interval into is join json jsonb key lateral left like limit materialized not null numeric \
                   offset on or order outer over partition primary procedure references replace returning returns right role rollback \
                   row rows schema select sequence set table temporary text then timestamp timestamptz to transaction trigger true \
                   truncate union unique update using uuid values varchar view when where window with",
        any_case: true,
        ..LIKE_C
    },
    Language {
        names: "python py python3 pycon",
        remarks: &["#"],
        comments: &[],
        strings: &[long("\"\"\""), long("'''"), short("\""), short("'")],
        keywords: "and as assert async await break case class continue def del elif else except False finally for from global if import \
                   in is lambda match None nonlocal not or pass raise return True try while with yield",
        ..LIKE_C
    },
    Language {
        names: "javascript js jsx mjs cjs node typescript ts tsx mts",
        strings: &[short("\""), short("'"), long("`")],
        keywords: "abstract any as async await boolean break case catch class const continue debugger declare default delete do else enum \
                   export extends false finally for from function if implements import in infer instanceof interface is keyof let \
                   namespace never new null number of private protected public readonly return satisfies static string super switch this \
                   throw true try type typeof undefined unknown var void while yield",
        ..LIKE_C
    },
    Language {
        names: "rust rs",
        strings: &[raw("r#\"", "\"#"), raw("r\"", "\""), raw("'\"'", ""), long("\"")],
        keywords: "as async await bool break char const continue crate dyn else enum extern f32 f64 false fn for i128 i16 i32 i64 i8 if impl \
                   in isize let loop match mod move mut pub ref return self Self static str struct super trait true type u128 u16 u32 u64 \
                   u8 union unsafe use usize where while",
        ..LIKE_C
    },
    Language {
        names: "go golang",
        strings: &[short("\""), short("'"), raw("`", "`")],
        keywords: "any bool break byte case chan const continue default defer else error fallthrough false float64 for func go goto if import \
                   int int64 interface map nil package range return rune select string struct switch true type uint var",
        ..LIKE_C
    },
    Language {
        names: "java kotlin kt kts scala groovy",
        strings: &[long("\"\"\""), short("\""), short("'")],
        keywords: "abstract as boolean break byte case catch char class companion const continue data def default do double else enum extends \
                   false final finally float for fun if implements import in instanceof int interface internal is it long native new null \
                   object open override package private protected public record return sealed short static super suspend switch \
                   synchronized this throw throws trait true try val var void volatile when while yield",
        ..LIKE_C
    },
    Language {
        names: "csharp cs c# dotnet",
        strings: &[raw("\"\"\"", "\"\"\""), raw("@\"", "\""), short("\""), short("'")],
        keywords: "abstract as async await base bool break byte case catch char class const continue decimal default delegate do double else \
                   enum event explicit extern false finally float for foreach get goto if implicit in int interface internal is lock long \
                   namespace new null object operator out override params private protected public readonly record ref return sealed set \
                   short static string struct switch this throw true try typeof uint using value var virtual void when where while yield",
        ..LIKE_C
    },
    Language {
        names: "swift dart",
        strings: &[long("\"\"\""), short("\""), short("'")],
        keywords: "actor any as async await break case catch class const continue default defer do else enum extends extension false final \
                   for func guard if implements import in init inout internal is let mixin new nil null override private protocol public \
                   required return self Self some static struct super switch this throw throws true try typealias var void where while",
        ..LIKE_C
    },
    Language {
        names: "php",
        remarks: &["//", "#"],
        keywords: "abstract and array as bool break case catch class const continue default do echo else elseif enum extends false final finally \
                   float fn for foreach function global if implements include instanceof int interface match namespace new null or private \
                   protected public readonly require return self static string switch this throw trait true try use var void while yield",
        ..LIKE_C
    },
    Language {
        names: "ruby rb elixir ex exs",
        remarks: &["#"],
        comments: &[("=begin", "=end")],
        keywords: "alias and begin break case class def defmodule defp defined do else elsif end ensure false fn for if in module next nil not \
                   or raise redo require rescue retry return self super then true undef unless until use when while with yield",
        inside: "?!",
        ..LIKE_C
    },
    Language {
        names: "bash sh shell zsh console terminal fish",
        remarks: &["#"],
        comments: &[],
        strings: &[long("\""), raw("'", "'")],
        keywords: "break case cd continue do done echo elif else esac eval exec exit export fi for function if in local read readonly return \
                   set shift source sudo then trap unset until while",
        inside: "-",
        ..LIKE_C
    },
    Language {
        names: "powershell ps1 pwsh",
        remarks: &["#"],
        comments: &[("<#", "#>")],
        strings: &[raw("\"", "\""), raw("'", "'")],
        keywords: "begin break catch class continue do else elseif end exit filter finally for foreach function if in param process return \
                   switch throw trap try until using while",
        any_case: true,
        inside: "-",
        ..LIKE_C
    },
    Language {
        names: "dockerfile docker containerfile",
        remarks: &["#"],
        comments: &[],
        keywords: "add arg as cmd copy entrypoint env expose from healthcheck label onbuild run shell stopsignal user volume workdir",
        any_case: true,
        inside: "-",
        ..LIKE_C
    },
    Language {
        names: "hcl terraform tf nginx",
        remarks: &["#", "//"],
        strings: &[short("\"")],
        keywords: "data false for for_each if in locals module null output provider resource terraform true variable",
        inside: "-",
        key: Some('='),
        ..LIKE_C
    },
    Language {
        names: "graphql gql proto protobuf",
        remarks: &["#", "//"],
        strings: &[long("\"\"\""), short("\""), short("'")],
        keywords: "bool bytes directive double enum extend false float fragment implements import input int32 int64 interface message mutation \
                   null on oneof option package query repeated returns rpc scalar schema service string subscription syntax true type union",
        ..LIKE_C
    },
    Language {
        names: "lua",
        remarks: &["--"],
        comments: &[("--[[", "]]")],
        strings: &[short("\""), short("'"), raw("[[", "]]")],
        keywords: "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
        ..LIKE_C
    },
    Language {
        names: "r",
        remarks: &["#"],
        comments: &[],
        keywords: "break else FALSE for function if in Inf library NA NaN next NULL repeat return TRUE while",
        inside: ".",
        ..LIKE_C
    },
    Language {
        names: "css scss sass less",
        keywords: "important inherit initial none unset auto",
        inside: "-",
        key: Some(':'),
        ..LIKE_C
    },
    Language { names: "html xml svg xhtml rss vue svelte", manner: Manner::Markup, ..LIKE_C },
    Language { names: "diff patch", manner: Manner::Changes, ..LIKE_C },
];

/// The language of a fence, if it is one that is known.
pub(super) fn named(name: &str) -> Option<&'static Language> {
    let name = name.to_ascii_lowercase();
    LANGUAGES.iter().find(|language| language.names.split_ascii_whitespace().any(|known| known == name))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_means_one_language_and_every_word_stands_once() {
        let mut names = HashSet::new();
        for language in LANGUAGES {
            for name in language.names.split_ascii_whitespace() {
                assert!(names.insert(name), "{name} twice");
                assert!(named(&name.to_ascii_uppercase()).is_some(), "{name}");
            }
            let mut words = HashSet::new();
            for word in language.keywords.split_ascii_whitespace() {
                assert!(words.insert(word), "{word} twice in {}", language.names);
                assert!(!language.any_case || *word == word.to_ascii_lowercase(), "{word} in {}", language.names);
            }
        }
        assert!(named("").is_none() && named("klingon").is_none());
    }
}
