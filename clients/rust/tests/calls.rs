//! What becomes of calls, with a bridge that answers as a test wants.

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use sluice_client::tonic::metadata::{MetadataMap, MetadataValue};
use sluice_client::tonic::transport::server::TcpIncoming;
use sluice_client::tonic::transport::Server;
use sluice_client::tonic::{Code, Request, Response, Status, Streaming};
use sluice_client::v1::publish_with_feedback_response::Feedback;
use sluice_client::v1::publisher_service_server::{PublisherService, PublisherServiceServer};
use sluice_client::v1::*;
use sluice_client::{Kind, Publisher};
use support::{in_time, refused};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

type Answers = mpsc::Sender<Result<PublishWithFeedbackResponse, Status>>;
type Answer = Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;

/// One call, counted from 1, as the bridge sees it.
struct Call {
    number: usize,
    metadata: MetadataMap,
    requests: Streaming<PublishWithFeedbackRequest>,
    answers: Answers,
}

impl Call {
    /// Stores so many requests; false when there are no more.
    async fn acknowledge(&mut self, count: u64) -> bool {
        let mut ack = Ack::default();
        while ack.requests < count {
            let Some(Ok(request)) = self.requests.next().await else { return false };
            ack.requests += 1;
            ack.accepted += request.events.len() as u64;
            let feedback = Some(Feedback::Ack(ack.clone()));
            if self.answers.send(Ok(PublishWithFeedbackResponse { feedback })).await.is_err() {
                return false;
            }
        }
        true
    }
}

struct Fake {
    calls: AtomicUsize,
    answer: Box<dyn Fn(Call) -> Answer + Send + Sync>,
}

#[sluice_client::tonic::async_trait]
impl PublisherService for Fake {
    type PublishWithFeedbackStream = ReceiverStream<Result<PublishWithFeedbackResponse, Status>>;

    async fn publish_with_feedback(
        &self,
        request: Request<Streaming<PublishWithFeedbackRequest>>,
    ) -> Result<Response<Self::PublishWithFeedbackStream>, Status> {
        let (metadata, _, requests) = request.into_parts();
        let (answers, stream) = mpsc::channel(10);
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = (self.answer)(Call { number, metadata, requests, answers: answers.clone() });
        tokio::spawn(async move {
            tokio::select! {
                result = answer => if let Err(status) = result {
                    let _ = answers.send(Err(status)).await;
                },
                () = answers.closed() => {}
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn publish(&self, _: Request<Streaming<PublishRequest>>) -> Result<Response<PublishResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn publish_batch(&self, _: Request<PublishBatchRequest>) -> Result<Response<PublishBatchResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

async fn start<R>(answer: impl Fn(Call) -> R + Send + Sync + 'static) -> String
where
    R: Future<Output = Result<(), Status>> + Send + 'static,
{
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let target = incoming.local_addr().unwrap().to_string();
    let fake = Fake { calls: AtomicUsize::new(0), answer: Box::new(move |call| Box::pin(answer(call))) };
    tokio::spawn(Server::builder().add_service(PublisherServiceServer::new(fake)).serve_with_incoming(incoming));
    target
}

#[tokio::test]
async fn statuses_of_broken_connections_are_tried_again_and_all_others_are_final() {
    for code in (0..=16).map(Code::from_i32) {
        let target = start(move |mut call| async move {
            if call.number > 1 {
                call.acknowledge(3).await; // the topic, the event, and then it waits for the end
                return Ok(());
            }
            call.acknowledge(1).await;
            let _ = call.requests.next().await;
            if code == Code::Ok {
                return Ok(());
            }
            let mut status = Status::new(code, "why");
            status.metadata_mut().insert("sluice-accepted", MetadataValue::from_static("1"));
            Err(status)
        })
        .await;
        let publisher = Publisher::connect(&target).unwrap();
        publisher.publish("codes", "1").await.unwrap();
        publisher.flush().await.unwrap();
        publisher.publish("codes", "2").await.unwrap();
        let flushed = in_time("the answer", publisher.flush()).await;
        if [Code::Ok, Code::Cancelled, Code::Unknown, Code::Internal, Code::Unavailable].contains(&code) {
            flushed.unwrap_or_else(|error| panic!("{code:?}: {error}"));
            assert_eq!(publisher.close().await.unwrap().accepted, 2);
            continue;
        }
        let error = refused(flushed);
        assert_eq!((error.code, error.accepted, error.unacknowledged), (code, 1, 1));
        let kind = match code {
            Code::InvalidArgument => Kind::InvalidEvent,
            Code::FailedPrecondition => Kind::TopicEnded,
            Code::ResourceExhausted => Kind::LimitExceeded,
            Code::PermissionDenied | Code::Unauthenticated => Kind::Access,
            _ => Kind::Other,
        };
        assert_eq!(error.kind, kind);
    }
}

#[tokio::test]
async fn each_call_has_metadata_of_its_own() {
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let seen = tokens.clone();
    let target = start(move |mut call| {
        let token = call.metadata.get("authorization").map(|token| token.to_str().unwrap().to_string());
        seen.lock().unwrap().push(token.unwrap());
        async move {
            if call.number < 3 {
                return Err(Status::unavailable(""));
            }
            call.acknowledge(3).await;
            Ok(())
        }
    })
    .await;
    let asked = AtomicUsize::new(0);
    let options = Publisher::builder().metadata(move || {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if number == 2 {
                return Err("no token now");
            }
            let mut metadata = MetadataMap::new();
            metadata.insert("authorization", format!("Bearer {number}").parse().unwrap());
            Ok(metadata)
        }
    });
    let publisher = options.connect(&target).unwrap();
    publisher.publish("tokens", "x").await.unwrap();
    in_time("the answer", publisher.flush()).await.unwrap();
    assert_eq!(*tokens.lock().unwrap(), ["Bearer 1", "Bearer 3", "Bearer 4"]);
}

async fn gives_up(target: String) {
    let publisher = Publisher::builder().give_up_after(Duration::from_millis(300)).connect(&target).unwrap();
    for n in 0..3 {
        publisher.publish("nobody", n.to_string()).await.unwrap();
    }
    let error = refused(in_time("the error", publisher.flush()).await);
    assert_eq!((error.kind, error.code, error.unacknowledged), (Kind::GaveUp, Code::Unavailable, 3));
    assert!(error.message.contains("3 events are not acknowledged"), "{error}");
    refused(publisher.publish("nobody", "more").await);
    refused(publisher.close().await);
}

#[tokio::test]
async fn it_gives_up_and_says_how_much_is_lost() {
    gives_up(start(|_| async { Err(Status::unavailable("not now")) }).await).await;
    gives_up(start(|_| async { Ok(()) }).await).await;
    gives_up(start(|_| std::future::pending()).await).await; // says nothing
    gives_up("127.0.0.1:9".into()).await;
}

#[tokio::test]
async fn a_bridge_that_does_not_say_good_bye_is_left() {
    let target = start(|mut call| async move {
        call.acknowledge(1).await;
        std::future::pending().await
    })
    .await;
    let publisher = Publisher::builder().give_up_after(Duration::MAX).connect(&target).unwrap();
    publisher.publish("a", "x").await.unwrap();
    let dropped = Publisher::connect(&target).unwrap();
    dropped.publish("a", "x").await.unwrap();
    let mut notices = dropped.notices();
    drop(dropped);
    assert_eq!(in_time("the totals", publisher.close()).await.unwrap().accepted, 1);
    in_time("its task ends", async { while notices.next().await.is_some() {} }).await;
}

#[tokio::test]
async fn a_call_that_is_left_ends_at_the_bridge_even_if_the_channel_lives() {
    let (open, mut is_over) = mpsc::channel::<()>(1);
    let open = Mutex::new(Some(open));
    let target = start(move |mut call| {
        let open = open.lock().unwrap().take(); // dropped when the call is over, whether by a half-close or a reset
        async move {
            let _open = open;
            call.acknowledge(1).await;
            while let Some(Ok(_)) = call.requests.next().await {}
            Ok(())
        }
    })
    .await;
    let channel = sluice_client::connect(&target).unwrap();
    let publisher = Publisher::builder().over(channel.clone()).unwrap();
    publisher.publish("a", "x").await.unwrap();
    publisher.flush().await.unwrap();
    publisher.cancel();
    assert_eq!(in_time("its end", is_over.recv()).await, None);
    drop(channel);
}
