//! Webhooks, as whoever receives them sees it: a program on this machine that keeps what it gets.

mod delivering;
mod managing;
pub(crate) mod pressing;
mod receiver;
mod slack;
mod trouble;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use self::receiver::{Receiver, Told};
use crate::support::{Caller, Reply, TestApp, cluster::superuser, id, until};

/// Somebody with an endpoint that hears of changes of the workspace.
struct Office {
    user: Caller,
    receiver: Receiver,
    /// The endpoint's address in the API.
    path: String,
    secret: String,
}

impl Office {
    async fn open(app: &TestApp) -> Self {
        Self::of(app.sign_up("Ada").await).await
    }

    async fn of(user: Caller) -> Self {
        let receiver = Receiver::start().await;
        let new = json!({ "url": receiver.url(), "description": "Ours", "events": ["workspace.updated"] });
        let made = user.post("/api/webhooks", &new).await.expect(201).body["data"].clone();
        let secret = made["secret"].as_str().expect("a secret, this once").to_owned();
        Self { user, receiver, path: format!("/api/webhooks/{}", id(&made)), secret }
    }

    /// Something happens that the endpoint hears of.
    async fn happen(&self, name: &str) {
        happen(&self.user, name).await;
    }

    async fn endpoint(&self) -> Value {
        self.user.get(&self.path).await.expect(200).body["data"].clone()
    }

    async fn log(&self) -> Vec<Value> {
        let log = self.user.get(&format!("{}/deliveries", self.path)).await;
        log.expect(200).body["data"].as_array().unwrap().clone()
    }

    /// The newest delivery, once it is as expected.
    async fn newest(&self, as_expected: impl Fn(&Value) -> bool) -> Value {
        let log = format!("{}/deliveries", self.path);
        until(&self.user, &log, |body| as_expected(&body["data"][0])).await["data"][0].clone()
    }

    async fn change(&self, body: &Value) -> Reply {
        Reply::of(self.user.request(Method::PATCH, &self.path).json(body)).await
    }

    /// A test, and what came of it.
    async fn test(&self) -> Value {
        let tested = self.user.post(&format!("{}/test", self.path), &json!({})).await;
        tested.expect(200).body["data"].clone()
    }
}

async fn happen(user: &Caller, name: &str) {
    let path = format!("/api/workspaces/{}", user.workspace());
    Reply::of(user.request(Method::PATCH, &path).json(&json!({ "name": name }))).await.expect(200);
}

/// Changes the database as nobody else may: time passes.
async fn in_database(url: &str, sql: &str) -> u64 {
    let mut root = PgConnection::connect(&superuser(url)).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut root).await.unwrap().rows_affected()
}

/// Whether this secret has made one of the signatures.
fn is_signed_by(secret: &str, told: &Told) -> bool {
    let expected = receiver::signature(secret, &told.id, told.timestamp, &told.body);
    told.signatures.contains(&expected)
}
