//! Every vector is read as the bytes that it should be.

mod support;

use std::time::Duration;

use futures_util::{stream, StreamExt};
use serde_json::Value;
use sluice_client::{connect, publish_once, End, Error, Event, Once, Publisher};
use support::Bridge;

struct Vector {
    name: String,
    event: Event,
    frame: String,
}

fn vectors() -> Vec<Vector> {
    let text = std::fs::read_to_string("../../tests/vectors/events.json").unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let vector = |value: &Value| Vector {
        name: text(&value["name"]),
        event: event(&value["event"]),
        frame: text(&value["frame"]),
    };
    all.iter().map(vector).collect()
}

/// By proto3's mapping to JSON, which prost has not.
fn event(value: &Value) -> Event {
    let mut event = Event::default();
    for (field, value) in value.as_object().unwrap() {
        let text = value.as_str().map(str::to_string);
        event = match field.as_str() {
            "id" => event.with_id(text.unwrap()),
            "type" => event.with_type(text.unwrap()),
            "text" => Event { payload: Event::text(text.unwrap()).payload, ..event },
            "json" => Event { payload: Event::json(value).unwrap().payload, ..event },
            "retry" => event.with_retry(seconds(&text.unwrap())),
            other => panic!("the test does not know {other}"),
        };
    }
    event
}

fn seconds(text: &str) -> Duration {
    let text = text.strip_suffix('s').unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let nanos: u32 = format!("{part:0<9}").parse().unwrap();
    Duration::new(whole.parse().unwrap(), nanos)
}

fn check_frames(vectors: &[Vector], stream: &str) {
    let mut rest = stream;
    for Vector { name, frame, .. } in vectors {
        let ahead: String = rest.chars().take(frame.chars().count()).collect();
        rest = rest.strip_prefix(frame.as_str()).unwrap_or_else(|| panic!("{name}: {ahead:?}, not {frame:?}"));
    }
    assert!(rest.starts_with("id: ") && rest.ends_with("\ndata: [DONE]\n\n"), "{rest:?}");
    assert_eq!(rest.matches('\n').count(), 3);
}

#[tokio::test]
async fn every_vector_is_read_as_the_bytes_that_it_should_be() {
    let bridge = Bridge::new().await;
    let vectors = vectors();
    assert!(!vectors.is_empty());
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    for vector in &vectors {
        publisher.publish("vectors", &vector.event).await.unwrap();
    }
    publisher.end("vectors").await.unwrap();
    publisher.close().await.unwrap();
    check_frames(&vectors, &bridge.stream("vectors").await);

    let events = stream::iter(&vectors).map(|vector| Ok::<_, Error>(&vector.event));
    let once = Once { end: Some(End::default()), ..Default::default() };
    publish_once(connect(&bridge.grpc).unwrap(), "plain", events, once).await.unwrap();
    check_frames(&vectors, &bridge.stream("plain").await);
}
