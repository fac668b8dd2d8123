//! `cargo xtask prepare`: checks every query against a fresh database, and renews the data in `.sqlx` that lets
//! everyone else build without one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use hyvve_postgres::{Binaries, Cluster, Options as ClusterOptions};

use crate::say::say;
use crate::{process, server, tools, workspace};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Change nothing; fail when the committed data is out of date
    #[arg(long)]
    check: bool,
}

/// Files by name.
type Queries = BTreeMap<String, String>;

pub(crate) fn run(options: Options) -> Result<()> {
    // Of this crate alone, which nothing else has to compile for, and in a folder of its own, which nothing else throws away.
    let mut alone =
        process::cargo(&["check", "--quiet", "--package", "hyvve-domain", "--features", "ssr", "--all-targets"]);
    alone.env("CARGO_TARGET_DIR", workspace::target().join("prepare"));
    if options.check { check(alone) } else { replace(&workspace::path(".sqlx"), &describe(alone)?) }
}

/// Fails when the committed data is not what the queries say today. They say so while `compile` compiles `hyvve-domain`.
pub(crate) fn check(compile: Command) -> Result<()> {
    compare(&load(&workspace::path(".sqlx"))?, &describe(compile)?)
}

/// Lets the compiler describe every query to a database that has just been migrated.
fn describe(mut compile: Command) -> Result<Queries> {
    let cluster = start()?;
    let url = cluster.url("hyvve_owner", "hyvve");
    let queries = workspace::target().join("prepare/queries");
    if queries.exists() {
        fs::remove_dir_all(&queries).context("clearing the last query data")?;
    }
    fs::create_dir_all(&queries).context("making a folder for query data")?;
    // Macros run only when their crate is compiled.
    let library = fs::File::options().append(true).open(workspace::path("app/domain/src/lib.rs"));
    library.and_then(|file| file.set_modified(std::time::SystemTime::now())).context("touching hyvve-domain")?;
    say!("Describing the queries");
    compile.env("HYVVE_BUILD_DATABASE_URL", url).env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", &queries);
    process::run(&mut compile)?;
    cluster.stop()?;
    load(&queries)
}

/// A throw-away cluster with the roles and the migrated database.
fn start() -> Result<Cluster> {
    let binaries = tools::postgres()?;
    say!("Starting a throw-away PostgreSQL {}", binaries.major());
    let psql = psql(&binaries)?;
    let cluster = Cluster::start(&ClusterOptions { binaries: Some(binaries), ..ClusterOptions::throw_away() })?;
    let superuser = cluster.superuser_url("postgres");
    let migrations = workspace::path("migrations");
    let execute = |url: &str, what: &[&str]| {
        process::read(
            Command::new(&psql).args(["-Xq", "-v", "ON_ERROR_STOP=1"]).args(what).arg(url).current_dir(&migrations),
        )
    };
    execute(&superuser, &["-f", "roles.sql", "-c", "CREATE DATABASE hyvve OWNER hyvve_owner"])?;
    execute(&cluster.superuser_url("hyvve"), &["-c", "ALTER SCHEMA public OWNER TO hyvve_owner"])?;
    say!("Migrating");
    let owner = cluster.url("hyvve_owner", "hyvve");
    // The library's own tables come first, as in `db::migrate`.
    process::run(Command::new(server::example("migrate-jobs")?).arg(&owner))?;
    for migration in numbered(&migrations)? {
        execute(&owner, &["--single-transaction", "-f", &migration])?;
    }
    Ok(cluster)
}

/// The client that comes with the server, or any other.
fn psql(binaries: &Binaries) -> Result<PathBuf> {
    let beside = Some(binaries.program("psql")).filter(|program| program.is_file());
    beside.or_else(|| process::find("psql")).context("no psql: install PostgreSQL's client (Debian: postgresql-client)")
}

/// The migrations' file names in order.
fn numbered(folder: &Path) -> Result<Vec<String>> {
    let is_numbered = |name: &str| name.starts_with(|first: char| first.is_ascii_digit());
    let sql = workspace::files(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "sql"));
    let names = sql.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    Ok(names.filter(|name| is_numbered(name)).collect())
}

fn load(folder: &Path) -> Result<Queries> {
    if !folder.exists() {
        return Ok(Queries::new());
    }
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?))
    };
    workspace::files(folder)?.into_iter().map(read).collect()
}

fn replace(folder: &Path, fresh: &Queries) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("clearing .sqlx")?;
    }
    fs::create_dir_all(folder).context("making .sqlx")?;
    for (name, content) in fresh {
        fs::write(folder.join(name), content).with_context(|| format!("writing {name}"))?;
    }
    say!("{} queries written to .sqlx", fresh.len());
    Ok(())
}

fn compare(committed: &Queries, fresh: &Queries) -> Result<()> {
    let differing = differences(committed, fresh);
    if differing.is_empty() {
        say!("The data of all {} queries is up to date", fresh.len());
        return Ok(());
    }
    bail!("the query data in .sqlx is out of date, run `cargo xtask prepare`:\n{}", differing.join("\n"))
}

/// One line per file that is missing, left over, or different.
fn differences(committed: &Queries, fresh: &Queries) -> Vec<String> {
    let new = fresh.iter().filter_map(|(name, content)| match committed.get(name) {
        None => Some(format!("  missing:   {name}")),
        Some(old) if old != content => Some(format!("  different: {name}")),
        Some(_) => None,
    });
    let unused = committed.keys().filter(|name| !fresh.contains_key(*name)).map(|name| format!("  left over: {name}"));
    new.chain(unused).collect()
}

#[cfg(test)]
mod tests {
    use super::{Queries, differences};

    #[test]
    fn what_differs_is_named() {
        let files = |pairs: &[(&str, &str)]| -> Queries {
            pairs.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
        };
        let committed = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let fresh = files(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(differences(&committed, &fresh), ["  different: b", "  missing:   d", "  left over: c"]);
    }
}
