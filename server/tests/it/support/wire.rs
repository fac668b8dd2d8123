//! The way to a server, which can be cut without anybody being told.

use std::{future, net::SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes connections on to a port of this machine.
pub(crate) struct Wire {
    address: SocketAddr,
    cuts: watch::Sender<u32>,
}

impl Wire {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cuts) = (listener.local_addr().unwrap(), watch::Sender::new(0));
        let heard = cuts.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, port, heard.clone()));
            }
        });
        Self { address, cuts }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// All connections that there are fall silent, and stay open; answers how many. New ones are passed on.
    pub(crate) fn cut(&self) -> usize {
        self.cuts.send_modify(|cuts| *cuts += 1);
        // Whoever waits for connections hears of it as well.
        self.cuts.receiver_count() - 1
    }
}

async fn carry(mut near: TcpStream, port: u16, mut cuts: watch::Receiver<u32>) {
    let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    cuts.mark_unchanged();
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        Ok(()) = cuts.changed() => future::pending().await,
    }
}
