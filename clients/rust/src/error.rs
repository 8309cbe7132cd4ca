use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use prost::Message;
use tonic::{Code, Status};

use crate::v1::Event;

/// An error of anything, as what makes items and metadata may have.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why something was not published.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The bridge did not take it. Final: a publisher says so again whenever it is used.
    Publish(Arc<PublishError>),
    /// The publisher has been closed or cancelled, or its runtime is gone.
    Closed,
    /// The items of a stream had an error, with which its topic failed.
    Items(Arc<dyn StdError + Send + Sync>),
    /// This is no address of a bridge, or options are out of their bounds.
    Options(String),
}

impl Error {
    /// What the bridge said, if it was the bridge.
    pub fn as_publish(&self) -> Option<&PublishError> {
        match self {
            Self::Publish(error) => Some(error),
            _ => None,
        }
    }

    /// What kind of a refusal this is, if it is one.
    pub fn kind(&self) -> Option<Kind> {
        self.as_publish().map(|error| error.kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish(error) => error.fmt(f),
            Self::Closed => f.write_str("the publisher is closed"),
            Self::Items(error) => write!(f, "the items of the stream failed: {error}"),
            Self::Options(why) => f.write_str(why),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Publish(error) => Some(error.as_ref()),
            Self::Items(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// What a [`PublishError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `INVALID_ARGUMENT`: an event, a topic or an end breaks a rule; see `violations`.
    InvalidEvent,
    /// `FAILED_PRECONDITION`: the topic has ended, or was deleted.
    TopicEnded,
    /// `RESOURCE_EXHAUSTED`: a limit of the bridge, which the message names.
    LimitExceeded,
    /// `PERMISSION_DENIED` or `UNAUTHENTICATED`.
    Access,
    /// `UNAVAILABLE`: nothing was acknowledged for as long as the publisher has patience.
    GaveUp,
    /// Another code.
    Other,
}

/// What the bridge did not take, and why.
#[derive(Clone, Debug)]
pub struct PublishError {
    /// What kind of a refusal this is.
    pub kind: Kind,
    /// The code of gRPC.
    pub code: Code,
    /// A sentence.
    pub message: String,
    /// Events that were stored before it.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// Events and ends of which nothing is known.
    pub unacknowledged: u64,
    /// What broke a rule.
    pub violations: Vec<Violation>,
}

/// A field that broke a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// `requests[2].events[5].id`, with the indexes of the call.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
    /// What it was published to, by a [`Publisher`](crate::Publisher).
    pub topic: Option<String>,
    /// The event, if it is one's field.
    pub event: Option<Event>,
}

impl PublishError {
    /// Of a call that ended so.
    pub(crate) fn of(status: &Status) -> Self {
        let kind = match status.code() {
            Code::InvalidArgument => Kind::InvalidEvent,
            Code::FailedPrecondition => Kind::TopicEnded,
            Code::ResourceExhausted => Kind::LimitExceeded,
            Code::PermissionDenied | Code::Unauthenticated => Kind::Access,
            _ => Kind::Other,
        };
        Self {
            kind,
            code: status.code(),
            message: status.message().to_string(),
            accepted: accepted_in(status),
            duplicates: 0,
            unacknowledged: 0,
            violations: violations_in(status.details()),
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)?;
        for violation in &self.violations {
            write!(f, "; {}: {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}

impl StdError for PublishError {}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        Self::Publish(Arc::new(error))
    }
}

/// For a server that returns it.
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let (code, message) = code_of(&error);
        Self::new(code, message)
    }
}

/// How a topic ends whose items could not be had: with the code and the message of gRPC, if the error or what is behind
/// it has them.
pub(crate) fn code_of(error: &(dyn StdError + 'static)) -> (Code, String) {
    let mut behind = Some(error);
    while let Some(one) = behind {
        let found = match (one.downcast_ref::<Status>(), one.downcast_ref::<PublishError>()) {
            (Some(status), _) => Some((status.code(), status.message())),
            (_, Some(ours)) => Some((ours.code, ours.message.as_str())),
            _ => None,
        };
        match found {
            Some((code, message)) if code != Code::Ok => return (code, message.to_string()),
            _ => behind = one.source(),
        }
    }
    (Code::Unknown, error.to_string())
}

/// How many events a call had stored before it was refused.
pub(crate) fn accepted_in(status: &Status) -> u64 {
    let value = status.metadata().get("sluice-accepted").and_then(|value| value.to_str().ok());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// google.rpc.Status, as far as it is of use.
#[derive(Clone, PartialEq, Message)]
struct RichStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// google.rpc.BadRequest.
#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

fn violations_in(details: &[u8]) -> Vec<Violation> {
    let rich = RichStatus::decode(details).unwrap_or_default();
    let bad = rich.details.iter().filter(|any| any.type_url.ends_with("/google.rpc.BadRequest"));
    bad.flat_map(|any| BadRequest::decode(any.value.as_slice()).unwrap_or_default().field_violations)
        .map(|each| Violation { field: each.field, description: each.description, topic: None, event: None })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Around(BoxError);

    impl fmt::Display for Around {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("around")
        }
    }

    impl StdError for Around {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(self.0.as_ref())
        }
    }

    #[test]
    fn the_code_of_an_error_may_be_behind_it() {
        let status = Status::data_loss("no disk");
        let found = |error: BoxError| code_of(error.as_ref());
        assert_eq!(found(status.clone().into()), (Code::DataLoss, "no disk".into()));
        assert_eq!(found(Around(status.clone().into()).into()), (Code::DataLoss, "no disk".into()));
        let ours = Error::from(PublishError::of(&status));
        assert_eq!(found(Around(ours.clone().into()).into()), (Code::DataLoss, "no disk".into()));
        assert_eq!(found(Around("plain".into()).into()), (Code::Unknown, "around".into()));
        assert_eq!(found(Status::ok("no error").into()).0, Code::Unknown);
        assert_eq!(Status::from(ours).code(), Code::DataLoss);
        assert_eq!(Status::from(Error::Closed).message(), "the publisher is closed");
    }

    #[test]
    fn details_that_are_not_ours_or_damaged_name_nothing() {
        assert_eq!(violations_in(b"\xff\xff"), []);
        let other = prost_types::Any { type_url: "x/google.rpc.ErrorInfo".into(), value: vec![10, 0] };
        let damaged = prost_types::Any { type_url: "x/google.rpc.BadRequest".into(), value: vec![255] };
        assert_eq!(violations_in(&RichStatus { details: vec![other, damaged] }.encode_to_vec()), []);
    }
}
