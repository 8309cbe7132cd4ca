package sluice

import (
	"sync"

	sluicev1 "sluice/v1"
)

// notice is what happened to a topic last.
type notice struct {
	interest *sluicev1.Interest
	stop     *sluicev1.Stop
}

// notices calls the callbacks of a publisher on a goroutine of their own. It keeps the last of each topic only, so that a
// slow callback costs no more than that.
type notices struct {
	mu     sync.Mutex
	added  *sync.Cond
	topics []string // those that something is to be told of, in order
	of     map[string]notice
	closed bool
}

func newNotices(onInterest func(string, uint64), onStop func(string, string)) *notices {
	n := &notices{of: map[string]notice{}}
	n.added = sync.NewCond(&n.mu)
	if onInterest == nil && onStop == nil {
		n.closed = true
		return n
	}
	go func() {
		for topic, next := n.take(); topic != ""; topic, next = n.take() {
			if next.interest != nil && onInterest != nil {
				onInterest(topic, next.interest.GetSubscribers())
			}
			if next.stop != nil && onStop != nil {
				onStop(topic, next.stop.GetReason())
			}
		}
	}()
	return n
}

func (n *notices) add(topic string, next notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	both, waiting := n.of[topic]
	if next.interest != nil {
		both.interest = next.interest
	}
	if next.stop != nil {
		both.stop = next.stop
	}
	n.of[topic] = both
	if !waiting {
		n.topics = append(n.topics, topic)
	}
	n.added.Signal()
}

// take waits for what is to be told next; the topic is empty when there will be nothing more.
func (n *notices) take() (string, notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.topics) == 0 && !n.closed {
		n.added.Wait()
	}
	if len(n.topics) == 0 {
		return "", notice{}
	}
	topic := n.topics[0]
	n.topics = n.topics[1:]
	next := n.of[topic]
	delete(n.of, topic)
	return topic, next
}

func (n *notices) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	n.added.Signal()
}
