//! The architecture's "never" rules that no compiler holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::say::say;
use crate::{process, workspace};

/// What the domain must not know: how it is shown, and how it is served.
const ABOVE_DOMAIN: [&str; 5] = ["leptos", "axum", "tower-http", "hyvve-app", "hyvve-server"];

/// What speaks to a database.
const DATABASE: [&str; 2] = ["sqlx", "redis"];

/// What a browser must not load.
const NATIVE_ONLY: [&str; 6] = ["sqlx", "redis", "axum", "argon2", "mio", "reqwest"];

/// How SQL begins, or goes on.
const SQL: [&str; 6] = ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM ", "\"WITH ", "\"BEGIN"];

/// What is no store and holds connections: `db.rs` has the pools, the relay listens on a connection of its own.
const POOLED: [&str; 2] = ["db.rs", "events/relay.rs"];

/// One rule: what it forbids, and a search for what breaks it.
type Rule = (&'static str, fn() -> Result<Vec<String>>);

const RULES: [Rule; 9] = [
    ("the domain knows neither Leptos nor axum, neither the app nor the server", domain_depends_on_nothing_above),
    ("the app and the server do not speak to a database", no_database_above_the_domain),
    ("the browser loads nothing that only a server needs", browser_crates),
    ("a store takes a tenant's transaction, never a pool", stores_take_no_pool),
    ("SQL stands in stores, and only `db.rs` and the relay have pools", sql_stands_in_stores),
    ("a slice's store is its own", stores_are_private),
    ("handlers and server functions leave it to services who may", surfaces_ask_no_role),
    ("`ui` knows no slice", ui_knows_no_slice),
    ("text goes into a title and into a `textarea` where it is escaped", unescaped_places),
];

/// Checks every rule and names what breaks it.
pub(crate) fn check() -> Result<()> {
    let mut broken = Vec::new();
    for (rule, search) in RULES {
        let found = search()?;
        say!("{}: {rule}", if found.is_empty() { "holds" } else { "BROKEN" });
        broken.extend(found);
    }
    if broken.is_empty() { Ok(()) } else { bail!("rules are broken:\n  {}", broken.join("\n  ")) }
}

fn domain_depends_on_nothing_above() -> Result<Vec<String>> {
    dependencies_among("hyvve-domain", |name| ABOVE_DOMAIN.iter().any(|above| is_or_extends(name, above)))
}

fn no_database_above_the_domain() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in ["hyvve-app", "hyvve-server"] {
        found.extend(dependencies_among(package, |name| DATABASE.contains(&name))?);
    }
    for folder in ["app/src", "server/src"] {
        found.extend(lines_in(&workspace::path(folder), |_, line| SQL.iter().any(|sql| line.contains(sql)))?);
    }
    Ok(found)
}

fn browser_crates() -> Result<Vec<String>> {
    let tree = ["tree", "--package", "hyvve-frontend", "--target", "wasm32-unknown-unknown", "--edges", "normal"];
    let listed = process::read(process::cargo(&tree).args(["--prefix", "none", "--format", "{p}"]))?;
    let names: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    Ok(names
        .into_iter()
        .filter(|name| NATIVE_ONLY.iter().any(|other| is_or_extends(name, other)))
        .map(|name| format!("the browser's crates contain {name}"))
        .collect())
}

fn stores_take_no_pool() -> Result<Vec<String>> {
    lines_in(&workspace::path("app/domain/src"), |file, line| {
        file.file_name().is_some_and(|name| name.to_string_lossy().ends_with("store.rs"))
            && ["Pool", "&Db", ": Db"].iter().any(|word| line.contains(word))
    })
}

fn sql_stands_in_stores() -> Result<Vec<String>> {
    let domain = workspace::path("app/domain/src");
    lines_in(&domain, |file, line| {
        let is = |known: &str| file.strip_prefix(&domain).is_ok_and(|file| file == Path::new(known));
        let is_store = file.file_name().is_some_and(|name| name.to_string_lossy().ends_with("store.rs"));
        let asks = ["sqlx::query", "sqlx::raw_sql"].iter().any(|word| line.contains(word));
        let holds = ["PgPool", "PgListener"].iter().any(|word| line.contains(word));
        asks && !is_store && !is("db.rs") || holds && !POOLED.into_iter().any(is)
    })
}

/// What a page shows may depend on a role. What is done may not: that is the service's.
fn surfaces_ask_no_role() -> Result<Vec<String>> {
    let asks = |line: &str| mentions(line, "Role");
    let mut found = Vec::new();
    for folder in ["server/src/http", "server/src/agentos"] {
        found.extend(lines_in(&workspace::path(folder), |_, line| asks(line))?);
    }
    found.extend(lines_in(&workspace::path("app/src"), |file, line| {
        file.file_name().is_some_and(|name| name.to_string_lossy().ends_with("api.rs")) && asks(line)
    })?);
    Ok(found)
}

/// A private module is visible to its own slice only: the compiler does the rest.
fn stores_are_private() -> Result<Vec<String>> {
    lines_in(&workspace::path("app/domain/src"), |_, line| {
        let line = line.trim_start();
        line.starts_with("pub")
            && (line.contains("mod ") && line.contains("store;") || line.contains("use ") && line.contains("store::"))
    })
}

fn ui_knows_no_slice() -> Result<Vec<String>> {
    let slices: Vec<String> =
        folders(&workspace::path("app/src"))?.into_iter().chain(folders(&workspace::path("app/domain/src"))?).collect();
    let imports = |line: &str, slice: &String| {
        ["crate", "hyvve_domain", "super::super"].iter().any(|root| names(line, root, slice))
    };
    lines_in(&workspace::path("app/src/ui"), |_, line| {
        slices.iter().filter(|slice| *slice != "ui").any(|slice| imports(line, slice) || mentions(line, slice))
    })
}

/// Leptos writes text into these two as it stands. In a view a value stands in braces.
fn unescaped_places() -> Result<Vec<String>> {
    let app = workspace::path("app/src");
    lines_in(&app, |file, line| {
        let before = line.trim_start().split_once("</textarea>").map(|(before, _)| before.trim_end());
        let holds = before.is_some_and(|before| before.is_empty() || before.ends_with('}'));
        holds || line.contains("<Title") && file != app.join("ui/title.rs")
    })
}

/// Does the line name the module `slice` of `root`?
fn names(line: &str, root: &str, slice: &str) -> bool {
    let path = format!("{root}::{slice}");
    line.match_indices(&path)
        .any(|(at, _)| !line[at + path.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

/// Does the line name anything in `module`, from wherever it is imported?
fn mentions(line: &str, module: &str) -> bool {
    line.match_indices(&format!("{module}::"))
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

/// Is it this crate, or one of its family, such as `leptos_router` of `leptos`?
fn is_or_extends(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
}

/// A package's own dependencies (not those of its tests) that the condition names.
fn dependencies_among(package: &str, is_forbidden: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let metadata = process::read(&mut process::cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading cargo metadata")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let dependencies = packages
        .filter(|found| found["name"] == package)
        .flat_map(|found| found["dependencies"].as_array().into_iter().flatten());
    let names = dependencies
        .filter(|dependency| dependency["kind"] != "dev")
        .filter_map(|dependency| dependency["name"].as_str());
    Ok(names.filter(|name| is_forbidden(name)).map(|name| format!("{package} depends on {name}")).collect())
}

/// `file:line: text` of every line of code (comments aside) that the condition names.
fn lines_in(folder: &Path, is_forbidden: impl Fn(&Path, &str) -> bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in workspace::files(folder)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let shown: PathBuf = file.strip_prefix(workspace::root()).unwrap_or(&file).to_owned();
        for (number, line) in text.lines().enumerate() {
            if !line.trim_start().starts_with("//") && is_forbidden(&file, line) {
                found.push(format!("{}:{}: {}", shown.display(), number + 1, line.trim()));
            }
        }
    }
    Ok(found)
}

fn folders(parent: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(parent).with_context(|| format!("reading {}", parent.display()))?;
    Ok(entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{is_or_extends, mentions, names};

    #[test]
    fn a_family_is_a_crate_and_what_extends_its_name() {
        assert!(is_or_extends("leptos", "leptos") && is_or_extends("leptos_router", "leptos"));
        assert!(is_or_extends("sqlx-core", "sqlx") && !is_or_extends("mio-not", "mi"));
        assert!(!is_or_extends("axumite", "axum"));
    }

    #[test]
    fn a_module_is_named_whole() {
        assert!(names("use crate::records::Record;", "crate", "records"));
        assert!(!names("use crate::records_of_old::Record;", "crate", "records"));
        assert!(mentions("use crate::{records::Record, ui::Card};", "records"));
        assert!(!mentions("use crate::{old_records::Record};", "records"));
        assert!(
            mentions("if actor.role() == Some(Role::Owner) {", "Role") && !mentions("OneRole::Plain(role)", "Role")
        );
    }
}
