//! What is published is read, in order and once.

mod support;

use std::sync::Arc;

use futures_util::{future, FutureExt};
use sluice_client::tonic::Code;
use sluice_client::v1::topic_service_client::TopicServiceClient;
use sluice_client::v1::{GetTopicRequest, TopicState};
use sluice_client::{connect, Error, Event, Interest, Notice, OnAbort, Publisher, Stop, Totals};
use support::{all_of, in_time, numbers, texts, Bridge, Proxy, Reader};

fn is_cursor(text: &str) -> bool {
    text.split_once('-').is_some_and(|(epoch, offset)| epoch.len() == 13 && offset.parse::<u64>().is_ok())
}

#[tokio::test]
async fn what_is_published_is_read_in_order() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    for n in numbers(0..1000) {
        publisher.publish("order", n).await.unwrap();
    }
    publisher.end("order").await.unwrap();
    let totals = publisher.close().await.unwrap();
    assert_eq!((totals.accepted, totals.duplicates), (1000, 0));
    assert!(is_cursor(&totals.last_cursor), "{totals:?}");
    assert_eq!(bridge.texts("order").await, all_of(0..1000));
    assert_eq!(publisher.close().await.unwrap(), totals);
}

#[tokio::test]
async fn the_example_of_the_readme_runs() {
    let bridge = Bridge::new().await;
    async fn example(bridge: &str) -> Result<(), Error> {
        let publisher = Publisher::connect(bridge)?;
        publisher.publish("chat.42", "Hello").await?;
        publisher.publish("chat.42", Event::text("Bye").with_type("last")).await?;
        publisher.end("chat.42").await?;
        let totals = publisher.close().await?;
        println!("{totals:?}");
        Ok(())
    }
    example(&bridge.grpc).await.unwrap();
    assert_eq!(texts(&bridge.events("chat.42").await), ["Hello", "Bye", "[DONE]"]);
    let (_, readme) = include_str!("../README.md").split_once("```rust\n").unwrap();
    let (lines, _) = readme.split_once("```").unwrap();
    for line in lines.lines() {
        let line = line.replace(r#""localhost:50051""#, "bridge");
        assert!(include_str!("publishing.rs").contains(&format!("        {line}\n")), "{line}");
    }
}

#[tokio::test]
async fn a_publisher_that_was_not_used_closes() {
    let publisher = Publisher::connect("127.0.0.1:9").unwrap();
    assert_eq!(publisher.close().await.unwrap(), Totals::default());
    assert!(matches!(publisher.publish("closed", "x").await, Err(Error::Closed)));
}

#[tokio::test]
async fn every_event_has_an_id() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let event = Event::text("x");
    publisher.publish("ids", &event).await.unwrap();
    publisher.publish("ids", &event).await.unwrap();
    publisher.publish("ids", event.with_id("mine")).await.unwrap();
    publisher.end("ids").await.unwrap();
    publisher.close().await.unwrap();
    let events = bridge.events("ids").await;
    let (name, first) = events[0].id.split_once('.').unwrap();
    assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    assert_eq!(first, "1");
    assert_eq!(events[1].id, format!("{name}.2"));
    assert_eq!(events[2].id, "mine");
}

#[tokio::test]
async fn flush_waits_until_all_is_stored() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    for n in numbers(0..500) {
        publisher.publish("flush", n).await.unwrap();
    }
    publisher.flush().await.unwrap();
    assert_eq!(publisher.totals().accepted, 500);
    assert_eq!(publisher.unacknowledged().entries, 0);
    let (_, page) = bridge.request(reqwest::Method::GET, "/v1/topics/flush/history?last=1", "").await;
    assert!(String::from_utf8(page).unwrap().contains(r#""data":"499""#));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_and_topics_may_share_a_publisher() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::builder().buffer_events(7).connect(&bridge.grpc).unwrap();
    let tasks = (0..4).map(|task| {
        let publisher = publisher.clone();
        tokio::spawn(async move {
            let topic = format!("shared.{task}");
            for n in numbers(0..200) {
                publisher.publish(&topic, n).await.unwrap();
            }
            publisher.end(&topic).await.unwrap();
        })
    });
    in_time("the tasks", future::try_join_all(tasks)).await.unwrap();
    publisher.close().await.unwrap();
    for task in 0..4 {
        assert_eq!(bridge.texts(&format!("shared.{task}")).await, all_of(0..200));
    }
}

#[tokio::test]
async fn many_events_go_through_a_small_buffer() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::builder().buffer_events(3).buffer_bytes(100).connect(&bridge.grpc).unwrap();
    for n in numbers(0..2000) {
        publisher.publish("small", n).await.unwrap();
        let held = publisher.unacknowledged();
        assert!(held.entries <= 3 && held.bytes <= 100, "{held:?}");
    }
    publisher.publish("small", "larger than the buffer ".repeat(100)).await.unwrap();
    publisher.end("small").await.unwrap();
    assert_eq!(publisher.close().await.unwrap().accepted, 2001);
    assert_eq!(bridge.texts("small").await[..2000], numbers(0..2000));
}

#[tokio::test]
async fn a_topic_may_fail() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.fail("fails", Code::DataLoss, "no disk").await.unwrap();
    publisher.close().await.unwrap();
    let events = bridge.events("fails").await;
    assert_eq!(events[0].kind, "error");
    assert_eq!(texts(&events), [r#"{"code":"DATA_LOSS","message":"no disk"}"#, "[DONE]"]);
}

#[tokio::test]
async fn interest_and_stop_are_told() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let mut notices = publisher.notices();
    let interest = |subscribers| Notice::Interest(Interest { topic: "told".into(), subscribers });
    publisher.announce("told").await.unwrap();
    assert_eq!(notices.next().await, Some(interest(0)));
    let reader = Reader::new(&bridge, "/v1/topics/told/events");
    assert_eq!(notices.next().await, Some(interest(1)));
    bridge.stop("told", "enough").await;
    let stop = Stop { topic: "told".into(), reason: "enough".into() };
    assert_eq!(notices.next().await, Some(Notice::Stop(stop)));
    publisher.end("told").await.unwrap();
    reader.all().await;
    publisher.close().await.unwrap();
    while notices.next().await.is_some() {} // that the reader left, perhaps, and then no more
}

#[tokio::test]
async fn what_was_not_returned_yet_may_be_dropped_at_any_time() {
    let bridge = Bridge::new().await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::builder().buffer_events(2).connect(&proxy.target).unwrap();
    proxy.deaf(true);
    publisher.publish("dropped", "0").await.unwrap();
    publisher.publish("dropped", "1").await.unwrap();
    let mut waiting = Box::pin(publisher.publish("dropped", "never"));
    assert!(waiting.as_mut().now_or_never().is_none());
    // One that waits and is not asked again stands in nobody's way.
    let other = tokio::spawn({
        let publisher = publisher.clone();
        async move { publisher.publish("dropped", "2").await }
    });
    assert!(publisher.flush().now_or_never().is_none());
    proxy.deaf(false);
    in_time("the other", other).await.unwrap().unwrap();
    drop(waiting);
    publisher.end("dropped").await.unwrap();
    assert!(publisher.close().now_or_never().is_none());
    assert!(matches!(publisher.publish("dropped", "late").await, Err(Error::Closed)));
    assert_eq!(publisher.close().await.unwrap().accepted, 3);
    assert_eq!(bridge.texts("dropped").await, all_of(0..3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_in_mid_wait_is_published_once_or_not_at_all() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::builder().buffer_events(2).connect(&bridge.grpc).unwrap();
    let mut published = Vec::new();
    let mut dice = support::Dice::new();
    for n in 0..3000 {
        let patience = std::time::Duration::from_micros(dice.below(300));
        if let Ok(done) = tokio::time::timeout(patience, publisher.publish("once", n.to_string())).await {
            done.unwrap();
            published.push(n.to_string());
        }
    }
    publisher.end("once").await.unwrap();
    let totals = publisher.close().await.unwrap();
    assert_eq!((totals.accepted, totals.duplicates), (published.len() as u64, 0));
    published.push("[DONE]".into());
    assert_eq!(bridge.texts("once").await, published);
}

#[tokio::test]
async fn a_publisher_that_is_dropped_sends_what_it_has() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    let reader = Reader::new(&bridge, "/v1/topics/left/events");
    for n in numbers(0..100) {
        publisher.publish("left", n).await.unwrap();
    }
    publisher.end("left").await.unwrap();
    let mut notices = publisher.notices();
    drop(publisher);
    assert_eq!(texts(&reader.all().await), all_of(0..100));
    in_time("its task ends", async { while notices.next().await.is_some() {} }).await;
}

#[test]
fn a_publisher_whose_runtime_is_gone_says_so() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let publisher = first.block_on(async {
        let publisher = Publisher::connect("127.0.0.1:9").unwrap();
        publisher.publish("gone", "x").await.unwrap();
        publisher
    });
    drop(first);
    runtime().block_on(async {
        assert!(matches!(publisher.flush().await, Err(Error::Closed)));
        assert_eq!(publisher.close().await.unwrap().accepted, 0);
    });
}

#[tokio::test]
async fn a_publisher_that_is_cancelled_closes_with_what_was_stored() {
    let bridge = Bridge::new().await;
    let publisher = Publisher::connect(&bridge.grpc).unwrap();
    publisher.publish("cancelled", "x").await.unwrap();
    publisher.flush().await.unwrap();
    publisher.cancel();
    assert!(matches!(publisher.publish("cancelled", "y").await, Err(Error::Closed)));
    assert!(matches!(publisher.flush().await, Err(Error::Closed)));
    assert_eq!(publisher.close().await.unwrap().accepted, 1);
}

#[tokio::test]
async fn one_channel_serves_a_publisher_and_the_other_services() {
    let bridge = Bridge::new().await;
    let channel = connect(&bridge.grpc).unwrap();
    let publisher = Publisher::builder().on_abort(OnAbort::Fail).over(channel.clone()).unwrap();
    publisher.publish("channel", "x").await.unwrap();
    publisher.flush().await.unwrap();
    let mut topics = TopicServiceClient::new(channel);
    let mut get = async || {
        let request = GetTopicRequest { topic: "channel".into() };
        topics.get_topic(request).await.unwrap().into_inner().topic.unwrap()
    };
    assert_eq!(get().await.producers, 1);
    publisher.end("channel").await.unwrap();
    publisher.close().await.unwrap();
    assert_eq!(get().await.state(), TopicState::Completed);
}

#[test]
fn publishers_and_errors_go_between_threads() {
    fn between<T: Send + Sync + Clone + 'static>() {}
    between::<Publisher>();
    between::<Error>();
    fn sent<T: Send>(_: &T) {}
    let _ = |publisher: Arc<Publisher>| {
        sent(&publisher.publish("x", "y"));
        sent(&publisher.close());
        sent(&publisher.stream("x", tokio_stream::iter([Ok::<_, Error>("y")])));
        sent(&publisher.notices());
    };
}
