use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::{watch, Notify};
use tokio::time::Instant;
use tonic::transport::Channel;
use tonic::Code;

use crate::call::{self, Done};
use crate::error::{Error, Kind, PublishError};
use crate::event::failure;
use crate::notices::{Listeners, Notices};
use crate::options::Builder;
use crate::outbox::{Entry, Outbox, Totals, Unacknowledged, What};
use crate::v1::{End, Event, Stop};

const GOODBYE: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

/// Publishes events so that each is stored once, whatever becomes of the connection.
///
/// [`publish`](Self::publish) puts an event into a buffer, and waits only while that is full. A task of the publisher's
/// sends what waits, keeps what is not acknowledged, and sends it again over a new call when one breaks. What the bridge
/// refuses is final: an [`Error::Publish`] that whoever waits and every later call returns.
///
/// A clone is the same publisher. When the last one is dropped, what is in the buffer is still sent, as long as the runtime
/// lives; only [`close`](Self::close) tells whether it was stored.
///
/// Every future may be dropped. One that has not returned has published nothing; nothing of what is in the buffer already is
/// lost or sent twice by it.
#[derive(Clone)]
pub struct Publisher(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.update(|state| state.closing = true);
    }
}

pub(crate) struct Shared {
    pub options: Builder,
    /// Of the ids it gives.
    name: String,
    numbers: AtomicU64,
    state: Mutex<State>,
    changed: Notify,
    pub listeners: Mutex<Listeners>,
}

pub(crate) struct State {
    pub outbox: Outbox,
    /// No more entries; half-close when all is sent.
    pub closing: bool,
    /// The task has ended.
    pub done: bool,
    /// Final.
    pub error: Option<Error>,
    /// The call that may take requests; those before it may not.
    pub call: u64,
    /// Of what sends requests.
    pub sender: Option<Waker>,
    /// The last acknowledgement, or the first entry after all was acknowledged.
    pub since: Instant,
    /// Why the last call broke.
    pub trouble: String,
    /// Calls that settled nothing, since one did.
    pub failures: u32,
    /// What streams hear of stops.
    pub streaming: HashMap<String, watch::Sender<Option<Stop>>>,
}

impl State {
    pub fn is_finished(&self) -> bool {
        self.error.is_some() || self.closing && self.outbox.is_settled()
    }

    pub fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// What waits goes on when this is ready, unless nothing can be published any more.
    fn unless_failed<T>(&self, ready: Option<T>) -> Option<Result<T, Error>> {
        match &self.error {
            Some(error) => Some(Err(error.clone())),
            None => ready.map(Ok),
        }
    }

    fn add(&mut self, entry: Entry) {
        if self.outbox.is_settled() {
            self.since = Instant::now();
        }
        self.outbox.add(entry);
    }

    fn publish_error(&self, kind: Kind, code: Code, message: String) -> PublishError {
        PublishError {
            kind,
            code,
            message,
            accepted: self.outbox.totals().accepted,
            duplicates: self.outbox.totals().duplicates,
            unacknowledged: self.outbox.unacknowledged().entries,
            violations: Vec::new(),
        }
    }
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes who waits for that.
    pub fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (result, sender) = {
            let mut state = self.lock();
            (change(&mut state), state.sender.take())
        };
        if let Some(sender) = sender {
            sender.wake();
        }
        self.changed.notify_waiters();
        result
    }

    /// Waits until `ready` has something; it is asked again after each change.
    pub async fn until<T>(&self, mut ready: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified(); // hears of changes from here on
            if let Some(result) = ready(&mut self.lock()) {
                return result;
            }
            changed.await;
        }
    }

    /// Makes it an error that nothing was acknowledged for so long.
    pub async fn patience(&self) {
        let patience = self.options.give_up_after.min(LONG); // clocks have an end
        let mut at = Instant::now();
        loop {
            self.until(|state| (!state.outbox.is_settled()).then_some(())).await;
            tokio::time::sleep_until(at).await;
            let gave_up = self.update(|state| {
                at = state.since + patience;
                if state.outbox.is_settled() || state.error.is_some() || Instant::now() < at {
                    return false;
                }
                let unacknowledged = state.outbox.unacknowledged().entries;
                let message = format!(
                    "gave up after {patience:?} without an acknowledgement, {unacknowledged} events are not acknowledged; \
                     last: {}",
                    state.trouble
                );
                state.fail(state.publish_error(Kind::GaveUp, Code::Unavailable, message).into());
                true
            });
            if gave_up {
                return;
            }
        }
    }

    /// Waits until all is stored and nothing more is to come, and then for the bridge to say good-bye, but not for ever.
    pub async fn goodbye(&self) {
        self.until(|state| (state.closing && state.outbox.is_settled()).then_some(())).await;
        tokio::time::sleep(GOODBYE).await;
    }

    /// An end without waiting for room: it is small, and there may be nobody left to wait.
    pub fn fail_topic(&self, topic: &str, code: Code, message: impl Into<String>) {
        let entry = Entry::new(topic, What::End(failure(code, message)));
        self.update(|state| {
            if state.error.is_none() && !state.closing {
                state.add(entry);
            }
        });
    }
}

impl Publisher {
    /// A publisher for the bridge at `target`, `HOST:PORT`, with all options as they are; see [`Builder::connect`].
    pub fn connect(target: &str) -> Result<Self, Error> {
        Self::builder().connect(target)
    }

    /// Options, of which a publisher is made then.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start(channel: Channel, options: Builder) -> Self {
        let name = getrandom::u64().expect("the system has random numbers");
        let outbox = Outbox::new(options.buffer_events, options.buffer_bytes, options.on_abort);
        let state = State {
            outbox,
            closing: false,
            done: false,
            error: None,
            call: 0,
            sender: None,
            since: Instant::now(),
            trouble: "no answer".into(),
            failures: 0,
            streaming: HashMap::new(),
        };
        let shared = Arc::new(Shared {
            options,
            name: format!("{name:016x}"),
            numbers: AtomicU64::new(1),
            state: Mutex::new(state),
            changed: Notify::new(),
            listeners: Mutex::default(),
        });
        tokio::spawn(call::run(Done(shared.clone()), channel));
        Self(Arc::new(Handle { shared }))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// Publishes an event to a topic, after everything before it. One without an id gets one, which readers of that topic
    /// alone see.
    ///
    /// Returns when the event is in the buffer; [`flush`](Self::flush) and [`close`](Self::close) tell when it is stored.
    /// Dropped before it returns, it publishes nothing.
    pub async fn publish(&self, topic: &str, event: impl Into<Event>) -> Result<(), Error> {
        let mut event = event.into();
        if event.id.is_empty() {
            let Shared { name, numbers, .. } = self.shared().as_ref();
            event.id = format!("{name}.{}", numbers.fetch_add(1, Ordering::Relaxed));
        }
        self.put(Entry::new(topic, What::Event(event))).await
    }

    /// Completes a topic. Nothing can be published to it afterwards.
    pub async fn end(&self, topic: &str) -> Result<(), Error> {
        self.put(Entry::new(topic, What::End(End::default()))).await
    }

    /// Ends a topic with an error that its readers are told.
    pub async fn fail(&self, topic: &str, code: Code, message: &str) -> Result<(), Error> {
        self.put(Entry::new(topic, What::End(failure(code, message)))).await
    }

    /// Names a topic without publishing anything, so that [`notices`](Self::notices) tell of its readers.
    pub async fn announce(&self, topic: &str) -> Result<(), Error> {
        self.put(Entry::new(topic, What::Name)).await
    }

    /// What the bridge tells of the readers of topics that this publisher names from now on.
    pub fn notices(&self) -> Notices {
        self.0.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner).listen()
    }

    /// Waits until everything so far is stored.
    pub async fn flush(&self) -> Result<(), Error> {
        let goal = self.0.shared.lock().outbox.added();
        self.0.shared.until(|state| state.unless_failed((state.outbox.settled() >= goal).then_some(()))).await
    }

    /// Waits until all is stored, ends the call, and tells how much that was. Nothing can be published any more, even if
    /// this is dropped before it returns; it may be called again. After [`cancel`](Self::cancel) it tells what was stored
    /// until then.
    pub async fn close(&self) -> Result<Totals, Error> {
        let shared = &self.0.shared;
        shared.update(|state| state.closing = true);
        let stored = shared.until(|state| state.unless_failed(state.outbox.is_settled().then_some(()))).await;
        shared.until(|state| state.done.then_some(())).await;
        match stored {
            Ok(()) | Err(Error::Closed) => Ok(self.totals()),
            Err(error) => Err(error),
        }
    }

    /// Closes the publisher at once and drops what is not acknowledged. Topics under
    /// [`OnAbort::Fail`](crate::v1::OnAbort::Fail) will fail.
    pub fn cancel(&self) {
        self.0.shared.update(|state| {
            state.closing = true;
            state.fail(Error::Closed);
        });
    }

    /// What is acknowledged so far.
    pub fn totals(&self) -> Totals {
        self.0.shared.lock().outbox.totals().clone()
    }

    /// What is in the buffer.
    pub fn unacknowledged(&self) -> Unacknowledged {
        self.0.shared.lock().outbox.unacknowledged()
    }

    pub(crate) async fn put(&self, entry: Entry) -> Result<(), Error> {
        tokio::task::coop::consume_budget().await; // or who never waits would keep a runtime's only thread
        let mut entry = Some(entry);
        let ready = |state: &mut State| {
            if let Some(error) = &state.error {
                return Some(Err(error.clone()));
            }
            if state.closing {
                return Some(Err(Error::Closed));
            }
            let entry = entry.take_if(|entry| state.outbox.has_room(entry.size()))?;
            state.add(entry);
            Some(Ok(()))
        };
        let result = self.0.shared.until(ready).await;
        // Nothing is awaited any more: what was added would not be told if this were dropped here.
        self.0.shared.update(|_| ());
        result
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.0.shared.lock();
        f.debug_struct("Publisher")
            .field("unacknowledged", &state.outbox.unacknowledged())
            .field("totals", state.outbox.totals())
            .field("closing", &state.closing)
            .field("error", &state.error)
            .finish_non_exhaustive()
    }
}
