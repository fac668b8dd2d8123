//! Two workspaces never meet: whatever takes an id answers a stranger as if the thing did not exist. All tables are
//! compared with what the server really has, so that nothing new stays unprobed.

pub(crate) mod functions;
pub(crate) mod pages;
pub(crate) mod routes;

use serde_json::json;

use crate::{
    bus::dead_letters::dead_letter_of,
    grants::grant_of,
    pictures::data_url,
    support::{Story, TestApp, id},
};

/// An id that nobody has.
pub(crate) const NOBODYS: &str = "00000000-0000-7000-8000-000000000000";

/// What a request names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Thing {
    Workspace,
    Change,
    Provider,
    Record,
    Run,
    Agent,
    Session,
    Member,
    Invitation,
    Key,
    Picture,
    Budget,
    Interrupt,
    Grant,
    Filter,
    Webhook,
    Delivery,
    Notification,
    DeadLetter,
}

/// The ids of what is Ada's.
pub(crate) struct Things {
    pub(crate) workspace: String,
    pub(crate) change: String,
    pub(crate) provider: String,
    pub(crate) record: String,
    pub(crate) run: String,
    pub(crate) agent: String,
    pub(crate) session: String,
    pub(crate) member: String,
    pub(crate) invitation: String,
    pub(crate) key: String,
    pub(crate) picture: String,
    pub(crate) budget: String,
    pub(crate) interrupt: String,
    pub(crate) grant: String,
    pub(crate) filter: String,
    pub(crate) webhook: String,
    pub(crate) delivery: String,
    pub(crate) notification: String,
    pub(crate) dead_letter: String,
}

impl Things {
    pub(crate) async fn of(story: &Story, database: &str) -> Self {
        let providers = story.user.get("/api/ai-providers").await;
        let records = story.user.get("/api/collections/customers/records").await;
        let run = story.user.get(&format!("/api/runs/{}", story.run)).await;
        let person = story.user.get("/api/auth/session").await;
        let path = format!("/api/workspaces/{}/invitations", story.user.workspace());
        let invitation = story.user.post(&path, &json!({ "role": "viewer" })).await;
        let path = format!("/api/workspaces/{}/api-keys", story.user.workspace());
        let key = story.user.post(&path, &json!({ "name": "Ada’s", "scopes": ["read"] })).await;
        story.user.post("/api/auth/update-user", &json!({ "image": data_url() })).await.expect(200);
        let budget = json!({ "scope": "workspace", "limitMicros": 1_000_000 });
        let budget = story.user.post("/api/ai-providers/budgets", &budget).await;
        let interrupt = json!({
            "action_requests": [{ "name": "x", "args": {} }],
            "review_configs": [{ "action_name": "x", "allowed_decisions": ["approve"] }],
        });
        let interrupt = story.user.post("/api/inbox/interrupts", &interrupt).await;
        let grant = story.user.post("/api/approval-grants", &grant_of(&story.agent)).await;
        let filter = story.user.post("/api/approval-filters", &json!({ "name": "Ada’s" })).await;
        // Nobody listens there, and it hears of nothing.
        let webhook = json!({ "url": "http://127.0.0.1:9/hooks", "events": ["nothing."] });
        let webhook = story.user.post("/api/webhooks", &webhook).await.expect(201).body["data"].clone();
        let tested = story.user.post(&format!("/api/webhooks/{}/test", id(&webhook)), &json!({})).await;
        // Something waits that she may decide on.
        let told = story.user.get("/api/notifications").await;
        let pictured = story.user.get("/api/auth/session").await.expect(200).body["user"]["image"].clone();
        Self {
            workspace: story.user.workspace().to_owned(),
            change: id(&story.change).to_owned(),
            provider: id(&providers.expect(200).body["data"][0]).to_owned(),
            record: id(&records.expect(200).body["data"][0]).to_owned(),
            run: story.run.clone(),
            agent: story.agent.clone(),
            session: run.expect(200).body["data"]["run"]["sessionId"].as_str().unwrap().to_owned(),
            member: id(&person.expect(200).body["user"]).to_owned(),
            invitation: id(&invitation.expect(201).body["data"]).to_owned(),
            key: id(&key.expect(201).body["data"]).to_owned(),
            grant: id(&grant.expect(201).body["data"]).to_owned(),
            filter: id(&filter.expect(201).body["data"]).to_owned(),
            budget: id(&budget.expect(201).body["data"]).to_owned(),
            interrupt: id(&interrupt.expect(201).body["data"]).to_owned(),
            webhook: id(&webhook).to_owned(),
            dead_letter: dead_letter_of(database, story.user.workspace()).await,
            delivery: id(&tested.expect(200).body["data"]).to_owned(),
            notification: id(&told.expect(200).body["data"][0]).to_owned(),
            picture: pictured.as_str().and_then(|path| path.rsplit('/').next()).unwrap().to_owned(),
        }
    }

    pub(crate) fn id(&self, thing: Thing) -> &str {
        match thing {
            Thing::Workspace => &self.workspace,
            Thing::Change => &self.change,
            Thing::Provider => &self.provider,
            Thing::Record => &self.record,
            Thing::Run => &self.run,
            Thing::Agent => &self.agent,
            Thing::Session => &self.session,
            Thing::Member => &self.member,
            Thing::Invitation => &self.invitation,
            Thing::Key => &self.key,
            Thing::Picture => &self.picture,
            Thing::Budget => &self.budget,
            Thing::Interrupt => &self.interrupt,
            Thing::Grant => &self.grant,
            Thing::Filter => &self.filter,
            Thing::Webhook => &self.webhook,
            Thing::Delivery => &self.delivery,
            Thing::Notification => &self.notification,
            Thing::DeadLetter => &self.dead_letter,
        }
    }
}

#[tokio::test]
async fn lists_show_ones_own_workspace_only() {
    let app = TestApp::start().await;
    let story = Story::begin(&app, "Ada").await;
    let stranger = app.sign_up("Eve").await;
    for path in [
        "/api/approvals",
        "/api/runs",
        "/api/mails",
        "/approvals",
        "/api/ai-providers/budgets",
        "/api/webhooks",
        "/api/notifications",
        "/api/events/dead-letters",
    ] {
        let list = stranger.get(path).await;
        assert_eq!(list.expect(200).body["data"], json!([]), "{path}");
    }
    assert_eq!(stranger.get("/approvals/count").await.expect(200).body["count"], 0);
    let hers = story.user.get("/api/collections/customers/records?q=Ada").await;
    let eves = stranger.get("/api/collections/customers/records?q=Ada").await;
    assert_ne!(hers.expect(200).body["data"][0]["id"], eves.expect(200).body["data"][0]["id"]);
    let in_hers = stranger.clone().in_workspace(story.user.workspace());
    assert_eq!(in_hers.get("/api/runs").await.expect(404).body["error"]["code"], "NOT_FOUND");
}
