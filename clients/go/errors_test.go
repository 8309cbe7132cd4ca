package sluice

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	sluicev1 "sluice/v1"
)

// refused returns the error as what it must be.
func refused(t *testing.T, err error) *PublishError {
	t.Helper()
	var refused *PublishError
	if !errors.As(err, &refused) {
		t.Fatalf("%v is no PublishError", err)
	}
	return refused
}

func dialed(t *testing.T, target string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestAnEventThatBreaksARuleNamesTheFieldAndTheEvent(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "bad", Text("fine")))
	check(t, p.Flush(background))
	check(t, p.Publish(background, "bad", &Event{Id: "x", Type: "a\nb"}))
	err := refused(t, p.Flush(background))
	equal(t, err.Code, codes.InvalidArgument)
	equal(t, errors.Is(err, ErrInvalidEvent), true)
	equal(t, errors.Is(err, ErrTopicEnded), false)
	same(t, []uint64{err.Accepted, err.Duplicates, err.Unacknowledged}, []uint64{1, 0, 1})
	equal(t, len(err.Violations), 1)
	violation := err.Violations[0]
	equal(t, violation.Field, "requests[1].events[0].type")
	equal(t, violation.Topic, "bad")
	equal(t, violation.Event.GetId(), "x")
	if !strings.Contains(err.Error(), violation.Field+": "+violation.Description) || violation.Description == "" {
		t.Fatal(err)
	}
}

func TestAnErrorSaysHowMuchWasAcceptedBeforeItHoweverMuchIsOnItsWay(t *testing.T) {
	b := startBridge(t)
	for turn := range 10 {
		topic := fmt.Sprint("way.", turn)
		p := newPublisher(t, b.grpc, nil)
		for n, text := range numbers(0, 3000) {
			if n == 1000 {
				text = "[DONE]"
			}
			if p.Publish(background, topic, Text(text)) != nil {
				break
			}
		}
		err := refused(t, p.Close())
		if err.Accepted > 1000 || err.Accepted < 1000-63 { // a request is whole
			t.Fatal(err.Accepted)
		}
		other := newPublisher(t, b.grpc, nil)
		check(t, other.End(background, topic))
		check(t, other.Close())
		same(t, texts(b.events(topic)), append(numbers(0, int(err.Accepted)), "[DONE]"))
	}
}

func TestAFinalErrorIsReturnedByEverythingThatFollows(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, &Options{BufferEvents: 2})
	var err error
	for n := 0; err == nil && n < 100; n++ { // waits for room, and is told
		err = p.Publish(background, "no spaces", Text("x"))
	}
	first := refused(t, err)
	_, stream := p.Stream(background, "fine", Events(Text("x")))
	_, finish := p.Finish(background)
	for _, again := range []error{
		p.Publish(background, "fine", Text("x")), p.End(background, "fine"), p.Announce(background, "fine"),
		p.Fail(background, "fine", codes.Aborted, ""), p.Flush(background), stream, finish, p.Close(),
	} {
		equal(t, again, error(first))
	}
}

func TestATopicThatHasEndedTakesNothingNew(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.End(background, "ended"))
	check(t, p.Close())
	p = newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "ended", Text("late")))
	err := refused(t, p.Close())
	equal(t, errors.Is(err, ErrTopicEnded), true)
	equal(t, err.Unacknowledged, 1)
}

func TestAnEventThatIsTooLargeNamesTheLimit(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "large", Text(strings.Repeat("x", 2<<20))))
	err := refused(t, p.Close())
	equal(t, errors.Is(err, ErrLimitExceeded), true)
	equal(t, strings.Contains(err.Message, "max_event_bytes"), true)
}

func TestACancelledPublisherClosesWithWhatWasStored(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	check(t, p.Publish(background, "cancelled", Text("x")))
	check(t, p.Flush(background))
	p.Cancel()
	equal(t, errors.Is(p.Publish(background, "cancelled", Text("y")), ErrClosed), true)
	equal(t, errors.Is(p.Flush(background), ErrClosed), true)
	totals, err := p.Finish(background)
	check(t, err)
	equal(t, totals.Accepted, 1)
}

func TestWhatCannotBeSentIsRefusedAtOnceAndHurtsNothing(t *testing.T) {
	b := startBridge(t)
	p := newPublisher(t, b.grpc, nil)
	for _, err := range []error{
		p.Publish(background, "fine", Text("\xff")), p.Publish(background, "fine", nil),
		p.Publish(background, "\xff", Text("x")), p.End(background, "\xff"), p.Announce(background, "\xff"),
	} {
		equal(t, errors.Is(err, ErrInvalidEvent), true)
	}
	check(t, p.Publish(background, "fine", Text("x")))
	check(t, p.Close())
	equal(t, p.Totals().Accepted, 1)
}

func TestBoundsHaveBounds(t *testing.T) {
	for _, options := range []*Options{{BufferEvents: -1}, {BufferBytes: -1}, {GiveUpAfter: -1}} {
		if _, err := NewPublisher("localhost:1", options); err == nil {
			t.Fatal(options)
		}
		if _, err := NewPublisherOn(nil, options); err == nil {
			t.Fatal(options)
		}
	}
}

func TestAPlainCallPublishesItemsAsTheyCome(t *testing.T) {
	b := startBridge(t)
	conn := dialed(t, b.grpc)
	var count int
	response, err := PublishOnce(background, conn, "plain", func(yield func(*Event, error) bool) {
		for _, text := range numbers(0, 100) {
			count++
			if !yield(&Event{Id: "n" + text, Payload: Text(text).Payload}, nil) {
				return
			}
		}
	}, &OnceOptions{End: failure(codes.DeadlineExceeded, "late")})
	check(t, err)
	equal(t, count, 100)
	same(t, []uint64{response.Accepted, response.Duplicates}, []uint64{100, 0})
	same(t, texts(b.events("plain")), append(numbers(0, 100), `{"code":"DEADLINE_EXCEEDED","message":"late"}`, "[DONE]"))
	response, err = PublishOnce(background, conn, "plain", Events(&Event{Id: "n7"}), nil)
	check(t, err)
	equal(t, response.Duplicates, 1)
}

func TestAPlainCallHasTypedErrors(t *testing.T) {
	b := startBridge(t)
	conn := dialed(t, b.grpc)
	_, err := PublishOnce(background, conn, "plain.bad", Events(Text("a"), Text("b"), Text("[DONE]")), nil)
	bad := refused(t, err)
	equal(t, errors.Is(err, ErrInvalidEvent), true)
	equal(t, bad.Accepted, 2)
	equal(t, bad.Violations[0].Field, "requests[2].events[0].text")

	_, err = PublishOnce(background, conn, "plain.bad", Events(Text("a"), nil), nil)
	equal(t, errors.Is(err, ErrInvalidEvent), true)
	mine := errors.New("mine")
	_, err = PublishOnce(background, conn, "plain.bad", failing(mine), nil)
	equal(t, err, mine)
}

func TestAPlainCallEndsWithItsContext(t *testing.T) {
	b := startBridge(t)
	ctx, cancel := context.WithCancel(background)
	var items iter.Seq2[*Event, error] = func(yield func(*Event, error) bool) {
		for n := 0; yield(Text("x"), nil); n++ {
			if n == 10 {
				cancel()
			}
		}
	}
	_, err := PublishOnce(ctx, dialed(t, b.grpc), "plain.cancelled", items, nil)
	equal(t, refused(t, err).Code, codes.Canceled)
	_, err = PublishOnce(background, dialed(t, "127.0.0.1:9"), "nobody", Events(Text("x")), nil)
	equal(t, refused(t, err).Code, codes.Unavailable)
}

func TestOneConnectionServesAPublisherAndTheOtherServices(t *testing.T) {
	b := startBridge(t)
	conn := dialed(t, b.grpc)
	p, err := NewPublisherOn(conn, &Options{OnAbort: FailOnAbort})
	check(t, err)
	check(t, p.Publish(background, "shared", Text("x")))
	check(t, p.Flush(background))
	topic, err := sluicev1.NewTopicServiceClient(conn).GetTopic(background, &sluicev1.GetTopicRequest{Topic: "shared"})
	check(t, err)
	equal(t, topic.Topic.Producers, 1)
	check(t, p.End(background, "shared"))
	check(t, p.Close())
	topic, err = sluicev1.NewTopicServiceClient(conn).GetTopic(background, &sluicev1.GetTopicRequest{Topic: "shared"})
	check(t, err)
	equal(t, topic.Topic.State, sluicev1.TopicState_TOPIC_STATE_COMPLETED)
}
