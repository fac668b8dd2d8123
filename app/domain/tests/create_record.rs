//! A new record is what was shown, fits its collection, and is there once with a first version that names the decision.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[expect(dead_code, reason = "the database itself is not looked into here")]
#[path = "support/mod.rs"]
mod support;

use hyvve_domain::{
    approvals::Preview,
    ids::{ApprovalId, EffectId},
    records,
    tools::{
        Reversibility,
        arguments::{self, Arguments},
        registry::{self, Tool},
    },
};
use serde_json::{Value, json};
use support::World;

fn create(data: &Value) -> (&'static Tool, Arguments) {
    let tool = registry::find("create_record").unwrap();
    let arguments = json!({ "collection": "customers", "data": data, "reason": "Asked for" });
    (tool, arguments::parse(tool, &arguments.to_string()).unwrap())
}

#[tokio::test]
async fn a_new_record_is_what_was_shown() {
    let world = World::new().await;
    let (s, owner) = (&world.services, &world.owner);
    let (tool, wanted) = create(
        &json!({ "name": "Mary Somerville", "email": "mary@example.com", "plan": "team", "discount_percent": 5 }),
    );
    assert_eq!(tool.reversibility(&wanted.values), Some(Reversibility::Irreversible));
    let mut tx = s.db.tenant(owner).await.unwrap();
    let plan = registry::plan(&mut tx, tool, &wanted, &s.http).await.unwrap().unwrap();
    assert_eq!((plan.title.as_str(), plan.targets.len()), ("Add Mary Somerville to Customers", 0));
    let preview = registry::preview(&mut tx, tool.name, &wanted.values, &plan.expected, &s.mailer).await.unwrap();
    let (collection, title, fields) = match preview {
        Preview::NewRecord { collection, title, fields } => (collection, title, fields),
        other => panic!("{other:?}"),
    };
    assert_eq!((collection.as_str(), title.as_str(), fields.len()), ("Customers", "Mary Somerville", 4));
    assert!(fields.iter().all(|field| field.before.is_none() && field.after.is_some()), "{fields:?}");

    let approval = ApprovalId::new();
    let done =
        registry::apply(&mut tx, tool.name, &wanted.values, &plan.expected, owner, approval, EffectId::new()).await;
    let done = done.unwrap().unwrap();
    tx.commit().await.unwrap();
    let made = records::service::get(s, owner, done["record_id"].as_str().unwrap().parse().unwrap()).await.unwrap();
    assert_eq!((made.record.title.as_str(), made.record.version), ("Mary Somerville", 1));
    assert_eq!(made.record.data["discount_percent"], 5);
    assert_eq!((made.history.len(), made.history[0].approval_id), (1, Some(approval)));
}

#[tokio::test]
async fn what_does_not_fit_is_no_proposal() {
    let world = World::new().await;
    let (s, owner) = (&world.services, &world.owner);
    let mut tx = s.db.tenant(owner).await.unwrap();
    for data in [
        json!({ "email": "ada@example.com", "plan": "team" }),
        json!({ "name": " ", "email": "ada@example.com", "plan": "team" }),
        json!({ "name": "Ada", "email": "ada@example.com", "plan": "team", "discount_percent": "much" }),
        json!({ "name": "Ada", "email": "ada@example.com", "plan": "team", "colour": "red" }),
    ] {
        let (tool, wanted) = create(&data);
        let why = registry::plan(&mut tx, tool, &wanted, &s.http).await.unwrap().unwrap_err();
        assert!(!why.is_empty(), "{data}");
    }
    let (tool, mut elsewhere) = create(&json!({ "name": "Ada" }));
    elsewhere.values.insert("collection".to_owned(), json!("nowhere"));
    let why = registry::plan(&mut tx, tool, &elsewhere, &s.http).await.unwrap().unwrap_err();
    assert_eq!(why, "There is no collection \"nowhere\".");
}
