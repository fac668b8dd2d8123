//! What the server holds in memory when nobody asks anything of it.

use std::time::Duration;

use crate::{report::Report, support::process::World};

/// Pages that a person who looks around opens.
const PAGES: [&str; 5] = ["", "/approvals", "/records", "/runs", "/settings/ai-providers"];
/// How often.
const VISITS: usize = 20;
/// What is given back late is given back by then.
const REST: Duration = Duration::from_secs(2);

pub(crate) async fn measure(report: &mut Report) {
    let mut world = crate::world(vec![("HYVVE_SAMPLE_DATA", "true".to_owned())]).await;
    world.start(None).await;
    tokio::time::sleep(REST).await;
    let started = resident(&mut world);
    let workspaces = world.get("/api/workspaces").await.expect("workspaces");
    let slug = workspaces["data"][0]["workspace"]["slug"].as_str().or_else(|| workspaces["data"][0]["slug"].as_str());
    let slug = slug.expect("a workspace").to_owned();
    for _ in 0..VISITS {
        for page in PAGES {
            let request = world.client.get(world.url(&format!("/w/{slug}{page}"))).header("accept", "text/html");
            request.header("cookie", &world.cookie).send().await.unwrap().bytes().await.unwrap();
        }
    }
    tokio::time::sleep(REST).await;
    let visited = resident(&mut world);
    report.row("memory", &[("started MiB", started), ("pages", (VISITS * PAGES.len()) as f64), ("after MiB", visited)]);
}

/// Resident memory of the server, in MiB.
pub(crate) fn resident(world: &mut World) -> f64 {
    resident_of(world.child().expect("a running server").id())
}

/// The same of a process, as Linux tells it; not a number elsewhere.
pub(crate) fn resident_of(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}
