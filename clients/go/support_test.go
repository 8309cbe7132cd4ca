package sluice

// A bridge, its readers, and a proxy that cuts: what the tests share.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const deadline = time.Minute // only a failure takes as long

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, not %v", got, want)
	}
}

func same[T comparable](t *testing.T, got, want []T) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("[%d] is %v, not %v", i, got[i], want[i])
		}
	}
	equal(t, len(got), len(want))
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for begin := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > deadline {
			t.Fatal("not in time: " + what)
		}
	}
}

func numbers(from, to int) []string {
	var all []string
	for n := from; n < to; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// dice of SLUICE_SEED, or of a seed that a failed test prints.
func dice(t *testing.T) *rand.Rand {
	seed, err := strconv.ParseUint(os.Getenv("SLUICE_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("SLUICE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// bridge is on free ports, which it keeps when it is started again.
type bridge struct {
	t          *testing.T
	flags      []string
	grpc, http string
	process    *exec.Cmd
}

func startBridge(t *testing.T, flags ...string) *bridge {
	b := &bridge{t: t, flags: flags, grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
	b.start()
	t.Cleanup(func() {
		b.process.Process.Signal(os.Interrupt)
		b.process.Wait()
	})
	return b
}

func (b *bridge) start() {
	bin := os.Getenv("SLUICE_BIN")
	if bin == "" {
		bin = filepath.Join("..", "..", "build", "dev", "bin")
	}
	b.process = exec.Command(filepath.Join(bin, "sluice-bridge"), append([]string{
		"--grpc_listen=" + b.grpc, "--http_listen=" + b.http, "--log_level=error",
		"--http_publish", "--retention_events=100000", "--retention_bytes=64MiB", "--retry=100ms",
	}, b.flags...)...)
	b.process.Stderr = os.Stderr // its log is the test's
	out, err := b.process.StdoutPipe()
	check(b.t, err)
	check(b.t, b.process.Start())
	line, _ := bufio.NewReader(out).ReadString('\n')
	if _, err := fmt.Sscanf(line, "sluice ready grpc=%s http=%s", &b.grpc, &b.http); err != nil {
		b.t.Fatalf("the bridge said %q", line)
	}
}

func (b *bridge) kill() {
	check(b.t, b.process.Process.Kill())
	b.process.Wait()
}

func (b *bridge) url(path string) string { return "http://" + b.http + path }

func (b *bridge) request(method, path, body string) (int, string) {
	b.t.Helper()
	request, err := http.NewRequest(method, b.url(path), strings.NewReader(body))
	check(b.t, err)
	response, err := http.DefaultClient.Do(request)
	check(b.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	check(b.t, err)
	return response.StatusCode, string(answer)
}

// stream returns all of a topic that has ended, without the opening.
func (b *bridge) stream(topic string) string {
	b.t.Helper()
	_, page := b.request("GET", "/v1/topics/"+topic+"/history?last=1", "")
	if !strings.Contains(page, `"ended":true`) {
		b.t.Fatalf("%s has not ended: %s", topic, page)
	}
	status, body := b.request("GET", "/v1/topics/"+topic+"/events", "")
	equal(b.t, status, 200)
	_, events, _ := strings.Cut(body, ": sluice\n")
	return events
}

func (b *bridge) events(topic string) []received {
	b.t.Helper()
	var all []received
	for _, block := range strings.Split(b.stream(topic), "\n\n") {
		if block != "" {
			all = append(all, parse(strings.Split(block, "\n")))
		}
	}
	return all
}

// stop asks, as a reader, the producers of a topic to stop; waits until there is one.
func (b *bridge) stop(topic, reason string) {
	b.t.Helper()
	until(b.t, "a producer", func() bool {
		status, _ := b.request("POST", "/v1/topics/"+topic+"/stop", `{"reason":"`+reason+`"}`)
		return status == 202
	})
}

type received struct{ id, kind, data string }

func parse(lines []string) received {
	var event received
	var data []string
	for _, line := range lines {
		switch field, value, _ := strings.Cut(line, ": "); field {
		case "id":
			event.id = value
		case "event":
			event.kind = value
		case "data":
			data = append(data, value)
		}
	}
	event.data = strings.Join(data, "\n")
	return event
}

func texts(events []received) []string {
	var all []string
	for _, event := range events {
		all = append(all, event.data)
	}
	return all
}

// reader reads a path, and comes back with the last id until it is told the end.
type reader struct {
	joined atomic.Int32 // times that it was let in
	done   chan struct{}
	mu     sync.Mutex
	events []received
}

func read(t *testing.T, b *bridge, path string) *reader {
	r := &reader{done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	url := b.url(path)
	go func() {
		defer close(r.done)
		for ctx.Err() == nil && !r.over() {
			r.once(ctx, url)
			time.Sleep(10 * time.Millisecond) // as long as there is no bridge
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-r.done
	})
	return r
}

func (r *reader) once(ctx context.Context, url string) {
	request, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
	if all := r.received(); len(all) > 0 {
		request.Header.Set("Last-Event-ID", all[len(all)-1].id)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	var lines []string
	for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
		switch line := scanner.Text(); line {
		case "":
			r.mu.Lock()
			r.events = append(r.events, parse(lines))
			r.mu.Unlock()
			lines = nil
		case ": sluice":
			r.joined.Add(1)
		default:
			lines = append(lines, line)
		}
	}
}

func (r *reader) received() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events
}

func (r *reader) over() bool {
	all := r.received()
	return len(all) > 0 && all[len(all)-1].data == "[DONE]"
}

func (r *reader) all(t *testing.T) []received {
	t.Helper()
	until(t, "the end", r.over)
	return r.received()
}

// proxy stands between a client and a bridge: it cuts connections with a reset, drops what the bridge says, or takes
// nothing from the client.
type proxy struct {
	target      string
	deaf, mute  atomic.Bool
	connections atomic.Int32
	cutAfter    func() int64 // bytes of a connection, both ways; 0: never
	to          string
	mu          sync.Mutex
	open        []net.Conn
}

func startProxy(t *testing.T, to string, cutAfter func() int64) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	p := &proxy{target: listener.Addr().String(), cutAfter: cutAfter, to: to}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.connections.Add(1)
			p.serve(client)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		p.cut()
	})
	return p
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		reset(client)
		return
	}
	p.mu.Lock()
	p.open = append(p.open, client, server)
	p.mu.Unlock()
	var left atomic.Int64
	left.Store(1 << 62)
	if p.cutAfter != nil {
		if bytes := p.cutAfter(); bytes > 0 {
			left.Store(bytes)
		}
	}
	go p.pump(client, server, &left, func() bool { return false }, p.deaf.Load)
	go p.pump(server, client, &left, p.mute.Load, func() bool { return false })
}

var errCut = errors.New("cut")

func (p *proxy) pump(from, to net.Conn, left *atomic.Int64, mute, deaf func() bool) {
	defer reset(from, to)
	buffer := make([]byte, 16<<10)
	for {
		for deaf() {
			time.Sleep(5 * time.Millisecond)
		}
		n, err := from.Read(buffer)
		if after := left.Add(int64(-n)); after <= 0 {
			n, err = max(0, n+int(after)), errCut
		}
		if n > 0 && !mute() {
			if _, broken := to.Write(buffer[:n]); broken != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	reset(p.open...)
	p.open = nil
}

func reset(connections ...net.Conn) {
	for _, connection := range connections {
		connection.(*net.TCPConn).SetLinger(0)
		connection.Close()
	}
}
