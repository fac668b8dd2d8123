//! The event bus, from inside: how many events a second come in, how many effects a second a consumer has, and how long an event is
//! on its way; with PostgreSQL alone, and with Redis. Emitting and dealing with events are the product's own transactions.

mod place;

use std::time::{Duration, Instant};

use futures::future::join_all;
use hyvve_domain::ids::WorkspaceId;
use tokio::time::sleep;

use self::place::{Handled, Node, Place, until};
use crate::{
    load,
    probe::probe,
    redis::Redis,
    report::{Report, Times},
};

/// How much happens: so many events in a transaction, in so many workspaces, so many in all. Transactions of one workspace commit one
/// after the other, because its events are numbered in their order.
struct Load {
    batch: usize,
    spread: usize,
    events: usize,
}

const LOADS: [Load; 4] = [
    Load { batch: 1, spread: 1, events: 2_000 },
    Load { batch: 1, spread: WORKSPACES, events: 20_000 },
    Load { batch: 100, spread: 1, events: 20_000 },
    Load { batch: 100, spread: WORKSPACES, events: 200_000 },
];
const WORKSPACES: usize = 16;
/// Before the first that counts.
const WARM_UP: Load = Load { batch: 10, spread: WORKSPACES, events: 10_000 };
/// Transactions at once.
const AT_ONCE: usize = 16;
/// Events of which each is waited for, and how far apart they happen.
const PACED: usize = 400;
const EVERY: Duration = Duration::from_millis(10);

/// What the rows of a back end are called.
struct Names {
    comes_in: &'static str,
    drain: &'static str,
    both: &'static str,
    paced: &'static str,
    once: &'static str,
}

const POSTGRES: Names =
    Names { comes_in: "in pg", drain: "drain pg", both: "both pg", paced: "paced pg", once: "once pg" };
const REDIS: Names =
    Names { comes_in: "in redis", drain: "drain redis", both: "both redis", paced: "paced redis", once: "once redis" };

pub(crate) async fn measure(report: &mut Report) {
    Box::pin(through(None, &POSTGRES, report)).await;
    Box::pin(through(Some(Redis::start().await), &REDIS, report)).await;
}

async fn through(redis: Option<Redis>, names: &Names, report: &mut Report) {
    let mut place = Place::set(redis).await;
    place.table().await;
    let (mut node, handled) = (place.node("one").await, Handled::default());
    let workspaces = node.workspaces(WORKSPACES).await;
    // From now on the consumer is to hear of everything. Until it works, that piles up.
    let known = node.consume(&handled);
    place.registered().await;
    known.abort();
    let before = place.count("SELECT sum(done_seq)::bigint FROM event_consumers").await;
    come_in(&node, &workspaces, &WARM_UP).await;
    place.published().await;
    place.analyze().await;

    for load in &LOADS {
        let (machine, began) = (probe(), Instant::now());
        come_in(&node, &workspaces, load).await;
        place.published().await;
        row(report, names.comes_in, load, began.elapsed(), f64::midpoint(machine, probe()));
    }
    place.analyze().await;

    let (behind, machine, began) = (place.behind().await, probe(), Instant::now());
    node.consume(&handled);
    place.done().await;
    let (took, machine) = (began.elapsed(), f64::midpoint(machine, probe()));
    let effects = behind as f64 / took.as_secs_f64();
    report.row(names.drain, &[("effects", behind as f64), ("effects/s", effects), ("probe", machine)]);

    for load in &LOADS {
        place.quiet().await;
        let (machine, began) = (probe(), Instant::now());
        come_in(&node, &workspaces, load).await;
        place.done().await;
        row(report, names.both, load, began.elapsed(), f64::midpoint(machine, probe()));
    }

    let other = place.node("other").await;
    for (nodes, from) in [(1, &node), (2, &other)] {
        place.quiet().await;
        let machine = probe();
        let times = paced(from, workspaces[0], &handled).await;
        let columns = [
            ("nodes", f64::from(nodes)),
            ("events", times.count() as f64),
            ("p50", times.at(0.5)),
            ("p99", times.at(0.99)),
            ("max", times.at(1.0)),
            ("probe", f64::midpoint(machine, probe())),
        ];
        report.row(names.paced, &columns);
    }

    place.done().await;
    let events = place.count("SELECT sum(event_seq)::bigint FROM workspace_heads").await - before;
    let effects = place.count("SELECT count(*) FROM bus_effects").await;
    let different = place.count("SELECT count(DISTINCT event_id) FROM bus_effects").await;
    let columns = [
        ("events", events as f64),
        ("without effect", (events - different) as f64),
        ("effects too many", (effects - different) as f64),
        ("dead letters", place.count("SELECT count(*) FROM event_dead_letters").await as f64),
    ];
    report.row(names.once, &columns);
    other.end().await;
    node.end().await;
}

async fn come_in(node: &Node, workspaces: &[WorkspaceId], load: &Load) {
    let happened = load::repeat(AT_ONCE, load.events / load.batch, async |n| {
        node.happen(workspaces[n % load.spread], load.batch, "").await;
        Some(())
    });
    happened.await;
}

fn row(report: &mut Report, name: &'static str, load: &Load, took: Duration, machine: f64) {
    let columns = [
        ("a transaction", load.batch as f64),
        ("workspaces", load.spread as f64),
        ("events", load.events as f64),
        ("events/s", load.events as f64 / took.as_secs_f64()),
        ("probe", machine),
    ];
    report.row(name, &columns);
}

/// From the moment before an event's transaction begins to the moment at which the consumer has it in hand.
async fn paced(from: &Node, workspace: WorkspaceId, handled: &Handled) -> Times {
    let seen = || handled.lock().unwrap();
    seen().clear();
    let happening = (0..PACED).map(async |n| {
        sleep(EVERY * n as u32).await;
        let began = Instant::now();
        from.happen(workspace, 1, &n.to_string()).await;
        began
    });
    let began: Vec<Instant> = join_all(happening).await;
    until("all events have come", async || seen().len() >= PACED).await;
    Times::new(seen().iter().map(|(n, at)| at.saturating_duration_since(began[*n])).collect())
}
