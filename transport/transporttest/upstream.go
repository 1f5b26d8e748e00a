// Package transporttest has a transport without a server: it plays WAL from a directory of segment files, as far as
// the test lets it. It shows that the API of package transport is enough to write another transport, and it gives
// tests of a walreceiver an upstream that does what they say, when they say it.
//
// It never writes to the directory, and takes no connection string apart.
package transporttest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

// MaxPiece is the most WAL, bytes, that one event carries, as much as PostgreSQL puts into a message.
const MaxPiece = 128 * 1024

// Upstream is the server that is not there: a transport.Transport all of whose connections play the same files. Its
// methods may be called from any goroutine, and what they change takes effect on open connections at once.
type Upstream struct {
	dir     string
	segSize xlog.SegSize

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when anything below changes
	state   state
}

// state is what the connections look at, under the Upstream's lock.
type state struct {
	id       transport.SystemIdentity
	version  transport.ServerVersion
	switches map[xlog.TimeLineID]transport.NextTimeline
	slots    []transport.CreateSlotOptions
	answers  map[string]*transport.ExecResult
	refuse   error
	fail     error
	shutdown bool
	asked    int // keepalives asked for with AskForReply
	replies  []protocol.StandbyStatusUpdate
}

var _ transport.Transport = (*Upstream)(nil)

// NewUpstream makes an upstream over the segment files in dir that has sent nothing yet: see Advance.
func NewUpstream(dir string, segSize xlog.SegSize, id transport.SystemIdentity) *Upstream {
	return &Upstream{
		dir: dir, segSize: segSize, changed: make(chan struct{}),
		state: state{
			id: id, version: transport.ServerVersion{Num: 150018, Text: "15.18"},
			switches: make(map[xlog.TimeLineID]transport.NextTimeline),
			answers:  make(map[string]*transport.ExecResult),
		},
	}
}

// change changes the state and wakes all who wait for that.
func (u *Upstream) change(f func(*state)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f(&u.state)
	close(u.changed)
	u.changed = make(chan struct{})
}

// look gives a copy of the state, and a channel that is closed when it is out of date.
func (u *Upstream) look() (state, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.state
	s.replies = slices.Clone(s.replies)
	return s, u.changed
}

// Advance lets WAL be sent up to end, which is also the position that IdentifySystem gives.
func (u *Upstream) Advance(end xlog.LSN) { u.change(func(s *state) { s.id.XLogPos = end }) }

// Switch ends the current timeline at a position and goes on with another.
func (u *Upstream) Switch(next transport.NextTimeline) {
	u.change(func(s *state) {
		switches := map[xlog.TimeLineID]transport.NextTimeline{s.id.TLI: next}
		for tli, n := range s.switches {
			switches[tli] = n
		}
		s.switches, s.id.TLI = switches, next.TLI
	})
}

// AskForReply sends a keepalive that asks for a reply on every stream.
func (u *Upstream) AskForReply() { u.change(func(s *state) { s.asked++ }) }

// Fail makes every connection fail with err, open and new ones, until it is called with nil.
func (u *Upstream) Fail(err error) { u.change(func(s *state) { s.fail = err }) }

// Refuse makes Connect fail with err; nil lets it work again.
func (u *Upstream) Refuse(err error) { u.change(func(s *state) { s.refuse = err }) }

// Shutdown ends every stream as a server does that goes down, once all WAL was sent.
func (u *Upstream) Shutdown() { u.change(func(s *state) { s.shutdown = true }) }

// Answer sets what Exec answers to a query. Unless told otherwise, an Upstream answers "SHOW wal_segment_size".
func (u *Upstream) Answer(query string, result *transport.ExecResult) {
	u.change(func(s *state) {
		answers := map[string]*transport.ExecResult{query: result}
		for q, r := range s.answers {
			if q != query {
				answers[q] = r
			}
		}
		s.answers = answers
	})
}

// Slots are the slots that were created.
func (u *Upstream) Slots() []transport.CreateSlotOptions {
	s, _ := u.look()
	return slices.Clone(s.slots)
}

// Replies are the status updates that came so far.
func (u *Upstream) Replies() []protocol.StandbyStatusUpdate {
	s, _ := u.look()
	return s.replies
}

// WaitReply waits for a status update that satisfies ok, be it one that came before, and returns it.
func (u *Upstream) WaitReply(
	ctx context.Context, ok func(protocol.StandbyStatusUpdate) bool,
) (protocol.StandbyStatusUpdate, error) {
	for {
		s, changed := u.look()
		if i := slices.IndexFunc(s.replies, ok); i >= 0 {
			return s.replies[i], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return protocol.StandbyStatusUpdate{}, fmt.Errorf("wait for a reply (%d came): %w", len(s.replies), ctx.Err())
		}
	}
}

// CheckConninfo implements transport.Transport; any string will do.
func (u *Upstream) CheckConninfo(string, bool) error { return nil }

// DBNameFromConninfo implements transport.Transport.
func (u *Upstream) DBNameFromConninfo(string) (string, error) { return "", nil }

// Connect implements transport.Transport.
func (u *Upstream) Connect(ctx context.Context, conninfo string, _ transport.ConnectOptions) (transport.Conn, error) {
	s, _ := u.look()
	if s.refuse != nil {
		return nil, s.refuse
	}
	if ctx.Err() != nil {
		return nil, &transport.ConnError{Op: "connect", Err: ctx.Err()}
	}
	return &conn{
		upstream: u, conninfo: conninfo, version: s.version, asked: s.asked,
		interrupt: make(chan struct{}, 1), closed: make(chan struct{}),
	}, nil
}

// read reads WAL of a timeline into p, at most up to the end of the segment.
func (u *Upstream) read(tli xlog.TimeLineID, at xlog.LSN, p []byte) (int, error) {
	n := uint64(u.segSize.SegNo(at))
	perID := uint64(1<<32) / uint64(u.segSize)
	f, err := os.Open(filepath.Join(u.dir, fmt.Sprintf("%08X%08X%08X", uint32(tli), n/perID, n%perID)))
	if err != nil {
		return 0, &transport.ServerError{
			Severity: "ERROR", Code: string(protocol.CodeUndefinedFile),
			Message: fmt.Sprintf("requested WAL segment at %s has already been removed", at),
		}
	}
	defer f.Close()
	offset := u.segSize.Offset(at)
	return f.ReadAt(p[:min(len(p), int(uint32(u.segSize)-offset))], int64(offset))
}
