//! What the bridge refuses is an error with a type, and final.

mod support;

use futures_util::stream;
use sluice_client::tonic::Code;
use sluice_client::{Error, Event, Kind, Publisher};
use support::{all_of, refused, Bridge};

#[tokio::test]
async fn an_event_that_breaks_a_rule_names_the_field_and_the_event() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.publish("bad", "fine").await.unwrap();
    publisher.flush().await.unwrap();
    publisher.publish("bad", Event::default().with_id("x").with_type("a\nb")).await.unwrap();
    let error = refused(publisher.flush().await);
    assert_eq!((error.code, error.kind), (Code::InvalidArgument, Kind::InvalidEvent));
    assert_eq!((error.accepted, error.duplicates, error.unacknowledged), (1, 0, 1));
    let [violation] = error.violations.as_slice() else { panic!("{error:?}") };
    assert_eq!(violation.field, "requests[1].events[0].type");
    assert_eq!(violation.topic.as_deref(), Some("bad"));
    assert_eq!(violation.event.as_ref().unwrap().id, "x");
    let named = format!("{}: {}", violation.field, violation.description);
    assert!(!violation.description.is_empty() && error.to_string().contains(&named), "{error}");
}

#[tokio::test]
async fn an_error_says_how_much_was_accepted_before_it_however_much_is_on_its_way() {
    let bridge = Bridge::new().await;
    for turn in 0..10 {
        let topic = format!("way.{turn}");
        let publisher = Publisher::connect(&bridge.grpc).unwrap();
        for n in 0..3000 {
            let text = if n == 1000 { "[DONE]".to_string() } else { n.to_string() };
            if publisher.publish(&topic, text).await.is_err() {
                break;
            }
        }
        let accepted = refused(publisher.close().await).accepted as usize;
        assert!(accepted <= 1000 && accepted + 64 > 1000, "{accepted}"); // a request is whole
        let other = Publisher::connect(&bridge.grpc).unwrap();
        other.end(&topic).await.unwrap();
        other.close().await.unwrap();
        assert_eq!(bridge.texts(&topic).await, all_of(0..accepted));
    }
}

#[tokio::test]
async fn a_final_error_is_returned_by_everything_that_follows() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::builder().buffer_events(2).connect(&bridge.grpc).unwrap();
    let mut notices = publisher.notices();
    let mut first = None;
    for _ in 0..100 {
        // It waits for room, and is told.
        if let Err(Error::Publish(error)) = publisher.publish("no spaces", "x").await {
            first = Some(error);
            break;
        }
    }
    let first = first.expect("an error");
    let again = [
        publisher.publish("fine", "x").await,
        publisher.end("fine").await,
        publisher.announce("fine").await,
        publisher.fail("fine", Code::Aborted, "").await,
        publisher.flush().await,
        publisher.stream("fine", stream::iter([Ok::<_, Error>("x")])).await.map(|_| ()),
        publisher.close().await.map(|_| ()),
        publisher.close().await.map(|_| ()),
    ];
    for result in again {
        match result {
            Err(Error::Publish(error)) => assert!(std::sync::Arc::ptr_eq(&error, &first)),
            other => panic!("{other:?}"),
        }
    }
    while notices.next().await.is_some() {}
}

#[tokio::test]
async fn a_topic_that_has_ended_takes_nothing_new() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.end("ended").await.unwrap();
    publisher.close().await.unwrap();
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.publish("ended", "late").await.unwrap();
    let error = refused(publisher.close().await);
    assert_eq!((error.kind, error.unacknowledged), (Kind::TopicEnded, 1));
}

#[tokio::test]
async fn an_event_that_is_too_large_names_the_limit() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.publish("large", "x".repeat(2 << 20)).await.unwrap();
    let error = refused(publisher.close().await);
    assert_eq!(error.kind, Kind::LimitExceeded);
    assert!(error.message.contains("max_event_bytes"), "{error}");
}
