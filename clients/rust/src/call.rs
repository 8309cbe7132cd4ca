use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_stream::Stream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::error::{Error, PublishError, Violation};
use crate::notices::Notice;
use crate::options::FIRST_PAUSE;
use crate::outbox::Outbox;
use crate::publisher::{Shared, State};
use crate::v1::publish_with_feedback_response::Feedback;
use crate::v1::publisher_service_client::PublisherServiceClient;
use crate::v1::PublishWithFeedbackRequest;

/// The task of a publisher.
pub(crate) async fn run(done: Done, channel: Channel) {
    let shared = &done.0;
    tokio::select! {
        () = shared.until(|state| state.error.is_some().then_some(())) => {}
        () = shared.patience() => {}
        () = shared.goodbye() => {}
        () = work(shared, channel) => {}
    }
}

/// Says that the task has ended, in whichever way, even before it began, so that nobody waits for it in vain.
pub(crate) struct Done(pub Arc<Shared>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.update(|state| {
            if !state.closing || !state.outbox.is_settled() {
                state.fail(Error::Closed); // its runtime is gone, if nothing was said before
            }
            state.done = true;
        });
        self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner).close();
    }
}

/// Makes one call after the other, until all is stored and nothing more is to come.
async fn work(shared: &Arc<Shared>, channel: Channel) {
    loop {
        shared.until(|state| (state.is_finished() || state.outbox.needs_call()).then_some(())).await;
        if shared.lock().is_finished() {
            return;
        }
        let result = call(shared, channel.clone()).await;
        let pause = shared.update(|state| {
            state.call += 1; // or what still sends for the last call would take requests of the next
            call_ended(state, result);
            pause(state, shared.options.longest_pause)
        });
        let finished = shared.until(|state| state.is_finished().then_some(()));
        let _ = tokio::time::timeout(pause, finished).await;
    }
}

/// Publishes over one call until that is over.
async fn call(shared: &Arc<Shared>, channel: Channel) -> Result<(), Status> {
    let metadata = match &shared.options.metadata {
        Some(metadata) => metadata().await.map_err(|error| Status::unavailable(format!("no metadata: {error}")))?,
        None => Default::default(),
    };
    let call = shared.update(|state| {
        state.outbox.restart();
        state.call
    });
    let requests = Requests { shared: shared.clone(), call };
    let request = Request::from_parts(metadata, Default::default(), requests);
    let mut feedback = PublisherServiceClient::new(channel).publish_with_feedback(request).await?.into_inner();
    while let Some(response) = feedback.message().await? {
        match response.feedback {
            Some(Feedback::Ack(ack)) => shared.update(|state| {
                if state.outbox.acknowledge(ack) {
                    state.since = tokio::time::Instant::now();
                    state.failures = 0;
                }
            }),
            Some(Feedback::Interest(interest)) => tell(shared, Notice::Interest(interest)),
            Some(Feedback::Stop(stop)) => {
                let stream = shared.lock().streaming.get(&stop.topic).cloned();
                if let Some(stream) = stream {
                    stream.send_replace(Some(stop.clone()));
                }
                tell(shared, Notice::Stop(stop));
            }
            None => {}
        }
    }
    Ok(())
}

fn tell(shared: &Shared, notice: Notice) {
    shared.listeners.lock().unwrap_or_else(PoisonError::into_inner).tell(&notice);
}

/// The requests of one call. The transport asks for the next one when it would take it.
struct Requests {
    shared: Arc<Shared>,
    call: u64,
}

impl Stream for Requests {
    type Item = PublishWithFeedbackRequest;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.shared.lock();
        if state.call != self.call || state.error.is_some() || state.done {
            return Poll::Ready(None);
        }
        if let Some(request) = state.outbox.next_request() {
            return Poll::Ready(Some(request));
        }
        if state.closing {
            return Poll::Ready(None); // half-close: all is sent
        }
        state.sender = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Makes a final status the error; after another one there may be another call.
fn call_ended(state: &mut State, result: Result<(), Status>) {
    let status = result.err().unwrap_or_else(|| Status::ok(""));
    state.trouble = format!("{:?}: {}", status.code(), status.message());
    if is_broken(&status) {
        return;
    }
    let mut refused = PublishError::of(&status);
    state.outbox.stored(refused.accepted);
    refused.accepted = state.outbox.totals().accepted;
    refused.duplicates = state.outbox.totals().duplicates;
    refused.unacknowledged = state.outbox.unacknowledged().entries;
    refused.violations.iter_mut().for_each(|violation| locate(&state.outbox, violation));
    state.fail(refused.into());
}

/// Whether a connection that breaks may look like this, on the way or at the bridge. OK does so before all was acknowledged.
/// A status with a source was not sent by anybody but made here, of what became of the connection.
fn is_broken(status: &Status) -> bool {
    std::error::Error::source(status).is_some()
        || matches!(status.code(), Code::Ok | Code::Cancelled | Code::Unknown | Code::Internal | Code::Unavailable)
}

/// Finds what a violation is about, in the call before the next one begins.
fn locate(outbox: &Outbox, violation: &mut Violation) {
    let Some((request, rest)) = index(&violation.field, "requests[") else { return };
    let event = index(rest, ".events[").and_then(|(event, _)| usize::try_from(event).ok());
    if let Some((topic, event)) = outbox.find(request, event) {
        violation.topic = Some(topic);
        violation.event = event;
    }
}

/// The number in brackets after such a beginning, and what is behind them.
fn index<'a>(path: &'a str, beginning: &str) -> Option<(u64, &'a str)> {
    let (number, rest) = path.strip_prefix(beginning)?.split_once(']')?;
    Some((number.parse().ok()?, rest))
}

/// How long to wait before the next call: longer each time that one settled nothing.
fn pause(state: &mut State, longest: Duration) -> Duration {
    let pause = longest.min(FIRST_PAUSE * 2_u32.pow(state.failures.min(10)));
    state.failures = state.failures.saturating_add(1);
    let part = f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Publisher;

    #[tokio::test]
    async fn pauses_grow_to_the_longest() {
        let publisher = Publisher::connect("127.0.0.1:9").unwrap();
        let mut state = publisher.shared().lock();
        let longest = Duration::from_secs(5);
        for call in 0..2000 {
            let most = longest.min(FIRST_PAUSE * (1 << call.min(10)));
            let pause = pause(&mut state, longest);
            assert!(pause >= most / 2 && pause <= most, "{call}: {pause:?}");
        }
    }

    #[test]
    fn what_was_made_of_a_broken_connection_is_not_what_the_bridge_says() {
        for code in 0..=16 {
            let status = Status::new(Code::from_i32(code), "why");
            assert_eq!(is_broken(&status), [0, 1, 2, 13, 14].contains(&code), "{code}");
        }
        let mut made_here = Status::resource_exhausted("GOAWAY");
        made_here.set_source(Arc::new(std::io::Error::other("calm down")));
        assert!(is_broken(&made_here));
    }

    #[tokio::test]
    async fn patience_is_measured_from_the_last_acknowledgement() {
        let publisher = Publisher::connect("127.0.0.1:9").unwrap();
        let patience = publisher.shared().options.give_up_after;
        tokio::time::pause(); // goes on whenever all are waiting
        publisher.publish("a", "x").await.unwrap();
        let begin = tokio::time::Instant::now();
        tokio::time::sleep(patience / 2).await;
        publisher.shared().update(|state| state.since = tokio::time::Instant::now());
        let error = publisher.flush().await.unwrap_err();
        assert_eq!(error.as_publish().unwrap().unacknowledged, 1);
        let waited = begin.elapsed();
        assert!(waited >= patience * 3 / 2 && waited < patience * 2, "{waited:?}");
    }
}
