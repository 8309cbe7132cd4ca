//! What the tests share: a bridge, its readers, and a proxy that cuts.
#![allow(dead_code, unused_imports)] // each test is a crate of its own and uses its part

pub mod bridge;
pub mod proxy;
pub mod reader;

use std::time::{Duration, Instant};

pub use bridge::Bridge;
pub use proxy::Proxy;
pub use reader::{Reader, Received};
use sluice_client::{Error, PublishError};

const DEADLINE: Duration = Duration::from_secs(60); // only a failure takes as long

pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < DEADLINE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn in_time<T>(what: &str, future: impl std::future::Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

pub fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

/// The numbers, and then the end.
pub fn all_of(range: std::ops::Range<usize>) -> Vec<String> {
    let mut all = numbers(range);
    all.push("[DONE]".into());
    all
}

pub fn texts(events: &[Received]) -> Vec<&str> {
    events.iter().map(|event| event.data.as_str()).collect()
}

/// The error as what it must be.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> PublishError {
    match result {
        Err(Error::Publish(error)) => (*error).clone(),
        other => panic!("{other:?} is not what the bridge refused"),
    }
}

/// Random numbers of SLUICE_SEED, or of a seed that a failed test prints.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        let given = std::env::var("SLUICE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |now| now.as_nanos() as u64)
        });
        println!("SLUICE_SEED={seed}");
        Self(seed)
    }

    /// Below `bound`: SplitMix64.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
