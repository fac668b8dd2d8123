//! Every adapter against LiteLLM's proxy, which translates the formats of all providers: an implementation that is not ours,
//! with answers of its own making. `cargo xtask test dialects` installs it and names it in `HYVVE_LITELLM`.
//!
//! LiteLLM streams a mock's answer in chat completions only: where Anthropic's format or Responses ask for a stream of a mock, it
//! gives JSON, or an error. So these, and Gemini's, ask for a model whose provider is the proxy itself: it translates the question
//! into chat completions, and the streamed mock back into the format.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop where it is")]

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use hyvve_domain::{
    outward::Outward,
    providers::{
        BaseUrl, ChatRequest, Endpoint, Failure, FailureKind, Finish, Kind, Message, ModelEvent, Usage,
        sender::{self, Patience},
    },
};
use secrecy::SecretString;

const KEY: &str = "sk-of-the-proxy-of-this-test";
const ANSWER: &str = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich 🦀, said the mock.";
/// How long the proxy may take to start: it loads a great many libraries.
const START: Duration = Duration::from_mins(2);
const WAIT: Duration = Duration::from_secs(30);
const PATIENCE: Patience = Patience { first_byte: WAIT, idle: WAIT, progress: WAIT };

/// Each adapter, where in the proxy its format is spoken, and which model it asks for.
const DIALECTS: [(Kind, &str, &str); 4] = [
    (Kind::OpenaiCompatible, "/v1", "mock"),
    (Kind::Openai, "/v1", "bridged"),
    (Kind::Anthropic, "/v1", "bridged"),
    (Kind::Gemini, "/v1beta", "bridged"),
];

/// A running proxy.
struct Proxy {
    child: Child,
    at: String,
    log: PathBuf,
}

impl Proxy {
    async fn start(program: &Path) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("litellm-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = format!("http://127.0.0.1:{port}");
        let (config, log) = (folder.join("config.yaml"), folder.join("log"));
        fs::write(&config, settings(&at)).unwrap();
        let out = File::create(&log).unwrap();
        let mut command = Command::new(program);
        // Nothing of this machine's, no telemetry, and no list of prices from elsewhere.
        command.env_clear().env("PATH", program.parent().unwrap()).env("HOME", &folder);
        command.envs([("LITELLM_LOCAL_MODEL_COST_MAP", "True"), ("LITELLM_MASTER_KEY", KEY), ("LITELLM_LOG", "ERROR")]);
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--num_workers", "1", "--config"])
            .arg(&config);
        command.current_dir(&folder).stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let mut proxy = Self { child: command.spawn().unwrap(), at, log };
        proxy.wait().await;
        proxy
    }

    async fn wait(&mut self) {
        let (began, client) = (Instant::now(), reqwest::Client::builder().no_proxy().build().unwrap());
        let health = format!("{}/health/liveliness", self.at);
        while !client.get(&health).send().await.is_ok_and(|reply| reply.status().is_success()) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < START, "LiteLLM does not answer ({ended:?}): {}", self.said());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The end of its log.
    fn said(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().rev().take(30).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
        drop(fs::remove_dir_all(self.log.parent().unwrap()));
    }
}

/// JSON is YAML.
fn settings(at: &str) -> String {
    let mock = serde_json::json!({ "model": "openai/mock", "api_key": "unused", "mock_response": ANSWER });
    let bridged = serde_json::json!({
        "model": "hosted_vllm/mock", "api_key": KEY, "api_base": format!("{at}/v1"), "use_chat_completions_api": true,
    });
    serde_json::json!({
        "model_list": [
            { "model_name": "mock", "litellm_params": mock },
            { "model_name": "bridged", "litellm_params": bridged },
        ],
        "litellm_settings": { "telemetry": false, "num_retries": 0 },
    })
    .to_string()
}

/// What one call gives.
async fn ask(kind: Kind, base: &str, model: &str, key: &str) -> Result<Vec<ModelEvent>, Failure> {
    let endpoint = Endpoint { base_url: BaseUrl::parse(base).unwrap(), key: Some(SecretString::from(key.to_owned())) };
    let request = ChatRequest {
        model: model.into(),
        system: "You are a mock.".into(),
        messages: vec![Message::user("Hello, you there")],
        ..ChatRequest::default()
    };
    let out = Outward::new("127.0.0.1".parse().unwrap()).unwrap();
    let mut stream = sender::stream(&out, kind.adapter().unwrap(), &endpoint, "LiteLLM", &request, PATIENCE).await?;
    let mut events = Vec::new();
    while let Some(more) = stream.next().await? {
        events.extend(more);
    }
    Ok(events)
}

fn usage(events: &[ModelEvent]) -> Usage {
    let used = events.iter().rev().find_map(|e| if let ModelEvent::Usage(usage) = e { Some(*usage) } else { None });
    used.expect("what it cost")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts LiteLLM's proxy: cargo xtask test dialects"]
async fn every_adapter_reads_what_somebody_elses_proxy_says_in_its_format() {
    let program = std::env::var_os("HYVVE_LITELLM").expect("HYVVE_LITELLM names LiteLLM's program");
    let proxy = Proxy::start(Path::new(&program)).await;
    for (kind, root, model) in DIALECTS {
        let base = format!("{}{root}", proxy.at);
        let events =
            ask(kind, &base, model, KEY).await.unwrap_or_else(|e| panic!("{kind}: {e} {:?}\n{}", e.said, proxy.said()));
        let text: String = events
            .iter()
            .filter_map(|e| if let ModelEvent::Text(text) = e { Some(text.as_str()) } else { None })
            .collect();
        assert_eq!(text, ANSWER, "{kind}");
        let pieces = events.iter().filter(|e| matches!(e, ModelEvent::Text(text) if !text.is_empty())).count();
        assert!(pieces > 3, "{kind}: an answer in {pieces} pieces was not streamed");
        assert_eq!(events.last(), Some(&ModelEvent::Finish(Finish::Stop)), "{kind}");
        let usage = usage(&events);
        if kind == Kind::Gemini {
            // LiteLLM says so before it has been told; there is nothing to count in what it sends.
            assert_eq!(usage, Usage::default());
        } else {
            assert!((5..100).contains(&usage.input) && (10..200).contains(&usage.output), "{kind}: {usage:?}");
        }

        let refused = ask(kind, &base, model, "sk-of-somebody-else").await.expect_err("a wrong key");
        assert_eq!(refused.kind, FailureKind::InvalidKey, "{kind}: {:?}", refused.said);
        assert!(!refused.said.unwrap_or_default().contains("sk-of-somebody-else"), "{kind}");
        let unknown = ask(kind, &base, "no-such-model", KEY).await.expect_err("an unknown model");
        assert_eq!(unknown.kind, FailureKind::ModelNotFound, "{kind}: {:?}", unknown.said);
    }
}
