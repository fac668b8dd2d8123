//! Whole runs: a message, a streamed answer, every step stored before it is seen.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::{
    load::{self, Seen},
    probe::probe,
    provider::{self, QUICK},
    report::{Report, Times},
    support::process::World,
};

/// Runs at once, and how many of them are measured.
const LOADS: [(usize, usize); 3] = [(1, 1000), (8, 4000), (32, 6000)];
/// Runs before the first that counts: connections are made, statements prepared.
const WARM_UP: usize = 400;

pub(crate) async fn measure(report: &mut Report) {
    let world = world(QUICK).await;
    // No limit of time for a whole stream.
    let client = reqwest::Client::new();
    load::repeat(32, WARM_UP, async |n| load::run(&world, &client, n).await).await;
    // What PostgreSQL does by itself a minute later. Until then it takes any index that begins with the workspace for as good
    // as the primary key, and every run reads all runs before it.
    let mut root = PgConnection::connect(&world.cluster.superuser_url("hyvve")).await.unwrap();
    sqlx::raw_sql("ANALYZE").execute(&mut root).await.unwrap();
    for (at_once, count) in LOADS {
        let before = probe();
        let (seen, took) = load::repeat(at_once, count, async |n| load::run(&world, &client, n).await).await;
        let machine = f64::midpoint(before, probe());
        let good: Vec<Seen> = seen.into_iter().flatten().collect();
        let times = |which: fn(&Seen) -> std::time::Duration| Times::new(good.iter().map(which).collect());
        let (byte, content, whole) = (times(|s| s.first_byte), times(|s| s.first_content), times(|s| s.whole));
        report.row(
            "runs",
            &[
                ("at once", at_once as f64),
                ("runs/s", good.len() as f64 / took.as_secs_f64()),
                ("failed", (count - good.len()) as f64),
                ("byte p50", byte.at(0.5)),
                ("byte p99", byte.at(0.99)),
                ("content p50", content.at(0.5)),
                ("content p99", content.at(0.99)),
                ("whole p50", whole.at(0.5)),
                ("whole p99", whole.at(0.99)),
                ("probe", machine),
            ],
        );
    }
}

/// A running server whose agents think with the provider of this bench, by this model.
pub(crate) async fn world(model: &str) -> World {
    let mut world = crate::world(Vec::new()).await;
    world.start(None).await;
    let provider = json!({
        "provider": "openai_compatible",
        "name": "Bench",
        "baseUrl": provider::start().await,
        "apiKey": "not-a-secret",
        "defaultModel": model,
        "makeDefault": true,
    });
    world.post("/api/ai-providers", provider).await.expect("a provider");
    world
}
