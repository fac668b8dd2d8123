//! `cargo xtask size`: what a visitor's browser loads, compressed as it is served.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::say::{print_line, say};
use crate::{browser, workspace};

/// What may not weigh more. 1 KB = 1,000 bytes. Everything else is held against the baseline.
const LIMITS: [(&str, u64); 2] = [(SHELL, 100_000), (DASHBOARD, 200_000)];

/// Style sheet, loader and main module: what each page of a workspace begins with.
const SHELL: &str = "shell";

/// The page that people land on, in all. Only the server renders it: it is the shell.
const DASHBOARD: &str = "dashboard";

/// The split point that the application itself stands behind: what its pages share.
const APPLICATION: &str = "come_alive";

/// The committed sizes, with the toolchain that made them.
const BASELINE: &str = "xtask/size-baseline.json";

/// Growth over the baseline that is refused, in percent.
const GROWTH: u64 = 3;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Make today's sizes the baseline
    #[arg(long)]
    accept: bool,
}

/// Bytes by what is loaded.
type Sizes = BTreeMap<String, u64>;

pub(crate) fn run(options: Options) -> Result<()> {
    let sizes = measured()?;
    let baseline = workspace::path(BASELINE);
    if options.accept {
        let text = serde_json::to_string_pretty(&json!({ "toolchain": workspace::rustc()?, "bytes": sizes }))?;
        fs::write(&baseline, text + "\n").context("writing the baseline")?;
        say!("The baseline is now this, in {BASELINE}");
    }
    judge(&sizes)
}

/// Builds and prints, without a judgement.
pub(crate) fn report() -> Result<()> {
    measured().map(drop)
}

/// Builds, prints and judges.
pub(crate) fn check() -> Result<()> {
    judge(&measured()?)
}

fn measured() -> Result<Sizes> {
    let sizes = measure(&browser::build()?.root.join("pkg"))?;
    for (name, bytes) in &sizes {
        print_line!("{:>8.1} KB  {name}", *bytes as f64 / 1000.0);
    }
    Ok(sizes)
}

fn judge(sizes: &Sizes) -> Result<()> {
    let faults = faults(sizes, &load(&workspace::path(BASELINE), &workspace::rustc()?)?);
    if faults.is_empty() { Ok(()) } else { bail!("too many bytes:\n{}", faults.join("\n")) }
}

/// A page that one only reads is the shell; signing in is a style sheet. A page that one works with adds the application
/// and the chunks that the build's manifest lists for it.
fn measure(folder: &Path) -> Result<Sizes> {
    let files = workspace::files(folder)?;
    let named = |start: &str, end: &str| {
        let fits = |path: &&PathBuf| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(start) && name.ends_with(end))
        };
        files.iter().find(fits).cloned().with_context(|| format!("the build has no {start}*{end}"))
    };
    let style = served(&named("hyvve.", ".css")?)?;
    let mut shell = style;
    for (start, end) in [("hyvve.", ".js"), ("hyvve.", ".wasm"), ("__wasm_split.", ".js")] {
        shell += served(&named(start, end)?)?;
    }
    let mut sizes = Sizes::from(
        [("sign-in", style), (SHELL, shell), (DASHBOARD, shell)].map(|(name, bytes)| (name.to_owned(), bytes)),
    );
    let pages = parse(&fs::read_to_string(named("__wasm_split_manifest", ".json")?)?)?;
    let application = pages.iter().find(|(page, _)| readable(page) == APPLICATION).map(|(_, chunks)| chunks.clone());
    let application = application.context("the build has no application")?;
    for (page, chunks) in pages.iter().filter(|(page, _)| readable(page) != APPLICATION) {
        let chunks: BTreeSet<&String> = chunks.iter().chain(&application).collect();
        let weights = chunks.iter().map(|chunk| served(&folder.join(format!("{chunk}.wasm"))));
        sizes.insert(readable(page).to_owned(), shell + weights.sum::<Result<u64>>()?);
    }
    Ok(sizes)
}

/// `__records_page_view_6223521616655667057` is known as `records_page_view`.
fn readable(page: &str) -> &str {
    page.trim_start_matches('_').trim_end_matches(|last: char| last.is_ascii_digit() || last == '_')
}

fn parse(manifest: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let value: BTreeMap<String, Value> = serde_json::from_str(manifest).context("reading the manifest")?;
    let names =
        |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(value.iter().map(|(page, chunks)| (page.clone(), names(chunks))).collect())
}

/// A file's bytes on the wire: the build put its compressed form beside it.
fn served(file: &Path) -> Result<u64> {
    let mut compressed = file.as_os_str().to_owned();
    compressed.push(".br");
    Ok(fs::metadata(&compressed).with_context(|| format!("{} was not compressed", file.display()))?.len())
}

/// The committed sizes, if this toolchain made them: another one's compare with nothing.
fn load(baseline: &Path, toolchain: &str) -> Result<Sizes> {
    let Ok(text) = fs::read_to_string(baseline) else { return Ok(Sizes::new()) };
    let value: Value = serde_json::from_str(&text).context("reading the baseline")?;
    if value["toolchain"] != toolchain {
        say!("The baseline is of another toolchain ({}): only the limit counts", value["toolchain"]);
        return Ok(Sizes::new());
    }
    let bytes = value["bytes"].as_object().into_iter().flatten();
    Ok(bytes.filter_map(|(name, bytes)| Some((name.clone(), bytes.as_u64()?))).collect())
}

fn faults(sizes: &Sizes, baseline: &Sizes) -> Vec<String> {
    let judge = |(name, bytes): (&String, &u64)| {
        if let Some((_, limit)) = LIMITS.iter().find(|(limited, limit)| limited == name && bytes > limit) {
            return Some(format!("  {name}: {bytes} bytes, the limit is {limit}"));
        }
        let before = baseline.get(name).copied().filter(|before| *bytes * 100 > before * (100 + GROWTH))?;
        Some(format!("  {name}: {bytes} bytes, {before} before (see `cargo xtask size --accept`)"))
    };
    sizes.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::{Sizes, faults, measure};

    #[test]
    fn a_page_weighs_the_shell_the_application_and_its_chunks() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let files = [
            ("hyvve.a.css", 10),
            ("hyvve.b.js", 20),
            ("hyvve.c.wasm", 30),
            ("__wasm_split.d.js", 5),
            ("page.wasm", 7),
            ("shared.wasm", 8),
            ("all.wasm", 9),
        ];
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), "")?;
            std::fs::write(folder.path().join(format!("{name}.br")), vec![0; bytes])?;
        }
        std::fs::write(
            folder.path().join("__wasm_split_manifest.e.json"),
            r#"{"__queue_view_123": ["page", "shared"], "come_alive_7": ["all", "shared"]}"#,
        )?;
        let expected = [("sign-in", 10), ("shell", 65), ("dashboard", 65), ("queue_view", 89)];
        assert_eq!(measure(folder.path())?, expected.map(|(name, bytes)| (name.to_owned(), bytes)).into());
        Ok(())
    }

    #[test]
    fn growth_beyond_three_percent_or_the_limit_is_a_fault() {
        let sizes = |bytes| Sizes::from([("shell".to_owned(), bytes)]);
        assert!(faults(&sizes(103), &sizes(100)).is_empty());
        assert_eq!(faults(&sizes(104), &sizes(100)).len(), 1);
        assert_eq!(faults(&sizes(100_001), &Sizes::new()).len(), 1);
    }
}
