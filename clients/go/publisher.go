package sluice

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	sluicev1 "sluice/v1"
)

// Publisher publishes events so that each is stored once, whatever becomes of the connection.
//
// Publish puts an event into a buffer, and waits only while that is full. A goroutine of the publisher's sends what waits,
// keeps what is not acknowledged, and sends it again over a new call when one breaks. What the bridge refuses is final: a
// [*PublishError] that whoever waits and every later call returns.
//
// Safe for use by several goroutines. A context ends the waiting of a method, not the publisher: what is in the buffer is
// sent nevertheless.
type Publisher struct {
	options Options
	conn    *grpc.ClientConn // nil: the caller's
	client  sluicev1.PublisherServiceClient
	name    string // of the ids it gives
	numbers atomic.Uint64
	stop    context.CancelFunc // ends run
	done    chan struct{}      // run has ended
	notices *notices
	last    time.Duration // between two calls, at most

	mu        sync.Mutex
	changed   chan struct{} // closed when anything below changes, and then another
	outbox    *outbox
	closing   bool  // no more entries; half-close when all is sent
	err       error // final
	streaming map[string]context.CancelCauseFunc
	since     time.Time // the last acknowledgement, or the first entry after all was acknowledged
	patience  *time.Timer
	trouble   string // why the last call broke
	failures  int    // calls that settled nothing, since one did
}

var _ io.Closer = (*Publisher)(nil)

// NewPublisher makes a publisher for the bridge at target, HOST:PORT, and connects when there is something to publish.
// Options may be nil. It is in use until it is closed or cancelled, or has failed.
func NewPublisher(target string, options *Options) (*Publisher, error) {
	all, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	conn, err := all.dial(target)
	if err != nil {
		return nil, err
	}
	return start(conn, conn, all), nil
}

// NewPublisherOn makes a publisher on a connection, which stays the caller's and must be open as long as the publisher.
func NewPublisherOn(conn grpc.ClientConnInterface, options *Options) (*Publisher, error) {
	all, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	return start(conn, nil, all), nil
}

func start(conn grpc.ClientConnInterface, own *grpc.ClientConn, options Options) *Publisher {
	name := make([]byte, 8)
	rand.Read(name) // never fails
	ctx, stop := context.WithCancel(context.Background())
	p := &Publisher{
		options:   options,
		conn:      own,
		client:    sluicev1.NewPublisherServiceClient(conn),
		name:      hex.EncodeToString(name),
		stop:      stop,
		done:      make(chan struct{}),
		notices:   newNotices(options.OnInterest, options.OnStop),
		last:      lastDelay,
		changed:   make(chan struct{}),
		outbox:    newOutbox(options.BufferEvents, options.BufferBytes, options.OnAbort),
		streaming: map[string]context.CancelCauseFunc{},
		trouble:   "no answer",
	}
	p.patience = time.AfterFunc(options.GiveUpAfter, p.giveUp)
	go p.run(ctx)
	return p
}

// Publish publishes an event to a topic, after everything before it. One without an id gets one, which readers of that
// topic alone see. Returns when the event is in the buffer; Flush and Close tell when it is stored.
func (p *Publisher) Publish(ctx context.Context, topic string, event *Event) error {
	own, err := snapshot(event)
	if err != nil {
		return err
	}
	if own.Id == "" {
		own.Id = fmt.Sprintf("%s.%d", p.name, p.numbers.Add(1))
	}
	return p.put(ctx, newEntry(topic, own, nil))
}

// End completes a topic. Nothing can be published to it afterwards.
func (p *Publisher) End(ctx context.Context, topic string) error {
	return p.put(ctx, newEntry(topic, nil, &sluicev1.End{}))
}

// Fail ends a topic with an error that its readers are told.
func (p *Publisher) Fail(ctx context.Context, topic string, code codes.Code, message string) error {
	return p.put(ctx, newEntry(topic, nil, failure(code, message)))
}

// Announce names a topic without publishing anything, so that OnInterest tells of its readers.
func (p *Publisher) Announce(ctx context.Context, topic string) error {
	return p.put(ctx, newEntry(topic, nil, nil))
}

// Flush waits until everything so far is stored.
func (p *Publisher) Flush(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	goal := p.outbox.added
	return p.wait(ctx, func() bool { return p.outbox.settled >= goal })
}

// Finish waits until all is stored, ends the call, and tells how much that was. Nothing can be published any more. If ctx
// is over first, it may be called again. After Cancel it tells what was stored until then.
func (p *Publisher) Finish(ctx context.Context) (Totals, error) {
	p.mu.Lock()
	p.closing = true
	p.notify()
	err := p.wait(ctx, func() bool { return p.outbox.unacknowledged() == 0 })
	p.mu.Unlock()
	if err == nil || ctx.Err() == nil {
		select {
		case <-p.done:
		case <-ctx.Done():
		case <-time.After(lastDelay): // all is stored, and the bridge does not say good-bye
		}
		p.stop()
		<-p.done
	}
	if errors.Is(err, ErrClosed) {
		err = nil
	}
	return p.Totals(), err
}

// Close waits until all is stored, for no longer than the publisher has patience for; see Finish for more.
func (p *Publisher) Close() error {
	_, err := p.Finish(context.Background())
	return err
}

// Cancel closes the publisher at once and drops what is not acknowledged. Topics under FailOnAbort will fail.
func (p *Publisher) Cancel() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closing = true
	p.fail(fmt.Errorf("%w: it was cancelled, %d events are not acknowledged", ErrClosed, p.outbox.unacknowledged()))
}

// Totals tells what is acknowledged so far.
func (p *Publisher) Totals() Totals {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outbox.totals
}

func (p *Publisher) put(ctx context.Context, e *entry) error {
	if err := checkTopic(e.topic); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.wait(ctx, func() bool { return p.closing || p.outbox.hasRoom(e.size) }); err != nil {
		return err
	}
	if p.closing {
		return ErrClosed
	}
	p.add(e)
	return nil
}

func (p *Publisher) add(e *entry) {
	if p.outbox.unacknowledged() == 0 {
		p.since = time.Now()
		p.patience.Reset(p.options.GiveUpAfter)
	}
	p.outbox.add(e)
	p.notify()
}

// wait returns when ready says so, with an error when nothing can be published any more or ctx is over. It is called with
// the lock held, which it releases while it waits.
func (p *Publisher) wait(ctx context.Context, ready func() bool) error {
	for {
		if p.err != nil {
			return p.err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sluice: %d events are not acknowledged: %w", p.outbox.unacknowledged(), err)
		}
		if ready() {
			return nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		p.mu.Lock()
	}
}

func (p *Publisher) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Publisher) fail(err error) {
	if p.err != nil {
		return
	}
	p.err = err
	p.stop()
	p.notify()
}

func (p *Publisher) giveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outbox.unacknowledged() == 0 || p.err != nil {
		return
	}
	if left := p.options.GiveUpAfter - time.Since(p.since); left > 0 {
		p.patience.Reset(left)
		return
	}
	err := p.publishError(codes.Unavailable, fmt.Sprintf(
		"gave up after %v without an acknowledgement, %d events are not acknowledged; last: %s",
		p.options.GiveUpAfter, p.outbox.unacknowledged(), p.trouble))
	err.gaveUp = true
	p.fail(err)
}

func (p *Publisher) publishError(code codes.Code, message string) *PublishError {
	return &PublishError{
		Code: code, Message: message,
		Accepted: p.outbox.totals.Accepted, Duplicates: p.outbox.totals.Duplicates,
		Unacknowledged: p.outbox.unacknowledged(),
	}
}
