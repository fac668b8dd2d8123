//! What the sweep does with a server: starts runs, decides, and looks whether everything came to rest.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use hyvve_domain::Timestamp;
use hyvve_postgres::Options;
use serde_json::{Value, json};

use crate::{mail_server::MailServer, support::process::World};

const DAY: Duration = Duration::from_hours(24);

/// A world with a mail server that counts.
pub(crate) struct Sweep {
    world: World,
    pub(crate) mail: MailServer,
}

impl Deref for Sweep {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Sweep {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Sweep {
    pub(crate) async fn new() -> Self {
        let mail = MailServer::start().await;
        let settings = vec![
            ("SMTP_URL", format!("smtp://127.0.0.1:{}", mail.port)),
            ("SMTP_FROM", "HYVVE <hyvve@example.com>".to_owned()),
            ("HYVVE_SAMPLE_DATA", "true".to_owned()),
            ("HYVVE_LEASE_SECONDS", "1".to_owned()),
            // Answers come in pieces, so that a server can die in the middle of one.
            ("HYVVE_SANDBOX_PACE_MS", "1".to_owned()),
            // What goes on by itself does so within the life of a server, as a rule.
            ("HYVVE_UNDO_SECONDS", "1".to_owned()),
        ];
        Self { world: World::new(|_| Options::throw_away(), settings).await, mail }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// Every row of a list.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for page in 1.. {
            let reply = self.get(&format!("{path}?page={page}&pageSize=100")).await.expect("a list answers");
            rows.extend(reply["data"].as_array().unwrap().iter().cloned());
            if reply["meta"]["hasMore"] != true {
                break;
            }
        }
        rows
    }

    /// That many wishes, each about a customer of its own, and others about invoices. Changes of half of the customers are allowed in
    /// advance, so that they go on without a person.
    pub(crate) async fn prepare(&mut self, count: usize) -> (Vec<String>, Vec<String>) {
        self.start(None).await;
        let grant = json!({
            "agentId": self.agent, "tool": "update_record", "when": "changes.discount_percent <= 20",
            "maxUses": count / 2, "expiresAt": Timestamp::now().plus(DAY),
        });
        self.post("/api/approval-grants", grant).await.expect("a standing grant");
        let rows = self.all("/api/collections/customers/records").await;
        let mut invoices = self.all("/api/collections/invoices/records").await;
        self.kill();
        assert!(rows.len() >= count, "only {} customers for {count} runs", rows.len());
        invoices.retain(|invoice| invoice["data"]["status"] != "paid");
        let title = |row: &Value| row["title"].as_str().unwrap().to_owned();
        let discounts = rows.iter().take(count).map(|r| format!("Give {} a 20 % discount and mail her", title(r)));
        let marks = invoices.iter().map(|r| format!("Mark invoice {} as paid", title(r)));
        (discounts.collect(), marks.collect())
    }

    /// Starts a run for each wish; answers the ids of those that were acknowledged.
    pub(crate) async fn ask(&self, wishes: &[String]) -> Vec<String> {
        let asked = wishes.iter().map(|wish| async move {
            let form = reqwest::multipart::Form::new()
                .text("message", wish.clone())
                .text("stream", "false")
                .text("background", "true");
            let url = self.url(&format!("/agents/{}/runs", self.agent));
            let reply = self.client.post(url).header("cookie", &self.cookie).multipart(form).send().await.ok()?;
            let body: Value = reply.error_for_status().ok()?.json().await.ok()?;
            Some(body["run_id"].as_str()?.to_owned())
        });
        futures::future::join_all(asked).await.into_iter().flatten().collect()
    }

    pub(crate) async fn approve_pending(&self) {
        let Some(list) = self.get("/api/approvals?status=pending&pageSize=100").await else { return };
        // What goes on by itself is left to itself.
        let wait = |item: &&Value| item["review"] != "auto";
        for item in list["data"].as_array().into_iter().flatten().filter(wait) {
            let path = format!("/api/approvals/{}/approve", item["id"].as_str().unwrap());
            if self.post(&path, json!({})).await.is_none() {
                return; // the server has just died, or somebody was first; the next round sees
            }
        }
    }

    /// Runs and effects that have not ended.
    pub(crate) async fn unrest(&self) -> Vec<Value> {
        let mut open = self.all("/api/runs").await;
        open.retain(|r| !matches!(r["status"].as_str(), Some("COMPLETED" | "ERROR" | "CANCELLED")));
        let mut items = self.all("/api/approvals").await;
        items.retain(|i| i["status"] == "pending" || matches!(i["effect"].as_str(), Some("intended" | "executing")));
        open.extend(items);
        open
    }

    pub(crate) async fn at_rest(&self) -> bool {
        self.unrest().await.is_empty()
    }
}
