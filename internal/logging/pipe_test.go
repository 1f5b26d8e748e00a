package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// newPipe is a pipe as the postmaster makes it.
func newPipe(t testing.TB) (read *os.File, write int) {
	t.Helper()
	var ends [2]int
	require.NoError(t, unix.Pipe2(ends[:], unix.O_CLOEXEC))
	read = os.NewFile(uintptr(ends[0]), "read")
	t.Cleanup(func() { read.Close() })
	return read, ends[1]
}

func patient(d time.Duration) func() Patience { return func() Patience { return Patience{Limit: d} } }

func strict(d time.Duration) func() Patience {
	return func() Patience { return Patience{Limit: d, Strict: true} }
}

// collect reads a pipe to its end.
func collect(t *testing.T, read *os.File) (text, json []string) {
	t.Helper()
	a := Assembler{Emit: func(b []byte, to Destination) {
		if to == ToText {
			text = append(text, string(b))
		} else {
			json = append(json, string(b))
		}
	}}
	buf := make([]byte, 777) // no multiple of anything
	for {
		n, err := read.Read(buf)
		a.Feed(buf[:n])
		if err != nil {
			a.Flush()
			return text, json
		}
	}
}

func TestEventsOfManyWritersArriveWhole(t *testing.T) {
	read, write := newPipe(t)
	var all sync.WaitGroup
	sent := make(map[string]bool)
	for writer := range 4 {
		for _, size := range []int{1, chunkSize - chunkHeader, chunkSize - chunkHeader + 1, 3 * chunkSize, 100_000} {
			sent[fmt.Sprintf("%d:%s\n", writer, strings.Repeat("x", size))] = true
		}
	}
	p, err := OpenPipe(write, patient(time.Minute))
	require.NoError(t, err)
	// Several processes have an id each; here one sends for all, so it takes turns.
	var turn sync.Mutex
	for event := range sent {
		all.Go(func() {
			turn.Lock()
			defer turn.Unlock()
			p.send([]byte(event), ToText)
			p.send([]byte("{"+event+"}"), ToJSON)
		})
	}
	go func() {
		all.Wait()
		unix.Write(write, []byte("panic: last words\n"))
		p.Close()
		unix.Close(write)
	}()
	text, json := collect(t, read)
	require.Len(t, json, len(sent))
	require.Greater(t, len(text), len(sent))
	require.Equal(t, "panic: last words\n", strings.Join(text[len(sent):], ""), "in pieces, as it was read")
	for _, event := range text[:len(sent)] {
		require.True(t, sent[event])
	}
	for _, event := range json {
		require.True(t, sent[event[1:len(event)-1]])
	}
}

func TestStuckReaderIsWaitedForOnce(t *testing.T) {
	read, write := newPipe(t)
	const patience = 100 * time.Millisecond
	p, err := OpenPipe(write, patient(patience))
	require.NoError(t, err)
	flags, err := unix.FcntlInt(uintptr(write), unix.F_GETFL, 0)
	require.NoError(t, err)
	require.Zero(t, flags&unix.O_NONBLOCK, "who inherits the pipe relies on its blocking")

	s := NewSink(&bytes.Buffer{})
	s.UsePipe(p)
	l := s.Logger()
	begun := time.Now()
	for range 100 {
		l.Info().Msg(strings.Repeat("x", 10_000))
	}
	took := time.Since(begun)
	require.GreaterOrEqual(t, took, patience)
	require.Less(t, took, 20*patience, "one wait, not a hundred")
	require.Positive(t, p.lost)
	lost := p.lost

	got := make(chan []string)
	go func() {
		text, _ := collect(t, read)
		got <- text
	}()
	require.Eventually(t, func() bool { return p.writable(0) }, 10*time.Second, time.Millisecond)
	l.Info().Msg("again")
	p.Close()
	unix.Close(write)
	text := <-got
	require.Len(t, text, 100-lost+2)
	require.Contains(t, text[100-lost], fmt.Sprintf(
		"WARNING:  %d messages could not be logged because the logger did not take them in time", lost))
	require.Contains(t, text[100-lost+1], "LOG:  again")
}

// A reader that takes a little now and then costs whoever logs no more than one that takes nothing.
func TestSlowReaderCostsNoMoreThanThePatience(t *testing.T) {
	read, write := newPipe(t)
	const patience = 100 * time.Millisecond
	p, err := OpenPipe(write, strict(patience))
	require.NoError(t, err)
	s := NewSink(&bytes.Buffer{})
	s.UsePipe(p)
	l := s.Logger()
	buf := make([]byte, 16<<10)
	begun := time.Now()
	for range 20 {
		for p.writable(0) {
			l.Info().Msg(strings.Repeat("x", 10_000))
		}
		l.Info().Msg("waits")
		_, err := read.Read(buf) // so much gets through again
		require.NoError(t, err)
	}
	require.LessOrEqual(t, p.waited, 2*patience)
	require.Less(t, time.Since(begun), 10*patience)
	p.since = p.since.Add(-time.Minute)
	for p.writable(0) {
		l.Info().Msg(strings.Repeat("x", 10_000))
	}
	require.GreaterOrEqual(t, p.waited, patience-time.Millisecond, "in the next minute it waits again")
	p.Close()
	unix.Close(write)
}

// A reader that goes on is waited for by those who can: nothing is lost, though all waits together are longer.
func TestSlowReaderThatGoesOnLosesNothing(t *testing.T) {
	read, write := newPipe(t)
	const patience = time.Second
	p, err := OpenPipe(write, patient(patience))
	require.NoError(t, err)
	s := NewSink(&bytes.Buffer{})
	s.UsePipe(p)
	l := s.Logger()
	for p.writable(0) {
		_, err := unix.Write(p.fd, make([]byte, chunkSize))
		require.NoError(t, err)
	}
	go func() {
		buf := make([]byte, chunkSize)
		for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
			if _, err := read.Read(buf); err != nil {
				return
			}
		}
	}()
	for begun := time.Now(); time.Since(begun) < 2*patience; {
		l.Info().Msg(strings.Repeat("x", 10_000))
	}
	require.Zero(t, p.lost)
	p.Close()
	unix.Close(write)
}

func TestEventLostInBothFormsIsLostOnce(t *testing.T) {
	_, write := newPipe(t)
	p, err := OpenPipe(write, patient(0))
	require.NoError(t, err)
	s := NewSink(&bytes.Buffer{})
	c := defaultConfig()
	c.JSON = true
	s.Configure(c)
	s.UsePipe(p)
	l := s.Logger()
	for p.writable(0) {
		_, err := unix.Write(p.fd, make([]byte, chunkSize))
		require.NoError(t, err)
	}
	for range 3 {
		l.Info().Msg("m")
	}
	require.Equal(t, 3, p.lost)
	p.Close()
	unix.Close(write)
}

func TestNothingIsTooLongToArriveWhole(t *testing.T) {
	read, write := newPipe(t)
	p, err := OpenPipe(write, patient(time.Minute))
	require.NoError(t, err)
	s := NewSink(&bytes.Buffer{})
	c := defaultConfig()
	c.JSON, c.Prefix = true, ""
	s.Configure(c)
	s.UsePipe(p)
	s.SetStatement("select '" + strings.Repeat("\x01ä", 3<<20) + "'")
	long := strings.Repeat("\x01", 1<<20)
	l := s.Logger()
	go func() {
		l.Error().Str(DetailField, long).Str(HintField, long).Str(ContextField, long).Msg(long)
		p.Close()
		unix.Close(write)
	}()
	text, events := collect(t, read)
	require.Len(t, text, 1)
	require.Regexp(t, `^(?s)ERROR:  .*\nSTATEMENT:  select '.* bytes more\)\n$`, text[0])
	require.Len(t, events, 1)
	var event map[string]any
	require.NoError(t, json.Unmarshal([]byte(events[0]), &event))
	require.Contains(t, event["statement"], fmt.Sprintf("... (%d bytes more)", 9<<20+len("select ''")-maxStatement))
	require.Contains(t, event["hint"], fmt.Sprintf("... (%d bytes more)", 1<<20-maxText))
}

func TestNoPipeIsRefused(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	_, err = OpenPipe(int(f.Fd()), patient(0))
	require.ErrorContains(t, err, "stderr is no pipe")
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte("text"), 1)
	f.Add([]byte("\x00\x00\x01\x00\x05\x00\x00\x00\x03x\x00\x00\x01\x00\x05\x00\x00\x00\x01y"), 3)
	f.Add([]byte("\x00\x00\x01\x00\x05\x00\x00\x00\x02x\x00"), 2)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		all := func(step int) string {
			var got strings.Builder
			size := 0
			a := Assembler{Emit: func(text []byte, to Destination) {
				require.Less(t, int(to), NumDestinations)
				size += len(text)
				if to == ToJSON {
					return // the order among the two is not kept
				}
				got.Write(text)
			}}
			for rest := b; len(rest) > 0; {
				n := min(step, len(rest))
				a.Feed(rest[:n])
				rest = rest[n:]
			}
			pending := len(a.pending)
			a.Flush()
			require.Zero(t, a.size)
			require.LessOrEqual(t, size, len(b)+pending, "nothing is made up")
			if pending > 1 {
				return "" // what is left comes in any order
			}
			return got.String()
		}
		step = step&0xff + 1
		require.Equal(t, all(len(b)+1), all(step), "it does not matter how it is cut")
	})
}
