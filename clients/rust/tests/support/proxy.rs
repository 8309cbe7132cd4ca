use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const HEARTBEAT: &[u8] = b": heartbeat\n";

/// Stands between a client and a bridge: it cuts connections with a reset, drops what the bridge says, or takes nothing
/// from the client.
pub struct Proxy {
    pub target: String,
    pub shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

#[derive(Default)]
pub struct Shared {
    pub deaf: AtomicBool,
    pub mute: AtomicBool,
    pub connections: AtomicUsize,
    /// Heartbeats that came by.
    pub heartbeats: AtomicUsize,
    open: Mutex<Vec<JoinHandle<()>>>,
}

impl Proxy {
    pub async fn new(to: &str) -> Self {
        Self::cutting(to, |_| None).await
    }

    /// `cut_after` says after how many bytes, both ways, a connection is cut; none: never. It is told which one it is.
    pub async fn cutting(to: &str, mut cut_after: impl FnMut(usize) -> Option<u64> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let shared = Arc::<Shared>::default();
        let (own, to) = (shared.clone(), to.to_string());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = own.connections.fetch_add(1, Ordering::SeqCst) + 1;
                let left = cut_after(number).map_or(i64::MAX, |bytes| bytes as i64);
                let task = tokio::spawn(serve(client, to.clone(), own.clone(), AtomicI64::new(left)));
                let mut open = own.open.lock().unwrap();
                open.retain(|task| !task.is_finished());
                open.push(task);
            }
        });
        Self { target, shared, listener }
    }

    pub fn deaf(&self, deaf: bool) {
        self.shared.deaf.store(deaf, Ordering::SeqCst);
    }

    pub fn mute(&self, mute: bool) {
        self.shared.mute.store(mute, Ordering::SeqCst);
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub fn heartbeats(&self) -> usize {
        self.shared.heartbeats.load(Ordering::SeqCst)
    }

    /// Cuts all connections that there are.
    pub fn cut(&self) {
        self.shared.open.lock().unwrap().drain(..).for_each(|task| task.abort());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut();
    }
}

async fn serve(mut client: TcpStream, to: String, shared: Arc<Shared>, left: AtomicI64) {
    client.set_zero_linger().unwrap(); // to close is to reset
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    server.set_zero_linger().unwrap();
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let off = AtomicBool::new(false);
    tokio::select! {
        () = pump(from_client, to_server, &left, &off, &shared.deaf, None) => {}
        () = pump(from_server, to_client, &left, &shared.mute, &off, Some(&shared.heartbeats)) => {}
    }
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    left: &AtomicI64,
    mute: &AtomicBool,
    deaf: &AtomicBool,
    heartbeats: Option<&AtomicUsize>,
) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        while deaf.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        if let Some(heartbeats) = heartbeats {
            let beats = buffer[..read].windows(HEARTBEAT.len()).filter(|window| *window == HEARTBEAT).count();
            heartbeats.fetch_add(beats, Ordering::SeqCst);
        }
        let after = left.fetch_sub(read as i64, Ordering::SeqCst) - read as i64;
        let passed = if after < 0 { read.saturating_sub(after.unsigned_abs() as usize) } else { read };
        if !mute.load(Ordering::SeqCst) && to.write_all(&buffer[..passed]).await.is_err() || after < 0 {
            return;
        }
    }
}
