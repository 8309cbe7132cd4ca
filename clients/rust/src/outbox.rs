use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use prost::Message;

use crate::v1::{Ack, End, Event, OnAbort, PublishWithFeedbackRequest};

const BATCH_EVENTS: usize = 64;
const BATCH_BYTES: usize = 256 << 10;
const MAX_NAMED: usize = 10_000;

/// What became of the events that were sent: `accepted + duplicates` is their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events that were stored.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// The place of the last entry, ends included; empty: none yet.
    pub last_cursor: String,
}

/// What is not acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unacknowledged {
    /// Events, ends and announced topics.
    pub entries: u64,
    /// Their size.
    pub bytes: usize,
}

pub(crate) enum What {
    Event(Event),
    End(End),
    Name,
}

pub(crate) struct Entry {
    topic: Arc<str>,
    what: What,
    size: usize,
}

impl Entry {
    pub fn new(topic: &str, what: What) -> Self {
        let size = match &what {
            What::Event(event) => event.encoded_len(),
            What::End(end) => end.encoded_len(),
            What::Name => 0,
        };
        Self { topic: topic.into(), what, size }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    fn is_end(&self) -> bool {
        matches!(self.what, What::End(_))
    }
}

/// A buffer with bounds: entries wait, are sent in requests of a call, and leave when their request is acknowledged. It
/// does no input or output and knows no clock.
pub(crate) struct Outbox {
    max_events: usize,
    max_bytes: usize,
    on_abort: OnAbort,

    waiting: VecDeque<Entry>,
    /// The entries of each request of the call that has no acknowledgement.
    sent: VecDeque<Vec<Entry>>,
    /// Requests of the call.
    acknowledged: u64,
    /// That of the call's last request.
    topic: Option<Arc<str>>,
    to_name: VecDeque<Arc<str>>,
    /// Topics that have not ended, by the request that used them last.
    open: BTreeMap<u64, Arc<str>>,
    open_at: HashMap<Arc<str>, u64>,
    uses: u64,
    /// What calls before this one stored.
    before: Totals,
    totals: Totals,
    bytes: usize,
    /// Entries, ever, and those of them that are acknowledged.
    added: u64,
    settled: u64,
}

impl Outbox {
    pub fn new(max_events: usize, max_bytes: usize, on_abort: OnAbort) -> Self {
        Self {
            max_events,
            max_bytes,
            on_abort,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            acknowledged: 0,
            topic: None,
            to_name: VecDeque::new(),
            open: BTreeMap::new(),
            open_at: HashMap::new(),
            uses: 0,
            before: Totals::default(),
            totals: Totals::default(),
            bytes: 0,
            added: 0,
            settled: 0,
        }
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    pub fn added(&self) -> u64 {
        self.added
    }

    pub fn settled(&self) -> u64 {
        self.settled
    }

    pub fn unacknowledged(&self) -> Unacknowledged {
        Unacknowledged { entries: self.added - self.settled, bytes: self.bytes }
    }

    pub fn is_settled(&self) -> bool {
        self.added == self.settled
    }

    /// Whether a call must be open: something is to be sent, or the bridge must know who produces a topic.
    pub fn needs_call(&self) -> bool {
        !self.is_settled() || !self.open.is_empty()
    }

    /// Whether an entry of so many bytes may be added. What is larger than the bound goes in when nothing else is there.
    pub fn has_room(&self, size: usize) -> bool {
        let Unacknowledged { entries, bytes } = self.unacknowledged();
        entries == 0 || entries < self.max_events as u64 && bytes + size <= self.max_bytes
    }

    pub fn add(&mut self, entry: Entry) {
        self.bytes += entry.size;
        self.added += 1;
        self.waiting.push_back(entry);
    }

    /// Begins a new call: what the last one did not acknowledge goes first, in the old order.
    pub fn restart(&mut self) {
        for request in self.sent.drain(..).rev() {
            for entry in request.into_iter().rev() {
                self.waiting.push_front(entry);
            }
        }
        self.acknowledged = 0;
        self.topic = None;
        self.before = self.totals.clone();
        // The bridge takes this call for their producer then, or they would fail under OnAbort::Fail.
        self.to_name = self.open.values().cloned().collect();
    }

    /// What waits first, as much as one request may have.
    pub fn next_request(&mut self) -> Option<PublishWithFeedbackRequest> {
        let entries = if self.to_name.is_empty() { self.take_batch() } else { Vec::new() };
        let topic = match self.to_name.pop_front() {
            Some(topic) => topic,
            None => entries.first()?.topic.clone(),
        };
        let mut request = PublishWithFeedbackRequest { on_abort: self.on_abort.into(), ..Default::default() };
        if self.topic.as_ref() != Some(&topic) {
            request.topic = topic.to_string();
        }
        for entry in &entries {
            match &entry.what {
                What::Event(event) => request.events.push(event.clone()),
                What::End(end) => request.end = Some(end.clone()),
                What::Name => {}
            }
        }
        self.remember(&topic, request.end.is_some());
        self.topic = Some(topic);
        self.sent.push_back(entries);
        Some(request)
    }

    /// Entries of one topic, the last perhaps its end.
    fn take_batch(&mut self) -> Vec<Entry> {
        let mut count = 0;
        let mut bytes = 0;
        for entry in self.waiting.iter().take(BATCH_EVENTS) {
            bytes += entry.size;
            if count > 0 && (entry.topic != self.waiting[0].topic || bytes > BATCH_BYTES) {
                break;
            }
            count += 1;
            if entry.is_end() {
                break;
            }
        }
        let batch = self.waiting.drain(..count).collect();
        if self.waiting.is_empty() {
            self.waiting.shrink_to(BATCH_EVENTS); // or a burst would be paid for ever after
        }
        batch
    }

    /// Takes an acknowledgement, and tells whether anything was settled by it.
    pub fn acknowledge(&mut self, ack: Ack) -> bool {
        let before = self.settled;
        while self.acknowledged < ack.requests {
            let Some(entries) = self.sent.pop_front() else { break };
            self.acknowledged += 1;
            self.settled += entries.len() as u64;
            self.bytes -= entries.iter().map(Entry::size).sum::<usize>();
        }
        self.totals.accepted = self.before.accepted + ack.accepted;
        self.totals.duplicates = self.before.duplicates + ack.duplicates;
        if !ack.last_cursor.is_empty() {
            self.totals.last_cursor = ack.last_cursor;
        }
        self.settled > before
    }

    /// Takes how many events a call that was refused has stored, whatever of them was acknowledged.
    pub fn stored(&mut self, events: u64) {
        self.totals.accepted = self.totals.accepted.max(self.before.accepted + events);
    }

    /// The topic and the event at such a place of the call, as errors name it.
    pub fn find(&self, request: u64, event: Option<usize>) -> Option<(String, Option<Event>)> {
        let index = request.checked_sub(self.acknowledged)?;
        let entries = self.sent.get(usize::try_from(index).ok()?)?;
        let events = entries.iter().filter_map(|entry| match &entry.what {
            What::Event(event) => Some(event.clone()),
            _ => None,
        });
        let found = event.and_then(|event| events.into_iter().nth(event));
        Some((entries.first()?.topic.to_string(), found))
    }

    fn remember(&mut self, topic: &Arc<str>, ended: bool) {
        if let Some(at) = self.open_at.remove(topic) {
            self.open.remove(&at);
        }
        if ended {
            return;
        }
        self.uses += 1;
        self.open.insert(self.uses, topic.clone());
        self.open_at.insert(topic.clone(), self.uses);
        if self.open.len() > MAX_NAMED {
            if let Some((_, oldest)) = self.open.pop_first() {
                self.open_at.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::event::Payload;

    fn outbox() -> Outbox {
        Outbox::new(1000, 1 << 20, OnAbort::Fail)
    }

    fn text(topic: &str, text: &str) -> Entry {
        Entry::new(topic, What::Event(Event::text(text)))
    }

    fn end(topic: &str) -> Entry {
        Entry::new(topic, What::End(End::default()))
    }

    fn ack(requests: u64, accepted: u64, duplicates: u64) -> Ack {
        Ack { requests, accepted, duplicates, last_cursor: format!("cursor-{requests}") }
    }

    fn requests(outbox: &mut Outbox) -> Vec<PublishWithFeedbackRequest> {
        std::iter::from_fn(|| outbox.next_request()).collect()
    }

    /// Writes requests as TOPIC:EVENT,EVENT and a full stop for an end.
    fn shape(outbox: &mut Outbox) -> Vec<String> {
        let line = |request: PublishWithFeedbackRequest| {
            let events: Vec<_> = request
                .events
                .iter()
                .map(|event| match &event.payload {
                    Some(Payload::Text(text)) => text.clone(),
                    _ => String::new(),
                })
                .collect();
            let end = if request.end.is_some() { "." } else { "" };
            format!("{}:{}{end}", request.topic, events.join(","))
        };
        requests(outbox).into_iter().map(line).collect()
    }

    #[test]
    fn events_of_one_topic_share_a_request_and_an_end_closes_it() {
        let mut outbox = outbox();
        for entry in [
            text("a", "1"),
            text("a", "2"),
            text("b", "3"),
            end("b"),
            text("b", "4"),
            Entry::new("a", What::Name),
            text("a", "5"),
        ] {
            outbox.add(entry);
        }
        assert_eq!(shape(&mut outbox), ["a:1,2", "b:3.", ":4", "a:5"]);
        assert!(shape(&mut outbox).is_empty());
    }

    #[test]
    fn a_request_has_at_most_64_events_and_256_kib() {
        let mut outbox = outbox();
        for _ in 0..100 {
            outbox.add(text("a", ""));
        }
        let large = "x".repeat(100 << 10);
        for _ in 0..5 {
            outbox.add(text("b", &large));
        }
        outbox.add(text("b", &"x".repeat(300 << 10)));
        outbox.add(text("b", "small"));
        let counts: Vec<_> = requests(&mut outbox).iter().map(|r| r.events.len()).collect();
        assert_eq!(counts, [64, 36, 2, 2, 1, 1, 1]);
    }

    #[test]
    fn room_is_bounded_by_events_and_by_bytes_of_which_one_event_may_have_more() {
        let mut outbox = Outbox::new(2, 100, OnAbort::KeepOpen);
        assert!(outbox.has_room(1000));
        outbox.add(text("a", &"x".repeat(60)));
        assert!(outbox.has_room(38) && !outbox.has_room(39));
        outbox.add(text("a", ""));
        assert!(!outbox.has_room(0));
        assert_eq!(requests(&mut outbox).len(), 1);
        assert!(!outbox.has_room(0)); // sent is not stored
        assert!(outbox.acknowledge(ack(1, 2, 0)));
        assert_eq!(outbox.unacknowledged(), Unacknowledged::default());
        assert!(outbox.has_room(1000));
    }

    #[test]
    fn a_new_call_names_what_is_open_and_sends_again_what_was_not_acknowledged() {
        let mut outbox = outbox();
        for entry in [text("a", "1"), text("b", "2"), text("b", "3"), end("b"), text("c", "4")] {
            outbox.add(entry);
        }
        assert_eq!(shape(&mut outbox), ["a:1", "b:2,3.", "c:4"]);
        assert!(outbox.acknowledge(ack(1, 1, 0)));
        outbox.add(text("c", "5"));
        outbox.restart();
        assert_eq!(shape(&mut outbox), ["a:", "c:", "b:2,3.", "c:4,5"]);
        assert!(!outbox.acknowledge(ack(2, 0, 0))); // names settle nothing
        assert!(outbox.acknowledge(ack(4, 1, 3)));
        assert!(outbox.is_settled() && outbox.needs_call());
        let totals = Totals { accepted: 2, duplicates: 3, last_cursor: "cursor-4".into() };
        assert_eq!(outbox.totals(), &totals);
        outbox.restart();
        outbox.acknowledge(Ack::default());
        assert_eq!(outbox.totals(), &totals);
        assert_eq!(shape(&mut outbox), ["a:", "c:"]);
        outbox.add(end("a"));
        outbox.add(end("c"));
        assert_eq!(shape(&mut outbox), ["a:.", "c:."]);
        outbox.acknowledge(ack(4, 0, 0));
        assert!(!outbox.needs_call());
    }

    #[test]
    fn an_acknowledgement_of_more_than_was_sent_does_no_harm() {
        let mut outbox = outbox();
        outbox.add(text("a", "1"));
        assert!(!outbox.acknowledge(ack(7, 0, 0)));
        assert_eq!(shape(&mut outbox), ["a:1"]);
        assert!(outbox.acknowledge(ack(7, 1, 0)));
        assert!(outbox.is_settled());
    }

    #[test]
    fn places_that_errors_name_are_found() {
        let mut outbox = outbox();
        outbox.add(text("a", "0"));
        requests(&mut outbox);
        for entry in [Entry::new("b", What::Name), text("b", "1"), text("b", "2"), end("b")] {
            outbox.add(entry);
        }
        requests(&mut outbox);
        outbox.acknowledge(ack(1, 1, 0));
        let b = |event: Option<&str>| Some(("b".to_string(), event.map(Event::text)));
        assert_eq!(outbox.find(1, Some(1)), b(Some("2")));
        assert_eq!(outbox.find(1, None), b(None));
        assert_eq!(outbox.find(1, Some(2)), b(None));
        assert_eq!(outbox.find(0, Some(0)), None);
        assert_eq!(outbox.find(2, None), None);
    }

    #[test]
    fn of_topics_that_are_open_those_used_last_are_named_again() {
        let mut outbox = outbox();
        for n in 0..=MAX_NAMED {
            outbox.add(Entry::new(&n.to_string(), What::Name));
            if n == 1 {
                outbox.add(text("0", "used again"));
            }
        }
        requests(&mut outbox);
        outbox.acknowledge(ack(u64::MAX, 1, 0));
        outbox.restart();
        let named = shape(&mut outbox);
        assert_eq!(named.len(), MAX_NAMED);
        assert_eq!(named[..2], ["0:", "2:"]);
    }
}
