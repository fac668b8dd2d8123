//! The whole program, measured from outside: the optimised server in a process of its own, PostgreSQL with every commit on
//! disk, a provider that answers at once, and people who never pause. Figures are printed; nothing is asserted.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench that cannot measure has nothing to say, and prints what it measured"
)]

mod approvals;
mod better_auth;
mod bus;
mod load;
mod memory;
mod probe;
mod provider;
mod providers;
mod queue;
#[path = "../../tests/it/support/redis.rs"]
#[expect(dead_code, reason = "tests do more with it than to start it and to ask it")]
mod redis;
mod report;
mod runs;
mod sessions;
mod start;
mod streams;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::{os::unix::fs::PermissionsExt, path::Path};

use clap::{Parser, ValueEnum};
use hyvve_postgres::Options;

use self::{report::Report, support::process::World};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Case {
    Runs,
    Providers,
    Sessions,
    Streams,
    Approvals,
    Queue,
    Bus,
    Memory,
    Start,
}

#[derive(Parser)]
struct Arguments {
    /// Only this case
    name: Option<Case>,
    /// One JSON object per row
    #[arg(long)]
    json: bool,
    /// Only the provider of this bench: says where it is, and lives as long as its input is open
    #[arg(long, hide = true)]
    provider: bool,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let mut report = Report::new(arguments.json);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if arguments.provider {
        println!("{}", runtime.block_on(provider::start()));
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        return;
    }
    runtime.block_on(async {
        for case in Case::value_variants() {
            if arguments.name.is_none_or(|name| name == *case) {
                match case {
                    Case::Runs => runs::measure(&mut report).await,
                    Case::Providers => providers::measure(&mut report).await,
                    Case::Sessions => sessions::measure(&mut report).await,
                    Case::Streams => streams::measure(&mut report).await,
                    Case::Approvals => approvals::measure(&mut report).await,
                    Case::Queue => queue::measure(&mut report).await,
                    Case::Bus => bus::measure(&mut report).await,
                    Case::Memory => memory::measure(&mut report).await,
                    Case::Start => start::measure(&mut report).await,
                }
            }
        }
    });
}

/// A database that keeps every commit: a figure without that would say nothing about a real one.
fn durable(folder: &Path) -> Options {
    // PostgreSQL's own account has to reach its data.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711)).unwrap();
    Options::kept(folder.join("postgres"))
}

/// A world with such a database.
async fn world(settings: Vec<(&'static str, String)>) -> World {
    World::new(durable, settings).await
}
