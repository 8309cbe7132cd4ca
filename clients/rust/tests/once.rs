//! A plain call publishes once and keeps nothing.

mod support;

use futures_util::stream::BoxStream;
use futures_util::{stream, FutureExt, StreamExt};
use sluice_client::tonic::metadata::MetadataMap;
use sluice_client::tonic::Code;
use sluice_client::{connect, publish_once, v1, End, Error, Event, Kind, Once};
use support::{in_time, numbers, refused, Bridge};

fn items<'a>(all: impl IntoIterator<Item = &'a str>) -> BoxStream<'static, Result<Event, Error>> {
    let all: Vec<_> = all.into_iter().map(|text| Ok(Event::text(text))).collect();
    stream::iter(all).boxed()
}

#[tokio::test]
async fn it_publishes_items_as_they_come() {
    let bridge = Bridge::new().await;
    let channel = connect(&bridge.grpc).unwrap();
    let texts = numbers(0..100); // borrowed by the events, which is fine
    let events = stream::iter(&texts).map(|n| Ok::<_, Error>(Event::text(n).with_id(format!("n{n}"))));
    let late = v1::Error { code: Code::DeadlineExceeded.into(), message: "late".into() };
    let once = Once { end: Some(End { error: Some(late) }), ..Default::default() };
    let response = publish_once(channel.clone(), "plain", events, once).await.unwrap();
    assert_eq!((response.accepted, response.duplicates), (100, 0));
    let read = bridge.texts("plain").await;
    assert_eq!(read[..100], texts);
    assert_eq!(read[100..], [r#"{"code":"DEADLINE_EXCEEDED","message":"late"}"#, "[DONE]"]);
    let again = stream::iter([Ok::<_, Error>(Event::default().with_id("n7"))]);
    assert_eq!(publish_once(channel, "plain", again, Once::default()).await.unwrap().duplicates, 1);
}

#[tokio::test]
async fn it_has_typed_errors() {
    let bridge = Bridge::new().await;
    let channel = connect(&bridge.grpc).unwrap();
    let endless = items(["a", "b", "[DONE]"]).chain(stream::pending()); // which need not end for it
    let error = refused(in_time("the error", publish_once(channel.clone(), "bad", endless, Once::default())).await);
    assert_eq!((error.kind, error.accepted), (Kind::InvalidEvent, 2));
    assert_eq!(error.violations[0].field, "requests[2].events[0].text");
    let mine = stream::iter([Ok("a"), Err("mine")]);
    match publish_once(channel, "mine", mine, Once::default()).await {
        Err(Error::Items(error)) => assert_eq!(error.to_string(), "mine"),
        other => panic!("{other:?}"),
    }
    let nobody = publish_once(connect("127.0.0.1:9").unwrap(), "x", items(["a"]), Once::default());
    assert_eq!(refused(nobody.await).code, Code::Unavailable);
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let bridge = Bridge::new().await;
    let channel = connect(&bridge.grpc).unwrap();
    let once = Once { on_abort: v1::OnAbort::Fail, ..Default::default() };
    let mut call = Box::pin(publish_once(channel, "dropped", items(["x"]).chain(stream::pending()), once));
    let reader = support::Reader::new(&bridge, "/v1/topics/dropped/events");
    in_time("the event", async {
        while reader.count() == 0 {
            assert!(call.as_mut().now_or_never().is_none());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    let mut topics = v1::topic_service_client::TopicServiceClient::new(connect(&bridge.grpc).unwrap());
    let mut producers = async || {
        let request = v1::GetTopicRequest { topic: "dropped".into() };
        topics.get_topic(request).await.unwrap().into_inner().topic.unwrap().producers
    };
    assert_eq!(producers().await, 1);
    drop(call);
    in_time("its end", async { while producers().await > 0 {} }).await;
}

#[tokio::test]
async fn metadata_goes_with_it() {
    let bridge = Bridge::new().await;
    let mut metadata = MetadataMap::new();
    metadata.insert("authorization", "Bearer x".parse().unwrap());
    let once = Once { metadata, ..Default::default() };
    let response = publish_once(connect(&bridge.grpc).unwrap(), "metadata", items(["x"]), once).await.unwrap();
    assert_eq!(response.accepted, 1);
}
