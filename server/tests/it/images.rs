//! Images that come with a message: what is taken, what reaches a model, and who sees them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::{
    pictures::a_picture,
    support::{Caller, Reply, TestApp, id, take_over, until},
};

/// Said to a model that takes its time, when it is asked for the first time.
const SLOWLY: &str = "Look at it slowly.";
/// The smallest one: a screen, and the end.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

/// What models were asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Value>>>);

impl Asked {
    async fn start() -> (Self, String) {
        let asked = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let models = async || Json(json!({ "data": [{ "id": "m" }] }));
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(Self::answer))
            .route("/v1/messages", post(Self::answer))
            .with_state(asked.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (asked, at)
    }

    fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    async fn answer(State(asked): State<Self>, uri: Uri, Json(body): Json<Value>) -> Response {
        let is_first = {
            let mut all = asked.0.lock().unwrap();
            all.push(body.clone());
            let slow = |asked: &&Value| asked["messages"].to_string().contains(SLOWLY);
            all.iter().filter(slow).count() == 1 && slow(&&body)
        };
        if is_first {
            sleep(Duration::from_secs(3)).await;
        }
        let events = if uri.path().ends_with("/messages") {
            vec![
                json!({ "type": "message_start", "message": { "model": "m", "usage": { "input_tokens": 1, "output_tokens": 1 } } }),
                json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
                json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "A colour." } }),
                json!({ "type": "content_block_stop", "index": 0 }),
                json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 2 } }),
                json!({ "type": "message_stop" }),
            ]
        } else {
            vec![
                json!({ "model": "m", "choices": [{ "delta": { "content": "A colour." } }] }),
                json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": { "prompt_tokens": 1, "completion_tokens": 1 } }),
            ]
        };
        let events = events.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat();
        ([(header::CONTENT_TYPE, "text/event-stream")], events + "data: [DONE]\n\n").into_response()
    }
}

async fn choose(user: &Caller, provider: &str, at: &str) {
    let new = json!({
        "provider": provider, "name": provider, "baseUrl": at, "apiKey": "sk-0123456789abcdef", "defaultModel": "m", "makeDefault": true,
    });
    user.post("/api/ai-providers", &new).await.expect(201);
}

fn of_size(length: usize) -> Vec<u8> {
    let mut file = GIF.to_vec();
    file.resize(length, 0);
    file
}

/// A message with files, each of which claims to be a PNG.
fn form(message: &str, session: Option<&str>, files: &[&[u8]]) -> Form {
    let mut form = Form::new().text("message", message.to_owned()).text("background", "true").text("stream", "false");
    if let Some(session) = session {
        form = form.text("session_id", session.to_owned());
    }
    files.iter().fold(form, |form, file| {
        form.part("files", Part::bytes(file.to_vec()).file_name("it.png").mime_str("image/png").unwrap())
    })
}

async fn send(user: &Caller, agent: &str, form: Form) -> Reply {
    Reply::of(user.request(Method::POST, &format!("/agents/{agent}/runs")).multipart(form)).await
}

/// Says it, and answers the run and its conversation.
async fn say(user: &Caller, agent: &str, form: Form) -> (String, String) {
    let sent = send(user, agent, form).await;
    let told = |key: &str| sent.expect(202).body[key].as_str().unwrap().to_owned();
    (told("run_id"), told("session_id"))
}

async fn ended(user: &Caller, run: &str) -> Value {
    let ended = |body: &Value| matches!(body["data"]["run"]["status"].as_str(), Some("COMPLETED" | "ERROR"));
    until(user, &format!("/api/runs/{run}"), ended).await["data"]["run"].clone()
}

#[tokio::test]
async fn an_image_reaches_models_as_it_was_sent_later_and_after_a_crash_too_and_nobody_else() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let agent = id(&ada.get("/agents").await.body[0]).to_owned();
    let (asked, at) = Asked::start().await;
    let file = a_picture();
    let encoded = STANDARD.encode(&file);

    choose(&ada, "openai_compatible", &at).await;
    let (run, session) = say(&ada, &agent, form("What is it?", None, &[&file, GIF])).await;
    let answered = ended(&ada, &run).await;
    assert_eq!((&answered["output"], &answered["images"]), (&json!("A colour."), &json!(2)), "{answered:#}");
    let gif = STANDARD.encode(GIF);
    let both = json!([
        { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{encoded}") } },
        { "type": "image_url", "image_url": { "url": format!("data:image/gif;base64,{gif}") } },
        { "type": "text", "text": "What is it?" },
    ]);
    assert_eq!(asked.all()[0]["messages"].as_array().unwrap().last().unwrap()["content"], both);

    // Its server is believed dead while the model looks: whoever takes it up asks the same.
    let (slow, _) = say(&ada, &agent, form(SLOWLY, None, &[&file])).await;
    while asked.all().len() < 2 {
        sleep(Duration::from_millis(20)).await;
    }
    take_over(&app).await;
    assert_eq!(ended(&ada, &slow).await["attempt"], 2);
    let all = asked.all();
    assert!(all.len() == 3 && all[1]["messages"].to_string().contains(&encoded), "{}", all.len());
    assert_eq!(all[1]["messages"], all[2]["messages"]);

    // Of a long conversation the newest eight are shown, and it is said that there were more.
    let mut long = None;
    for _ in 0..3 {
        let (run, session) = say(&ada, &agent, form("Four more.", long.as_deref(), &[GIF; 4])).await;
        assert_eq!(ended(&ada, &run).await["status"], "COMPLETED");
        long = Some(session);
    }
    let told = asked.all().pop().unwrap()["messages"].to_string();
    assert_eq!(told.matches("\"image_url\":{").count(), 8, "{told}");
    assert_eq!(told.matches("(4 images of this message are too far back to be shown again.)").count(), 1, "{told}");

    // The conversation goes on with another provider.
    choose(&ada, "anthropic", &at).await;
    let (next, _) = say(&ada, &agent, form("And now?", Some(&session), &[])).await;
    assert_eq!(ended(&ada, &next).await["status"], "COMPLETED");
    let told = asked.all().pop().unwrap()["messages"][0]["content"].clone();
    let source = json!({ "type": "base64", "media_type": "image/png", "data": encoded });
    assert_eq!(told[0], json!({ "type": "image", "source": source }), "{told:#}");

    // One that takes no images says so.
    choose(&ada, "deepseek", &at).await;
    let (refused, _) = say(&ada, &agent, form("And now?", Some(&session), &[])).await;
    let error = ended(&ada, &refused).await["error"].clone();
    assert!(error["said"].as_str().unwrap().contains("do not look at pictures"), "{error:#}");
    assert!(error["remedy"].as_str().unwrap().contains("images"), "{error:#}");

    let path = format!("/api/runs/{run}/images/0");
    let shown = ada.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    let header = |name: &str| shown.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/png".into(), "nosniff".into()));
    assert_eq!(header("content-disposition"), "inline");
    assert!(header("cache-control").starts_with("private"));
    assert_eq!(shown.bytes().await.unwrap(), file);
    ada.get(&format!("/api/runs/{run}/images/2")).await.expect(404);
    eve.get(&path).await.expect(404);
    eve.get(&format!("{path}?workspace={}", ada.workspace())).await.expect(404);
    app.anonymous().get(&format!("{path}?workspace={}", ada.workspace())).await.expect(401);
    let slug = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().unwrap().to_owned();
    for page in [format!("/w/{slug}/chat/{session}"), format!("/w/{slug}/runs/{run}")] {
        assert!(ada.get(&page).await.expect(200).text.contains(&format!("{path}?workspace={slug}")), "{page}");
    }
    assert!(!ada.get(&format!("/api/runs/{run}")).await.text.contains(&encoded[..40]), "events and lists hold none");
}

#[tokio::test]
async fn what_is_no_image_too_much_or_in_the_wrong_place_is_refused_and_the_chats_form_needs_no_script() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let agent = id(&ada.get("/agents").await.body[0]).to_owned();
    let (large, most) = (of_size((3 << 20) + 1), of_size(3 << 20));
    let (large, most) = (large.as_slice(), most.as_slice());
    let cases: [(u16, Vec<&[u8]>); 6] = [
        (400, vec![b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice()]),
        (400, vec![b"\x89PNG\r\n\x1a\n and no more".as_slice()]),
        (400, vec![GIF; 5]),
        (413, vec![large]),
        (413, vec![most; 3]),
        (413, vec![most; 4]),
    ];
    for (status, files) in cases {
        let refused = send(&ada, &agent, form("Look", None, &files)).await;
        assert!(refused.expect(status).text.contains("files"), "{}", refused.text);
    }
    let elsewhere = Form::new().text("message", "Look").part("audio", Part::bytes(GIF.to_vec()).file_name("it.gif"));
    send(&ada, &agent, elsewhere).await.expect(400);
    // Whoever shows no credential is refused, however large it is.
    for files in [vec![GIF], vec![most], vec![most; 4]] {
        send(&app.anonymous(), &agent, form("Look", None, &files)).await.expect(401);
    }
    let not_text = Form::new().part("message", Part::bytes(vec![b'x', 0xFF]));
    send(&ada, &agent, not_text).await.expect(400);
    assert_eq!(ada.get("/api/runs").await.expect(200).body["meta"]["total"], 0, "what was refused has begun nothing");

    let page = ada.get("/api/workspaces").await.body["data"][0]["slug"].as_str().map(|slug| format!("/w/{slug}/chat"));
    let page = page.unwrap();
    let submit = async |who: &Caller, file: &[u8]| {
        let to = format!("/api/messages?workspace={}", who.workspace());
        let request = who.request(Method::POST, &to).header("accept", "text/html,application/xhtml+xml");
        let request = request.header("referer", format!("http://localhost{page}?x=1"));
        Reply::of(request.multipart(form("Look", None, &[file]).text("agent_id", agent.clone()))).await
    };
    let sent = submit(&ada, GIF).await;
    let to = sent.expect(303).header("location").unwrap().to_owned();
    assert!(to.starts_with(&format!("{page}/")), "{to}");
    assert!(ada.get(&to).await.expect(200).text.contains("/images/0?workspace="));
    let refused = submit(&ada, b"no image").await;
    assert_eq!(refused.expect(303).header("location"), Some(page.as_str()));
    let again = ada.clone().and_cookie(&refused.cookie_named("hyvve_flash").unwrap()).get(&page).await;
    assert!(again.expect(200).text.contains("\nLook</textarea>"), "what was typed is still there: {}", again.text);
    assert!(again.text.contains("Not all of these files are images"), "{}", again.text);
    // Somebody else's agent is nobody's.
    let request = eve.request(Method::POST, "/api/messages");
    Reply::of(request.multipart(form("Look", None, &[GIF]).text("agent_id", agent.clone()))).await.expect(404);
}
