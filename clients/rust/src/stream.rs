use std::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt};
use tonic::Code;

use crate::error::{code_of, BoxError, Error};
use crate::publisher::{Publisher, Shared};
use crate::v1::{Event, Stop};

/// What became of the items of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streamed {
    /// How many were published.
    pub events: u64,
    /// Why not all of them: a reader's wish.
    pub stop: Option<Stop>,
}

impl Publisher {
    /// Publishes each item, completes the topic, and returns when all that is stored.
    ///
    /// If an item is an error, the topic fails with that, with its code if it is a [`tonic::Status`] or has one as a
    /// source, and so does this, with [`Error::Items`]. If a reader asks to stop, `items` are dropped, whatever they wait
    /// for, and the topic is completed. If this is dropped before it returns, the topic fails with `CANCELLED`, unless its
    /// end is on its way already.
    pub async fn stream<S, T, E>(&self, topic: &str, items: S) -> Result<Streamed, Error>
    where
        S: Stream<Item = Result<T, E>>,
        T: Into<Event>,
        E: Into<BoxError>,
    {
        self.publish_stream(topic, items, true).await
    }

    /// [`stream`](Self::stream), but goes on when a reader asks to stop; [`notices`](Self::notices) tell of that.
    pub async fn stream_ignoring_stops<S, T, E>(&self, topic: &str, items: S) -> Result<Streamed, Error>
    where
        S: Stream<Item = Result<T, E>>,
        T: Into<Event>,
        E: Into<BoxError>,
    {
        self.publish_stream(topic, items, false).await
    }

    async fn publish_stream<S, T, E>(&self, topic: &str, items: S, stops: bool) -> Result<Streamed, Error>
    where
        S: Stream<Item = Result<T, E>>,
        T: Into<Event>,
        E: Into<BoxError>,
    {
        let mut streaming = Streaming::new(self.shared(), topic);
        let stopped = streaming.stopped.as_mut().filter(|_| stops);
        let streamed = match self.publish_items(topic, items, stopped).await {
            Ok(streamed) => streamed,
            Err(Error::Items(error)) => {
                let (code, message) = code_of(error.as_ref());
                streaming.fail(code, &message);
                let _ = self.flush().await; // what it says, later calls will say again
                return Err(Error::Items(error));
            }
            Err(error) => return Err(error),
        };
        self.end(topic).await?;
        streaming.over = true;
        self.flush().await?;
        Ok(streamed)
    }

    async fn publish_items<S, T, E>(
        &self,
        topic: &str,
        items: S,
        mut stopped: Option<&mut watch::Receiver<Option<Stop>>>,
    ) -> Result<Streamed, Error>
    where
        S: Stream<Item = Result<T, E>>,
        T: Into<Event>,
        E: Into<BoxError>,
    {
        let mut items = pin!(items);
        let mut events = 0;
        loop {
            let item = tokio::select! {
                biased;
                stop = next_stop(stopped.as_deref_mut()) => return Ok(Streamed { events, stop }),
                item = items.next() => item,
            };
            match item {
                None => return Ok(Streamed { events, stop: None }),
                Some(Err(error)) => return Err(Error::Items(Arc::from(error.into()))),
                Some(Ok(event)) => self.publish(topic, event).await?,
            }
            events += 1;
        }
    }
}

async fn next_stop(stopped: Option<&mut watch::Receiver<Option<Stop>>>) -> Option<Stop> {
    if let Some(stopped) = stopped {
        if stopped.changed().await.is_ok() {
            return stopped.borrow().clone();
        }
    }
    std::future::pending().await
}

/// Hears of stops while a stream is published, and fails its topic if it was not ended.
struct Streaming<'a> {
    shared: &'a Shared,
    topic: &'a str,
    /// None when it is being dropped.
    stopped: Option<watch::Receiver<Option<Stop>>>,
    over: bool,
}

impl<'a> Streaming<'a> {
    fn new(shared: &'a Shared, topic: &'a str) -> Self {
        let mut state = shared.lock();
        let stops = state.streaming.entry(topic.into()).or_insert_with(|| watch::Sender::new(None));
        let stopped = Some(stops.subscribe());
        Self { shared, topic, stopped, over: false }
    }

    fn fail(&mut self, code: Code, message: &str) {
        self.over = true;
        self.shared.fail_topic(self.topic, code, message);
    }
}

impl Drop for Streaming<'_> {
    fn drop(&mut self) {
        if !self.over {
            let (code, message) = if std::thread::panicking() {
                (Code::Unknown, "the producer panicked")
            } else {
                (Code::Cancelled, "the producer was cancelled")
            };
            self.fail(code, message);
        }
        let mut state = self.shared.lock();
        self.stopped = None; // with the lock, or two that leave at once would both count the other
        if state.streaming.get(self.topic).is_some_and(|stops| stops.receiver_count() == 0) {
            state.streaming.remove(self.topic);
        }
    }
}
