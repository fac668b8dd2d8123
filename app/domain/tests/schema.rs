//! The schema tests itself: what `migrations/` makes is read back from PostgreSQL's catalogue and held against the promise
//! that tenants never meet, then two tenants try to meet in every table.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is this test's way of failing")]

use std::{collections::BTreeSet, sync::OnceLock};

use hyvve_domain::db;
use hyvve_postgres::{Cluster, Options};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use uuid::Uuid;

const DATABASE: &str = "hyvve_schema";

/// Tables that belong to no tenant, and why they need no `workspace_id`.
const WITHOUT_TENANT: [&str; 21] = [
    "users",           // people; policies let one see only the people of the present tenant
    "user_pictures",   // of people, who belong to no tenant; the serving role has no grant
    "accounts",        // credentials; the serving role has no grant at all
    "sessions",        // the same
    "one_time_tokens", // the same
    "known_devices",   // the same
    "openid_flows",    // the same; before anybody is known
    "event_groups",    // the same; parts of HYVVE that hear of every event
    "signing_keys",    // the same
    "master_keys",     // the same; numbers, and no key
    "key_holders",     // the same
    "authenticators",  // the same
    "recovery_codes",  // the same
    "passkeys",        // the same
    "passkey_challenges",
    "pending_sign_ins",
    "wrong_codes",
    "workspaces",       // the tenants themselves
    "letters",          // of HYVVE itself; the serving role can add one and see none
    "audit_tombstones", // of tenants that are gone; the serving role has no grant
    "idempotency_keys", // of people, some of whose requests are about no tenant
];

struct Database {
    cluster: Cluster,
}

impl Database {
    async fn shared() -> &'static Self {
        static SHARED: OnceLock<Database> = OnceLock::new();
        static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        let shared =
            SHARED.get_or_init(|| Self { cluster: Cluster::start(&Options::throw_away()).expect("PostgreSQL starts") });
        READY
            .get_or_init(|| async {
                db::bootstrap(&shared.cluster.superuser_url("postgres"), DATABASE).await.unwrap();
                db::migrate(&shared.cluster.url("hyvve_owner", DATABASE)).await.unwrap();
                let mut root = shared.root().await;
                for tenant in ['a', 'b'] {
                    root.execute(AssertSqlSafe(fill(tenant))).await.unwrap();
                }
            })
            .await;
        shared
    }

    async fn root(&self) -> PgConnection {
        PgConnection::connect(&self.cluster.superuser_url(DATABASE)).await.unwrap()
    }

    async fn app(&self) -> PgConnection {
        PgConnection::connect(&self.cluster.url("hyvve_app", DATABASE)).await.unwrap()
    }
}

async fn names(conn: &mut PgConnection, sql: &'static str) -> BTreeSet<String> {
    sqlx::query_scalar::<_, String>(sql).fetch_all(conn).await.unwrap().into_iter().collect()
}

async fn tenant_tables(conn: &mut PgConnection) -> BTreeSet<String> {
    names(
        conn,
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace",
    )
    .await
}

#[tokio::test]
async fn every_table_belongs_to_a_tenant_or_is_a_known_exception() {
    let mut root = Database::shared().await.root().await;
    let all = names(
        &mut root,
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> '_sqlx_migrations'",
    )
    .await;
    let mut covered = tenant_tables(&mut root).await;
    covered.extend(WITHOUT_TENANT.map(str::to_owned));
    assert_eq!(all, covered);
}

#[tokio::test]
async fn row_level_security_is_forced_on_every_table() {
    let mut root = Database::shared().await.root().await;
    let open = names(
        &mut root,
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
           AND relname <> '_sqlx_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    .await;
    assert_eq!(open, BTreeSet::new());
}

#[tokio::test]
async fn jobs_are_kept_where_the_serving_role_has_no_right() {
    let mut root = Database::shared().await.root().await;
    let open = names(
        &mut root,
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'jobs'::regnamespace AND NOT (relrowsecurity AND relforcerowsecurity)",
    )
    .await;
    assert_eq!(open, BTreeSet::new());
    let may: bool = sqlx::query_scalar("SELECT has_schema_privilege('hyvve_app', 'jobs', 'USAGE, CREATE')")
        .fetch_one(&mut root)
        .await
        .unwrap();
    assert!(!may, "hyvve_app may use the schema of jobs");
    let tables = names(
        &mut root,
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace = 'jobs'::regnamespace
           AND has_table_privilege('hyvve_app', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')",
    )
    .await;
    let functions = names(
        &mut root,
        "SELECT proname::text FROM pg_proc WHERE (pronamespace = 'jobs'::regnamespace OR proname IN ('job_at', 'letter_job', 'approval_job', 'deliveries_made', 'delivery_sooner', 'notification_job'))
           AND has_function_privilege('hyvve_app', oid, 'EXECUTE')",
    )
    .await;
    assert_eq!((tables, functions), (BTreeSet::new(), BTreeSet::new()));
    // Nor does it reach them by a row, whose job it puts in place without any.
    let mut app = Database::shared().await.app().await;
    let post = format!(
        "INSERT INTO letters (id, cause, recipient, subject, sealed) VALUES ('{}', 'x', 'x', 'x', '')",
        id('a', 0)
    );
    assert_eq!(touched(&mut app, &context(Some('a'), "user", "member"), post).await, Some(1));
    let put = format!("SELECT job_at('letter', NULL, '{}', now())", id('a', 0));
    assert_eq!(touched(&mut app, &context(Some('a'), "system", ""), put).await, None);
    let read = "SELECT 1 FROM jobs._private_jobs".to_owned();
    assert_eq!(touched(&mut app, &context(Some('a'), "system", ""), read).await, None);
}

#[tokio::test]
async fn every_tenant_table_has_policies_that_read_and_check_the_tenant() {
    let mut root = Database::shared().await.root().await;
    for table in tenant_tables(&mut root).await {
        let policies: Vec<(String, Option<String>, Option<String>)> = sqlx::query_as(
            "SELECT polname::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy p
             JOIN pg_roles r ON r.oid = ANY (p.polroles) WHERE polrelid = $1::regclass AND r.rolname = 'hyvve_app'",
        )
        .bind(&table)
        .fetch_all(&mut root)
        .await
        .unwrap();
        let tenant = |e: &Option<String>| e.as_ref().is_some_and(|e| e.contains("ctx.workspace()"));
        assert!(policies.iter().any(|(_, using, _)| tenant(using)), "{table}: no policy whose USING names the tenant");
        assert!(
            policies.iter().any(|(_, _, check)| tenant(check)),
            "{table}: no policy whose WITH CHECK names the tenant"
        );
        for (name, using, check) in &policies {
            for expression in [using, check].into_iter().flatten() {
                let scoped = expression.contains("ctx.workspace()") || expression.contains("ctx.user_id()");
                assert!(scoped, "{table}.{name} is not bound to a tenant or a person: {expression}");
                // Evaluated once per statement, not once per row.
                let bare = expression.replace("( SELECT ctx.", "");
                assert!(!bare.contains("ctx."), "{table}.{name} reads the context for every row: {expression}");
            }
        }
    }
}

#[tokio::test]
async fn every_tenant_table_has_an_index_that_leads_with_the_tenant() {
    let mut root = Database::shared().await.root().await;
    let led = names(
        &mut root,
        "SELECT DISTINCT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE a.attname = 'workspace_id' AND i.indpred IS NULL",
    )
    .await;
    for table in tenant_tables(&mut root).await {
        assert!(led.contains(&table), "{table}");
    }
}

#[tokio::test]
async fn the_serving_roles_own_nothing_and_bypass_nothing() {
    let mut root = Database::shared().await.root().await;
    for role in ["hyvve_app", "hyvve_system", "hyvve_owner"] {
        let row = sqlx::query(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = $1",
        )
        .bind(role)
        .fetch_one(&mut root)
        .await
        .unwrap();
        assert!(!row.get::<bool, _>(0), "{role} has a privilege that it must not have");
    }
    let owned = names(
        &mut root,
        "SELECT c.relname::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname IN ('hyvve_app', 'hyvve_system')",
    )
    .await;
    assert_eq!(owned, BTreeSet::new());
    let members: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname IN ('hyvve_app', 'hyvve_system')",
    )
    .fetch_one(&mut root)
    .await
    .unwrap();
    assert_eq!(members, 0, "a serving role can become another one");
}

#[tokio::test]
async fn the_serving_role_cannot_touch_credentials_or_rewrite_history() {
    let mut root = Database::shared().await.root().await;
    for (table, forbidden) in [
        ("accounts", "SELECT, INSERT, UPDATE, DELETE"),
        ("sessions", "SELECT, INSERT, UPDATE, DELETE"),
        ("one_time_tokens", "SELECT, INSERT, UPDATE, DELETE"),
        ("known_devices", "SELECT, INSERT, UPDATE, DELETE"),
        ("openid_flows", "SELECT, INSERT, UPDATE, DELETE"),
        ("event_groups", "SELECT, INSERT, UPDATE, DELETE"),
        ("event_consumers", "DELETE, TRUNCATE"),
        ("signing_keys", "SELECT, INSERT, UPDATE, DELETE"),
        ("master_keys", "SELECT, INSERT, UPDATE, DELETE"),
        ("key_holders", "SELECT, INSERT, UPDATE, DELETE"),
        ("workspace_keys", "UPDATE, DELETE, TRUNCATE"),
        ("authenticators", "SELECT, INSERT, UPDATE, DELETE"),
        ("recovery_codes", "SELECT, INSERT, UPDATE, DELETE"),
        ("passkeys", "SELECT, INSERT, UPDATE, DELETE"),
        ("passkey_challenges", "SELECT, INSERT, UPDATE, DELETE"),
        ("pending_sign_ins", "SELECT, INSERT, UPDATE, DELETE"),
        ("wrong_codes", "SELECT, INSERT, UPDATE, DELETE"),
        ("user_pictures", "SELECT, INSERT, UPDATE, DELETE"),
        ("letters", "SELECT, UPDATE, DELETE"),
        ("invitations", "DELETE, TRUNCATE"),
        ("api_keys", "DELETE, TRUNCATE"),
        ("workspaces", "DELETE, TRUNCATE"),
        ("audit_log", "UPDATE, DELETE, TRUNCATE"),
        ("audit_personal", "UPDATE, DELETE, TRUNCATE"),
        ("audit_tombstones", "SELECT, INSERT, UPDATE, DELETE"),
        ("events", "UPDATE, DELETE, TRUNCATE"),
        ("run_events", "UPDATE, DELETE, TRUNCATE"),
        ("run_images", "UPDATE, DELETE, TRUNCATE"),
        ("record_versions", "UPDATE, DELETE, TRUNCATE"),
        ("approval_decisions", "UPDATE, DELETE, TRUNCATE"),
        ("approval_items", "DELETE, TRUNCATE"),
        ("approval_words", "UPDATE, DELETE, TRUNCATE"),
        ("effects", "DELETE, TRUNCATE"),
        ("outside_items", "UPDATE, DELETE, TRUNCATE"),
        ("inbox_interrupts", "UPDATE, DELETE, TRUNCATE"),
        ("idempotency_keys", "INSERT, DELETE, TRUNCATE"),
    ] {
        for privilege in forbidden.split(", ") {
            let may: bool = sqlx::query_scalar("SELECT has_table_privilege('hyvve_app', $1, $2)")
                .bind(table)
                .bind(privilege)
                .fetch_one(&mut root)
                .await
                .unwrap();
            assert!(!may, "hyvve_app may {privilege} {table}");
        }
    }
    for (column, privilege) in
        [("key_hash", "SELECT"), ("key_hash", "UPDATE"), ("scopes", "UPDATE"), ("user_id", "UPDATE")]
    {
        let may: bool = sqlx::query_scalar("SELECT has_column_privilege('hyvve_app', 'api_keys', $1, $2)")
            .bind(column)
            .bind(privilege)
            .fetch_one(&mut root)
            .await
            .unwrap();
        assert!(!may, "hyvve_app may {privilege} api_keys.{column}");
    }
    for column in
        ["canonical", "hash", "tool", "title", "reason", "proposer_id", "quorum_groups", "requester_barred", "ladder"]
    {
        let may: bool = sqlx::query_scalar("SELECT has_column_privilege('hyvve_app', 'approval_items', $1, 'UPDATE')")
            .bind(column)
            .fetch_one(&mut root)
            .await
            .unwrap();
        assert!(!may, "hyvve_app may rewrite approval_items.{column}");
    }
}

/// Who a transaction says that it is.
fn context(tenant: Option<char>, kind: &str, role: &str) -> String {
    let workspace = tenant.map(|t| id(t, 0).to_string()).unwrap_or_default();
    let user = tenant.map(|t| id(t, 1).to_string()).unwrap_or_default();
    format!(
        "SET LOCAL hyvve.workspace = '{workspace}'; SET LOCAL hyvve.kind = '{kind}'; SET LOCAL hyvve.user_id = '{user}'; SET LOCAL hyvve.role = '{role}'"
    )
}

/// A stable id: of tenant `t`, number `n`.
fn id(t: char, n: u8) -> Uuid {
    Uuid::from_bytes([t as u8, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n])
}

/// At least one row in every table, for one tenant.
fn fill(t: char) -> String {
    let [w, u, col, rec, prov, agent, sess, run, item, dec, eff, mail, ev, ses, inv, key, guest, bud] =
        std::array::from_fn(|n| id(t, n as u8));
    let h = "decode(repeat('00', 32), 'hex')";
    format!(
        "INSERT INTO users (id, email, name) VALUES ('{u}', '{t}@example.com', '{t}');
         INSERT INTO accounts (user_id, provider, subject) VALUES ('{u}', 'credential', '{t}');
         INSERT INTO workspaces (id, slug, name, created_by) VALUES ('{w}', 'tenant-{t}', '{t}', '{u}');
         INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ('{w}', '{u}', 'owner');
         INSERT INTO sessions (id, user_id, token_hash, expires_at) VALUES ('{ses}', '{u}', decode(repeat(md5('{t}'), 2), 'hex'), now() + interval '1 day');
         INSERT INTO invitations (workspace_id, id, email, role, token_hash, invited_by, expires_at) VALUES ('{w}', '{inv}', 'x@example.com', 'viewer', decode(repeat(md5('{t}'), 2), 'hex'), '{u}', now());
         INSERT INTO api_keys (workspace_id, id, user_id, name, prefix, key_hash, scopes, expires_at) VALUES ('{w}', '{key}', '{u}', 'x', 'x', decode(repeat(md5('{t}'), 2), 'hex'), '{{read}}', now());
         INSERT INTO user_pictures (user_id, id, kind, bytes) VALUES ('{u}', '{u}', 'image/png', 'x');
         INSERT INTO workspace_pictures (workspace_id, id, kind, bytes) VALUES ('{w}', '{w}', 'image/png', 'x');
         INSERT INTO workspace_heads (workspace_id) VALUES ('{w}');
         INSERT INTO audit_log (workspace_id, seq, at, actor_kind, action, subject_kind, details, prev_hash, hash) VALUES ('{w}', 1, now(), 'system', 'x', 'x', '{{}}', {h}, {h});
         INSERT INTO audit_personal (workspace_id, seq, salt, data) VALUES ('{w}', 1, '', '{{}}');
         INSERT INTO events (workspace_id, seq, id, type, subject_kind, payload, created_at) VALUES ('{w}', 1, '{ev}', 'x', 'x', '{{}}', now());
         INSERT INTO event_consumers (workspace_id, consumer, done_seq) VALUES ('{w}', 'x', 1);
         INSERT INTO event_dead_letters (workspace_id, id, consumer, event_id, event, error, tries) VALUES ('{w}', '{ev}', 'x', '{ev}', '{{}}', 'x', 5);
         INSERT INTO collections (workspace_id, id, slug, name, schema, title_field) VALUES ('{w}', '{col}', 'things', 'Things', '{{}}', 'name');
         INSERT INTO records (workspace_id, id, collection_id, title, data) VALUES ('{w}', '{rec}', '{col}', 'x', '{{}}');
         INSERT INTO users (id, email, name) VALUES ('{guest}', 'guest-{t}@example.com', '{t}');
         INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ('{w}', '{guest}', 'guest');
         INSERT INTO record_shares (workspace_id, record_id, user_id, shared_by) VALUES ('{w}', '{rec}', '{guest}', '{u}');
         INSERT INTO record_versions (workspace_id, record_id, version, data, actor_kind) VALUES ('{w}', '{rec}', 1, '{{}}', 'system');
         INSERT INTO ai_providers (workspace_id, id, kind, name, default_model) VALUES ('{w}', '{prov}', 'sandbox', 'x', 'x');
         INSERT INTO provider_models (workspace_id, provider_id, model, position) VALUES ('{w}', '{prov}', 'x', 0);
         INSERT INTO workspace_keys (workspace_id, version, sealed) VALUES ('{w}', 1, '');
         INSERT INTO webhook_endpoints (workspace_id, id, url, description, events, secret, told_seq) VALUES ('{w}', '{eff}', 'x', '', '{{}}', '\\x0200000001', 0);
         INSERT INTO webhook_deliveries (workspace_id, id, endpoint_id, event_id, type, body) VALUES ('{w}', '{eff}', '{eff}', '{eff}', 'x', 'x');
         INSERT INTO webhook_tries (workspace_id, delivery_id, id, at, duration_ms, reply) VALUES ('{w}', '{eff}', '{eff}', now(), 1, '');
         INSERT INTO channel_people (workspace_id, endpoint_id, slack_user, slack_name, user_id) VALUES ('{w}', '{eff}', 'x', 'x', '{u}');
         INSERT INTO channel_links (workspace_id, token_hash, endpoint_id, slack_user, slack_name, expires_at) VALUES ('{w}', {h}, '{eff}', 'x', 'x', now());
         INSERT INTO notifications (workspace_id, id, recipient_id, kind, cause, subject_kind, facts) VALUES ('{w}', '{eff}', '{u}', 'mentioned', 'x', 'x', '{{}}');
         INSERT INTO notification_settings (workspace_id, user_id, hook, hook_shown) VALUES ('{w}', '{u}', '\\x0200000001', 'x');
         INSERT INTO usage_ledger (workspace_id, id, at, provider_id, provider, provider_kind, model_asked, hop, outcome) VALUES ('{w}', '{run}', now(), '{prov}', 'x', 'sandbox', 'x', 0, 'answered');
         INSERT INTO model_prices (workspace_id, version, provider_id, model) VALUES ('{w}', 1, '{prov}', 'x');
         INSERT INTO budgets (workspace_id, id, scope, limit_micros) VALUES ('{w}', '{bud}', 'workspace', 1);
         INSERT INTO budget_months (workspace_id, budget_id, month) VALUES ('{w}', '{bud}', '2026-11-01');
         INSERT INTO ai_fallbacks (workspace_id, position, provider_id) VALUES ('{w}', 0, '{prov}');
         INSERT INTO agents (workspace_id, id, name, instructions, tools) VALUES ('{w}', '{agent}', 'x', 'x', '{{}}');
         INSERT INTO agent_sessions (workspace_id, id, agent_id, user_id, title) VALUES ('{w}', '{sess}', '{agent}', '{u}', 'x');
         INSERT INTO runs (workspace_id, id, agent_id, session_id, requester_id, status, input) VALUES ('{w}', '{run}', '{agent}', '{sess}', '{u}', 'COMPLETED', 'x');
         INSERT INTO run_steps (workspace_id, run_id, position, kind, state, content) VALUES ('{w}', '{run}', 0, 'model', 'done', '{{}}');
         INSERT INTO run_events (workspace_id, run_id, index, name, data, created_at) VALUES ('{w}', '{run}', 0, 'x', '{{}}', now());
         INSERT INTO run_images (workspace_id, run_id, position, kind, bytes) VALUES ('{w}', '{run}', 0, 'image/png', 'x');
         INSERT INTO approval_items (workspace_id, id, status, tool, tool_version, title, reversibility, canonical, hash, proposer_kind, proposer_id, requester_id)
           VALUES ('{w}', '{item}', 'pending', 'x', 1, 'x', 'reversible', '', {h}, 'agent', '{agent}', '{u}');
         INSERT INTO approval_decisions (workspace_id, id, approval_id, outcome, actor_kind, hash) VALUES ('{w}', '{dec}', '{item}', 'approved', 'system', {h});
         INSERT INTO approval_policies (workspace_id, tool, version, thresholds, rules, created_by) VALUES ('{w}', 'x', 1, '{{}}', '[]', '{u}');
         INSERT INTO approval_grants (workspace_id, id, agent_id, tool, covers, max_uses, expires_at, created_by)
           VALUES ('{w}', '{item}', '{agent}', 'x', 'size > 1', 1, now() + interval '1 day', '{u}');
         INSERT INTO calibration (workspace_id, tool, agent_id, setup, agreed, disagreed, watch) VALUES ('{w}', 'x', '{agent}', '', '{{0,0,0,0,0}}', '{{0,0,0,0,0}}', 1);
         INSERT INTO calibration_observations (workspace_id, approval_id, tool, agent_id, setup, band, predicted, agreed, source, sort, size)
           VALUES ('{w}', '{item}', 'x', '{agent}', '', 0, 0.5, true, 'decision', 'x', 1);
         INSERT INTO approval_comments (workspace_id, id, approval_id, author_id, body) VALUES ('{w}', '{item}', '{item}', '{u}', 'x');
         INSERT INTO inbox_interrupts (workspace_id, id, form, created_by) VALUES ('{w}', '{item}', 'newer', '{u}');
         INSERT INTO outside_items (workspace_id, approval_id, allowed, interrupt_id, position) VALUES ('{w}', '{item}', '{{approve}}', '{item}', 0);
         INSERT INTO idempotency_keys (name, user_id, request, claim) VALUES (sha256('{u}'::bytea), '{u}', {h}, '{u}');
         INSERT INTO approval_samples (workspace_id, approval_id) VALUES ('{w}', '{item}');
         INSERT INTO approval_rounds (workspace_id, role, turns) VALUES ('{w}', 'owner', 1);
         INSERT INTO approval_turns (workspace_id, role, user_id, turn) VALUES ('{w}', 'owner', '{u}', 1);
         INSERT INTO approval_words (workspace_id, approval_id, word) VALUES ('{w}', '{item}', 'y');
         INSERT INTO approval_filters (workspace_id, id, user_id, name, query) VALUES ('{w}', '{item}', '{u}', 'x', '{{}}');
         INSERT INTO approval_presence (workspace_id, approval_id, user_id, tab, until) VALUES ('{w}', '{item}', '{u}', 'x', now());
         INSERT INTO approval_reminders (workspace_id, told_at, told_up_to) VALUES ('{w}', now(), now());
         INSERT INTO effects (workspace_id, id, approval_id, hash, state, tool, repeat, not_before) VALUES ('{w}', '{eff}', '{item}', decode(repeat('00', 32), 'hex'), 'done', 'x', 'transactional', now());
         INSERT INTO mails (workspace_id, id, effect_id, recipient, subject, body, delivery) VALUES ('{w}', '{mail}', '{eff}', 'x', 'x', 'x', 'mailbox');"
    )
}

/// Runs one statement in a context, and says how many rows it touched, or that it was refused.
async fn touched(app: &mut PgConnection, context: &str, sql: String) -> Option<u64> {
    app.execute("BEGIN").await.unwrap();
    app.execute(AssertSqlSafe(context.to_owned())).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut *app).await;
    app.execute("ROLLBACK").await.unwrap();
    done.ok().map(|d| d.rows_affected())
}

/// The column that holds the tenant.
fn tenant_column(table: &str) -> &'static str {
    if table == "workspaces" { "id" } else { "workspace_id" }
}

#[tokio::test]
async fn two_tenants_never_meet_in_any_table() {
    let shared = Database::shared().await;
    let mut root = shared.root().await;
    let mut app = shared.app().await;
    let mut tables = tenant_tables(&mut root).await;
    tables.insert("workspaces".to_owned());
    let mut cases = 0;
    for table in &tables {
        let column = tenant_column(table);
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut root)
            .await
            .unwrap();
        assert!(rows >= 2, "{table} has no row of each tenant, so this would prove nothing");
        for (kind, role) in [
            ("user", "owner"),
            ("user", "admin"),
            ("user", "member"),
            ("user", "viewer"),
            ("user", "guest"),
            ("agent", "owner"),
            ("system", ""),
        ] {
            for (own, other) in [('a', 'b'), ('b', 'a')] {
                let ctx = context(Some(own), kind, role);
                let theirs = id(other, 0);
                let seen = touched(&mut app, &ctx, format!("SELECT 1 FROM {table} WHERE {column} = '{theirs}'")).await;
                assert!(matches!(seen, None | Some(0)), "{kind}/{role} of {own} reads {table} of {other}");
                let changed = touched(
                    &mut app,
                    &ctx,
                    format!("UPDATE {table} SET {column} = {column} WHERE {column} = '{theirs}'"),
                )
                .await;
                assert!(matches!(changed, None | Some(0)), "{kind}/{role} of {own} changes {table} of {other}");
                let moved = touched(&mut app, &ctx, format!("UPDATE {table} SET {column} = '{theirs}'")).await;
                assert!(matches!(moved, None | Some(0)), "{kind}/{role} of {own} moves rows of {table} to {other}");
                let deleted = touched(&mut app, &ctx, format!("DELETE FROM {table} WHERE {column} = '{theirs}'")).await;
                assert!(matches!(deleted, None | Some(0)), "{kind}/{role} of {own} deletes {table} of {other}");
                cases += 4;
            }
        }
        for sql in [
            format!("SELECT 1 FROM {table}"),
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
        ] {
            for context in [context(None, "", ""), context(None, "user", "owner"), context(None, "system", "")] {
                let touched = touched(&mut app, &context, sql.clone()).await;
                assert!(matches!(touched, None | Some(0)), "without a tenant: {sql}");
                cases += 1;
            }
        }
    }
    assert!(cases > 1000, "only {cases} cases");
}

#[tokio::test]
async fn nobody_writes_a_row_into_another_tenant() {
    let shared = Database::shared().await;
    let mut app = shared.app().await;
    // The other tenant's own rows again: the policy refuses them before any key is looked at.
    for statement in fill('a').split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        for (kind, role) in [("user", "owner"), ("user", "member"), ("agent", "owner"), ("system", "")] {
            let ctx = context(Some('b'), kind, role);
            app.execute("BEGIN").await.unwrap();
            app.execute(AssertSqlSafe(ctx)).await.unwrap();
            let refused = app.execute(AssertSqlSafe(statement.to_owned())).await.expect_err(statement);
            app.execute("ROLLBACK").await.unwrap();
            let code = refused.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{kind}/{role}: {statement}: {refused}");
        }
    }
}

#[tokio::test]
async fn nobody_marks_the_request_of_somebody_else_as_carried_out() {
    let shared = Database::shared().await;
    let mut app = shared.app().await;
    let mark = "UPDATE idempotency_keys SET committed = true".to_owned();
    for workspace in ['a', 'b'] {
        let own = touched(&mut app, &context(Some(workspace), "user", "owner"), mark.clone()).await;
        assert_eq!(own, Some(1), "one's own, of two");
    }
    assert_eq!(touched(&mut app, &context(None, "user", "owner"), mark).await, Some(0));
}

#[tokio::test]
async fn a_member_sees_own_and_assigned_records_a_guest_none_and_roles_come_from_the_context() {
    let shared = Database::shared().await;
    let mut app = shared.app().await;
    let count = "SELECT 1 FROM records".to_owned();
    for (role, expected) in [("owner", 1), ("admin", 1), ("viewer", 1), ("member", 0), ("guest", 0)] {
        assert_eq!(touched(&mut app, &context(Some('a'), "user", role), count.clone()).await, Some(expected), "{role}");
    }
    let items = "SELECT 1 FROM approval_items".to_owned();
    for (role, expected) in [("owner", 1), ("admin", 1), ("member", 1), ("viewer", 0), ("guest", 0)] {
        assert_eq!(touched(&mut app, &context(Some('a'), "user", role), items.clone()).await, Some(expected), "{role}");
    }
}

#[tokio::test]
async fn what_only_owners_may_do_is_refused_to_an_admins_transaction() {
    let shared = Database::shared().await;
    let mut app = shared.app().await;
    let (w, owner, other) = (id('a', 0), id('a', 1), id('b', 1));
    let add = |role: &str| {
        format!("INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ('{w}', '{other}', '{role}')")
    };
    let of_owner = format!("WHERE workspace_id = '{w}' AND user_id = '{owner}'");
    for (role, may) in [("owner", true), ("admin", false)] {
        let context = context(Some('a'), "user", role);
        for sql in [
            format!("UPDATE workspaces SET deleted_at = now() WHERE id = '{w}'"),
            format!("UPDATE workspace_members SET role = 'admin' {of_owner}"),
            add("owner"),
        ] {
            assert_eq!(touched(&mut app, &context, sql.clone()).await == Some(1), may, "{role}: {sql}");
        }
        for sql in [
            format!("UPDATE workspaces SET name = 'Other' WHERE id = '{w}'"),
            format!("SELECT 1 FROM workspace_members {of_owner} FOR UPDATE"),
            add("admin"),
        ] {
            assert_eq!(touched(&mut app, &context, sql.clone()).await, Some(1), "{role}: {sql}");
        }
    }
    let remove = format!("DELETE FROM workspace_members {of_owner}");
    assert_eq!(touched(&mut app, &context(Some('a'), "user", "admin"), remove).await, Some(0));
}

#[tokio::test]
async fn a_deleted_workspace_is_purged_after_thirty_days_with_everything_in_it() {
    let shared = Database::shared().await;
    let mut root = shared.root().await;
    root.execute(AssertSqlSafe(fill('c'))).await.unwrap();
    let mut system = PgConnection::connect(&shared.cluster.url("hyvve_system", DATABASE)).await.unwrap();
    let workspace = id('c', 0);
    let purge = format!("DELETE FROM workspaces WHERE id = '{workspace}'");
    for deleted in ["NULL", "now()", "now() - interval '29 days'", "now() - interval '31 days'"] {
        let mark = format!("UPDATE workspaces SET deleted_at = {deleted} WHERE id = '{workspace}'");
        root.execute(AssertSqlSafe(mark)).await.unwrap();
        let purged = system.execute(AssertSqlSafe(purge.clone())).await.unwrap().rows_affected();
        assert_eq!(purged, u64::from(deleted.contains("31")), "deleted at {deleted}");
    }
    for table in tenant_tables(&mut root).await {
        let left = format!("SELECT count(*) FROM {table} WHERE workspace_id = '{workspace}'");
        let left: i64 = sqlx::query_scalar(AssertSqlSafe(left)).fetch_one(&mut root).await.unwrap();
        assert_eq!(left, 0, "{table} keeps rows of a purged workspace");
    }
}

#[tokio::test]
async fn a_data_key_that_a_webhook_needs_cannot_be_removed() {
    let mut root = Database::shared().await.root().await;
    let remove = format!("DELETE FROM workspace_keys WHERE workspace_id = '{}'", id('a', 0));
    let refused = root.execute(AssertSqlSafe(remove)).await.expect_err("its secret would be lost");
    let code = refused.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
    assert_eq!(code.as_deref(), Some("23503"), "{refused}");
}
