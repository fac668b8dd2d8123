//! How keys are kept in a real database: where a sealed value opens, what becomes of old ones, and how the master key changes.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/lister.rs"]
mod lister;
#[path = "support/mod.rs"]
mod support;

use futures::future::join_all;
use hyvve_domain::{
    Actor, Result,
    auth::access_tokens,
    ids::{ProviderId, WorkspaceId},
    keys::{self, Keeper, Switch, Unsettled},
    providers::{ApiKey, Kind, NewProvider, Provider, route::resolve, service::create},
    seal::Place,
    workspaces,
};
use lister::lister;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use support::{World, member_of_a_new_workspace};
use uuid::Uuid;

/// The master key of the tests' world has number 1; this is the next one.
const SECOND: [u8; 32] = [8; 32];

fn new(origin: &str, key: &str) -> NewProvider {
    NewProvider {
        provider: Kind::OpenaiCompatible,
        name: None,
        base_url: Some(origin.to_owned()),
        api_key: Some(ApiKey(key.into())),
        default_model: None,
        make_default: false,
    }
}

/// A provider that takes every key.
async fn somewhere() -> String {
    lister(&["m"]).await
}

/// The key that goes to a provider.
async fn opened(world: &World, workspace: WorkspaceId, provider: ProviderId) -> Result<String> {
    let mut tx = world.services.db.tenant(&Actor::system(workspace)).await?;
    let resolved = resolve(&mut tx, &world.services, Some(provider)).await?.first.clone();
    Ok(resolved.endpoint.unwrap().key.unwrap().expose_secret().to_owned())
}

async fn sealed(root: &mut PgConnection, provider: &Provider) -> Vec<u8> {
    sqlx::query_scalar("SELECT sealed_key FROM ai_providers WHERE id = $1")
        .bind(provider.id.0)
        .fetch_one(root)
        .await
        .unwrap()
}

async fn put(root: &mut PgConnection, provider: &Provider, value: &[u8]) {
    let done = sqlx::query("UPDATE ai_providers SET sealed_key = $2 WHERE id = $1").bind(provider.id.0).bind(value);
    assert_eq!(done.execute(root).await.unwrap().rows_affected(), 1);
}

async fn count(root: &mut PgConnection, what: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {what}"))).fetch_one(root).await.unwrap()
}

#[tokio::test]
async fn a_sealed_key_that_is_moved_to_any_other_row_opens_nowhere() {
    let world = World::new().await;
    let other = member_of_a_new_workspace(&world.services, "bob@example.com").await;
    let mut root = world.root().await;
    let mut all = Vec::new();
    let origins = [somewhere().await, somewhere().await];
    for actor in [world.owner, other] {
        for origin in &origins {
            let provider = create(&world.services, &actor, new(origin, "sk-0123")).await.unwrap();
            let value = sealed(&mut root, &provider).await;
            assert_eq!(value[0], 2, "a data key seals it");
            all.push((actor.workspace, provider, value));
        }
    }
    let mut refused = 0;
    for (from, (_, _, value)) in all.iter().enumerate() {
        for (at, (workspace, provider, own)) in all.iter().enumerate() {
            put(&mut root, provider, value).await;
            let came = opened(&world, *workspace, provider.id).await;
            assert_eq!(came.is_ok(), from == at, "of {from} at {at}: {came:?}");
            refused += usize::from(came.is_err());
            put(&mut root, provider, own).await;
        }
    }
    assert_eq!(refused, 12);
    // Nor at another address of the same row.
    root.execute(AssertSqlSafe(format!(
        "UPDATE ai_providers SET base_url = 'https://evil.example/v1' WHERE base_url = '{}/v1'",
        origins[0]
    )))
    .await
    .unwrap();
    assert!(opened(&world, all[0].0, all[0].1.id).await.is_err());
    // Nor with the other workspace's data key.
    assert!(opened(&world, all[1].0, all[1].1.id).await.is_ok());
    root.execute(
        "UPDATE workspace_keys k SET sealed = o.sealed FROM workspace_keys o WHERE o.workspace_id <> k.workspace_id",
    )
    .await
    .unwrap();
    for (workspace, provider, _) in &all {
        assert!(opened(&world, *workspace, provider.id).await.is_err());
    }
}

#[tokio::test]
async fn many_who_need_the_first_data_key_at_once_get_the_same() {
    let world = World::new().await;
    let origin = somewhere().await;
    let made = join_all((0..20).map(|_| create(&world.services, &world.owner, new(&origin, "sk-0123")))).await;
    for provider in made {
        assert_eq!(opened(&world, world.owner.workspace, provider.unwrap().id).await.unwrap(), "sk-0123");
    }
    assert_eq!(count(&mut world.root().await, "workspace_keys").await, 1);
}

#[tokio::test]
async fn a_key_of_before_data_keys_opens_and_is_sealed_anew() {
    let world = World::new().await;
    let s = &world.services;
    let mut root = world.root().await;
    let origin = somewhere().await;
    let provider = create(s, &world.owner, new(&origin, "sk-new")).await.unwrap();
    let (workspace, purpose) = (world.owner.workspace, format!("api key for {origin}"));
    let place = Place::ProviderKey { workspace, provider: provider.id, purpose: &purpose };
    put(&mut root, &provider, &s.sealer.seal(place, &SecretString::from("sk-old")).unwrap()).await;
    root.execute("DELETE FROM workspace_keys").await.unwrap();
    assert_eq!(opened(&world, workspace, provider.id).await.unwrap(), "sk-old");
    Keeper::default().look(s).await.unwrap();
    assert_eq!(sealed(&mut root, &provider).await[0], 2);
    assert_eq!(opened(&world, workspace, provider.id).await.unwrap(), "sk-old");
    // One that does not open harms no other, and is left as it is.
    let broken = create(s, &world.owner, new(&somewhere().await, "sk-b")).await.unwrap();
    let elsewhere = s.sealer.seal(place, &SecretString::from("sk-old")).unwrap();
    put(&mut root, &broken, &elsewhere).await;
    put(&mut root, &provider, &elsewhere).await;
    Keeper::default().look(s).await.unwrap();
    assert_eq!(sealed(&mut root, &broken).await, elsewhere);
    assert_eq!(opened(&world, workspace, provider.id).await.unwrap(), "sk-old");
}

#[tokio::test]
async fn what_cannot_be_opened_keeps_nothing_behind_it_from_being_sealed_anew() {
    let world = World::new().await;
    let s = &world.services;
    let mut root = world.root().await;
    let origin = somewhere().await;
    let provider = create(s, &world.owner, new(&origin, "sk-new")).await.unwrap();
    let (workspace, purpose) = (world.owner.workspace, format!("api key for {origin}"));
    let place = Place::ProviderKey { workspace, provider: provider.id, purpose: &purpose };
    put(&mut root, &provider, &s.sealer.seal(place, &SecretString::from("sk-old")).unwrap()).await;
    let letter = hyvve_domain::ids::LetterId(Uuid::max());
    let text = s.sealer.seal(Place::Letter(letter), &SecretString::from("{}")).unwrap();
    let posted = sqlx::query(
        "INSERT INTO letters (id, cause, recipient, subject, sealed, due_at) VALUES ($1, 'x', 'x', 'x', $2, now() + interval '1 day')",
    );
    posted.bind(letter.0).bind(&text).execute(&mut root).await.unwrap();
    // More than one page of each kind that stand before those two, and open nowhere.
    let dead = "INSERT INTO letters (id, cause, recipient, subject, sealed, due_at)
                SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'dead ' || n, 'x', 'x', l.sealed, l.due_at
                FROM letters l, generate_series(1, 230) n WHERE l.cause = 'x';
                INSERT INTO ai_providers (workspace_id, id, kind, name, base_url, sealed_key, default_model)
                SELECT p.workspace_id, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, p.kind, 'dead ' || n, p.base_url,
                       p.sealed_key, 'm'
                FROM ai_providers p, generate_series(1, 230) n WHERE p.sealed_key IS NOT NULL";
    root.execute(dead).await.unwrap();
    // Nor do they keep the key that opens the others from being known for the right one.
    keys::settle(s, true).await.unwrap();
    s.sealer.learn([(2, SECOND.as_slice())]).unwrap();
    keys::settle(s, true).await.unwrap();
    assert_eq!(keys::switch(s, 2).await, Ok(Switch::Done));

    let swept = keys::sweep(s, true).await.unwrap();
    assert_eq!(swept.found - swept.done, 460);
    assert_eq!(sealed(&mut root, &provider).await[0], DATA_KEY);
    assert_eq!(opened(&world, workspace, provider.id).await.unwrap(), "sk-old");
    let by_new = "letters WHERE substring(sealed FROM 1 FOR 5) = '\\x0100000002'";
    assert_eq!(count(&mut root, by_new).await, 1);
    // While anything is left for it to open, no key is retired.
    root.execute("UPDATE master_keys SET seals_since = seals_since - interval '1 hour'").await.unwrap();
    Keeper::default().look(s).await.unwrap();
    assert!(keys::list(s).await.unwrap().iter().all(|key| key.retired_at.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn sealing_anew_and_adding_a_provider_at_once_wait_for_each_other_in_one_order() {
    let world = World::new().await;
    let s = &world.services;
    let mut root = world.root().await;
    let origin = somewhere().await;
    let provider = create(s, &world.owner, new(&origin, "sk-new")).await.unwrap();
    let (workspace, purpose) = (world.owner.workspace, format!("api key for {origin}"));
    let place = Place::ProviderKey { workspace, provider: provider.id, purpose: &purpose };
    put(&mut root, &provider, &s.sealer.seal(place, &SecretString::from("sk-old")).unwrap()).await;
    root.execute("DELETE FROM workspace_keys").await.unwrap();
    // Somebody adds a provider that becomes the default: first the data key is made, then the other default ends.
    let (_, data_key) = s.sealer.make_data_key(workspace, 1).unwrap();
    let mut adding = root.begin().await.unwrap();
    let made = sqlx::query("INSERT INTO workspace_keys (workspace_id, version, sealed) VALUES ($1, 1, $2)");
    made.bind(workspace.0).bind(&data_key).execute(&mut *adding).await.unwrap();
    let sweeping = tokio::spawn({
        let s = s.clone();
        async move { keys::sweep(&s, true).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!sweeping.is_finished(), "it waits for the data key");
    adding.execute("UPDATE ai_providers SET is_default = false").await.unwrap();
    adding.commit().await.unwrap();
    assert_eq!(sweeping.await.unwrap().unwrap().done, 1);
    assert_eq!(opened(&world, workspace, provider.id).await.unwrap(), "sk-old");
}

#[tokio::test]
async fn a_purged_workspace_takes_its_data_key_along_and_copies_of_its_secrets_stay_shut() {
    let world = World::new().await;
    let s = &world.services;
    let mut root = world.root().await;
    let workspace = world.owner.workspace;
    let provider = create(s, &world.owner, new(&somewhere().await, "sk-shredded")).await.unwrap();
    let copy: String = sqlx::query_scalar("SELECT to_jsonb(p)::text FROM ai_providers p WHERE id = $1")
        .bind(provider.id.0)
        .fetch_one(&mut root)
        .await
        .unwrap();
    let again = |table: &str, row: &str| {
        AssertSqlSafe(format!("INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, '{row}')"))
    };
    let kept: String =
        sqlx::query_scalar("SELECT to_jsonb(w)::text FROM workspaces w").fetch_one(&mut root).await.unwrap();
    root.execute("UPDATE workspaces SET deleted_at = now() - interval '31 days'").await.unwrap();
    assert_eq!(workspaces::service::purge(s).await.unwrap(), 1);
    assert_eq!(count(&mut root, "workspace_keys").await, 0);
    // Whoever has a copy of the workspace and of its provider, and the master key, has nothing.
    root.execute(again("workspaces", &kept)).await.unwrap();
    root.execute("INSERT INTO workspace_heads (workspace_id) SELECT id FROM workspaces").await.unwrap();
    root.execute(again("ai_providers", &copy)).await.unwrap();
    assert_eq!(DATA_KEY, sealed(&mut root, &provider).await[0]);
    assert!(opened(&world, workspace, provider.id).await.is_err());
    // A new data key is another one.
    create(s, &world.owner, new(&somewhere().await, "sk-b")).await.unwrap();
    assert!(opened(&world, workspace, provider.id).await.is_err());
}

/// The first byte of what a data key has sealed.
const DATA_KEY: u8 = 2;

#[tokio::test]
async fn the_master_key_changes_and_the_old_one_is_retired_when_nothing_needs_it() {
    let world = World::new().await;
    let s = &world.services;
    let mut root = world.root().await;
    keys::settle(s, true).await.unwrap();
    let provider = create(s, &world.owner, new(&somewhere().await, "sk-kept")).await.unwrap();
    access_tokens::keys::tend(s).await.unwrap();
    let user = world.owner.user_id().unwrap();
    let secret = s.sealer.seal(Place::Authenticator(user), &SecretString::from("JBSWY3DP")).unwrap();
    let authenticator = sqlx::query("INSERT INTO authenticators (user_id, sealed) VALUES ($1, $2)");
    authenticator.bind(user.0).bind(&secret).execute(&mut root).await.unwrap();
    let letter = hyvve_domain::ids::LetterId(Uuid::now_v7());
    let text = s.sealer.seal(Place::Letter(letter), &SecretString::from("{}")).unwrap();
    let posted = sqlx::query(
        "INSERT INTO letters (id, cause, recipient, subject, sealed, due_at) VALUES ($1, 'x', 'x', 'x', $2, now() + interval '1 day')",
    );
    posted.bind(letter.0).bind(&text).execute(&mut root).await.unwrap();

    assert_eq!(keys::switch(s, 2).await, Err(Unsettled::Missing(2)), "nobody has it");
    s.sealer.learn([(2, SECOND.as_slice())]).unwrap();
    // Another server runs, which does not know the key yet.
    let stranger =
        "INSERT INTO key_holders (node, prints, seals) SELECT gen_random_uuid(), prints, seals FROM key_holders";
    root.execute(stranger).await.unwrap();
    assert_eq!(keys::switch(s, 2).await, Ok(Switch::Unknown { without: 2, servers: 2 }));
    keys::settle(s, true).await.unwrap();
    assert_eq!(keys::switch(s, 2).await, Ok(Switch::Unknown { without: 1, servers: 2 }));
    assert_eq!((s.sealer.seals(), count(&mut root, "master_keys").await), (1, 1), "nothing was changed");
    // It is silent for too long to be waited for.
    root.execute("UPDATE key_holders SET seen_at = now() - interval '2 minutes' WHERE NOT cardinality(prints) = 2")
        .await
        .unwrap();
    assert_eq!(keys::switch(s, 2).await, Ok(Switch::Done));
    assert_eq!(keys::switch(s, 2).await, Ok(Switch::Already));
    assert_eq!(s.sealer.seals(), 2);
    assert_eq!(
        opened(&world, world.owner.workspace, provider.id).await.unwrap(),
        "sk-kept",
        "before it is sealed anew"
    );

    Keeper::default().look(s).await.unwrap();
    let by_old = "(SELECT sealed FROM workspace_keys UNION ALL SELECT private_key FROM signing_keys UNION ALL SELECT sealed FROM authenticators
                   UNION ALL SELECT sealed FROM letters) all_of_them (sealed) WHERE substring(sealed FROM 1 FOR 5) = '\\x0100000001'";
    assert_eq!(count(&mut root, by_old).await, 0);
    assert_eq!(count(&mut root, &by_old.replace("0001'", "0002'")).await, 4);
    assert_eq!(opened(&world, world.owner.workspace, provider.id).await.unwrap(), "sk-kept");
    // Not at once: somebody may have sealed with it a moment ago.
    let listed =
        |all: Vec<keys::Listed>| all.iter().map(|k| (k.id, k.seals, k.retired_at.is_some())).collect::<Vec<_>>();
    assert_eq!(listed(keys::list(s).await.unwrap()), [(2, true, false), (1, false, false)]);
    assert!(s.sealer.open(Place::Authenticator(user), &secret).is_ok());
    root.execute("UPDATE master_keys SET seals_since = seals_since - interval '2 minutes'").await.unwrap();
    // Nor while another server seals with it.
    root.execute("UPDATE key_holders SET seen_at = now()").await.unwrap();
    Keeper::default().look(s).await.unwrap();
    assert_eq!(listed(keys::list(s).await.unwrap()), [(2, true, false), (1, false, false)]);
    root.execute("DELETE FROM key_holders WHERE seals = 1").await.unwrap();
    let mut keeper = Keeper::default();
    keeper.look(s).await.unwrap();
    assert_eq!(listed(keys::list(s).await.unwrap()), [(2, true, false), (1, false, true)]);
    keeper.look(s).await.unwrap();
    assert!(s.sealer.open(Place::Authenticator(user), &secret).is_err(), "a retired key opens nothing");
    assert_eq!(opened(&world, world.owner.workspace, provider.id).await.unwrap(), "sk-kept");
}

#[tokio::test]
async fn a_key_that_opens_nothing_of_what_is_there_does_not_become_the_first_one() {
    let world = World::new().await;
    let mut s = world.services.clone();
    let mut root = world.root().await;
    let origin = somewhere().await;
    let provider = create(&s, &world.owner, new(&origin, "sk-kept")).await.unwrap();
    let purpose = format!("api key for {origin}");
    let place = Place::ProviderKey { workspace: world.owner.workspace, provider: provider.id, purpose: &purpose };
    // As a version of before data keys has left it.
    put(&mut root, &provider, &s.sealer.seal(place, &SecretString::from("sk-kept")).unwrap()).await;
    root.execute("DELETE FROM workspace_keys; DELETE FROM master_keys").await.unwrap();
    let right = std::sync::Arc::clone(&s.sealer);
    s.sealer = std::sync::Arc::new(hyvve_domain::seal::Sealer::new([(1, SECOND.as_slice())]).unwrap());
    assert_eq!(keys::settle(&s, true).await, Err(Unsettled::Other(1)));
    assert_eq!(count(&mut root, "master_keys").await, 0);
    s.sealer = right;
    keys::settle(&s, true).await.unwrap();
    assert_eq!(count(&mut root, "master_keys").await, 1);
}

#[tokio::test]
async fn a_server_without_the_key_or_with_another_one_of_its_number_does_not_settle() {
    let world = World::new().await;
    let mut s = world.services.clone();
    keys::settle(&s, false).await.unwrap();
    let with = |keys: &[(u32, [u8; 32])]| {
        std::sync::Arc::new(
            hyvve_domain::seal::Sealer::new(keys.iter().map(|(id, key)| (*id, key.as_slice()))).unwrap(),
        )
    };
    s.sealer = with(&[(1, [9; 32])]);
    assert_eq!(keys::settle(&s, true).await, Err(Unsettled::Other(1)));
    s.sealer = with(&[(2, SECOND)]);
    assert_eq!(keys::settle(&s, true).await, Err(Unsettled::Missing(1)));
    assert_eq!(count(&mut world.root().await, "key_holders").await, 0);
    // In whatever order they stand: the database says which one seals.
    s.sealer = with(&[(2, SECOND), (1, [7; 32])]);
    keys::settle(&s, true).await.unwrap();
    assert_eq!(s.sealer.seals(), 1);
    keys::leave(&s).await.unwrap();
    assert_eq!(count(&mut world.root().await, "key_holders").await, 0);
    // A role that serves reads neither; only HYVVE itself does.
    let mut app = world.connect("hyvve_app").await;
    for table in ["master_keys", "key_holders"] {
        assert!(app.execute(AssertSqlSafe(format!("SELECT 1 FROM {table}"))).await.is_err(), "{table}");
    }
    app.close().await.unwrap();
}
