use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::Request;

use crate::error::{BoxError, Error, PublishError};
use crate::v1::publisher_service_client::PublisherServiceClient;
use crate::v1::{End, Event, OnAbort, PublishRequest, PublishResponse};

/// Options of [`publish_once`].
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// Ends the topic after the events: completed, or failed if it has an error. None: the topic stays open.
    pub end: Option<End>,
    /// What becomes of the topic if it is not ended.
    pub on_abort: OnAbort,
    /// What goes with the call, such as a token.
    pub metadata: MetadataMap,
}

/// Publishes events as they come, over one call that is tried once, and tells what was stored.
///
/// Keeps nothing and gives no ids: if it fails, with an [`Error::Publish`], how much was stored is `accepted` of that error
/// where the bridge says so. An error of the events ends the call and is returned as [`Error::Items`]. Dropped before it
/// returns, it ends the call; what was sent by then may be stored.
pub async fn publish_once<S, T, E>(
    channel: Channel,
    topic: &str,
    events: S,
    once: Once,
) -> Result<PublishResponse, Error>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<Event>,
    E: Into<BoxError>,
{
    let (sender, receiver) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(receiver));
    *request.metadata_mut() = once.metadata;
    let feed = async move {
        let next = || PublishRequest { topic: topic.into(), on_abort: once.on_abort.into(), ..Default::default() };
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| Error::Items(Arc::from(error.into())))?;
            if sender.send(PublishRequest { events: vec![event.into()], ..next() }).await.is_err() {
                return Ok(()); // the call is over, and tells why
            }
        }
        if once.end.is_some() {
            let _ = sender.send(PublishRequest { end: once.end, ..next() }).await;
        }
        Ok(())
    };
    let mut client = PublisherServiceClient::new(channel);
    let mut call = pin!(client.publish(request));
    let answer = tokio::select! {
        answer = &mut call => answer,
        fed = feed => match fed {
            Ok(()) => call.await,
            Err(error) => return Err(error),
        },
    };
    answer.map(tonic::Response::into_inner).map_err(|status| PublishError::of(&status).into())
}
