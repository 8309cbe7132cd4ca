//! A chat between two who never tire, which rests while nobody listens: cargo run --example chat [HOST:PORT] [TOPIC]
//!
//! Open http://localhost:8080/v1/topics/chat.rust/events, or `sluice sub chat.rust`, more than once. `sluice stop chat.rust`
//! ends it.

use std::time::Duration;

use futures_util::{stream, Stream};
use sluice_client::{Error, Event, Notice, Notices, OnAbort, Publisher};

const LINES: [&str; 3] = ["Is anybody there?", "It seems so.", "Then let us go on."];

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().unwrap_or_else(|| "localhost:50051".into());
    let topic = arguments.next().unwrap_or_else(|| "chat.rust".into());

    let publisher = Publisher::builder()
        .on_abort(OnAbort::Fail) // if this program is killed, readers are told
        .give_up_after(Duration::from_secs(10))
        .connect(&target)?;
    let notices = publisher.notices();
    publisher.announce(&topic).await?;
    tokio::select! {
        streamed = publisher.stream(&topic, chat(notices)) => {
            let streamed = streamed?;
            println!("{} lines, stopped: {:?}", streamed.events, streamed.stop.map(|stop| stop.reason));
        }
        _ = tokio::signal::ctrl_c() => {} // the stream is dropped, and its topic fails
    }
    publisher.close().await?;
    Ok(())
}

/// A line whenever it is time for one and somebody listens.
fn chat(notices: Notices) -> impl Stream<Item = Result<Event, Box<dyn std::error::Error + Send + Sync>>> {
    stream::try_unfold((notices, 0, false), |(mut notices, said, mut listening)| async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(300));
        ticks.tick().await; // the first one is there at once
        loop {
            tokio::select! {
                notice = notices.next() => match notice {
                    Some(Notice::Interest(interest)) => listening = interest.subscribers > 0,
                    Some(Notice::Stop(_)) => {} // ends the stream of items by itself
                    None => return Ok(None),
                },
                _ = ticks.tick(), if listening => {
                    let line = Event::json(serde_json::json!({ "n": said, "says": LINES[said % LINES.len()] }))?;
                    return Ok(Some((line, (notices, said + 1, listening))));
                }
            }
        }
    })
}
