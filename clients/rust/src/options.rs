use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};

use crate::error::{BoxError, Error};
use crate::publisher::Publisher;
use crate::v1::OnAbort;

pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

type Pending = Pin<Box<dyn Future<Output = Result<MetadataMap, BoxError>> + Send>>;

/// What a [`Publisher`] is made of; from [`Publisher::builder`].
#[derive(Clone)]
pub struct Builder {
    pub(crate) buffer_events: usize,
    pub(crate) buffer_bytes: usize,
    pub(crate) give_up_after: Duration,
    pub(crate) longest_pause: Duration,
    pub(crate) on_abort: OnAbort,
    pub(crate) metadata: Option<Arc<dyn Fn() -> Pending + Send + Sync>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            buffer_events: 10_000,
            buffer_bytes: 8 << 20,
            give_up_after: Duration::from_secs(60),
            longest_pause: LAST_PAUSE,
            on_abort: OnAbort::KeepOpen,
            metadata: None,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("buffer_events", &self.buffer_events)
            .field("buffer_bytes", &self.buffer_bytes)
            .field("give_up_after", &self.give_up_after)
            .field("longest_pause", &self.longest_pause)
            .field("on_abort", &self.on_abort)
            .finish_non_exhaustive() // metadata is for secrets
    }
}

impl Builder {
    /// How many events may be unacknowledged: 10,000 unless it is set; at least 1.
    pub fn buffer_events(mut self, events: usize) -> Self {
        self.buffer_events = events;
        self
    }

    /// How many bytes of events may be unacknowledged: 8 MiB unless it is set. A larger event goes alone.
    pub fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.buffer_bytes = bytes;
        self
    }

    /// How long to wait for an acknowledgement while something is unacknowledged: a minute unless it is set, at most a
    /// year.
    pub fn give_up_after(mut self, patience: Duration) -> Self {
        self.give_up_after = patience;
        self
    }

    /// The longest pause between two calls, 5 s unless it is set. The first one is 100 ms, or that if it is less.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// What becomes of a topic without an end if this producer is lost; of up to 10,000 topics, those used last.
    /// It stays open unless this is [`OnAbort::Fail`].
    pub fn on_abort(mut self, on_abort: OnAbort) -> Self {
        self.on_abort = on_abort;
        self
    }

    /// What goes with a call, such as a token; asked for before each. An error is tried again like a broken call.
    pub fn metadata<F, R, E>(mut self, metadata: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<MetadataMap, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.metadata = Some(Arc::new(move || {
            let pending = metadata();
            Box::pin(async move { pending.await.map_err(Into::into) })
        }));
        self
    }

    /// Makes a publisher for the bridge at `target`, `HOST:PORT` or `http://HOST:PORT`; see [`connect`].
    ///
    /// The publisher works on the runtime of tokio in which this is called, and panics where there is none. It connects
    /// when there is something to publish.
    pub fn connect(self, target: &str) -> Result<Publisher, Error> {
        self.over(connect(target)?)
    }

    /// Makes a publisher on a channel, which others may use, too, and which may have TLS. As [`connect`](Self::connect),
    /// it wants a runtime.
    pub fn over(self, channel: Channel) -> Result<Publisher, Error> {
        let durations = [self.give_up_after, self.longest_pause];
        if self.buffer_events == 0 || self.buffer_bytes == 0 || durations.iter().any(Duration::is_zero) {
            return Err(Error::Options("buffers, give_up_after and longest_pause are above 0".into()));
        }
        Ok(Publisher::start(channel, self))
    }
}

/// A channel to the bridge at `target`, `HOST:PORT` or `http://HOST:PORT`, in plain text, which connects when it is used
/// and notices when its peer has silently died.
///
/// For TLS, enable tonic's features `tls-ring` and `tls-native-roots`, and make a channel of a
/// [`tonic::transport::Endpoint`] with `tls_config` and `connect_lazy`.
pub fn connect(target: &str) -> Result<Channel, Error> {
    let bad = |why: &str| Error::Options(format!("{target:?} is no HOST:PORT of a bridge: {why}"));
    if target.starts_with("https:") {
        return Err(bad("for TLS, make a channel"));
    }
    let uri = if target.contains("://") { target.to_string() } else { format!("http://{target}") };
    let endpoint = Endpoint::from_shared(uri).map_err(|error| bad(&error.to_string()))?;
    if endpoint.uri().scheme_str() != Some("http") || endpoint.uri().port().is_none() {
        return Err(bad("the port or the scheme is missing"));
    }
    let endpoint = endpoint
        .connect_timeout(LAST_PAUSE)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    Ok(endpoint.connect_lazy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn targets_and_bounds_are_checked() {
        for target in ["", ":", "localhost", "https://localhost:1", "ftp://localhost:1", "local host:1", "http://a"] {
            assert!(matches!(connect(target), Err(Error::Options(_))), "{target}");
        }
        for target in ["localhost:1", "[::1]:50051", "http://localhost:1"] {
            assert!(connect(target).is_ok(), "{target}");
        }
        for builder in [
            Builder::default().buffer_events(0),
            Builder::default().buffer_bytes(0),
            Builder::default().give_up_after(Duration::ZERO),
            Builder::default().longest_pause(Duration::ZERO),
        ] {
            assert!(matches!(builder.connect("localhost:1"), Err(Error::Options(_))));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let builder = Builder::default().metadata(|| async { Ok::<_, BoxError>(MetadataMap::new()) });
        assert!(!format!("{builder:?}").contains("metadata"));
    }
}
