package sluice

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	sluicev1 "sluice/v1"
)

var background = context.Background()

func newPublisher(t *testing.T, target string, options *Options) *Publisher {
	t.Helper()
	p, err := NewPublisher(target, options)
	check(t, err)
	t.Cleanup(p.Cancel)
	return p
}

// unacknowledged tells how many entries and bytes are in the buffer.
func unacknowledged(p *Publisher) (int, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.outbox.unacknowledged()), p.outbox.bytes
}

func TestWhatIsPublishedIsReadInOrder(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	for _, n := range numbers(0, 1000) {
		check(t, p.Publish(background, "order", Text(n)))
	}
	check(t, p.End(background, "order"))
	totals, err := p.Finish(background)
	check(t, err)
	equal(t, totals.Accepted, 1000)
	if !regexp.MustCompile(`^[a-z2-7]{13}-\d+$`).MatchString(totals.LastCursor) {
		t.Fatal(totals.LastCursor)
	}
	same(t, texts(b.events("order")), append(numbers(0, 1000), "[DONE]"))
	again, err := p.Finish(background)
	check(t, err)
	equal(t, again, totals)
}

func TestAPublisherThatWasNotUsedCloses(t *testing.T) {
	p := newPublisher(t, "127.0.0.1:9", nil)
	check(t, p.Close())
	equal(t, p.Totals(), Totals{})
	equal(t, p.Publish(background, "closed", Text("x")), ErrClosed)
}

func TestEveryEventHasAnIDAndTheCallersEventStaysAsItIs(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	event := Text("x")
	check(t, p.Publish(background, "ids", event))
	check(t, p.Publish(background, "ids", event))
	own := &Event{Id: "mine", Payload: event.Payload}
	check(t, p.Publish(background, "ids", own))
	own.Id = "changed"
	check(t, p.End(background, "ids"))
	check(t, p.Close())
	if !proto.Equal(event, Text("x")) {
		t.Fatal(event)
	}
	events := b.events("ids")
	made := regexp.MustCompile(`^[0-9a-f]{16}\.[12]$`)
	if !made.MatchString(events[0].id) || !made.MatchString(events[1].id) || events[0].id == events[1].id {
		t.Fatal(events)
	}
	equal(t, events[2].id, "mine")
}

func TestFlushWaitsUntilAllIsStored(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	for _, n := range numbers(0, 500) {
		check(t, p.Publish(background, "flush", Text(n)))
	}
	check(t, p.Flush(background))
	_, page := b.request("GET", "/v1/topics/flush/history?last=1", "")
	if !strings.Contains(page, `"data":"499"`) {
		t.Fatal(page)
	}
	equal(t, p.Totals().Accepted, 500)
}

func TestGoroutinesAndTopicsMayShareAPublisher(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, &Options{BufferEvents: 7})
	var group sync.WaitGroup
	for n := range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for _, text := range numbers(0, 200) {
				if err := p.Publish(background, fmt.Sprint("shared.", n), Text(text)); err != nil {
					t.Error(err)
				}
			}
			if err := p.End(background, fmt.Sprint("shared.", n)); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	check(t, p.Close())
	for n := range 4 {
		same(t, texts(b.events(fmt.Sprint("shared.", n))), append(numbers(0, 200), "[DONE]"))
	}
}

func TestManyEventsGoThroughASmallBuffer(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, &Options{BufferEvents: 3, BufferBytes: 100})
	for _, n := range numbers(0, 2000) {
		check(t, p.Publish(background, "small", Text(n)))
		if count, bytes := unacknowledged(p); count > 3 || bytes > 100 {
			t.Fatal(count, bytes)
		}
	}
	check(t, p.Publish(background, "small", Text(strings.Repeat("larger than the buffer ", 100))))
	check(t, p.End(background, "small"))
	check(t, p.Close())
	equal(t, p.Totals().Accepted, 2001)
	same(t, texts(b.events("small"))[:2000], numbers(0, 2000))
}

func TestATopicMayFail(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Fail(background, "fails", codes.DataLoss, "no \xff disk"))
	check(t, p.Close())
	events := b.events("fails")
	equal(t, events[0].kind, "error")
	same(t, texts(events), []string{`{"code":"DATA_LOSS","message":"no ` + "\uFFFD" + ` disk"}`, "[DONE]"})
}

func TestInterestAndStopAreTold(t *testing.T) {
	b := startBridge(t)
	told := make(chan string, 10)
	p := newPublisher(t, b.grpc, &Options{
		OnInterest: func(topic string, subscribers uint64) { told <- fmt.Sprint(topic, " ", subscribers) },
		OnStop:     func(topic, reason string) { told <- topic + " " + reason },
	})
	check(t, p.Announce(background, "told"))
	equal(t, <-told, "told 0")
	r := read(t, b, "/v1/topics/told/events")
	equal(t, <-told, "told 1")
	b.stop("told", "enough")
	equal(t, <-told, "told enough")
	check(t, p.End(background, "told"))
	r.all(t)
	check(t, p.Close())
}

func TestACallbackMayPublish(t *testing.T) {
	b := startBridge(t)
	var p *Publisher
	ready := make(chan struct{})
	p = newPublisher(t, b.grpc, &Options{BufferEvents: 1, OnInterest: func(topic string, subscribers uint64) {
		<-ready
		if subscribers > 0 {
			for _, n := range numbers(0, 50) {
				p.Publish(background, topic, Text(n))
			}
			p.End(background, topic)
		}
	}})
	close(ready)
	check(t, p.Announce(background, "wanted"))
	same(t, texts(read(t, b, "/v1/topics/wanted/events").all(t)), append(numbers(0, 50), "[DONE]"))
	check(t, p.Close())
}

func TestSlowCallbacksAreToldTheLastOfEachTopic(t *testing.T) {
	told := make(chan string)
	n := newNotices(
		func(topic string, subscribers uint64) { told <- fmt.Sprint(topic, subscribers) },
		func(topic, reason string) { told <- topic + reason })
	interest := func(topic string, subscribers uint64) {
		n.add(topic, notice{interest: &sluicev1.Interest{Topic: topic, Subscribers: subscribers}})
	}
	interest("a", 0)
	until(t, "the first is being told", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.topics) == 0
	})
	for subscribers := range uint64(100) {
		interest("a", subscribers)
		interest("b", subscribers)
	}
	n.add("b", notice{stop: &Stop{Topic: "b", Reason: "!"}})
	n.close()
	for _, want := range []string{"a0", "a99", "b99", "b!"} {
		equal(t, <-told, want)
	}
}

func TestAContextEndsTheWaitingAndNotThePublisher(t *testing.T) {
	b := startBridge(t)
	through := startProxy(t, b.grpc, nil)
	p := newPublisher(t, through.target, &Options{BufferEvents: 2})
	through.deaf.Store(true)
	check(t, p.Publish(background, "waits", Text("0")))
	check(t, p.Publish(background, "waits", Text("1")))
	short, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	_, finish := p.Finish(short)
	for _, err := range []error{finish, p.Flush(short), p.Publish(short, "waits", Text("2")), p.End(short, "waits")} {
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 events are not acknowledged") {
			t.Fatal(err)
		}
	}
	through.deaf.Store(false)
	totals, err := p.Finish(background)
	check(t, err)
	equal(t, totals.Accepted, 2)
}

func TestAStreamIsPublishedAndCompleted(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	json, err := JSON(map[string]any{"n": []int{3}})
	check(t, err)
	json.Type = "list"
	streamed, err := p.Stream(background, "stream", Events(Text("one"), json))
	check(t, err)
	equal(t, streamed, Streamed{Events: 2})
	events := b.events("stream") // before Close: all is stored
	same(t, texts(events), []string{"one", `{"n":[3]}`, "[DONE]"})
	equal(t, events[1].kind, "list")
	streamed, err = p.Stream(background, "texts", Texts(slices.Values(numbers(0, 5))))
	check(t, err)
	same(t, texts(b.events("texts")), append(numbers(0, 5), "[DONE]"))
}

// failing yields an event and then an error.
func failing(err error) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		if yield(Text("one"), nil) {
			yield(nil, err)
		}
	}
}

func TestAStreamFailsWithItsItems(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	for topic, row := range map[string]struct {
		err  error
		want string
	}{
		"plain":  {errors.New("no more"), `{"code":"UNKNOWN","message":"no more"}`},
		"status": {status.Error(codes.ResourceExhausted, "overloaded"), `{"code":"RESOURCE_EXHAUSTED","message":"overloaded"}`},
		"late":   {context.DeadlineExceeded, `{"code":"DEADLINE_EXCEEDED","message":"context deadline exceeded"}`},
		"ours":   {&PublishError{Code: codes.NotFound, Message: "gone"}, `{"code":"NOT_FOUND","message":"gone"}`},
	} {
		_, err := p.Stream(background, topic, failing(row.err))
		equal(t, err, row.err)
		same(t, texts(b.events(topic)), []string{"one", row.want, "[DONE]"})
	}
	_, err := p.Stream(background, "nil", Events(Text("one"), nil))
	equal(t, errors.Is(err, ErrInvalidEvent), true)
	equal(t, b.events("nil")[1].kind, "error")
}

func TestAStreamThatPanicsFails(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	func() {
		defer func() { equal(t, recover(), any("broken")) }()
		p.Stream(background, "panics", func(yield func(*Event, error) bool) {
			yield(Text("one"), nil)
			panic("broken")
		})
	}()
	check(t, p.Close())
	same(t, texts(b.events("panics")), []string{"one", `{"code":"UNKNOWN","message":"the producer panicked"}`, "[DONE]"})
}

func TestAStreamWhoseContextIsOverFails(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	ctx, cancel := context.WithCancel(background)
	_, err := p.StreamFunc(ctx, "over", func(ctx context.Context) iter.Seq2[*Event, error] {
		return func(yield func(*Event, error) bool) {
			yield(Text("one"), nil)
			cancel()
			<-ctx.Done() // and ends as if it were complete
		}
	})
	equal(t, errors.Is(err, context.Canceled), true)
	check(t, p.Close())
	same(t, texts(b.events("over")), []string{"one", `{"code":"CANCELLED","message":"context canceled"}`, "[DONE]"})
}

func TestAReaderStopsAStreamWhichCompletes(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, &Options{BufferEvents: 10})
	endless := func(ctx context.Context) iter.Seq2[*Event, error] {
		return func(yield func(*Event, error) bool) {
			yield(Text("one"), nil)
			go b.stop("stopped", "seen enough")
			<-ctx.Done()
			yield(nil, context.Cause(ctx))
		}
	}
	streamed, err := p.StreamFunc(background, "stopped", endless)
	check(t, err)
	equal(t, streamed.Events, 1)
	equal(t, streamed.Stop.GetReason(), "seen enough")
	same(t, texts(b.events("stopped")), []string{"one", "[DONE]"})

	streamed, err = p.Stream(background, "stopped.between", func(yield func(*Event, error) bool) {
		go b.stop("stopped.between", "")
		for yield(Text("more"), nil) {
		}
	})
	check(t, err)
	equal(t, streamed.Stop != nil, true)
	equal(t, len(b.events("stopped.between")), streamed.Events+1)
}

func TestAStreamMayIgnoreStops(t *testing.T) {
	b := startBridge(t)
	stopped := make(chan string, 1)
	p := newPublisher(t, b.grpc, &Options{OnStop: func(topic, reason string) { stopped <- reason }})
	streamed, err := p.Stream(background, "stubborn", func(yield func(*Event, error) bool) {
		yield(Text("one"), nil)
		b.stop("stubborn", "enough")
		<-stopped
		yield(Text("two"), nil)
	}, IgnoreStops)
	check(t, err)
	equal(t, streamed, Streamed{Events: 2})
}
