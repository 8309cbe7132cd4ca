package sluice

// github.com/r3labs/sse/v2 reads from the bridge.

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/r3labs/sse/v2"
	"gopkg.in/cenkalti/backoff.v1"
)

// libraryReader reads a path with the library until [DONE], and returns what it gets on a channel that is closed then.
func libraryReader(t *testing.T, url string, options ...func(*sse.Client)) <-chan received {
	client := sse.NewClient(url, append(options, sse.ClientMaxBufferSize(4<<20))...)
	client.ReconnectStrategy = backoff.NewConstantBackOff(20 * time.Millisecond)
	ctx, cancel := context.WithCancel(background)
	events := make(chan received, 10_000)
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		client.SubscribeRawWithContext(ctx, func(event *sse.Event) {
			next := received{string(event.ID), string(event.Event), string(event.Data)}
			if next.data == "[DONE]" {
				close(events)
				cancel()
				return
			}
			events <- next
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-returned
	})
	return events
}

func all(events <-chan received) []received {
	var all []received
	for event := range events {
		all = append(all, event)
	}
	return all
}

func TestTheLibraryGetsEventsAndTheEnd(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "library", &Event{Id: "first", Type: "tick", Payload: Text("two\nlines").Payload}))
	check(t, p.Flush(background))
	events := libraryReader(t, b.url("/v1/topics/library/events"))
	equal(t, <-events, received{"first", "tick", "two\nlines"})
	json, err := JSON([]string{"live"})
	check(t, err)
	json.Id = "second"
	check(t, p.Publish(background, "library", json))
	equal(t, <-events, received{"second", "", `["live"]`})
	check(t, p.End(background, "library"))
	check(t, p.Close())
	same(t, all(events), nil)
}

// Between events: of one that breaks off the library makes an event of what it has, and resumes behind it.
func TestTheLibraryResumesWhereItWasCut(t *testing.T) {
	b := startBridge(t)
	through := startProxy(t, b.http, nil)
	p := newPublisher(t, b.grpc, nil)
	events := libraryReader(t, "http://"+through.target+"/v1/topics/library.cut/events")
	const rounds, count = 20, 25
	for round := range rounds {
		for _, n := range numbers(round*count, (round+1)*count) {
			check(t, p.Publish(background, "library.cut", Text(n)))
		}
		for _, n := range numbers(round*count, (round+1)*count) {
			equal(t, (<-events).data, n)
		}
		through.cut()
	}
	check(t, p.End(background, "library.cut"))
	check(t, p.Close())
	same(t, all(events), nil)
	equal(t, through.connections.Load(), rounds+1)
}

func TestTheLibraryIsToldAGap(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "library.gap", Text("x")))
	check(t, p.End(background, "library.gap"))
	check(t, p.Close())
	events := all(libraryReader(t, b.url("/v1/topics/library.gap/events"), func(client *sse.Client) {
		client.Headers["Last-Event-ID"] = "forgotten"
	}))
	equal(t, len(events), 2)
	equal(t, events[0].kind, "sluice.gap")
	equal(t, strings.Contains(events[0].data, `"reason":"unknown_id"`), true)
	equal(t, events[1].data, "x")
}

// A line that does not become an event, often enough that a connection which may rest for ten seconds lives for longer.
func TestHeartbeatsKeepTheLibrarysConnection(t *testing.T) {
	t.Parallel()
	const rest = 10 * time.Second
	const heartbeats = 12
	b := startBridge(t, "--heartbeat=1s")
	p := newPublisher(t, b.grpc, nil)
	var heard, connections atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		connections.Add(1)
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &restlessConn{conn, rest, &heard}, err
	}}
	events := libraryReader(t, b.url("/v1/topics/library.heart/events"), func(client *sse.Client) {
		client.Connection.Transport = transport
	})
	until(t, "heartbeats", func() bool { return heard.Load() >= heartbeats })
	check(t, p.Publish(background, "library.heart", Text("x")))
	equal(t, (<-events).data, "x")
	check(t, p.End(background, "library.heart"))
	check(t, p.Close())
	same(t, all(events), nil)
	equal(t, connections.Load(), 1)
}

// restlessConn breaks when nothing comes for a while, and counts the heartbeats.
type restlessConn struct {
	net.Conn
	rest  time.Duration
	heard *atomic.Int32
}

func (c *restlessConn) Read(buffer []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(c.rest))
	n, err := c.Conn.Read(buffer)
	c.heard.Add(int32(bytes.Count(buffer[:n], []byte(": heartbeat\n"))))
	return n, err
}
