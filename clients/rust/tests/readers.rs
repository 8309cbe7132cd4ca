//! reqwest-eventsource reads from the bridge.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use reqwest_eventsource::retry::Constant;
use reqwest_eventsource::{Error, Event as Read, EventSource};
use sluice_client::{Event, Publisher};
use support::{in_time, numbers, until, Bridge, Proxy, Received};

/// Reads with the library until [DONE].
struct Library(EventSource);

impl Library {
    fn new(url: String) -> Self {
        Self::with(reqwest::Client::new().get(url))
    }

    fn with(request: reqwest::RequestBuilder) -> Self {
        let mut source = EventSource::new(request).unwrap();
        source.set_retry_policy(Box::new(Constant::new(Duration::from_millis(20), None)));
        Self(source)
    }

    /// The next event, whatever breaks before it; none after [DONE].
    async fn next(&mut self) -> Option<Received> {
        let next = async {
            while let Some(event) = self.0.next().await {
                match event {
                    Ok(Read::Open) | Err(Error::Transport(_) | Error::StreamEnded) => {}
                    Ok(Read::Message(message)) if message.data == "[DONE]" => self.0.close(),
                    Ok(Read::Message(message)) => {
                        return Some(Received { id: message.id, kind: message.event, data: message.data })
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            None
        };
        in_time("an event", next).await
    }
}

fn received(id: &str, kind: &str, data: &str) -> Option<Received> {
    Some(Received { id: id.into(), kind: kind.into(), data: data.into() })
}

#[tokio::test]
async fn it_gets_events_and_the_end() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let first = Event::text("two\nlines").with_id("first").with_type("tick");
    publisher.publish("library", first).await.unwrap();
    publisher.flush().await.unwrap();
    let mut library = Library::new(bridge.url("/v1/topics/library/events"));
    assert_eq!(library.next().await, received("first", "tick", "two\nlines"));
    let live = Event::json(["live"]).unwrap().with_id("second");
    publisher.publish("library", live).await.unwrap();
    assert_eq!(library.next().await, received("second", "message", r#"["live"]"#));
    publisher.end("library").await.unwrap();
    publisher.close().await.unwrap();
    assert_eq!(library.next().await, None);
}

#[tokio::test]
async fn it_resumes_where_it_was_cut() {
    const ROUNDS: usize = 20;
    const COUNT: usize = 25;
    let bridge = Bridge::new().await;
    let proxy = Proxy::new(&bridge.http).await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let mut library = Library::new(format!("http://{}/v1/topics/library.cut/events", proxy.target));
    for round in 0..ROUNDS {
        for n in numbers(round * COUNT..(round + 1) * COUNT) {
            publisher.publish("library.cut", n).await.unwrap();
        }
        for n in numbers(round * COUNT..(round + 1) * COUNT) {
            assert_eq!(library.next().await.unwrap().data, n);
        }
        proxy.cut();
    }
    publisher.end("library.cut").await.unwrap();
    publisher.close().await.unwrap();
    assert_eq!(library.next().await, None);
    assert_eq!(proxy.connections(), ROUNDS + 1);
}

#[tokio::test]
async fn it_loses_nothing_when_it_is_cut_anywhere() {
    const COUNT: usize = 2000;
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    for n in 0..COUNT {
        publisher.publish("library.any", format!("{n}\n{}", "x".repeat(n % 50))).await.unwrap();
    }
    publisher.end("library.any").await.unwrap();
    publisher.close().await.unwrap();
    let mut dice = support::Dice::new();
    let cut_after = move |number| (number <= 30).then(|| 1000 + dice.below(10_000));
    let proxy = Proxy::cutting(&bridge.http, cut_after).await;
    let mut library = Library::new(format!("http://{}/v1/topics/library.any/events", proxy.target));
    for n in 0..COUNT {
        assert_eq!(library.next().await.unwrap().data, format!("{n}\n{}", "x".repeat(n % 50)));
    }
    assert_eq!(library.next().await, None);
    assert!(proxy.connections() > 5);
}

#[tokio::test]
async fn it_is_told_a_gap() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.publish("library.gap", "x").await.unwrap();
    publisher.end("library.gap").await.unwrap();
    publisher.close().await.unwrap();
    let request = reqwest::Client::new().get(bridge.url("/v1/topics/library.gap/events"));
    let mut library = Library::with(request.header("Last-Event-ID", "forgotten"));
    let gap = library.next().await.unwrap();
    assert_eq!(gap.kind, "sluice.gap");
    assert!(gap.data.contains(r#""reason":"unknown_id""#), "{gap:?}");
    assert_eq!(library.next().await.unwrap().data, "x");
    assert_eq!(library.next().await, None);
}

#[tokio::test]
async fn if_it_is_not_closed_at_the_end_the_bridge_ends_it() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.publish("library.back", "x").await.unwrap();
    publisher.end("library.back").await.unwrap();
    publisher.close().await.unwrap();
    let Library(mut source) = Library::new(bridge.url("/v1/topics/library.back/events"));
    let all = async {
        let mut told = Vec::new();
        while let Some(event) = source.next().await {
            told.push(match event {
                Ok(Read::Open) => "open".into(),
                Ok(Read::Message(message)) => message.data,
                Err(Error::StreamEnded) => "ended".into(),
                Err(Error::InvalidStatusCode(status, _)) => status.as_str().into(),
                Err(error) => panic!("{error}"),
            });
        }
        told
    };
    assert_eq!(in_time("the end", all).await, ["open", "x", "[DONE]", "ended", "204"]);
}

/// A line that does not become an event, often enough that a connection which may rest for ten seconds lives for longer.
#[tokio::test]
async fn heartbeats_keep_its_connection() {
    const REST: Duration = Duration::from_secs(10);
    const HEARTBEATS: usize = 12;
    let bridge = Bridge::with(&["--heartbeat=1s"]).await;
    let proxy = Proxy::new(&bridge.http).await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let client = reqwest::Client::builder().read_timeout(REST).build().unwrap();
    let mut library = Library::with(client.get(format!("http://{}/v1/topics/library.heart/events", proxy.target)));
    let publish = async {
        until("heartbeats", || proxy.heartbeats() >= HEARTBEATS).await;
        publisher.publish("library.heart", "x").await.unwrap();
        publisher.end("library.heart").await.unwrap();
        publisher.close().await.unwrap();
    };
    let (event, ()) = tokio::join!(library.next(), publish);
    assert_eq!(event.unwrap().data, "x");
    assert_eq!(library.next().await, None);
    assert_eq!(proxy.connections(), 1);
}
