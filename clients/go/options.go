package sluice

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// Options of a [Publisher]. The zero value of each means its default.
type Options struct {
	// Credentials of the connection; nil: plain text.
	Credentials credentials.TransportCredentials
	// DialOptions win over the publisher's own. A [grpc.WithPerRPCCredentials] is asked for its token before each call.
	DialOptions []grpc.DialOption
	// Metadata is asked for what goes with a call, such as a token, before each. An error is tried again like a broken call.
	Metadata func(context.Context) (metadata.MD, error)
	// OnAbort says what becomes of a topic without an end if this producer is lost; of up to 10,000 topics, those used last.
	OnAbort OnAbort
	// OnInterest is told whether a topic that this publisher named has readers, and OnStop that one of them asks to stop.
	// They are called one at a time, on a goroutine of their own, and may publish. One that is late is told the last of
	// what happened to a topic.
	OnInterest func(topic string, subscribers uint64)
	OnStop     func(topic, reason string)
	// BufferEvents (10,000) and BufferBytes (8 MiB) are how much may be unacknowledged. An event above that goes alone.
	BufferEvents, BufferBytes int
	// GiveUpAfter is how long to wait for an acknowledgement while something is unacknowledged; one minute.
	GiveUpAfter time.Duration
}

const (
	firstDelay = 100 * time.Millisecond
	lastDelay  = 5 * time.Second
)

func (o *Options) withDefaults() (Options, error) {
	var all Options
	if o != nil {
		all = *o
	}
	if all.BufferEvents < 0 || all.BufferBytes < 0 || all.GiveUpAfter < 0 {
		return all, errors.New("sluice: BufferEvents, BufferBytes and GiveUpAfter are not below 0")
	}
	if all.BufferEvents == 0 {
		all.BufferEvents = 10_000
	}
	if all.BufferBytes == 0 {
		all.BufferBytes = 8 << 20
	}
	if all.GiveUpAfter == 0 {
		all.GiveUpAfter = time.Minute
	}
	return all, nil
}

// dial makes a connection that notices when its peer has silently died.
func (o *Options) dial(target string) (*grpc.ClientConn, error) {
	transport := o.Credentials
	if transport == nil {
		transport = insecure.NewCredentials()
	}
	quick := backoff.Config{BaseDelay: firstDelay, Multiplier: 2, Jitter: 0.2, MaxDelay: lastDelay}
	own := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: quick, MinConnectTimeout: lastDelay}),
	}
	return grpc.NewClient(target, append(own, o.DialOptions...)...)
}
