use std::time::Duration;

use prost_types::value::Kind;
use serde::Serialize;
use serde_json::Value;

use crate::v1::event::Payload;
use crate::v1::{End, Error as Failure, Event};

impl Event {
    /// An event that readers get as it is.
    pub fn text(text: impl Into<String>) -> Self {
        Self { payload: Some(Payload::Text(text.into())), ..Default::default() }
    }

    /// An event that readers get as JSON.
    ///
    /// Numbers are doubles, as in JavaScript: an integer beyond 2^53 loses digits, so make it a string. What
    /// [`serde_json::to_value`] refuses is refused.
    pub fn json(value: impl Serialize) -> Result<Self, serde_json::Error> {
        let value = serde_json::to_value(value)?;
        Ok(Self { payload: Some(Payload::Json(to_proto(value))), ..Default::default() })
    }

    /// The same event with an id: 1-128 bytes of `[A-Za-z0-9._~+/=-]`. A second event of its topic with the same id is
    /// not stored.
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The same event with a type, which is the `event:` of its readers.
    pub fn with_type(mut self, kind: impl Into<String>) -> Self {
        self.r#type = kind.into();
        self
    }

    /// The same event, telling its readers how long to wait before they reconnect: 100 ms to 24 h.
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(prost_types::Duration {
            seconds: retry.as_secs().try_into().unwrap_or(i64::MAX),
            nanos: retry.subsec_nanos() as i32, // below 10^9
        });
        self
    }
}

impl From<&str> for Event {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Event {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&Event> for Event {
    fn from(event: &Event) -> Self {
        event.clone()
    }
}

fn to_proto(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => {
            Kind::ListValue(prost_types::ListValue { values: values.into_iter().map(to_proto).collect() })
        }
        Value::Object(members) => Kind::StructValue(prost_types::Struct {
            fields: members.into_iter().map(|(name, value)| (name, to_proto(value))).collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}

pub(crate) fn failure(code: tonic::Code, message: impl Into<String>) -> End {
    End { error: Some(Failure { code: code.into(), message: message.into() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn json_is_what_serde_makes_of_it() {
        #[derive(Serialize)]
        struct Price {
            eur: f64,
            of: Option<u32>,
        }
        let value = |kind| prost_types::Value { kind: Some(kind) };
        let event = Event::json([Price { eur: 9.99, of: None }]).unwrap();
        let price = prost_types::Struct {
            fields: [
                ("eur".to_string(), value(Kind::NumberValue(9.99))),
                ("of".to_string(), value(Kind::NullValue(0))),
            ]
            .into(),
        };
        let list = prost_types::ListValue { values: vec![value(Kind::StructValue(price))] };
        assert_eq!(event.payload, Some(Payload::Json(value(Kind::ListValue(list)))));
        assert!(Event::json(HashMap::from([((1, 2), 3)])).is_err());
    }

    #[test]
    fn a_retry_keeps_its_nanoseconds() {
        let event = Event::from("x").with_type("tick").with_id("1").with_retry(Duration::from_millis(2345));
        assert_eq!(event.retry, Some(prost_types::Duration { seconds: 2, nanos: 345_000_000 }));
        assert_eq!((event.r#type.as_str(), event.id.as_str()), ("tick", "1"));
    }
}
