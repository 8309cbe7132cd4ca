//! A stream is published and completed, or fails with its items.

mod support;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use futures_util::{stream, FutureExt, StreamExt};
use sluice_client::tonic::Status;
use sluice_client::{BoxError, Error, Event, Notice, Publisher, Streamed};
use support::{all_of, in_time, numbers, texts, Bridge};
use tokio::sync::Notify;

#[tokio::test]
async fn a_stream_is_published_and_completed() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let items = [Ok(Event::text("one")), Event::json([3]).map(|json| json.with_type("list"))];
    let streamed = publisher.stream("stream", stream::iter(items)).await.unwrap();
    assert_eq!(streamed, Streamed { events: 2, stop: None });
    let events = bridge.events("stream").await; // before the publisher is closed: all is stored
    assert_eq!(texts(&events), ["one", "[3]", "[DONE]"]);
    assert_eq!(events[1].kind, "list");
    let items = stream::iter(numbers(0..5)).map(Ok::<_, Infallible>);
    publisher.stream("texts", items).await.unwrap();
    assert_eq!(bridge.texts("texts").await, all_of(0..5));
}

#[derive(Debug)]
struct Around(Status);

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("around")
    }
}

impl std::error::Error for Around {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn a_stream_fails_with_its_items() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let overloaded = || Status::resource_exhausted("overloaded");
    let rows: [(&str, BoxError, &str); 3] = [
        ("plain", "no more".into(), r#"{"code":"UNKNOWN","message":"no more"}"#),
        ("status", overloaded().into(), r#"{"code":"RESOURCE_EXHAUSTED","message":"overloaded"}"#),
        ("behind", Around(overloaded()).into(), r#"{"code":"RESOURCE_EXHAUSTED","message":"overloaded"}"#),
    ];
    for (topic, error, wanted) in rows {
        let text = error.to_string();
        let items = stream::iter([Ok("one"), Err(error), Ok("never")]);
        match publisher.stream(topic, items).await {
            Err(Error::Items(error)) => assert_eq!(error.to_string(), text),
            other => panic!("{other:?}"),
        }
        assert_eq!(bridge.texts(topic).await, ["one", wanted, "[DONE]"]);
    }
    publisher.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_panics_fails() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let own = publisher.clone();
    let panicked = tokio::spawn(async move {
        let items = stream::iter(0..2).map(|n| if n == 0 { Ok::<_, Infallible>("one") } else { panic!("broken") });
        own.stream("panics", items).await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    publisher.close().await.unwrap();
    let failed = r#"{"code":"UNKNOWN","message":"the producer panicked"}"#;
    assert_eq!(bridge.texts("panics").await, ["one", failed, "[DONE]"]);
}

#[tokio::test]
async fn a_stream_that_is_dropped_fails() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let items = stream::iter(["one"]).map(Ok::<_, Infallible>).chain(stream::pending());
    assert!(publisher.stream("dropped", items).now_or_never().is_none());
    publisher.close().await.unwrap();
    let failed = r#"{"code":"CANCELLED","message":"the producer was cancelled"}"#;
    assert_eq!(bridge.texts("dropped").await, ["one", failed, "[DONE]"]);
}

#[tokio::test]
async fn a_stream_whose_end_is_on_its_way_is_completed_even_if_it_is_dropped() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let items = stream::iter(["one"]).map(Ok::<_, Infallible>);
    assert!(publisher.stream("flushing", items).now_or_never().is_none());
    publisher.close().await.unwrap();
    assert_eq!(bridge.texts("flushing").await, ["one", "[DONE]"]);
}

#[tokio::test]
async fn a_reader_stops_a_stream_which_completes() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::builder().buffer_events(10).connect(&bridge.grpc).unwrap();
    let dropped = Arc::new(());
    let held = dropped.clone();
    let endless = stream::iter(["one"]).chain(stream::pending()).map(move |text| {
        let _held = &held;
        Ok::<_, Infallible>(text)
    });
    let (streamed, ()) = tokio::join!(publisher.stream("stopped", endless), bridge.stop("stopped", "seen enough"));
    let streamed = streamed.unwrap();
    assert_eq!(streamed.events, 1);
    assert_eq!(streamed.stop.unwrap().reason, "seen enough");
    assert_eq!(Arc::strong_count(&dropped), 1);
    assert_eq!(bridge.texts("stopped").await, ["one", "[DONE]"]);

    let restless = stream::repeat("more").map(Ok::<_, Infallible>);
    let (streamed, ()) = tokio::join!(publisher.stream("restless", restless), bridge.stop("restless", ""));
    let streamed = streamed.unwrap();
    assert!(streamed.stop.is_some());
    assert_eq!(bridge.texts("restless").await.len() as u64, streamed.events + 1);
}

#[tokio::test]
async fn a_stream_may_ignore_stops() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let mut notices = publisher.notices();
    let go_on = Arc::new(Notify::new());
    let goes_on = go_on.clone();
    let items = stream::iter(["one", "two"]).then(move |text| {
        let go_on = go_on.clone();
        async move {
            if text == "two" {
                go_on.notified().await;
            }
            Ok::<_, Infallible>(text)
        }
    });
    let stop = async {
        bridge.stop("stubborn", "enough").await;
        while !matches!(notices.next().await, Some(Notice::Stop(_))) {}
        goes_on.notify_one();
    };
    let (streamed, ()) = tokio::join!(publisher.stream_ignoring_stops("stubborn", items), stop);
    assert_eq!(streamed.unwrap(), Streamed { events: 2, stop: None });
}

#[tokio::test]
async fn streams_of_one_topic_are_stopped_together() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let items = || stream::iter(["one"]).map(Ok::<_, Infallible>).chain(stream::pending());
    let all = async {
        tokio::join!(publisher.stream("both", items()), publisher.stream("both", items()), async {
            publisher.flush().await.unwrap(); // or one might be stopped before the other has begun
            bridge.stop("both", "").await
        })
    };
    let (first, second, ()) = in_time("both", all).await;
    assert!(first.unwrap().stop.is_some() && second.unwrap().stop.is_some());
    // The next one is not stopped by what its forerunners were told.
    let streamed = publisher.stream("next", stream::iter(["x"]).map(Ok::<_, Infallible>)).await.unwrap();
    assert_eq!(streamed, Streamed { events: 1, stop: None });
}
