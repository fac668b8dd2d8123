//! Whatever a workspace names, nothing inside the building is connected to, unless whoever runs the server allows it.

#![cfg(feature = "ssr")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyvve_domain::outward::{Outward, Refused};
use reqwest::{
    Method, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};

/// Nobody who is refused is waited for longer.
const SOON: Duration = Duration::from_secs(5);
/// A public address that is a sink for questions that nobody should ask (RFC 7534).
const SINK: &str = "192.31.196.1";

/// URLs as somebody would enter them who wants in. `4` and `6` stand for the ports that listen on this machine.
const WAYS_IN: [&str; 96] = [
    // This machine.
    "https://127.0.0.1:4/",
    "http://127.0.0.1:4/",
    "https://127.0.0.2:4/",
    "https://127.255.255.254:4/",
    "https://localhost:4/",
    "https://LOCALHOST:4/",
    "https://localhost.:4/",
    "https://a.localhost:4/",
    "https://[::1]:6/",
    "http://[::1]:6/",
    "https://[0:0:0:0:0:0:0:1]:6/",
    "https://[0000::0001]:6/",
    "https://0.0.0.0:4/",
    "https://0:4/",
    "https://[::]:6/",
    // The same, oddly spelt.
    "https://127.1:4/",
    "https://127.0.1:4/",
    "https://2130706433:4/",
    "https://0x7f000001:4/",
    "https://0x7F.0.0.1:4/",
    "https://0x7f.1:4/",
    "https://017700000001:4/",
    "https://0177.0.0.1:4/",
    "https://0177.0.0.01:4/",
    "https://0000177.0.0.1:4/",
    "https://127.0.0.1.:4/",
    "https://127%2e0.0.1:4/",
    "https://%31%32%37.0.0.1:4/",
    "https://１２７.０.０.１:4/",
    "https://127。0。0。1:4/",
    "https://①②⑦.0.0.1:4/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:4/",
    "https://localhost%2e:4/",
    "https:\\\\127.0.0.1:4\\",
    "https:/127.0.0.1:4/",
    "https:127.0.0.1:4/",
    " https://127.0.0.1:4/",
    "https://127.0.0.1:4?@public.example/",
    "https://127.0.0.1:4#@public.example/",
    // IPv4 in IPv6.
    "https://[::ffff:127.0.0.1]:4/",
    "https://[::ffff:7f00:1]:4/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]:4/",
    "https://[::127.0.0.1]:4/",
    "https://[::ffff:0:127.0.0.1]:4/",
    "https://[64:ff9b::127.0.0.1]:4/",
    "https://[64:ff9b::7f00:1]:4/",
    "https://[64:ff9b:1::127.0.0.1]:4/",
    "https://[64:ff9b:1:7f00:0:100::]:4/",
    "https://[2002:7f00:1::]:4/",
    "https://[2002:a00:1::1]:4/",
    "https://[2001:0:7f00:1::1]:4/",
    "https://[2001:0:808:808::80ff:fffe]:4/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:10.0.0.1]/",
    // Neighbours.
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://012.0.0.1/",
    "https://167772161/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://192.168.65535/",
    "https://0xC0A80001/",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://[fc00::1]/",
    "https://[fd12:3456:789a::1]/",
    "https://[fe80::1]/",
    "https://[febf::1]/",
    "https://[fec0::1]/",
    // What clouds tell their machines.
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://169.254.170.2/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://192.0.0.192/",
    "https://[fd00:ec2::254]/",
    "https://[fd20:ce::254]/",
    // Nobody's.
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://192.0.2.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://198.18.0.1/",
    "https://192.88.99.1/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[100::1]/",
    // Other than it says.
    "https://public.example@127.0.0.1:4/",
    "https://user:password@public.example/",
];

/// Names that lead inside, with what they answer.
const NAMES: [(&str, &[&str]); 9] = [
    ("four.example", &["127.0.0.1"]),
    ("six.example", &["::1"]),
    ("both.example", &["127.0.0.1", "::1"]),
    ("mapped.example", &["::ffff:127.0.0.1"]),
    ("nat64.example", &["64:ff9b::7f00:1"]),
    ("metadata.example", &["169.254.169.254", "fd00:ec2::254"]),
    ("neighbour.example", &["192.168.1.1", "10.0.0.1"]),
    ("nowhere.example", &["0.0.0.0", "::"]),
    ("xn--bcher-kva.example", &["127.0.0.1"]),
];

/// A listener that counts who comes, and answers each with the same.
struct Listener {
    at: SocketAddr,
    came: Arc<AtomicUsize>,
}

impl Listener {
    async fn on(address: &str, answer: String) -> Self {
        let listener = TcpListener::bind((address.parse::<IpAddr>().unwrap(), 0)).await.unwrap();
        let (at, came) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let counted = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    // Who came for TLS goes away again.
                    let _ = socket.read(&mut [0; 4096]).await;
                    let _ = socket.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { at, came }
    }

    fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

fn ok() -> String {
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi".to_owned()
}

/// Answers a name's questions in turn, and the last answer for ever. Everybody else's name leads to this machine.
#[derive(Default)]
struct Stub {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Stub {
    fn answering(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let stub = Self::default();
        stub.add(name, answers);
        Arc::new(stub)
    }

    fn add(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers.iter().map(|all| all.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), answers);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Stub {
    fn resolve(&self, name: Name) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.get_mut(name.as_str()) {
            Some(left) if left.len() > 1 => left.remove(0),
            Some(left) => left[0].clone(),
            None => vec![[127, 0, 0, 1].into(), "::1".parse().unwrap()],
        };
        let answer: Vec<_> = answer.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
        Box::pin(async move { Ok(Box::new(answer.into_iter()) as Addrs) })
    }
}

/// What came of asking.
async fn ask(out: &Outward, url: &str) -> Result<Response, String> {
    let url = Url::parse(url).map_err(|e| format!("no URL: {e}"))?;
    let request = out.request(Method::GET, url).map_err(|refused| format!("refused: {refused}"))?;
    match timeout(SOON, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            Err(Refused::of(&error).map_or(format!("{error:?}"), |refused| format!("refused: {refused}")))
        }
        Err(_) => Err("nothing came".to_owned()),
    }
}

fn guarded(allowed: &str, names: Arc<Stub>) -> Outward {
    let allowed = if allowed.is_empty() { Default::default() } else { allowed.parse().unwrap() };
    Outward::resolving(allowed, names).unwrap()
}

#[tokio::test]
async fn no_way_of_writing_a_url_leads_inside() {
    let (four, six) = (Listener::on("0.0.0.0", ok()).await, Listener::on("::1", ok()).await);
    let stub = Arc::new(Stub::default());
    for (name, answer) in NAMES {
        stub.add(name, &[answer]);
    }
    let names = NAMES.iter().flat_map(|(name, _)| [format!("https://{name}:4/"), format!("http://{name}:6/")]);
    let urls: Vec<_> = WAYS_IN.iter().map(|url| (*url).to_owned()).chain(names).collect();
    // With nothing allowed, and with something else allowed on this very machine.
    for allowed in ["", "ollama.internal, 127.0.0.1:1, localhost:1, [::1]:1, 10.0.0.1:1"] {
        let out = guarded(allowed, Arc::clone(&stub));
        for url in &urls {
            let url = url.replace(":4", &format!(":{}", four.at.port())).replace(":6", &format!(":{}", six.at.port()));
            let said = ask(&out, &url).await.err().unwrap_or_else(|| format!("{url} was answered"));
            assert!(said.starts_with("refused: ") || said.starts_with("no URL: "), "{url}: {said}");
        }
    }
    assert_eq!((four.came(), six.came()), (0, 0));
}

#[tokio::test]
async fn with_this_machines_own_names_localhost_is_not_reached_either() {
    let (four, six) = (Listener::on("0.0.0.0", ok()).await, Listener::on("::1", ok()).await);
    let out = Outward::new(Default::default()).unwrap();
    for port in [four.at.port(), six.at.port()] {
        let said = ask(&out, &format!("https://localhost:{port}/")).await.unwrap_err();
        assert!(said.starts_with("refused: localhost is a private address, or leads to one."), "{said}");
    }
    assert_eq!((four.came(), six.came()), (0, 0));
}

#[tokio::test]
async fn a_name_whose_answer_changes_is_asked_once_and_connected_to_where_it_was_checked() {
    let inside = Listener::on("0.0.0.0", ok()).await;
    let url = format!("https://flips.example:{}/", inside.at.port());
    // First outside, then inside: the first answer is the one that counts.
    let stub = Stub::answering("flips.example", &[&[SINK], &["127.0.0.1"]]);
    let out = guarded("", Arc::clone(&stub));
    let request = out.request(Method::GET, url.parse().unwrap()).unwrap();
    let came = timeout(Duration::from_millis(500), request.send()).await;
    assert!(came.map_or(true, |answer| answer.is_err_and(|error| Refused::of(&error).is_none())));
    assert_eq!((stub.asked(), inside.came()), (1, 0), "asked once");
    assert!(ask(&out, &url).await.unwrap_err().starts_with("refused: flips.example is a private address"));
    assert_eq!((stub.asked(), inside.came()), (2, 0));
    // Both at once: what is inside is left out.
    let out = guarded("", Stub::answering("flips.example", &[&["127.0.0.1", SINK, "::1"]]));
    let request = out.request(Method::GET, url.parse().unwrap()).unwrap();
    let _ = timeout(Duration::from_millis(500), request.send()).await;
    assert_eq!(inside.came(), 0);
    // One that is allowed may be moved about in the private network, and not to a cloud's metadata.
    let stub = Stub::answering("flips.example", &[&["127.0.0.1"], &["169.254.169.254"]]);
    let out = guarded(&format!("flips.example:{}", inside.at.port()), stub);
    let url = url.replace("https", "http");
    assert_eq!(ask(&out, &url).await.unwrap().status(), 200);
    let said = ask(&out, &url).await.unwrap_err();
    assert!(said.starts_with("refused: flips.example is a reserved address"), "{said}");
    assert_eq!(inside.came(), 1);
}

#[tokio::test]
async fn a_host_that_is_allowed_is_reached_at_its_port_and_others_are_not() {
    let (four, six) = (Listener::on("127.0.0.1", ok()).await, Listener::on("::1", ok()).await);
    let other = Listener::on("127.0.0.1", ok()).await;
    let (here, there) = (four.at.port(), six.at.port());
    let allowed = format!("ollama.internal:{here}, 127.0.0.1:{here}, [::1]");
    let out = guarded(&allowed, Arc::new(Stub::default()));
    for url in [
        format!("http://ollama.internal:{here}/v1"),
        format!("http://127.0.0.1:{here}/v1"),
        format!("http://0x7f.1:{here}/v1"),
        format!("http://[::1]:{there}/v1"),
    ] {
        assert_eq!(ask(&out, &url).await.unwrap().text().await.unwrap(), "hi", "{url}");
    }
    assert_eq!((four.came(), six.came()), (3, 1));
    for url in [
        format!("http://ollama.internal:{}/v1", other.at.port()),
        format!("https://127.0.0.1:{}/v1", other.at.port()),
        format!("http://localhost:{here}/v1"),
    ] {
        assert!(ask(&out, &url).await.unwrap_err().starts_with("refused: "), "{url}");
    }
    assert_eq!((four.came(), six.came(), other.came()), (3, 1, 0));
}

#[test]
fn a_host_that_is_allowed_is_no_public_one() {
    let out = guarded("ollama.internal:11434, 10.0.0.5, plain.example", Arc::new(Stub::default()));
    let is_public = |url: &str| out.is_public(&url.parse().unwrap());
    assert!(is_public("https://hooks.example.com/services/x"));
    assert!(is_public("https://ollama.internal/"), "at another port: its name is looked up as anybody's");
    for inside in [
        "http://ollama.internal:11434/",
        "https://10.0.0.5/",
        "https://0xa.5/",
        "http://plain.example/",
        "https://10.0.0.6/",
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "http://hooks.example.com/",
    ] {
        assert!(!is_public(inside), "{inside}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed_not_even_to_a_host_that_is_allowed() {
    let target = Listener::on("127.0.0.1", ok()).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("http://127.0.0.1:{}/", target.at.port());
        let answer =
            format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let from = Listener::on("127.0.0.1", answer).await;
        let out = guarded("127.0.0.1", Arc::new(Stub::default()));
        let came = ask(&out, &format!("http://127.0.0.1:{}/", from.at.port())).await.unwrap();
        assert_eq!((came.status().as_u16(), from.came(), target.came()), (status, 1, 0));
    }
}

#[test]
fn a_refusal_says_what_was_refused_and_what_can_be_done() {
    let out = Outward::new(Default::default()).unwrap();
    let said = |url: &str| out.check(&url.parse().unwrap()).map_err(|refused| refused.to_string());
    assert_eq!(said("https://api.example.com/v1"), Ok(()));
    assert_eq!(said("https://api.example.com:8443/v1"), Ok(()));
    let why = said("http://localhost:11434/v1").unwrap_err();
    assert!(why.starts_with("localhost:11434 is to be asked without https") && why.contains("allowed_hosts"), "{why}");
    let why = said("https://10.0.0.5/v1").unwrap_err();
    assert_eq!(
        why,
        "10.0.0.5 is a private address, or leads to one. Whoever runs this server can allow it: it goes into allowed_hosts."
    );
    let why = said("https://169.254.169.254/").unwrap_err();
    assert!(why.ends_with("which HYVVE never asks."), "{why}");
    assert!(said("ftp://a.example/").is_err() && said("https://u@a.example/").is_err());
}
