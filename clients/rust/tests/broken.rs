//! Connections that are cut, silent or slow, and a bridge that is killed: nothing is lost, nothing is there twice.

mod support;

use std::time::Duration;

use sluice_client::{Notice, OnAbort, Publisher};
use support::{all_of, in_time, numbers, texts, until, Bridge, Dice, Proxy, Reader};

#[tokio::test]
async fn what_was_stored_but_not_acknowledged_is_a_duplicate() {
    let bridge = Bridge::new().await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::connect(&proxy.target).unwrap();
    publisher.publish("unheard", "0").await.unwrap();
    publisher.flush().await.unwrap();
    proxy.mute(true);
    for n in numbers(1..100) {
        publisher.publish("unheard", n).await.unwrap();
    }
    let reader = Reader::new(&bridge, "/v1/topics/unheard/events");
    until("all is stored", || reader.count() == 100).await;
    assert_eq!(publisher.unacknowledged().entries, 99);
    proxy.mute(false);
    proxy.cut();
    publisher.end("unheard").await.unwrap();
    let totals = publisher.close().await.unwrap();
    assert_eq!((totals.accepted, totals.duplicates), (1, 99));
    assert_eq!(texts(&reader.all().await), all_of(0..100));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_anywhere_lose_and_double_nothing() {
    const COUNT: usize = 3000;
    let bridge = Bridge::new().await;
    let mut dice = Dice::new();
    // Enough for HTTP/2 to begin, and then anywhere; the last connections live.
    let cut_after = move |number| (number <= 40).then(|| 500 + dice.below(40_000));
    let proxy = Proxy::cutting(&bridge.grpc, cut_after).await;
    let options = Publisher::builder().buffer_events(200).longest_pause(Duration::from_millis(100));
    let publisher = options.connect(&proxy.target).unwrap();
    for n in 0..COUNT {
        publisher.publish("cut", format!("{n} {}", "x".repeat(n * 7 % 300))).await.unwrap();
    }
    publisher.end("cut").await.unwrap();
    let totals = publisher.close().await.unwrap();
    assert_eq!(totals.accepted + totals.duplicates, COUNT as u64);
    let got = bridge.texts("cut").await;
    let got: Vec<_> = got.iter().map(|text| text.split(' ').next().unwrap()).collect();
    assert_eq!(got, all_of(0..COUNT));
    assert!(proxy.connections() >= 5, "hardly any connection was cut");
}

#[tokio::test]
async fn a_bridge_that_takes_nothing_keeps_the_buffer_bounded() {
    const BOUND: usize = 256 << 10;
    let bridge = Bridge::new().await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::builder().buffer_bytes(BOUND).connect(&proxy.target).unwrap();
    publisher.publish("slow", "first").await.unwrap();
    publisher.flush().await.unwrap();
    proxy.deaf(true);
    let mut sent = 1;
    let wait = Duration::from_millis(200);
    while let Ok(done) = tokio::time::timeout(wait, publisher.publish("slow", "x".repeat(5000))).await {
        done.unwrap();
        sent += 1;
        assert!(publisher.unacknowledged().bytes <= BOUND && sent <= 60, "{sent} events of 5 KB");
    }
    proxy.deaf(false);
    let totals = publisher.close().await.unwrap();
    assert_eq!((totals.accepted, totals.duplicates), (sent, 0));
}

#[tokio::test]
async fn a_publisher_waits_for_a_bridge_that_is_not_there_yet() {
    let mut bridge = Bridge::new().await;
    bridge.kill().await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::connect(&proxy.target).unwrap();
    publisher.publish("early", "x").await.unwrap();
    publisher.end("early").await.unwrap();
    until("some attempts", || proxy.connections() > 2).await;
    bridge.start_again().await;
    publisher.close().await.unwrap();
    assert_eq!(bridge.texts("early").await, ["x", "[DONE]"]);
}

#[tokio::test]
async fn a_topic_that_rests_while_the_connection_breaks_is_still_its_producers() {
    let bridge = Bridge::with(&["--producer_grace=1s"]).await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::builder().on_abort(OnAbort::Fail).connect(&proxy.target).unwrap();
    let mut notices = publisher.notices();
    publisher.publish("rests", "x").await.unwrap();
    publisher.flush().await.unwrap();
    proxy.cut();
    until("a new connection", || proxy.connections() > 1).await;
    bridge.stop("rests", "enough").await;
    let stop = async {
        loop {
            if let Notice::Stop(stop) = notices.next().await.unwrap() {
                return stop.reason;
            }
        }
    };
    assert_eq!(in_time("the stop", stop).await, "enough");
    publisher.end("rests").await.unwrap();
    publisher.close().await.unwrap();
    assert_eq!(bridge.texts("rests").await, ["x", "[DONE]"]);
}

#[tokio::test]
async fn a_topic_fails_whose_producer_is_lost() {
    let bridge = Bridge::with(&["--producer_grace=100ms"]).await;
    let publisher = Publisher::builder().on_abort(OnAbort::Fail).connect(&bridge.grpc).unwrap();
    publisher.publish("lost", "x").await.unwrap();
    publisher.flush().await.unwrap();
    publisher.cancel(); // and not dropped: the call ends by itself
    assert_eq!(Reader::new(&bridge, "/v1/topics/lost/events").all().await[1].kind, "error");
}

#[tokio::test]
async fn a_topic_that_was_ended_elsewhere_meanwhile_is_no_error_until_it_is_used() {
    let bridge = Bridge::new().await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::connect(&proxy.target).unwrap();
    publisher.publish("elsewhere", "x").await.unwrap();
    publisher.flush().await.unwrap();
    let (status, _) = bridge.request(reqwest::Method::POST, "/v1/topics/elsewhere/end", "").await;
    assert_eq!(status, 200);
    proxy.cut();
    publisher.publish("another", "y").await.unwrap();
    assert_eq!(publisher.close().await.unwrap().accepted, 2);
}

async fn readers_are_told_of_the_kill(path: &str, reason: &str) {
    const COUNT: usize = 2000;
    let mut bridge = Bridge::new().await;
    let proxy = Proxy::new(&bridge.grpc).await;
    let publisher = Publisher::builder().buffer_events(100).connect(&proxy.target).unwrap();
    let reader = Reader::new(&bridge, path);
    reader.joined().await;
    for n in numbers(0..COUNT / 2) {
        publisher.publish("killed", n).await.unwrap();
    }
    until("half of the first half", || reader.count() > COUNT / 4).await;
    let rest = tokio::spawn({
        let publisher = publisher.clone();
        async move {
            for n in numbers(COUNT / 2..COUNT) {
                publisher.publish("killed", n).await.unwrap();
            }
            publisher.end("killed").await.unwrap();
        }
    });
    bridge.kill().await;
    // Then the call that was killed is over, and no other gets through.
    until("another connection", || proxy.connections() > 1).await;
    let totals = publisher.totals();
    let acknowledged = (totals.accepted + totals.duplicates) as usize;
    bridge.start_again().await;
    in_time("the rest", rest).await.unwrap();
    let totals = publisher.close().await.unwrap();
    assert_eq!(totals.accepted + totals.duplicates, COUNT as u64);

    let mut events = reader.all().await;
    events.retain(|event| event.kind != "sluice.ended");
    let gap = events.iter().position(|event| event.kind == "sluice.gap").expect("a gap");
    assert!(events[gap].data.contains(&format!(r#""reason":"{reason}""#)), "{:?}", events[gap]);
    assert_eq!(texts(&events[..gap]), numbers(0..gap));
    assert_eq!(texts(&events[gap + 1..]), all_of(acknowledged..COUNT));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_bridge_was_killed_readers_are_told_the_gap_and_get_all_that_follows() {
    readers_are_told_of_the_kill("/v1/events?topic=killed", "epoch_changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_are_readers_whose_ids_are_the_producers() {
    readers_are_told_of_the_kill("/v1/topics/killed/events", "unknown_id").await;
}
