package sluice

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	sluicev1 "sluice/v1"
)

func testOutbox() *outbox { return newOutbox(1000, 1<<20, FailOnAbort) }

func text(topic, data string) *entry { return newEntry(topic, Text(data), nil) }

func end(topic string) *entry { return newEntry(topic, nil, &sluicev1.End{}) }

func requests(b *outbox) []*sluicev1.PublishWithFeedbackRequest {
	var all []*sluicev1.PublishWithFeedbackRequest
	for request := b.nextRequest(); request != nil; request = b.nextRequest() {
		all = append(all, request)
	}
	return all
}

// shape writes requests as TOPIC:EVENT,EVENT and a full stop for an end.
func shape(b *outbox) []string {
	var all []string
	for _, request := range requests(b) {
		var events []string
		for _, event := range request.Events {
			events = append(events, event.GetText())
		}
		line := request.Topic + ":" + strings.Join(events, ",")
		if request.End != nil {
			line += "."
		}
		all = append(all, line)
	}
	return all
}

func TestEventsOfOneTopicShareARequestAndAnEndClosesIt(t *testing.T) {
	b := testOutbox()
	for _, e := range []*entry{
		text("a", "1"), text("a", "2"), text("b", "3"), end("b"), text("b", "4"), newEntry("a", nil, nil), text("a", "5"),
	} {
		b.add(e)
	}
	same(t, shape(b), []string{"a:1,2", "b:3.", ":4", "a:5"})
	same(t, shape(b), nil)
}

func TestARequestHasAtMost64EventsAnd256KiB(t *testing.T) {
	b := testOutbox()
	for n := range 150 {
		b.add(text("a", strconv.Itoa(n)))
	}
	for _, size := range []int{100_000, 100_000, 100_000, 300_000, 10} {
		b.add(text("b", strings.Repeat("x", size)))
	}
	var counts []int
	for _, request := range requests(b) {
		counts = append(counts, len(request.Events))
	}
	same(t, counts, []int{64, 64, 22, 2, 1, 1, 1})
}

func TestEveryRequestSaysWhatAnAbortMeans(t *testing.T) {
	b := testOutbox()
	b.add(text("a", "1"))
	equal(t, b.nextRequest().OnAbort, FailOnAbort)
}

func TestAcknowledgementsAreCumulativeAndMakeRoom(t *testing.T) {
	b := newOutbox(3, 1<<20, KeepOpen)
	for n := range 3 {
		b.add(text(fmt.Sprint("t", n), "x"))
	}
	equal(t, b.hasRoom(1), false)
	requests(b)
	equal(t, b.acknowledge(&sluicev1.Ack{Requests: 2, Accepted: 1, Duplicates: 1, LastCursor: "c-2"}), true)
	equal(t, b.hasRoom(1), true)
	equal(t, b.unacknowledged(), 1)
	equal(t, b.acknowledge(&sluicev1.Ack{Requests: 2, Accepted: 1, Duplicates: 1}), false)
	b.acknowledge(&sluicev1.Ack{Requests: 30, Accepted: 2, Duplicates: 1, LastCursor: "c-3"})
	equal(t, b.totals, Totals{2, 1, "c-3"})
	equal(t, b.bytes, 0)
}

func TestWhatIsLargerThanTheBoundGoesInAlone(t *testing.T) {
	b := newOutbox(10, 100, KeepOpen)
	equal(t, b.hasRoom(1000), true)
	b.add(text("a", strings.Repeat("x", 1000)))
	equal(t, b.hasRoom(1), false)
}

func TestANewCallNamesTheTopicsAgainAndSendsTheRestInTheOldOrder(t *testing.T) {
	b := testOutbox()
	for _, e := range []*entry{text("a", "1"), text("b", "2"), end("b"), text("a", "3"), text("c", "4")} {
		b.add(e)
	}
	for range 3 {
		b.nextRequest()
	}
	b.acknowledge(&sluicev1.Ack{Requests: 1, Accepted: 1})
	b.restart()
	same(t, shape(b), []string{"a:", "b:2.", "a:3", "c:4"})
	b.acknowledge(&sluicev1.Ack{Requests: 4, Accepted: 2, Duplicates: 1})
	equal(t, b.totals, Totals{3, 1, ""})
	equal(t, b.unacknowledged(), 0)
}

func TestWhatACallIsToNameAgainIsBounded(t *testing.T) {
	b := newOutbox(1<<20, 1<<30, KeepOpen)
	for n := range maxNamed + 5 {
		b.add(text(strconv.Itoa(n), "x"))
	}
	requests(b)
	b.acknowledge(&sluicev1.Ack{Requests: maxNamed + 5})
	b.restart()
	named := shape(b)
	equal(t, len(named), maxNamed)
	equal(t, named[0], "5:")
}

func TestWhatAViolationIsAboutIsFound(t *testing.T) {
	b := testOutbox()
	for _, e := range []*entry{text("a", "1"), newEntry("b", nil, nil), text("b", "2"), text("b", "3"), end("b")} {
		b.add(e)
	}
	requests(b)
	b.acknowledge(&sluicev1.Ack{Requests: 1})
	for _, row := range []struct {
		request, event int
		topic, text    string
	}{{0, 0, "", ""}, {1, 1, "b", "3"}, {1, -1, "b", ""}, {1, 2, "b", ""}, {2, 0, "", ""}} {
		topic, event := b.find(row.request, row.event)
		equal(t, topic, row.topic)
		equal(t, event.GetText(), row.text)
	}
}
