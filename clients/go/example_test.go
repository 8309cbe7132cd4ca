package sluice

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExampleRuns(t *testing.T) {
	b := startBridge(t)
	program := filepath.Join(t.TempDir(), "example")
	output, err := exec.Command("go", "build", "-o", program, "./example").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var printed strings.Builder
	example := exec.Command(program, b.grpc, "chat")
	example.Stdout, example.Stderr = &printed, &printed
	check(t, example.Start())
	r := read(t, b, "/v1/topics/chat/events")
	until(t, "two lines", func() bool { return len(r.received()) > 1 })
	b.stop("chat", "enough")
	if err := example.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, printed.String())
	}
	events := r.all(t)
	equal(t, events[0].data, `{"n":0,"says":"Is anybody there?"}`)
	equal(t, strings.Contains(printed.String(), `lines, stopped: "enough"`), true)
}
