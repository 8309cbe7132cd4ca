use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::task::JoinHandle;

use super::{until, Bridge};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    pub id: String,
    pub kind: String,
    pub data: String,
}

/// Makes an event of its lines.
pub fn parse(block: &str) -> Received {
    let mut event = Received::default();
    let mut data = Vec::new();
    for line in block.split('\n') {
        match line.split_once(": ") {
            Some(("id", value)) => event.id = value.into(),
            Some(("event", value)) => event.kind = value.into(),
            Some(("data", value)) => data.push(value),
            _ => {}
        }
    }
    event.data = data.join("\n");
    event
}

/// Reads a path, and comes back with the last id until it is told the end.
pub struct Reader {
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    joined: AtomicUsize,
    events: Mutex<Vec<Received>>,
}

impl Reader {
    pub fn new(bridge: &Bridge, path: &str) -> Self {
        let seen = Arc::<Seen>::default();
        let (url, own) = (bridge.url(path), seen.clone());
        let task = tokio::spawn(async move {
            while !own.is_over() {
                let _ = own.read_once(&url).await;
                tokio::time::sleep(Duration::from_millis(10)).await; // as long as there is no bridge
            }
        });
        Self { seen, task }
    }

    /// Waits until it has been let in.
    pub async fn joined(&self) {
        until("the reader", || self.seen.joined.load(Ordering::Relaxed) > 0).await;
    }

    pub fn count(&self) -> usize {
        self.seen.events.lock().unwrap().len()
    }

    /// All events, when it has been told the end.
    pub async fn all(&self) -> Vec<Received> {
        until("the end", || self.seen.is_over()).await;
        self.seen.events.lock().unwrap().clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    fn is_over(&self) -> bool {
        self.events.lock().unwrap().last().is_some_and(|event| event.data == "[DONE]")
    }

    async fn read_once(&self, url: &str) -> reqwest::Result<()> {
        let mut request = reqwest::Client::new().get(url);
        let last = self.events.lock().unwrap().last().map(|event| event.id.clone());
        if let Some(id) = last {
            request = request.header("Last-Event-ID", id);
        }
        let mut body = request.send().await?.bytes_stream();
        let mut rest = Vec::new();
        let mut lines = Vec::<String>::new();
        while let Some(bytes) = body.next().await {
            rest.extend_from_slice(&bytes?);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                match String::from_utf8_lossy(&line[..end]).as_ref() {
                    "" => self.events.lock().unwrap().push(parse(&std::mem::take(&mut lines).join("\n"))),
                    ": sluice" => _ = self.joined.fetch_add(1, Ordering::Relaxed),
                    line => lines.push(line.into()),
                }
            }
        }
        Ok(())
    }
}
