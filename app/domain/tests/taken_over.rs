//! A node that was away for longer than its lease comes back with an answer that nobody waits for any more.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

#[path = "support/mod.rs"]
mod support;

use std::{sync::Arc, time::Duration};

use hyvve_domain::{
    Actor, PageRequest,
    agents::{self, RunStatus, service::NewRun},
    approvals::{Decide, EffectState, Filter, Verdict, door, executor::run_due, service},
    ids::ApprovalId,
    mail::{Mailer, SmtpSettings},
    services::{Services, Settings},
};
use support::{World, member_of_a_new_workspace};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::Notify,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Takes one mail, and says so only when it is told to.
struct SlowMailServer {
    port: u16,
    has_it: Arc<Notify>,
    may_answer: Arc<Notify>,
}

impl SlowMailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (has_it, may_answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (has, may) = (Arc::clone(&has_it), Arc::clone(&may_answer));
        tokio::spawn(async move {
            let (read, mut write) = listener.accept().await.unwrap().0.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 test\r\n").await.unwrap();
            while let Some(line) = lines.next_line().await.unwrap() {
                if line == "DATA" {
                    write.write_all(b"354 go on\r\n").await.unwrap();
                    while lines.next_line().await.unwrap().is_some_and(|line| line != ".") {}
                    has.notify_one();
                    may.notified().await;
                }
                write.write_all(b"250 ok\r\n").await.unwrap();
            }
        });
        Self { port, has_it, may_answer }
    }

    /// A node whose mail goes there.
    fn node(&self, s: &Services) -> Services {
        let smtp = SmtpSettings {
            url: format!("smtp://127.0.0.1:{}", self.port),
            from: "HYVVE <hyvve@example.com>".to_owned(),
        };
        Services { mailer: Arc::new(Mailer::new(Some(&smtp), None).unwrap()), node: Uuid::now_v7(), ..s.clone() }
    }
}

/// A mail that an agent proposed and its owner approved.
async fn approved_mail(s: &Services, owner: &Actor) -> ApprovalId {
    let agent = agents::service::agents(s, owner).await.unwrap().remove(0);
    let message = "Give Ada Lovelace a 20 % discount and mail her".to_owned();
    let run =
        NewRun { run_id: None, agent_id: agent.id, session_id: None, message, images: Vec::new(), output_schema: None };
    let run = agents::service::start(s, owner, run).await.unwrap();
    let paused = async {
        while agents::service::run(s, owner, run.id).await.unwrap().run.status != RunStatus::Paused {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), paused).await.unwrap();
    let waiting = service::list(s, owner, &Filter::default(), PageRequest::new(None, None)).await.unwrap();
    let mail = waiting.items.iter().find(|item| item.tool == "send_email").unwrap().id;
    let yes = Decide { verdict: Verdict::Approve, note: None, hash: None, interactive: false };
    door::decide(s, owner, mail, yes).await.unwrap();
    mail
}

#[tokio::test]
async fn an_executor_whose_lease_is_over_ends_nothing() {
    let world = World::new().await;
    let settings = Settings { sample_data: true, ..Settings::default() };
    let s = &Services { settings: Arc::new(settings), ..world.services.clone() };
    let owner = &member_of_a_new_workspace(s, "grace@example.com").await;
    let server = SlowMailServer::start().await;
    let stale = server.node(s);
    let mail = approved_mail(&stale, owner).await;

    // It hangs with the effect in hand, its lease runs out, and another node says that nobody knows.
    let hanging = tokio::spawn(async move { run_due(&stale).await });
    timeout(Duration::from_secs(20), server.has_it.notified()).await.unwrap();
    let mut root = world.root().await;
    let over = "UPDATE effects SET lease_until = now() - interval '1 second' WHERE state = 'executing'";
    assert_eq!(sqlx::query(over).execute(&mut root).await.unwrap().rows_affected(), 1);
    run_due(&server.node(s)).await.unwrap();
    let taken_over = service::get(s, owner, mail).await.unwrap();
    assert_eq!(taken_over.effect_detail.as_ref().unwrap().state, EffectState::Unknown);

    // Then the mail server answers the node that hung.
    server.may_answer.notify_one();
    timeout(Duration::from_secs(20), hanging).await.unwrap().unwrap().unwrap();
    let after = service::get(s, owner, mail).await.unwrap();
    assert_eq!(after, taken_over, "what was said stands");
    let written: Vec<String> = sqlx::query_scalar(
        "SELECT action FROM audit_log WHERE subject_id = $1 AND action LIKE 'effect.%' ORDER BY seq",
    )
    .bind(mail.0)
    .fetch_all(&mut root)
    .await
    .unwrap();
    assert_eq!(written, ["effect.executing", "effect.unknown"], "one end in the log");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM mails").fetch_one(&mut root).await.unwrap();
    assert_eq!(kept, 0, "the mailbox knows of no mail that nobody is sure of");
    service::get(s, &world.owner, mail).await.expect_err("another workspace's");
}
