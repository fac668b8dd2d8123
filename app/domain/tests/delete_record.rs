//! A record that was deleted is what was shown, is found nowhere, keeps its history, and comes back as it was.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[expect(dead_code, reason = "the database itself is not looked into here")]
#[path = "support/mod.rs"]
mod support;

use hyvve_domain::{
    Actor, Code, PageRequest,
    approvals::Preview,
    db::TenantTx,
    ids::{ApprovalId, EffectId, RecordId},
    records,
    tools::{
        Reversibility,
        arguments::{self, Arguments},
        registry::{self, NotApplied, Plan, Tool},
    },
};
use serde_json::{Value, json};
use support::{World, member_of_a_new_workspace};

fn call(name: &str, arguments: &Value) -> (&'static Tool, Arguments) {
    let tool = registry::find(name).unwrap();
    (tool, arguments::parse(tool, &arguments.to_string()).unwrap())
}

async fn carry_out(
    tx: &mut TenantTx,
    by: &Actor,
    approval: ApprovalId,
    (tool, arguments): (&Tool, &Arguments),
    plan: &Plan,
) -> Result<Value, NotApplied> {
    let effect = EffectId::new();
    registry::apply(tx, tool.name, &arguments.values, &plan.expected, by, approval, effect).await.unwrap()
}

#[tokio::test]
async fn a_deleted_record_is_out_of_sight_keeps_its_history_and_comes_back() {
    let world = World::new().await;
    let (s, owner) = (&world.services, &world.owner);
    let make = json!({ "name": "Mary Somerville", "email": "mary@example.com", "plan": "team" });
    let (create, wanted) = call("create_record", &json!({ "collection": "customers", "data": make }));
    let mut tx = s.db.tenant(owner).await.unwrap();
    let plan = registry::plan(&mut tx, create, &wanted, &s.http).await.unwrap().unwrap();
    let made = ApprovalId::new();
    let done = carry_out(&mut tx, owner, made, (create, &wanted), &plan).await.unwrap();
    let id: RecordId = done["record_id"].as_str().unwrap().parse().unwrap();
    tx.commit().await.unwrap();
    let there = async || {
        let found = records::service::list(s, owner, "customers", "Somerville", PageRequest::new(None, None)).await;
        let collections = records::service::collections(s, owner).await.unwrap();
        let count = collections.into_iter().find(|one| one.slug == "customers").unwrap().records;
        (found.unwrap().1.total, count)
    };
    let (found, count) = there().await;
    assert_eq!(found, 1);

    // What is shown is what would be gone, at the version that was looked at.
    let (delete, wanted) = call("delete_record", &json!({ "collection": "customers", "record_id": id }));
    assert_eq!(delete.reversibility(&wanted.values), Some(Reversibility::Reversible));
    let mut tx = s.db.tenant(owner).await.unwrap();
    let plan = registry::plan(&mut tx, delete, &wanted, &s.http).await.unwrap().unwrap();
    assert_eq!((plan.title.as_str(), &plan.targets[..]), ("Delete Mary Somerville from Customers", &[id][..]));
    assert_eq!(plan.expected.get(&id), Some(&1));
    let shown = registry::preview(&mut tx, delete.name, &wanted.values, &plan.expected, &s.mailer).await.unwrap();
    let Preview::DeletedRecord { record_id, version, fields, .. } = &shown else { panic!("{shown:?}") };
    assert_eq!((*record_id, *version, fields.len()), (id, 1, 3));
    assert!(fields.iter().all(|field| field.before.is_some() && field.after.is_none()), "{fields:?}");

    // A change that was proposed before finds it gone; so does whoever would delete it twice.
    let change = json!({ "collection": "customers", "record_id": id, "changes": { "plan": "starter" } });
    let (update, change) = call("update_record", &change);
    let changed = registry::plan(&mut tx, update, &change, &s.http).await.unwrap().unwrap();
    let approval = ApprovalId::new();
    carry_out(&mut tx, owner, approval, (delete, &wanted), &plan).await.unwrap();
    for (action, plan) in [((update, &change), &changed), ((delete, &wanted), &plan)] {
        let late = carry_out(&mut tx, owner, approval, action, plan).await;
        assert_eq!(late, Err(NotApplied::Superseded), "{}", action.0.name);
    }
    let again = registry::plan(&mut tx, delete, &wanted, &s.http).await.unwrap().unwrap_err();
    assert_eq!(again, format!("There is no record {id}."));
    let still = registry::preview(&mut tx, delete.name, &wanted.values, &plan.expected, &s.mailer).await.unwrap();
    assert_eq!(still, shown, "the decision shows what it was about");
    tx.commit().await.unwrap();

    assert_eq!(there().await, (0, count - 1));
    assert_eq!(records::service::get(s, owner, id).await.unwrap_err().code, Code::NotFound);
    let gone = records::service::deleted(s, owner, id).await.unwrap();
    let ends: Vec<_> = gone.history.iter().map(|one| (one.version, one.deleted, one.approval_id)).collect();
    assert_eq!(ends, [(2, true, Some(approval)), (1, false, Some(made))]);

    // Nobody of another workspace brings it back; its own people do, once.
    let stranger = member_of_a_new_workspace(s, "grace@example.com").await;
    for foreign in
        [records::service::restore(s, &stranger, id).await, records::service::deleted(s, &stranger, id).await]
    {
        assert_eq!(foreign.unwrap_err().code, Code::NotFound);
    }
    let back = records::service::restore(s, owner, id).await.unwrap();
    assert_eq!((back.record.version, back.record.data["plan"].as_str()), (3, Some("team")));
    assert_eq!(records::service::restore(s, owner, id).await.unwrap(), back, "nothing is done twice");
    assert_eq!(there().await, (1, count));

    // What was decided on before is about another version.
    let mut tx = s.db.tenant(owner).await.unwrap();
    let late = carry_out(&mut tx, owner, approval, (delete, &wanted), &plan).await;
    assert_eq!(late, Err(NotApplied::Superseded));
}
