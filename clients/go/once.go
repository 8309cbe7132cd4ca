package sluice

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	sluicev1 "sluice/v1"
)

// OnceOptions of [PublishOnce].
type OnceOptions struct {
	// End ends the topic after the events: completed, or failed if it has an error. Nil: the topic stays open.
	End *sluicev1.End
	// OnAbort says what becomes of the topic if it is not ended.
	OnAbort OnAbort
}

// PublishOnce publishes events as they come, over one call that is tried once, and tells what was stored. Options may be
// nil. Metadata of the call is that of ctx, see [metadata.NewOutgoingContext].
//
// Keeps nothing and gives no ids: if it fails, with a [*PublishError], how much was stored is Accepted of that error where
// the bridge says so. An error of events cancels the call and is returned. ctx ends the call; what events wait for is
// theirs to end.
func PublishOnce(
	ctx context.Context, conn grpc.ClientConnInterface, topic string, events iter.Seq2[*Event, error],
	options *OnceOptions,
) (*sluicev1.PublishResponse, error) {
	if options == nil {
		options = &OnceOptions{}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := sluicev1.NewPublisherServiceClient(conn).Publish(ctx)
	if err != nil {
		return nil, onceError(err, nil)
	}
	var sendErr error
	for event, err := range events {
		if err == nil && event == nil {
			err = errNil
		}
		if err != nil {
			return nil, err
		}
		request := &sluicev1.PublishRequest{Topic: topic, Events: []*Event{event}, OnAbort: options.OnAbort}
		if sendErr = stream.Send(request); sendErr != nil {
			break
		}
	}
	if sendErr == nil && options.End != nil {
		sendErr = stream.Send(&sluicev1.PublishRequest{Topic: topic, End: options.End, OnAbort: options.OnAbort})
	}
	if sendErr != nil && !errors.Is(sendErr, io.EOF) {
		return nil, onceError(sendErr, nil) // it could not be encoded
	}
	response, err := stream.CloseAndRecv() // which tells why nothing could be sent any more
	if err != nil {
		return nil, onceError(err, stream.Trailer())
	}
	return response, nil
}

func onceError(err error, trailer metadata.MD) error {
	s := status.Convert(err)
	return &PublishError{
		Code: s.Code(), Message: s.Message(), Accepted: acceptedIn(trailer), Violations: violationsIn(s),
	}
}
