package sluice

import (
	"context"
	"errors"
	"iter"

	sluicev1 "sluice/v1"
)

// Stop is a reader's wish that a producer may stop.
type Stop = sluicev1.Stop

// Streamed is what became of the items of a stream.
type Streamed struct {
	Events int   // published
	Stop   *Stop // why not all of them: a reader's wish; nil: there was none
}

// StreamOption changes how a stream goes.
type StreamOption int

// IgnoreStops goes on when a reader asks to stop. OnStop is told nevertheless.
const IgnoreStops StreamOption = 1

type stopError struct{ stop *Stop }

func (e *stopError) Error() string { return "sluice: a reader asks to stop: " + e.stop.GetReason() }

// Stream publishes each item, completes the topic, and returns when all that is stored; [Events] and [Texts] make items.
// If an item comes with an error, or ctx is over, the topic fails with that and Stream returns it. If a reader asks to
// stop, the topic is completed after the item that is being waited for.
func (p *Publisher) Stream(
	ctx context.Context, topic string, items iter.Seq2[*Event, error], options ...StreamOption,
) (Streamed, error) {
	return p.StreamFunc(ctx, topic, func(context.Context) iter.Seq2[*Event, error] { return items }, options...)
}

// StreamFunc is Stream for items that take a context, which is over as soon as a reader asks to stop. What they yield, an
// error too, is then no longer published.
func (p *Publisher) StreamFunc(
	ctx context.Context, topic string, items func(context.Context) iter.Seq2[*Event, error], options ...StreamOption,
) (Streamed, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if len(options) == 0 || options[0] != IgnoreStops {
		p.setStreaming(topic, cancel)
		defer p.setStreaming(topic, nil)
	}
	over := false
	defer func() {
		if !over {
			p.failStream(topic, errors.New("the producer panicked"))
		}
	}()
	events, err := p.publishItems(ctx, inner, topic, items)
	over = true
	streamed := Streamed{Events: events, Stop: stopOf(inner)}
	if err == nil {
		err = p.End(ctx, topic)
	}
	if err == nil {
		return streamed, p.Flush(ctx)
	}
	reason := err
	if ctx.Err() != nil {
		reason = context.Cause(ctx)
	}
	p.failStream(topic, reason)
	if ctx.Err() == nil {
		p.Flush(ctx) // what it says, later calls will say again
	}
	return streamed, err
}

func (p *Publisher) publishItems(
	ctx, inner context.Context, topic string, items func(context.Context) iter.Seq2[*Event, error],
) (int, error) {
	events := 0
	for event, err := range items(inner) {
		if stopOf(inner) != nil {
			break
		}
		if err == nil {
			err = p.Publish(ctx, topic, event)
		}
		if err != nil {
			return events, err
		}
		events++
		if stopOf(inner) != nil {
			break
		}
	}
	return events, nil
}

// failStream ends a topic without waiting for room: an end is small.
func (p *Publisher) failStream(topic string, reason error) {
	if checkTopic(topic) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil && !p.closing {
		p.add(newEntry(topic, nil, failureOf(reason)))
	}
}

func (p *Publisher) setStreaming(topic string, stopped context.CancelCauseFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stopped == nil {
		delete(p.streaming, topic)
	} else {
		p.streaming[topic] = stopped
	}
}

// stopOf returns the stop that has ended a stream's context, if one has.
func stopOf(ctx context.Context) *Stop {
	var stopped *stopError
	if errors.As(context.Cause(ctx), &stopped) {
		return stopped.stop
	}
	return nil
}
