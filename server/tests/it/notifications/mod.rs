//! What people are told: once for each cause, they alone, and by the ways that they chose.

mod choosing;
mod hooks;
mod mentions;
mod telling;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    accounts::World,
    support::{Caller, Reply, Story, TestApp, cluster::superuser, id, until},
    workspaces::join,
};

/// A workspace of Grace, in which two things wait, with an admin Ada and a member Mia.
struct Office {
    grace: Caller,
    ada: Caller,
    mia: Caller,
    story: Story,
}

impl Office {
    async fn open(app: &TestApp) -> Self {
        let grace = app.sign_up("Grace").await;
        let (ada, mia) = (person(app, &grace, "Ada", "admin").await, person(app, &grace, "Mia", "member").await);
        let story = Story::of(grace.clone()).await;
        Self { grace, ada, mia, story }
    }

    /// The address of what waits in the API.
    fn path(&self) -> String {
        format!("/api/approvals/{}", id(&self.story.change))
    }

    /// Hands what waits to somebody.
    async fn hand_to(&self, who: &Caller) -> Reply {
        let body = json!({ "assigneeId": user_of(who).await });
        Reply::of(self.grace.request(Method::PATCH, &self.path()).json(&body)).await
    }

    async fn comment(&self, by: &Caller, text: &str) -> Reply {
        by.post(&format!("{}/comments", self.path()), &json!({ "body": text })).await
    }
}

async fn person(app: &TestApp, host: &Caller, name: &str, role: &str) -> Caller {
    let person = app.sign_up(name).await;
    join(host, &person, role).await;
    person.in_workspace(host.workspace())
}

async fn user_of(who: &Caller) -> String {
    who.get("/api/auth/session").await.expect(200).body["user"]["id"].as_str().unwrap().to_owned()
}

/// What somebody was told of this kind, the newest first.
async fn told(who: &Caller, kind: &str) -> Vec<Value> {
    let all = who.get("/api/notifications?pageSize=100").await.expect(200).body["data"].as_array().unwrap().clone();
    all.into_iter().filter(|one| one["kind"] == kind).collect()
}

async fn unread(who: &Caller) -> i64 {
    who.get("/api/notifications?unread=true").await.expect(200).body["meta"]["total"].as_i64().unwrap()
}

async fn choose(who: &Caller, body: Value) -> Reply {
    let path = format!("/api/workspaces/{}/notification-settings", who.workspace());
    Reply::of(who.request(Method::PATCH, &path).json(&body)).await
}

/// Changes the database as nobody else may: time passes. Answers how many rows it was.
async fn in_database(app: &TestApp, sql: &str) -> u64 {
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut root).await.unwrap().rows_affected()
}
