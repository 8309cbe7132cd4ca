package sluice

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	sluicev1 "sluice/v1"
)

type serverCall = grpc.BidiStreamingServer[sluicev1.PublishWithFeedbackRequest, sluicev1.PublishWithFeedbackResponse]

// fakeBridge answers its calls, which are counted from 1, as a test wants.
type fakeBridge struct {
	sluicev1.UnimplementedPublisherServiceServer
	calls  atomic.Int32
	answer func(call int, stream serverCall) error
}

func (f *fakeBridge) PublishWithFeedback(stream serverCall) error {
	return f.answer(int(f.calls.Add(1)), stream)
}

// acknowledge stores so many requests; it returns an error when there are no more.
func acknowledge(stream serverCall, count int) error {
	ack := &sluicev1.Ack{}
	for range count {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		ack.Requests++
		ack.Accepted += uint64(len(request.Events))
		if err := stream.Send(&sluicev1.PublishWithFeedbackResponse{
			Feedback: &sluicev1.PublishWithFeedbackResponse_Ack{Ack: ack},
		}); err != nil {
			return err
		}
	}
	return nil
}

func startFake(t *testing.T, answer func(call int, stream serverCall) error) (*fakeBridge, string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	fake := &fakeBridge{answer: answer}
	server := grpc.NewServer()
	sluicev1.RegisterPublisherServiceServer(server, fake)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return fake, listener.Addr().String()
}

func TestStatusesOfBrokenConnectionsAreTriedAgainAndAllOthersAreFinal(t *testing.T) {
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		_, target := startFake(t, func(call int, stream serverCall) error {
			if call > 1 {
				acknowledge(stream, 3) // the topic, the event, and then waits for the end
				return nil
			}
			if err := acknowledge(stream, 1); err != nil {
				return err
			}
			if _, err := stream.Recv(); err != nil {
				return err
			}
			stream.SetTrailer(metadata.Pairs("sluice-accepted", "1"))
			return status.Error(code, "why")
		})
		p := newPublisher(t, target, nil)
		check(t, p.Publish(background, "codes", Text("1")))
		check(t, p.Flush(background))
		err := p.Publish(background, "codes", Text("2"))
		if err == nil {
			err = p.Flush(background)
		}
		if canBeBroken(code) {
			check(t, err)
			check(t, p.Close())
			equal(t, p.Totals().Accepted, 2)
			continue
		}
		final := refused(t, err)
		equal(t, final.Code, code)
		equal(t, status.Code(fmt.Errorf("wrapped: %w", final)), code)
		equal(t, final.Accepted, 1)
		for kind, is := range map[error]bool{
			ErrInvalidEvent: code == codes.InvalidArgument, ErrTopicEnded: code == codes.FailedPrecondition,
			ErrLimitExceeded: code == codes.ResourceExhausted, ErrGaveUp: false,
			ErrAccess: code == codes.PermissionDenied || code == codes.Unauthenticated,
		} {
			equal(t, errors.Is(final, kind), is)
		}
	}
}

func TestEachCallHasMetadataOfItsOwn(t *testing.T) {
	tokens := make(chan string, 10)
	_, target := startFake(t, func(call int, stream serverCall) error {
		for _, token := range metadata.ValueFromIncomingContext(stream.Context(), "authorization") {
			tokens <- token
		}
		if call < 3 {
			return status.Error(codes.Unavailable, "")
		}
		return acknowledge(stream, 2)
	})
	asked := 0
	p := newPublisher(t, target, &Options{Metadata: func(context.Context) (metadata.MD, error) {
		asked++
		if asked == 2 {
			return nil, errors.New("no token now")
		}
		return metadata.Pairs("authorization", fmt.Sprint("Bearer ", asked)), nil
	}})
	check(t, p.Publish(background, "tokens", Text("x")))
	check(t, p.Flush(background))
	same(t, []string{<-tokens, <-tokens, <-tokens}, []string{"Bearer 1", "Bearer 3", "Bearer 4"})
}

func TestItGivesUpAndSaysHowMuchIsLost(t *testing.T) {
	for _, answer := range []func(int, serverCall) error{
		func(int, serverCall) error { return status.Error(codes.Unavailable, "not now") },
		func(_ int, stream serverCall) error { return acknowledge(stream, 0) },
		func(_ int, stream serverCall) error { <-stream.Context().Done(); return nil }, // takes, and says nothing
	} {
		_, target := startFake(t, answer)
		p := newPublisher(t, target, &Options{GiveUpAfter: 300 * time.Millisecond})
		for _, n := range numbers(0, 3) {
			check(t, p.Publish(background, "nobody", Text(n)))
		}
		err := refused(t, p.Flush(background))
		equal(t, errors.Is(err, ErrGaveUp), true)
		equal(t, err.Code, codes.Unavailable)
		equal(t, err.Unacknowledged, 3)
		equal(t, p.Publish(background, "nobody", Text("more")), error(err))
		equal(t, p.Close(), error(err))
	}
}

func TestPatienceIsMeasuredFromTheLastAcknowledgement(t *testing.T) {
	p := newPublisher(t, "127.0.0.1:9", nil)
	check(t, p.Publish(background, "a", Text("x")))
	p.mu.Lock()
	p.since = time.Now().Add(-p.options.GiveUpAfter + time.Second*50)
	p.mu.Unlock()
	p.giveUp()
	short, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	equal(t, errors.Is(p.Flush(short), context.DeadlineExceeded), true)
	p.mu.Lock()
	p.since = time.Now().Add(-p.options.GiveUpAfter)
	p.mu.Unlock()
	p.giveUp()
	equal(t, errors.Is(p.Flush(background), ErrGaveUp), true)
}

func TestABridgeThatDoesNotSayGoodByeIsLeft(t *testing.T) {
	t.Parallel()
	_, target := startFake(t, func(_ int, stream serverCall) error {
		acknowledge(stream, 1)
		<-stream.Context().Done()
		return nil
	})
	p := newPublisher(t, target, nil)
	check(t, p.Publish(background, "a", Text("x")))
	check(t, p.Close())
	equal(t, p.Totals().Accepted, 1)
}

func TestDelaysGrowToFiveSeconds(t *testing.T) {
	p := newPublisher(t, "127.0.0.1:9", nil)
	for call := range 2000 {
		low, high := firstDelay/2<<min(call, 10), firstDelay<<min(call, 10)
		low, high = min(low, lastDelay/2), min(high, lastDelay)
		if delay := p.delay(); delay < low || delay > high {
			t.Fatal(call, delay)
		}
	}
}
