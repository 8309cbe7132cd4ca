package sluice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	sluicev1 "sluice/v1"
)

// Event is what readers get: a payload, and a type, an id and a retry if it has them.
type Event = sluicev1.Event

// OnAbort says what becomes of a topic whose producer is lost.
type OnAbort = sluicev1.OnAbort

const (
	// KeepOpen leaves the topic to another producer. The default.
	KeepOpen = sluicev1.OnAbort_ON_ABORT_KEEP_OPEN
	// FailOnAbort fails the topic after the bridge's producer_grace, unless a producer has named it by then.
	FailOnAbort = sluicev1.OnAbort_ON_ABORT_FAIL
)

// Text returns an event that readers get as it is.
func Text(text string) *Event {
	return &Event{Payload: &sluicev1.Event_Text{Text: text}}
}

// JSON returns an event that readers get as JSON; value is anything that [json.Marshal] takes. Numbers are doubles, as in
// JavaScript: an integer beyond 2^53 loses digits, so make it a string.
func JSON(value any) (*Event, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	tree := &structpb.Value{}
	if err := protojson.Unmarshal(encoded, tree); err != nil {
		return nil, err
	}
	return &Event{Payload: &sluicev1.Event_Json{Json: tree}}, nil
}

// Events yields each of the events, for [Publisher.Stream] and [PublishOnce].
func Events(events ...*Event) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for _, event := range events {
			if !yield(event, nil) {
				return
			}
		}
	}
}

// Texts yields an event for each of the texts, for [Publisher.Stream] and [PublishOnce].
func Texts(texts iter.Seq[string]) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for text := range texts {
			if !yield(Text(text), nil) {
				return
			}
		}
	}
}

var errNil = fmt.Errorf("%w: it is nil", ErrInvalidEvent)

// snapshot returns a copy, so that what the caller does with the event later changes nothing, and refuses what cannot be
// encoded: gRPC would say Internal, which is what a broken connection looks like.
func snapshot(event *Event) (*Event, error) {
	if event == nil {
		return nil, errNil
	}
	encoded, err := proto.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidEvent, err)
	}
	own := &Event{}
	return own, proto.Unmarshal(encoded, own)
}

func checkTopic(topic string) error {
	if !utf8.ValidString(topic) {
		return fmt.Errorf("%w: the topic %q is no UTF-8", ErrInvalidEvent, topic)
	}
	return nil
}

func failure(code codes.Code, message string) *sluicev1.End {
	return &sluicev1.End{Error: &sluicev1.Error{Code: int32(code), Message: strings.ToValidUTF8(message, "\uFFFD")}}
}

// failureOf tells how a topic ends whose items could not be had: with the error's gRPC code, if it has one.
func failureOf(err error) *sluicev1.End {
	code := codes.Unknown
	var carrier interface{ GRPCStatus() *status.Status }
	switch {
	case errors.As(err, &carrier):
		if s := carrier.GRPCStatus(); s.Code() != codes.OK {
			return failure(s.Code(), s.Message())
		}
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	}
	return failure(code, err.Error())
}
