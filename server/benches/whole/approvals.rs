//! The queue's list, with few and with a million items in the table.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, Row};

use crate::{
    load,
    probe::probe,
    report::{Report, Times},
    support::process::World,
};

/// Items in the table.
const SIZES: [i64; 2] = [10_000, 1_000_000];
/// Times that each list is asked for, one after the other.
const ASKED: usize = 400;
/// Asked before the first that counts.
const WARM_UP: usize = 50;
const LISTS: [(&str, &str); 9] = [
    ("pending", "/api/approvals?status=pending"),
    ("approved", "/api/approvals?status=approved"),
    ("of a type", "/api/approvals?status=pending&type=send_email&sort=oldest"),
    ("rare word", "/api/approvals?q=number+500"),
    ("each word", "/api/approvals?q=change"),
    ("due next", "/api/approvals?status=pending&sort=due&limit=25"),
    ("mine", "/api/approvals?status=pending&assignee=me"),
    ("full review", "/api/approvals?status=pending&review=full&sort=oldest"),
    ("overdue", "/api/approvals?overdue=true"),
];

/// As a real table fills: four in five items are of workspaces other than the one that asks, one in ten waits. Of those, one in twenty
/// is overdue, and one in fifty is for whoever asks.
const FILL: &str = "
INSERT INTO approval_items (workspace_id, id, status, tool, tool_version, title, reversibility, canonical, hash, proposer_kind, proposer_id, requester_id, created_at, decided_at, due_at, assigned_to)
SELECT w.id, gen_random_uuid(), CASE WHEN (n / 5) % 10 = 0 THEN 'pending' WHEN n % 7 = 0 THEN 'rejected' ELSE 'approved' END,
       CASE WHEN n % 3 = 0 THEN 'send_email' ELSE 'update_record' END, 1, 'Change number ' || n, 'reversible', '{}', decode(repeat('00', 32), 'hex'),
       'user', u.id, u.id, now() - n * interval '1 second', CASE WHEN (n / 5) % 10 = 0 THEN NULL ELSE now() - n * interval '1 second' END,
       CASE WHEN n % 20 = 0 THEN now() - interval '1 hour' ELSE now() + interval '7 days' END, CASE WHEN n % 50 = 0 THEN u.id END
FROM generate_series($1::bigint, $2::bigint - 1) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY created_at) - 1 AS place FROM workspaces) w ON w.place = n % 5
CROSS JOIN (SELECT id FROM users ORDER BY created_at LIMIT 1) u";

/// A million items in one transaction are not what the trigger of the counts is made for, so it rests meanwhile.
const COUNT: &str = "
INSERT INTO approval_counts (workspace_id, status, tool, items)
SELECT workspace_id, status, tool, count(*) FROM approval_items GROUP BY workspace_id, status, tool
ON CONFLICT (workspace_id, status, tool) DO UPDATE SET items = EXCLUDED.items";

/// The same for the trigger of the words.
const WORDS: &str = "
INSERT INTO approval_words (workspace_id, approval_id, word)
SELECT workspace_id, id, unnest(approval_words(title)) FROM approval_items ON CONFLICT DO NOTHING";

pub(crate) async fn measure(report: &mut Report) {
    let mut world = crate::world(Vec::new()).await;
    // Row-level security holds for the owner of the tables too; a superuser may fill them for anyone.
    let mut root = PgConnection::connect(&world.cluster.superuser_url("hyvve")).await.unwrap();
    neighbours(&mut root).await;
    sqlx::raw_sql("SET session_replication_role = replica").execute(&mut root).await.unwrap();
    world.start(None).await;
    let mut filled = 0;
    let mut firsts = [f64::NAN; LISTS.len()];
    for size in SIZES {
        sqlx::query(FILL).bind(filled).bind(size).execute(&mut root).await.unwrap();
        sqlx::raw_sql(COUNT).execute(&mut root).await.unwrap();
        sqlx::raw_sql(WORDS).execute(&mut root).await.unwrap();
        sqlx::raw_sql("VACUUM ANALYZE approval_items, approval_words").execute(&mut root).await.unwrap();
        filled = size;
        for ((name, path), first) in LISTS.into_iter().zip(&mut firsts) {
            ask(&world, path, WARM_UP).await;
            let times = Times::new(ask(&world, path, ASKED).await);
            let p99 = times.at(0.99);
            if first.is_nan() {
                *first = p99;
            }
            report.row(
                name,
                &[
                    ("rows", size as f64),
                    ("p50", times.at(0.5)),
                    ("p99", p99),
                    ("p99 ratio", p99 / *first),
                    ("probe", probe()),
                ],
            );
        }
    }
}

async fn ask(world: &World, path: &str, times: usize) -> Vec<Duration> {
    let (seen, _) = load::repeat(1, times, async |_| {
        let began = Instant::now();
        world.get(path).await.map(|_| began.elapsed())
    })
    .await;
    seen.into_iter().flatten().collect()
}

/// Four more workspaces of the same person.
async fn neighbours(root: &mut PgConnection) {
    let made = sqlx::query(
        "INSERT INTO workspaces (id, slug, name, created_by) SELECT gen_random_uuid(), 'neighbour-' || n, 'Neighbour', u.id
         FROM generate_series(1, 4) AS n CROSS JOIN (SELECT id FROM users LIMIT 1) u RETURNING id",
    );
    for row in made.fetch_all(&mut *root).await.unwrap() {
        let id: uuid::Uuid = row.get(0);
        sqlx::query("INSERT INTO workspace_heads (workspace_id) VALUES ($1)")
            .bind(id)
            .execute(&mut *root)
            .await
            .unwrap();
    }
}
