package sluice

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	sluicev1 "sluice/v1"
)

type feedbackCall = grpc.BidiStreamingClient[sluicev1.PublishWithFeedbackRequest, sluicev1.PublishWithFeedbackResponse]

// run makes one call after the other, until all is stored and nothing more is to come.
func (p *Publisher) run(ctx context.Context) {
	defer p.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		err := p.wait(ctx, func() bool { return p.finished() || p.outbox.needsCall() })
		if err != nil || p.finished() {
			return
		}
		p.mu.Unlock()
		trailer, err := p.call(ctx)
		p.mu.Lock()
		p.callEnded(err, trailer)
		pause, cancel := context.WithTimeout(ctx, p.delay())
		p.wait(pause, p.finished)
		cancel()
	}
}

func (p *Publisher) finished() bool { return p.closing && p.outbox.unacknowledged() == 0 }

func (p *Publisher) release() {
	p.stop()
	p.patience.Stop()
	p.notices.close()
	if p.conn != nil {
		p.conn.Close()
	}
	close(p.done)
}

// call publishes over one call until that is over.
func (p *Publisher) call(ctx context.Context) (metadata.MD, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if p.options.Metadata != nil {
		md, err := p.options.Metadata(ctx)
		if err != nil {
			return nil, status.Errorf(codes.Unavailable, "no metadata: %v", err)
		}
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	if p.conn != nil {
		p.conn.ResetConnectBackoff() // the pauses between calls are the publisher's
	}
	stream, err := p.client.PublishWithFeedback(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.outbox.restart()
	p.mu.Unlock()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		p.send(ctx, stream)
	}()
	for {
		response, err := stream.Recv()
		if err != nil {
			cancel()
			<-sent // or it would take requests of the next call
			return stream.Trailer(), err
		}
		p.receive(response)
	}
}

func (p *Publisher) send(ctx context.Context, stream feedbackCall) {
	for {
		p.mu.Lock()
		err := p.wait(ctx, func() bool { return p.closing || p.outbox.hasRequests() })
		var request *sluicev1.PublishWithFeedbackRequest
		if err == nil {
			request = p.outbox.nextRequest()
		}
		p.mu.Unlock()
		switch {
		case err != nil:
			return
		case request == nil: // closing, and all is sent
			stream.CloseSend()
			return
		case stream.Send(request) != nil: // Recv tells why
			return
		}
	}
}

func (p *Publisher) receive(response *sluicev1.PublishWithFeedbackResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ack := response.GetAck(); ack != nil {
		if p.outbox.acknowledge(ack) {
			p.since = time.Now()
			p.failures = 0
		}
		p.notify()
	}
	if interest := response.GetInterest(); interest != nil {
		p.notices.add(interest.GetTopic(), notice{interest: interest})
	}
	if stop := response.GetStop(); stop != nil {
		if cancel := p.streaming[stop.GetTopic()]; cancel != nil {
			cancel(&stopError{stop})
		}
		p.notices.add(stop.GetTopic(), notice{stop: stop})
	}
}

// callEnded makes a final status the error; after another one there may be another call.
func (p *Publisher) callEnded(err error, trailer metadata.MD) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s := status.Convert(err)
	p.trouble = s.Code().String() + ": " + s.Message()
	if canBeBroken(s.Code()) || p.err != nil {
		return
	}
	p.outbox.stored(acceptedIn(trailer))
	final := p.publishError(s.Code(), s.Message())
	final.Violations = violationsIn(s)
	for i := range final.Violations {
		p.locate(&final.Violations[i])
	}
	p.fail(final)
}

// canBeBroken tells whether a connection that breaks may look like this, on the way or at the bridge. OK does so before
// all was acknowledged.
func canBeBroken(code codes.Code) bool {
	switch code {
	case codes.OK, codes.Canceled, codes.Unknown, codes.Internal, codes.Unavailable:
		return true
	}
	return false
}

var place = regexp.MustCompile(`^requests\[(\d+)\](?:\.events\[(\d+)\])?`)

// locate finds what a violation is about. Must be called before the next call begins.
func (p *Publisher) locate(violation *Violation) {
	match := place.FindStringSubmatch(violation.Field)
	if match == nil {
		return
	}
	request, _ := strconv.Atoi(match[1])
	event := -1
	if match[2] != "" {
		event, _ = strconv.Atoi(match[2])
	}
	violation.Topic, violation.Event = p.outbox.find(request, event)
}

// delay tells how long to wait before the next call: longer each time that one settled nothing.
func (p *Publisher) delay() time.Duration {
	delay := min(p.last, firstDelay<<min(p.failures, 10))
	p.failures++
	return time.Duration(float64(delay) * (0.5 + rand.Float64()/2))
}
