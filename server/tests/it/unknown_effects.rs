//! A mail server that takes a mail and says nothing: nobody knows how that ended, and a person says what he or she found.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::sleep,
};

use crate::support::{Story, TestApp, cluster::superuser, id, until};

/// Takes the mail, and hangs up instead of saying so.
async fn hang_up(stream: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        if line != "DATA" {
            write.write_all(b"250 ok\r\n").await?;
            continue;
        }
        write.write_all(b"354 go on\r\n").await?;
        while lines.next_line().await?.is_some_and(|line| line != ".") {}
        return Ok(());
    }
    Ok(())
}

async fn silent_mail_server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(hang_up(stream));
        }
    });
    port
}

#[tokio::test]
async fn what_nobody_knows_is_asked_of_a_person_who_says_it_once() {
    let url = format!("smtp://127.0.0.1:{}", silent_mail_server().await);
    let app = TestApp::start_with(&[("SMTP_URL", &url), ("SMTP_FROM", "HYVVE <hyvve@example.com>")]).await;
    let Story { user, agent, run, mail, change } = Story::begin(&app, "Ada").await;
    let item = format!("/api/approvals/{}", id(&mail));
    let settle = format!("{item}/settle");

    let early = user.post(&settle, &json!({ "happened": true })).await;
    early.expect(409);
    user.post(&format!("{item}/approve"), &json!({})).await.expect(200);
    let unknown = until(&user, &item, |body| body["data"]["effect"] == "unknown").await;
    assert_eq!(unknown["data"]["effectDetail"]["settled"], Value::Null);
    // Whoever decides hears of it by a letter: one, however long one waits.
    let mut root = PgConnection::connect(&superuser(app.setting("DATABASE_URL"))).await.unwrap();
    let letters =
        "SELECT count(*) FROM letters WHERE subject LIKE 'Was it carried out? %' AND recipient = 'ada@example.com'";
    let since = Instant::now();
    while sqlx::query_scalar::<_, i64>(letters).fetch_one(&mut root).await.unwrap() != 1 {
        assert!(since.elapsed() < Duration::from_secs(10), "nobody is written to");
        sleep(Duration::from_millis(50)).await;
    }
    user.post(&settle, &json!({ "happened": "perhaps" })).await.expect(400);
    user.post(&settle, &json!({ "happened": false, "notes": "x".repeat(2_001) })).await.expect(400);

    let said = user.post(&settle, &json!({ "happened": false, "notes": "It is not in the outbox." })).await;
    let data = &said.expect(200).body["data"];
    assert_eq!((&data["status"], &data["effect"]), (&json!("approved"), &json!("failed")));
    assert_eq!(data["effectDetail"]["settled"]["by"], "Ada");
    let history: Vec<&str> =
        data["history"].as_array().unwrap().iter().filter_map(|entry| entry["what"].as_str()).collect();
    assert_eq!(history, ["proposed", "approved", "effect_unknown", "settled_failed"]);
    assert_eq!(data["history"][3]["note"], "It is not in the outbox.");
    user.post(&settle, &json!({ "happened": true })).await.expect(409);

    // What HYVVE knows by itself is nobody's to settle.
    user.post(&format!("/api/approvals/{}/approve", id(&change)), &json!({})).await.expect(200);
    until(&user, &format!("/api/approvals/{}", id(&change)), |body| body["data"]["effect"] == "done").await;
    user.post(&format!("/api/approvals/{}/settle", id(&change)), &json!({ "happened": false })).await.expect(409);

    // Both were approved, and clients of AgentOS's are told so, whatever came of it.
    until(&user, &format!("/api/runs/{run}"), |body| body["data"]["run"]["status"] == "COMPLETED").await;
    let shown = user.get(&format!("/agents/{agent}/runs/{run}")).await;
    let of_items = |tools: Vec<&Value>| -> Vec<(Value, Value, Value)> {
        let decided = [&mail, &change].map(|item| {
            let tool =
                tools.iter().find(|tool| tool["approval_id"] == item["id"] && !tool["result"].is_null()).unwrap();
            (tool["tool_name"].clone(), tool["confirmed"].clone(), tool["tool_call_error"].clone())
        });
        decided.to_vec()
    };
    let expected =
        vec![(json!("send_email"), json!(true), json!(true)), (json!("update_record"), json!(true), json!(false))];
    assert_eq!(of_items(shown.expect(200).body["tools"].as_array().unwrap().iter().collect()), expected);
    let frames = user.open(&format!("/agents/runs/{run}/stream")).await.rest().await;
    assert_eq!(of_items(frames.iter().map(|frame| &frame.data["tool"]).collect()), expected);

    let log = user.get("/api/audit-log?limit=50").await;
    let rows = log.expect(200).body["data"].as_array().unwrap();
    let settled = rows.iter().filter(|row| row["action"] == "effect.settled").collect::<Vec<_>>();
    assert_eq!(settled.len(), 1);
    assert_eq!(settled[0]["details"]["happened"], false);
}
