//! What an open stream costs: many runs whose provider says one word a second.

use std::time::Duration;

use futures::future::join;

use crate::{load, memory::resident, provider::SLOW, report::Report};

/// Runs open at once.
const OPEN: usize = 500;
/// Until all are open and each has had some of its words.
const SETTLE: Duration = Duration::from_secs(10);

pub(crate) async fn measure(report: &mut Report) {
    let mut world = crate::runs::world(SLOW).await;
    let client = reqwest::Client::new();
    // What one run needs once, all need once.
    load::run(&world, &client, 0).await.expect("a run");
    let before = resident(&mut world);
    let id = world.child().expect("a running server").id();
    let open = load::repeat(OPEN, OPEN, async |n| load::run(&world, &client, n).await);
    let look = async {
        tokio::time::sleep(SETTLE).await;
        crate::memory::resident_of(id)
    };
    let ((seen, _), with) = join(open, look).await;
    let failed = seen.iter().filter(|run| run.is_none()).count();
    report.row(
        "streams",
        &[
            ("open", OPEN as f64),
            ("failed", failed as f64),
            ("before MiB", before),
            ("with MiB", with),
            ("KiB each", (with - before) * 1024.0 / OPEN as f64),
        ],
    );
}
