package sluice

import (
	"errors"
	"fmt"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// What a [PublishError] is, for [errors.Is].
var (
	// ErrInvalidEvent is InvalidArgument: an event, a topic or an end breaks a rule; see Violations.
	ErrInvalidEvent = errors.New("sluice: invalid event")
	// ErrTopicEnded is FailedPrecondition: the topic has ended, or was deleted.
	ErrTopicEnded = errors.New("sluice: the topic has ended")
	// ErrLimitExceeded is ResourceExhausted: a limit of the bridge, which the message names.
	ErrLimitExceeded = errors.New("sluice: a limit is exceeded")
	// ErrAccess is PermissionDenied or Unauthenticated.
	ErrAccess = errors.New("sluice: no access")
	// ErrGaveUp is Unavailable: nothing was acknowledged for as long as GiveUpAfter.
	ErrGaveUp = errors.New("sluice: gave up")
)

// ErrClosed says that the publisher has been closed or cancelled.
var ErrClosed = errors.New("sluice: the publisher is closed")

// PublishError says why the bridge did not take what was published. Final: a publisher says so again whenever it is used.
type PublishError struct {
	Code           codes.Code
	Message        string
	Accepted       uint64 // events that were stored before it
	Duplicates     uint64 // events that were there already
	Unacknowledged uint64 // events and ends of which nothing is known
	Violations     []Violation
	gaveUp         bool
}

// Violation is a field that broke a rule.
type Violation struct {
	Field       string // `requests[2].events[5].id`, with the indexes of the call
	Description string
	Topic       string // what it was published to, by a [Publisher],
	Event       *Event // and the event, if it is one's field
}

func (e *PublishError) Error() string {
	text := fmt.Sprintf("sluice: %v: %s", e.Code, e.Message)
	for _, violation := range e.Violations {
		text += fmt.Sprintf("; %s: %s", violation.Field, violation.Description)
	}
	return text
}

// GRPCStatus makes the error one of gRPC's, for [status.Code] and a server that returns it.
func (e *PublishError) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// Is tells [errors.Is] which of the kinds above the error is.
func (e *PublishError) Is(kind error) bool {
	switch kind {
	case ErrInvalidEvent:
		return e.Code == codes.InvalidArgument
	case ErrTopicEnded:
		return e.Code == codes.FailedPrecondition
	case ErrLimitExceeded:
		return e.Code == codes.ResourceExhausted
	case ErrAccess:
		return e.Code == codes.PermissionDenied || e.Code == codes.Unauthenticated
	case ErrGaveUp:
		return e.gaveUp
	}
	return false
}

// violationsIn returns the google.rpc.BadRequest of a status.
func violationsIn(s *status.Status) []Violation {
	var found []Violation
	for _, detail := range s.Details() {
		if request, ok := detail.(*errdetails.BadRequest); ok {
			for _, each := range request.GetFieldViolations() {
				found = append(found, Violation{Field: each.GetField(), Description: each.GetDescription()})
			}
		}
	}
	return found
}

// acceptedIn tells how many events a call stored before it was refused.
func acceptedIn(trailer metadata.MD) uint64 {
	for _, value := range trailer.Get("sluice-accepted") {
		accepted, _ := strconv.ParseUint(value, 10, 64)
		return accepted
	}
	return 0
}
