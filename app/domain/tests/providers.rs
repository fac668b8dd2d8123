//! AI providers in a real database: who may configure them, what happens to keys, and which one an agent runs on.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/lister.rs"]
mod lister;
#[path = "support/mod.rs"]
mod support;

use hyvve_domain::{
    Actor, Code, Error, Role,
    ids::{ProviderId, UserId},
    providers::{
        ApiKey, Kind, NewProvider, Provider, ProviderChanges,
        route::resolve,
        service::{create, delete, list, test, update},
    },
};
use lister::{REFUSAL, lister};
use secrecy::ExposeSecret;
use sqlx::Executor;
use support::{World, member_of_a_new_workspace};
use uuid::Uuid;

const KEY: &str = "sk-canary-0123456789";

async fn providers(world: &World) -> Vec<Provider> {
    list(&world.services, &world.owner).await.unwrap()
}

/// The address and the opened key that an agent would use.
async fn runs_on(world: &World, id: Option<ProviderId>) -> (ProviderId, Option<(String, Option<String>)>) {
    let mut tx = world.services.db.tenant(&Actor::system(world.owner.workspace)).await.unwrap();
    let resolved = resolve(&mut tx, &world.services, id).await.unwrap().first.clone();
    let endpoint = resolved.endpoint.map(|e| (e.base_url.to_string(), e.key.map(|k| k.expose_secret().to_owned())));
    (resolved.provider.id, endpoint)
}

/// Everything in the database, as the superuser sees it.
async fn dump(world: &World) -> String {
    let mut root = world.root().await;
    // What is binary is seen by its digits.
    sqlx::query("SET xmlbinary TO hex").execute(&mut root).await.unwrap();
    sqlx::query_scalar("SELECT database_to_xml(true, false, '')::text").fetch_one(&mut root).await.unwrap()
}

fn new(base_url: &str, key: Option<&str>) -> NewProvider {
    NewProvider {
        provider: Kind::OpenaiCompatible,
        name: None,
        base_url: Some(base_url.into()),
        api_key: key.map(|k| ApiKey(k.into())),
        default_model: None,
        make_default: false,
    }
}

fn code<T>(result: Result<T, Error>) -> Option<Code> {
    result.err().map(|e| e.code)
}

#[tokio::test]
async fn the_whole_life_of_a_provider() {
    let world = World::new().await;
    let (s, owner) = (&world.services, &world.owner);

    // A new workspace has the sandbox, as its default.
    let [sandbox] = providers(&world).await.try_into().unwrap();
    assert!(sandbox.provider == Kind::Sandbox && sandbox.is_default && sandbox.base_url.is_none());
    assert_eq!(runs_on(&world, None).await, (sandbox.id, None));
    assert_eq!(code(delete(s, owner, sandbox.id).await), Some(Code::Conflict), "the default stays");
    let result = test(s, owner, sandbox.id).await.unwrap();
    assert!(result.valid && result.models == ["sandbox-script"]);

    // A key is bound to its address, and is no default until it is made one.
    let (first, second) = (lister(&["gpt-x", "gpt-y"]).await, lister(&["gpt-x"]).await);
    let added = create(s, owner, new(&first, Some(KEY))).await.unwrap();
    assert_eq!((added.name.as_str(), added.key_hint.as_deref(), added.is_default), ("127.0.0.1", Some("6789"), false));
    assert!(added.default_model == "gpt-x" && added.checked_at.is_some() && added.check_error.is_none());
    assert_eq!(runs_on(&world, None).await.0, sandbox.id);
    let reached = (added.id, Some((format!("{first}/v1"), Some(KEY.to_owned()))));
    assert_eq!(runs_on(&world, Some(added.id)).await, reached);

    // One that is refused is not kept, nor is a change that is refused.
    let refused = create(s, owner, new(&first, Some("sk-wrong-0123456789"))).await.err().unwrap();
    assert_eq!((refused.code, refused.field()), (Code::Unprocessable, Some("apiKey")));
    assert!(refused.message.contains(REFUSAL), "{}", refused.message);
    let refused = create(s, owner, new("http://127.0.0.1:9", Some(KEY))).await.err().unwrap();
    assert_eq!((refused.code, refused.field()), (Code::Unprocessable, Some("baseUrl")));
    assert_eq!(providers(&world).await.len(), 2);
    let another = |api_key: &str| ProviderChanges { api_key: Some(ApiKey(api_key.into())), ..Default::default() };
    let refused = update(s, owner, added.id, another("sk-wrong-0123456789")).await.err().unwrap();
    assert_eq!((refused.code, refused.field()), (Code::Unprocessable, Some("apiKey")));
    let unknown = ProviderChanges { default_model: Some("gpt-z".into()), ..Default::default() };
    let refused = update(s, owner, added.id, unknown).await.err().unwrap();
    assert_eq!((refused.code, refused.field()), (Code::Unprocessable, Some("defaultModel")));
    assert_eq!(runs_on(&world, Some(added.id)).await, reached, "nothing was changed");

    let moved = ProviderChanges { base_url: Some(second.clone()), ..Default::default() };
    let refused = update(s, owner, added.id, moved.clone()).await.err().unwrap();
    assert_eq!((refused.code, refused.field()), (Code::ValidationError, Some("apiKey")));
    assert_eq!(runs_on(&world, Some(added.id)).await, reached, "nothing was changed");
    let with_key = ProviderChanges { api_key: Some(ApiKey("sk-canary-new".into())), ..moved };
    let changed = update(s, owner, added.id, with_key).await.unwrap();
    assert_eq!(changed.base_url, Some(format!("{second}/v1")));
    assert_eq!(runs_on(&world, Some(added.id)).await.1.unwrap().1.as_deref(), Some("sk-canary-new"));

    // There is one default; the old one can go then.
    let promoted =
        update(s, owner, added.id, ProviderChanges { make_default: true, ..Default::default() }).await.unwrap();
    assert!(promoted.is_default);
    let defaults: Vec<ProviderId> = providers(&world).await.iter().filter(|p| p.is_default).map(|p| p.id).collect();
    assert_eq!((defaults, runs_on(&world, None).await.0), (vec![added.id], added.id));
    delete(s, owner, sandbox.id).await.unwrap();
    assert_eq!(providers(&world).await.len(), 1);

    // A test that fails says why, and is remembered until something changes.
    let mut root = world.root().await;
    let away = "UPDATE ai_providers SET base_url = 'http://127.0.0.1:9/v1', sealed_key = NULL";
    root.execute(away).await.unwrap();
    let result = test(s, owner, added.id).await.unwrap();
    let why = result.error.clone().unwrap();
    assert!(!result.valid && why.starts_with("127.0.0.1 cannot be reached. Check the base URL"), "{why}");
    let [tested] = providers(&world).await.try_into().unwrap();
    assert!(tested.checked_at > added.checked_at && tested.check_error == result.error);
    assert_eq!(tested.failing_since, tested.checked_at);
    test(s, owner, added.id).await.unwrap();
    let [again] = providers(&world).await.try_into().unwrap();
    assert!(again.checked_at > tested.checked_at && again.failing_since == tested.failing_since);
    let back = ProviderChanges { base_url: Some(first), ..another(KEY) };
    update(s, owner, added.id, back).await.unwrap();
    let [mended] = providers(&world).await.try_into().unwrap();
    assert!(mended.checked_at.is_some() && mended.check_error.is_none() && mended.failing_since.is_none());

    // No key, old or new, stands anywhere in the database in clear.
    let dump = dump(&world).await;
    assert!(dump.contains("ai_provider.updated") && dump.contains("ai_provider.changed"));
    assert!(!dump.contains("canary") && !dump.contains(&hex::encode_upper(KEY)));
}

#[tokio::test]
async fn providers_are_for_owners_and_admins_of_their_own_workspace() {
    let world = World::new().await;
    let s = &world.services;
    let mine = create(s, &world.owner, new(&lister(&["m"]).await, None)).await.unwrap();
    assert_eq!(mine.key_hint, None);

    for role in [Role::Member, Role::Viewer, Role::Guest] {
        let actor = Actor::user(world.owner.workspace, UserId(Uuid::now_v7()), role);
        assert_eq!(code(list(s, &actor).await), Some(Code::Forbidden));
        assert_eq!(code(create(s, &actor, new("https://a.example", None)).await), Some(Code::Forbidden));
        assert_eq!(code(update(s, &actor, mine.id, ProviderChanges::default()).await), Some(Code::Forbidden));
        assert_eq!(code(delete(s, &actor, mine.id).await), Some(Code::Forbidden));
        assert_eq!(code(test(s, &actor, mine.id).await), Some(Code::Forbidden));
    }

    let stranger = member_of_a_new_workspace(s, "bob@example.com").await;
    for id in [mine.id, ProviderId::new()] {
        assert_eq!(code(update(s, &stranger, id, ProviderChanges::default()).await), Some(Code::NotFound));
        assert_eq!(code(delete(s, &stranger, id).await), Some(Code::NotFound));
        assert_eq!(code(test(s, &stranger, id).await), Some(Code::NotFound));
        let mut tx = s.db.tenant(&Actor::system(stranger.workspace)).await.unwrap();
        assert_eq!(code(resolve(&mut tx, s, Some(id)).await), Some(Code::NotFound));
    }
    assert_eq!(list(s, &stranger).await.unwrap().len(), 1, "only the sandbox");
}
