//! An AI provider of any kind, as far as somebody who adds one asks it: it takes keys and lists models. A key with `wrong` in
//! it is refused. Models called `alias-…` are in no list and are there nonetheless.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What it says to a wrong key.
pub(crate) const REFUSAL: &str = "Incorrect API key provided. It is not one of ours.";

/// Starts one that has these models; answers its origin. Whatever path stands before `/models` is taken.
pub(crate) async fn lister(models: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (origin, list) = (format!("http://{}", listener.local_addr().unwrap()), listing(models));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, list.clone()));
        }
    });
    origin
}

/// A list of models in the words of all formats at once.
pub(crate) fn listing(models: &[&str]) -> String {
    let list = |one: fn(&str) -> String| models.iter().map(|id| one(id)).collect::<Vec<_>>().join(",");
    let data = list(|id| format!(r#"{{"id":"{id}","object":"model"}}"#));
    let gemini = list(|id| format!(r#"{{"name":"models/{id}","supportedGenerationMethods":["generateContent"]}}"#));
    format!(r#"{{"object":"list","data":[{data}],"models":[{gemini}]}}"#)
}

/// Answers one request.
pub(crate) async fn answer(mut stream: TcpStream, list: String) -> std::io::Result<()> {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            n => head.extend_from_slice(&buffer[..n]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let error = |message: &str, code: &str| format!(r#"{{"error":{{"message":"{message}","code":"{code}"}}}}"#);
    let (status, body) = if head.contains("wrong") {
        ("401 Unauthorized", error(REFUSAL, "invalid_api_key"))
    } else if path.ends_with("/models") {
        ("200 OK", list)
    } else if path.ends_with("/key") || path.contains("/models/alias-") {
        ("200 OK", r#"{"id":"x","data":{}}"#.to_owned())
    } else {
        ("404 Not Found", error("This model does not exist.", "model_not_found"))
    };
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(reply.as_bytes()).await
}
