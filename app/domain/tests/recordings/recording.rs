//! Finds the streams and refusals to replay.

use std::{collections::HashSet, env, fs, path::PathBuf};

use hyvve_domain::providers::Kind;
use serde_json::Value;

/// A reply as a provider sent it.
pub(crate) struct Recording {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Recording {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// Recorded streams, and the project's own fixtures with every kind of line ends.
pub(crate) fn streams() -> Vec<Recording> {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    let mut streams: Vec<Recording> = recorded().into_iter().filter(|r| r.status == 200).collect();
    for kind in Kind::ADDABLE {
        for path in files(fixtures.join(kind.as_str()), "sse") {
            let text = fs::read_to_string(&path).unwrap();
            for (ends, body) in [
                ("LF", text.clone()),
                ("CR LF", text.replace('\n', "\r\n")),
                ("BOM and CR", format!("\u{feff}{}", text.replace('\n', "\r"))),
            ] {
                streams.push(Recording {
                    kind,
                    name: format!("{} with {ends}", path.display()),
                    status: 200,
                    content_type: "text/event-stream".into(),
                    body: body.into_bytes(),
                });
            }
        }
    }
    streams
}

/// Recorded refusals.
pub(crate) fn refusals() -> Vec<Recording> {
    recorded().into_iter().filter(|r| r.status != 200).collect()
}

/// Every different recording.
fn recorded() -> Vec<Recording> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recordings");
    let folder = env::var_os("HYVVE_RECORDINGS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if !folder.is_dir() {
        println!(
            "skipped: there are no recordings at {} (HYVVE_RECORDINGS); only the project's own fixtures run",
            folder.display()
        );
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let providers = ["anthropic", "openai", "gemini", "deepseek", "openrouter"];
    let paths = providers.iter().flat_map(|provider| files(folder.join(provider), "json"));
    let all = paths.map(|path| {
        let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Recording {
            kind: kind(&text("/provider"), &text("/request/path")),
            name: path.display().to_string(),
            status: u16::try_from(json["response"]["status"].as_u64().unwrap()).unwrap(),
            content_type: text("/response/content_type"),
            body: text("/response/body").into_bytes(),
        }
    });
    all.filter(|recording| seen.insert(recording.body.clone())).collect()
}

/// Whose adapter reads it: a path is of one format, and several providers speak two.
fn kind(provider: &str, path: &str) -> Kind {
    match provider {
        "openai" | "deepseek" if path.ends_with("/responses") => Kind::Openai,
        "openai" => Kind::OpenaiCompatible,
        provider => provider.parse().unwrap(),
    }
}

fn files(folder: PathBuf, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}
