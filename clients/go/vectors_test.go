package sluice

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	sluicev1 "sluice/v1"
)

type vector struct {
	Name  string
	Event json.RawMessage
	Frame string
	event *Event
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("../../tests/vectors/events.json")
	check(t, err)
	var all []vector
	check(t, json.Unmarshal(text, &all))
	for i := range all {
		all[i].event = &Event{}
		check(t, protojson.Unmarshal(all[i].Event, all[i].event))
	}
	equal(t, len(all) > 0, true)
	return all
}

func checkFrames(t *testing.T, all []vector, stream string) {
	t.Helper()
	for _, v := range all {
		rest, ok := strings.CutPrefix(stream, v.Frame)
		if !ok {
			t.Fatalf("%s: %q, not %q", v.Name, stream[:min(len(stream), len(v.Frame)+20)], v.Frame)
		}
		stream = rest
	}
	equal(t, strings.HasSuffix(stream, "\ndata: [DONE]\n\n") && strings.Count(stream, "\n") == 3, true)
}

func TestEveryVectorIsReadAsTheBytesThatItShouldBe(t *testing.T) {
	b := startBridge(t)
	all := vectors(t)
	p := newPublisher(t, b.grpc, nil)
	var events []*Event
	for _, v := range all {
		check(t, p.Publish(background, "vectors", v.event))
		events = append(events, v.event)
	}
	check(t, p.End(background, "vectors"))
	check(t, p.Close())
	checkFrames(t, all, b.stream("vectors"))

	_, err := PublishOnce(background, dialed(t, b.grpc), "plain", Events(events...), &OnceOptions{End: &sluicev1.End{}})
	check(t, err)
	checkFrames(t, all, b.stream("plain"))
}

func TestJSONEventsAreThoseOfTheParser(t *testing.T) {
	for _, v := range vectors(t) {
		var fields struct{ JSON any }
		check(t, json.Unmarshal(v.Event, &fields))
		if v.event.GetJson() == nil {
			continue
		}
		event, err := JSON(fields.JSON)
		check(t, err)
		if !proto.Equal(event.GetJson(), v.event.GetJson()) {
			t.Fatal(v.Name)
		}
	}
	if _, err := JSON(func() {}); err == nil {
		t.Fatal("a function is no JSON")
	}
}
