//! A server on loopback that gives replies, each in the manner asked for.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// Between two pieces of a slow body.
const DRIP: Duration = Duration::from_millis(50);

/// How the body is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Whole,
    /// So many bytes at a time.
    Pieces(usize),
    /// So many bytes each [`DRIP`].
    Slowly(usize),
    /// Sends the body, and then each [`DRIP`] a comment, for ever.
    ThenDrip,
    /// Sends the body and then neither more nor the end.
    ThenSilence,
    /// Says that more will come, and closes.
    ThenCut,
    /// Not even headers.
    Mute,
}

/// One reply.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    content_type: String,
    headers: String,
    body: Vec<u8>,
    manner: Manner,
}

impl Reply {
    fn new(body: &[u8], manner: Manner) -> Self {
        Self {
            status: 200,
            content_type: "text/event-stream".into(),
            headers: String::new(),
            body: body.into(),
            manner,
        }
    }

    pub(crate) fn whole(body: &[u8]) -> Self {
        Self::new(body, Manner::Whole)
    }

    pub(crate) fn pieces(body: &[u8], size: usize) -> Self {
        Self::new(body, Manner::Pieces(size))
    }

    pub(crate) fn slowly(body: &[u8], size: usize) -> Self {
        Self::new(body, Manner::Slowly(size))
    }

    pub(crate) fn then_drip(body: &[u8]) -> Self {
        Self::new(body, Manner::ThenDrip)
    }

    pub(crate) fn then_silence(body: &[u8]) -> Self {
        Self::new(body, Manner::ThenSilence)
    }

    pub(crate) fn then_cut(body: &[u8]) -> Self {
        Self::new(body, Manner::ThenCut)
    }

    pub(crate) fn mute() -> Self {
        Self::new(b"", Manner::Mute)
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn content_type(self, content_type: &str) -> Self {
        Self { content_type: content_type.into(), ..self }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { headers: format!("{}{name}: {value}\r\n", self.headers), ..self }
    }

    fn head(&self) -> String {
        let length = match self.manner {
            Manner::Whole => format!("content-length: {}\r\n", self.body.len()),
            Manner::ThenCut => format!("content-length: {}\r\n", self.body.len() + 1),
            Manner::Pieces(_) | Manner::Slowly(_) | Manner::ThenDrip | Manner::ThenSilence | Manner::Mute => {
                String::new()
            }
        };
        let Self { status, content_type, headers, .. } = self;
        format!(
            "HTTP/1.1 {status} Replay\r\ncontent-type: {content_type}\r\nconnection: close\r\n{length}{headers}\r\n"
        )
    }
}

/// Answers requests, the last reply again and again.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Server {
    pub(crate) async fn start(reply: Reply) -> Self {
        Self::of(vec![reply]).await
    }

    pub(crate) async fn of(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut replies = replies.into_iter().peekable();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                let reply = replies.next().unwrap();
                if replies.peek().is_none() {
                    replies = vec![reply.clone()].into_iter().peekable();
                }
                let tell = tell.clone();
                tokio::spawn(async move {
                    let _ = tell.send(read_request(&mut socket).await);
                    // A client that has heard enough hangs up.
                    let _ = answer(&mut socket, reply).await;
                });
            }
        });
        Self { base_url, requests }
    }

    /// The next request that came, headers and body.
    pub(crate) async fn request(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }

    /// How many requests have come that nobody has looked at.
    pub(crate) fn asked(&self) -> usize {
        self.requests.len()
    }
}

async fn answer(socket: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    if reply.manner != Manner::Mute {
        socket.write_all(reply.head().as_bytes()).await?;
    }
    let size = match reply.manner {
        Manner::Pieces(size) | Manner::Slowly(size) => size,
        _ => reply.body.len().max(1),
    };
    for piece in reply.body.chunks(size) {
        socket.write_all(piece).await?;
        socket.flush().await?;
        if let Manner::Slowly(_) = reply.manner {
            tokio::time::sleep(DRIP).await;
        }
    }
    if reply.manner == Manner::ThenDrip {
        loop {
            tokio::time::sleep(DRIP).await;
            socket.write_all(b":\n\n").await?;
        }
    }
    if matches!(reply.manner, Manner::ThenSilence | Manner::Mute) {
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
    socket.shutdown().await
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
                return text;
            }
        }
        let mut buffer = [0; 4096];
        match socket.read(&mut buffer).await.unwrap() {
            0 => return text,
            n => request.extend_from_slice(&buffer[..n]),
        }
    }
}
