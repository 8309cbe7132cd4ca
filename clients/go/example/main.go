// A chat between two who never tire, which rests while nobody listens: go run ./example [HOST:PORT] [TOPIC]
//
// Open http://localhost:8080/v1/topics/chat.go/events, or `sluice sub chat.go`, more than once. `sluice stop chat.go` ends it.
package main

import (
	"context"
	"fmt"
	"iter"
	"log"
	"os"
	"os/signal"
	"time"

	"sluice"
)

func main() {
	target, topic := "localhost:50051", "chat.go"
	for i, argument := range os.Args[1:] {
		*[]*string{&target, &topic}[i] = argument
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	listeners := make(chan uint64, 1)
	publisher, err := sluice.NewPublisher(target, &sluice.Options{
		OnAbort:     sluice.FailOnAbort, // if this program is killed, readers are told
		GiveUpAfter: 10 * time.Second,
		OnInterest: func(_ string, subscribers uint64) {
			select {
			case <-listeners: // what nobody has looked at is out of date
			default:
			}
			listeners <- subscribers
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := publisher.Announce(ctx, topic); err != nil {
		log.Fatal(err)
	}
	streamed, err := publisher.StreamFunc(ctx, topic, func(ctx context.Context) iter.Seq2[*sluice.Event, error] {
		return chat(ctx, listeners)
	})
	if err == nil {
		err = publisher.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d lines, stopped: %q\n", streamed.Events, streamed.Stop.GetReason())
}

// chat yields a line whenever it is time for one and somebody listens, until ctx is over.
func chat(ctx context.Context, listeners <-chan uint64) iter.Seq2[*sluice.Event, error] {
	return func(yield func(*sluice.Event, error) bool) {
		lines := []string{"Is anybody there?", "It seems so.", "Then let us go on."}
		ticker := time.NewTicker(300 * time.Millisecond)
		defer ticker.Stop()
		listening := false
		for said := 0; ; {
			select {
			case <-ctx.Done():
				return
			case subscribers := <-listeners:
				listening = subscribers > 0
			case <-ticker.C:
				if !listening {
					continue
				}
				if !yield(sluice.JSON(map[string]any{"n": said, "says": lines[said%len(lines)]})) {
					return
				}
				said++
			}
		}
	}
}
