package sluice

import (
	"container/list"

	"google.golang.org/protobuf/proto"

	sluicev1 "sluice/v1"
)

const (
	batchEvents = 64
	batchBytes  = 256 << 10
	maxNamed    = 10_000
)

// Totals is what became of the events that were sent: Accepted + Duplicates is their number.
type Totals struct {
	Accepted   uint64 // stored
	Duplicates uint64 // there already
	LastCursor string // the place of the last entry, ends included; empty: none yet
}

// entry is an event, the end of a topic, or with neither its name alone.
type entry struct {
	topic string
	event *Event
	end   *sluicev1.End
	size  int // bytes
}

func newEntry(topic string, event *Event, end *sluicev1.End) *entry {
	return &entry{topic, event, end, proto.Size(event) + proto.Size(end)}
}

// outbox is a buffer with bounds: entries wait, are sent in requests of a call, and leave when their request is
// acknowledged. It does no input or output and knows no clock. Not safe for use by several goroutines at once.
type outbox struct {
	maxEvents, maxBytes int
	onAbort             OnAbort

	bytes        int
	waiting      []*entry
	sent         [][]*entry               // of each request of the call without an acknowledgement
	acknowledged uint64                   // requests of the call
	topic        string                   // of the call's last request
	open         list.List                // topics that have not ended, the one used last at the back
	openAt       map[string]*list.Element // where each is in open
	toName       []string
	before       Totals // what calls before this one stored
	totals       Totals
	added        uint64 // entries, ever
	settled      uint64 // those of them that are acknowledged
}

func newOutbox(maxEvents, maxBytes int, onAbort OnAbort) *outbox {
	return &outbox{maxEvents: maxEvents, maxBytes: maxBytes, onAbort: onAbort, openAt: map[string]*list.Element{}}
}

func (b *outbox) unacknowledged() uint64 { return b.added - b.settled }

func (b *outbox) hasRequests() bool { return len(b.waiting) > 0 || len(b.toName) > 0 }

// needsCall tells whether a call must be open: something is to be sent, or the bridge must know who produces a topic.
func (b *outbox) needsCall() bool { return b.unacknowledged() > 0 || b.open.Len() > 0 }

// hasRoom tells whether an entry of so many bytes may be added. What is larger than the bound goes in when nothing else
// is there.
func (b *outbox) hasRoom(size int) bool {
	count := b.unacknowledged()
	return count == 0 || count < uint64(b.maxEvents) && b.bytes+size <= b.maxBytes
}

func (b *outbox) add(e *entry) {
	b.waiting = append(b.waiting, e)
	b.bytes += e.size
	b.added++
}

// restart begins a new call: what the last one did not acknowledge goes first, in the old order.
func (b *outbox) restart() {
	var again []*entry
	for _, entries := range b.sent {
		again = append(again, entries...)
	}
	b.waiting = append(again, b.waiting...)
	b.sent = nil
	b.acknowledged = 0
	b.topic = ""
	b.before = b.totals
	// The bridge takes this call for their producer then, or they would fail under FailOnAbort.
	b.toName = nil
	for at := b.open.Front(); at != nil; at = at.Next() {
		b.toName = append(b.toName, at.Value.(string))
	}
}

// nextRequest returns what waits first, as much as one request may have; nil: nothing waits.
func (b *outbox) nextRequest() *sluicev1.PublishWithFeedbackRequest {
	var topic string
	var entries []*entry
	switch {
	case len(b.toName) > 0:
		topic, b.toName = b.toName[0], b.toName[1:]
	case len(b.waiting) > 0:
		entries = b.takeBatch()
		topic = entries[0].topic
	default:
		return nil
	}
	request := &sluicev1.PublishWithFeedbackRequest{OnAbort: b.onAbort}
	if topic != b.topic {
		request.Topic = topic
	}
	for _, e := range entries {
		if e.event != nil {
			request.Events = append(request.Events, e.event)
		}
		request.End = e.end // only the last one has one
	}
	b.topic = topic
	b.sent = append(b.sent, entries)
	b.remember(topic, request.End != nil)
	return request
}

// takeBatch takes what a request may have: entries of one topic, the last perhaps its end.
func (b *outbox) takeBatch() []*entry {
	count, size := 0, 0
	for count < min(len(b.waiting), batchEvents) {
		next := b.waiting[count]
		size += next.size
		if count > 0 && (next.topic != b.waiting[0].topic || size > batchBytes) {
			break
		}
		count++
		if next.end != nil {
			break
		}
	}
	entries := b.waiting[:count:count]
	b.waiting = b.waiting[count:]
	if len(b.waiting) == 0 {
		b.waiting = nil // or it would keep what was sent
	}
	return entries
}

// acknowledge takes an acknowledgement, and tells whether anything was settled by it.
func (b *outbox) acknowledge(ack *sluicev1.Ack) bool {
	before := b.settled
	for b.acknowledged < ack.GetRequests() && len(b.sent) > 0 {
		for _, e := range b.sent[0] {
			b.bytes -= e.size
			b.settled++
		}
		b.sent = b.sent[1:]
		b.acknowledged++
	}
	if len(b.sent) == 0 {
		b.sent = nil
	}
	b.totals = Totals{b.before.Accepted + ack.GetAccepted(), b.before.Duplicates + ack.GetDuplicates(), ack.GetLastCursor()}
	if b.totals.LastCursor == "" {
		b.totals.LastCursor = b.before.LastCursor
	}
	return b.settled > before
}

// stored takes how many events a call that was refused has stored, whatever of them was acknowledged.
func (b *outbox) stored(events uint64) {
	b.totals.Accepted = max(b.totals.Accepted, b.before.Accepted+events)
}

// find returns the topic and the event at such a place of the call, as errors name it; event is below 0 for none.
func (b *outbox) find(request, event int) (string, *Event) {
	index := request - int(b.acknowledged)
	if index < 0 || index >= len(b.sent) || len(b.sent[index]) == 0 {
		return "", nil
	}
	for _, e := range b.sent[index] {
		if e.event == nil {
			continue
		}
		if event == 0 {
			return e.topic, e.event
		}
		event--
	}
	return b.sent[index][0].topic, nil
}

func (b *outbox) remember(topic string, ended bool) {
	if at, ok := b.openAt[topic]; ok {
		b.open.Remove(at)
		delete(b.openAt, topic)
	}
	if ended {
		return
	}
	b.openAt[topic] = b.open.PushBack(topic)
	if b.open.Len() > maxNamed {
		delete(b.openAt, b.open.Remove(b.open.Front()).(string))
	}
}
