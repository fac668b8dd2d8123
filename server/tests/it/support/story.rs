//! The story that most tests begin with: somebody asks the seeded agent, and two things wait for a decision.

use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use super::{Caller, TestApp};

/// What the sandbox's script answers with two proposals: a change of a record and a mail.
const MESSAGE: &str = "Give Ada Lovelace a 20 % discount and mail her";

/// Somebody with a paused run and two waiting items.
pub(crate) struct Story {
    pub(crate) user: Caller,
    pub(crate) agent: String,
    pub(crate) run: String,
    /// The proposed change of Ada's record.
    pub(crate) change: Value,
    /// The proposed mail.
    pub(crate) mail: Value,
}

impl Story {
    pub(crate) async fn begin(app: &TestApp, name: &str) -> Self {
        Self::of(app.sign_up(name).await).await
    }

    /// The same, of somebody who has signed up already.
    pub(crate) async fn of(user: Caller) -> Self {
        let agents = user.get("/agents").await;
        let agent = agents.expect(200).body[0]["id"].as_str().expect("a seeded agent").to_owned();
        let fields = [("message", MESSAGE), ("stream", "false"), ("background", "true")];
        let accepted = user.post_form(&format!("/agents/{agent}/runs"), &fields).await;
        let run = accepted.expect(202).body["run_id"].as_str().expect("a run").to_owned();
        until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "PAUSED").await;
        let waiting = user.get("/api/approvals?status=pending").await;
        let items = waiting.expect(200).body["data"].as_array().expect("a list").clone();
        let of = |tool: &str| items.iter().find(|item| item["type"] == tool && item["runId"] == run.as_str()).cloned();
        let change = of("update_record").expect("a proposed change");
        let mail = of("send_email").expect("a proposed mail");
        Self { user, agent, run, change, mail }
    }
}

/// Asks again and again until the answer is as expected, and returns it.
pub(crate) async fn until(user: &Caller, path: &str, as_expected: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let asked = timeout(Duration::from_secs(20), async {
        loop {
            last = user.get(path).await.body;
            if as_expected(&last) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(asked.await.is_ok(), "{path} did not become what was expected: {last:#}");
    last
}

/// The id of an item.
pub(crate) fn id(item: &Value) -> &str {
    item["id"].as_str().expect("an id")
}

/// Has the server of the one run that is under way for the first time believed dead, until somebody takes the run up again. A server
/// that lives renews what it holds every now and then, so that once is not always enough.
pub(crate) async fn take_over(app: &TestApp) {
    let mut system = PgConnection::connect(app.setting("DATABASE_SYSTEM_URL")).await.unwrap();
    let died = "UPDATE runs SET lease_owner = gen_random_uuid(), lease_until = now() - interval '1 s'
                WHERE status = 'RUNNING' AND attempt = 1";
    let mut is_found = false;
    for _ in 0..400 {
        match sqlx::query(died).execute(&mut system).await.unwrap().rows_affected() {
            0 if is_found => return,
            found => assert_eq!(found, 1, "of which run is this?"),
        }
        is_found = true;
        sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody takes the run up");
}
