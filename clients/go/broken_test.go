package sluice

// Connections that are cut, silent or slow, and a bridge that is killed: nothing is lost, nothing is there twice.

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestWhatWasStoredButNotAcknowledgedIsADuplicate(t *testing.T) {
	b := startBridge(t)
	through := startProxy(t, b.grpc, nil)
	p := newPublisher(t, through.target, nil)
	check(t, p.Publish(background, "unheard", Text("0")))
	check(t, p.Flush(background))
	through.mute.Store(true)
	for _, n := range numbers(1, 100) {
		check(t, p.Publish(background, "unheard", Text(n)))
	}
	r := read(t, b, "/v1/topics/unheard/events")
	until(t, "all is stored", func() bool { return len(r.received()) == 100 })
	count, _ := unacknowledged(p)
	equal(t, count, 99)
	through.mute.Store(false)
	through.cut()
	check(t, p.End(background, "unheard"))
	totals, err := p.Finish(background)
	check(t, err)
	same(t, []uint64{totals.Accepted, totals.Duplicates}, []uint64{1, 99})
	same(t, texts(r.all(t)), append(numbers(0, 100), "[DONE]"))
}

func TestConnectionsThatAreCutAnywhereLoseAndDoubleNothing(t *testing.T) {
	b := startBridge(t)
	dice := dice(t)
	cuts := 0
	through := startProxy(t, b.grpc, func() int64 {
		cuts++
		if cuts > 40 {
			return 0 // the last connections live
		}
		return 500 + dice.Int64N(40_000) // enough for HTTP/2 to begin, and then anywhere
	})
	p := newPublisher(t, through.target, &Options{BufferEvents: 200})
	p.last = firstDelay
	const count = 3000
	for n, text := range numbers(0, count) {
		check(t, p.Publish(background, "cut", Text(text+" "+strings.Repeat("x", n*7%300))))
	}
	check(t, p.End(background, "cut"))
	totals, err := p.Finish(background)
	check(t, err)
	equal(t, totals.Accepted+totals.Duplicates, count)
	var got []string
	for _, text := range texts(b.events("cut")) {
		number, _, _ := strings.Cut(text, " ")
		got = append(got, number)
	}
	same(t, got, append(numbers(0, count), "[DONE]"))
	if through.connections.Load() < 5 {
		t.Fatal("hardly any connection was cut")
	}
}

func TestABridgeThatTakesNothingKeepsTheBufferBounded(t *testing.T) {
	b := startBridge(t)
	through := startProxy(t, b.grpc, nil)
	p := newPublisher(t, through.target, &Options{BufferBytes: 256 << 10})
	check(t, p.Publish(background, "slow", Text("first")))
	check(t, p.Flush(background))
	through.deaf.Store(true)
	large := Text(strings.Repeat("x", 5000))
	sent := 1
	for {
		short, cancel := context.WithTimeout(background, 200*time.Millisecond)
		err := p.Publish(short, "slow", large)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		check(t, err)
		sent++
		if _, bytes := unacknowledged(p); bytes > 256<<10 {
			t.Fatal(bytes)
		}
	}
	if sent > 60 {
		t.Fatalf("%d events of 5 KB in a buffer of 256 KiB", sent)
	}
	through.deaf.Store(false)
	totals, err := p.Finish(background)
	check(t, err)
	same(t, []uint64{totals.Accepted, totals.Duplicates}, []uint64{uint64(sent), 0})
}

func TestAPublisherWaitsForABridgeThatIsNotThereYet(t *testing.T) {
	b := startBridge(t)
	b.kill()
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "early", Text("x")))
	check(t, p.End(background, "early"))
	until(t, "some attempts", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.failures > 2
	})
	b.start()
	check(t, p.Close())
	same(t, texts(b.events("early")), []string{"x", "[DONE]"})
}

func TestATopicThatRestsWhileTheConnectionBreaksIsStillItsProducers(t *testing.T) {
	b := startBridge(t, "--producer_grace=1s")
	through := startProxy(t, b.grpc, nil)
	stops := make(chan string, 10)
	p := newPublisher(t, through.target, &Options{
		OnAbort: FailOnAbort,
		OnStop:  func(topic, reason string) { stops <- topic + " " + reason },
	})
	check(t, p.Publish(background, "rests", Text("x")))
	check(t, p.Flush(background))
	through.cut()
	until(t, "a new connection", func() bool { return through.connections.Load() > 1 })
	b.stop("rests", "enough")
	equal(t, <-stops, "rests enough")
	check(t, p.End(background, "rests"))
	check(t, p.Close())
	same(t, texts(b.events("rests")), []string{"x", "[DONE]"})
}

func TestATopicFailsWhoseProducerIsLost(t *testing.T) {
	b := startBridge(t, "--producer_grace=100ms")
	p := newPublisher(t, b.grpc, &Options{OnAbort: FailOnAbort})
	check(t, p.Publish(background, "lost", Text("x")))
	check(t, p.Flush(background))
	p.Cancel()
	equal(t, read(t, b, "/v1/topics/lost/events").all(t)[1].kind, "error")
}

func TestATopicThatWasEndedElsewhereMeanwhileIsNoErrorUntilItIsUsed(t *testing.T) {
	b := startBridge(t)
	through := startProxy(t, b.grpc, nil)
	p := newPublisher(t, through.target, nil)
	check(t, p.Publish(background, "elsewhere", Text("x")))
	check(t, p.Flush(background))
	status, _ := b.request("POST", "/v1/topics/elsewhere/end", "")
	equal(t, status, 200)
	through.cut()
	check(t, p.Publish(background, "another", Text("y")))
	check(t, p.Close())
	equal(t, p.Totals().Accepted, 2)
}

func TestAfterABridgeWasKilledReadersAreToldTheGapAndGetAllThatFollows(t *testing.T) {
	for path, reason := range map[string]string{
		"/v1/events?topic=killed":  "epoch_changed",
		"/v1/topics/killed/events": "unknown_id", // its ids are the producer's
	} {
		const count = 2000
		b := startBridge(t)
		p := newPublisher(t, b.grpc, &Options{BufferEvents: 100})
		r := read(t, b, path)
		until(t, "the reader", func() bool { return r.joined.Load() > 0 })
		killed := make(chan struct{})
		published := make(chan error, 1)
		go func() {
			for n, text := range numbers(0, count) {
				if n == count/2 {
					<-killed // or all would be there before
				}
				if err := p.Publish(background, "killed", Text(text)); err != nil {
					published <- err
					return
				}
			}
			published <- p.End(background, "killed")
		}()
		until(t, "half of the first half", func() bool { return len(r.received()) > count/4 })
		b.kill()
		close(killed)
		var acknowledged int
		until(t, "the call is broken", func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			acknowledged = int(p.outbox.settled)
			return p.failures > 0
		})
		b.start()
		check(t, <-published)
		totals, err := p.Finish(background)
		check(t, err)
		equal(t, totals.Accepted+totals.Duplicates, count)

		var before, after []string
		gaps := 0
		for _, event := range r.all(t) {
			switch {
			case event.kind == "sluice.gap":
				gaps++
				equal(t, strings.Contains(event.data, `"reason":"`+reason+`"`), true)
			case event.kind == "sluice.ended":
			case gaps == 0:
				before = append(before, event.data)
			default:
				after = append(after, event.data)
			}
		}
		equal(t, gaps, 1)
		same(t, before, numbers(0, len(before)))
		same(t, after, append(numbers(acknowledged, count), "[DONE]"))
	}
}
