//! Publishes events to a Sluice bridge, so that each of them is stored once, whatever becomes of the connection meanwhile.
//!
//! A [`Publisher`] keeps what the bridge has not acknowledged and sends it again after a broken call; [`publish_once`] is
//! one call that keeps nothing. The messages and the stubs of all services are in [`v1`].
//!
//! ```text
//! let publisher = Publisher::connect("localhost:50051")?;
//! publisher.publish("chat.42", "Hello").await?;
//! publisher.end("chat.42").await?;
//! let totals = publisher.close().await?;
//! ```

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod call;
mod error;
mod event;
mod notices;
mod once;
mod options;
mod outbox;
mod publisher;
mod stream;

/// The messages and stubs of `sluice.v1`, generated from the protos, which also say what each means.
#[allow(missing_docs)]
pub mod v1 {
    tonic::include_proto!("sluice.v1");
}

pub use prost_types;
pub use tonic;

pub use error::{BoxError, Error, Kind, PublishError, Violation};
pub use notices::{Notice, Notices};
pub use once::{publish_once, Once};
pub use options::{connect, Builder};
pub use outbox::{Totals, Unacknowledged};
pub use publisher::Publisher;
pub use stream::Streamed;
pub use v1::{End, Event, Interest, OnAbort, Stop};
