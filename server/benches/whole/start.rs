//! How long from the program's start until it answers, on a database that runs already.

use crate::{
    probe::probe,
    report::{Report, Times},
};

/// Starts that are measured.
const STARTS: usize = 20;

pub(crate) async fn measure(report: &mut Report) {
    let mut world = crate::world(Vec::new()).await;
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        times.push(world.start(None).await);
        world.kill();
    }
    let times = Times::new(times);
    report
        .row("start", &[("starts", STARTS as f64), ("p50", times.at(0.5)), ("max", times.at(1.0)), ("probe", probe())]);
}
