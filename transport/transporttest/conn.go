package transporttest

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

// conn is one connection to an Upstream.
type conn struct {
	upstream  *Upstream
	conninfo  string
	version   transport.ServerVersion
	interrupt chan struct{}
	closed    chan struct{}
	closeOnce sync.Once

	streaming atomic.Bool
	tli       xlog.TimeLineID
	sent      xlog.LSN
	asked     int
	buf       [MaxPiece]byte
}

var _ transport.Conn = (*conn)(nil)

func (c *conn) Conninfo() string                       { return c.conninfo }
func (c *conn) SenderInfo() (string, int)              { return c.upstream.dir, 0 }
func (c *conn) ServerVersion() transport.ServerVersion { return c.version }
func (c *conn) BackendPID() uint32                     { return uint32(os.Getpid()) }

func (c *conn) Parameter(name string) string {
	if name == "server_version" {
		return c.version.Text
	}
	return ""
}

// begin is the start of every command.
func (c *conn) begin(ctx context.Context) (state, error) {
	s, _ := c.upstream.look()
	if err := c.broken(&s); err != nil {
		return s, err
	}
	if ctx.Err() != nil {
		return s, &transport.ConnError{Op: "execute command", Err: ctx.Err()}
	}
	if c.streaming.Load() {
		return s, transport.ErrBusy
	}
	return s, nil
}

func (c *conn) broken(s *state) error {
	select {
	case <-c.closed:
		return &transport.ConnError{Op: "use connection", Err: net.ErrClosed}
	default:
		return s.fail
	}
}

func (c *conn) IdentifySystem(ctx context.Context) (transport.SystemIdentity, error) {
	s, err := c.begin(ctx)
	return s.id, err
}

func (c *conn) ReadTimelineHistoryFile(ctx context.Context, tli xlog.TimeLineID) (transport.HistoryFile, error) {
	if _, err := c.begin(ctx); err != nil {
		return transport.HistoryFile{}, err
	}
	name := fmt.Sprintf("%08X.history", uint32(tli))
	content, err := os.ReadFile(filepath.Join(c.upstream.dir, name))
	if err != nil {
		return transport.HistoryFile{}, &transport.ServerError{
			Severity: "ERROR", Code: string(protocol.CodeUndefinedFile),
			Message: fmt.Sprintf("could not open file \"pg_wal/%s\": No such file or directory", name),
		}
	}
	return transport.HistoryFile{Name: name, Content: content}, nil
}

func (c *conn) StartStreaming(ctx context.Context, opts transport.StreamOptions) (transport.StartResult, error) {
	s, err := c.begin(ctx)
	if err != nil {
		return transport.StartResult{}, err
	}
	c.tli, c.sent = opts.TLI, opts.StartPoint
	if c.tli == 0 {
		c.tli = s.id.TLI
	}
	next, over := s.switches[c.tli]
	if over && c.sent >= next.SwitchPoint {
		return transport.StartResult{Next: next}, nil
	}
	if !over && c.tli != s.id.TLI {
		return transport.StartResult{}, &transport.ServerError{
			Severity: "ERROR", Code: string(protocol.CodeInternalError),
			Message: fmt.Sprintf("requested timeline %d is not in this server's history", c.tli),
		}
	}
	c.streaming.Store(true)
	return transport.StartResult{Streaming: true}, nil
}

func (c *conn) EndStreaming(context.Context) (transport.NextTimeline, error) {
	if !c.streaming.Swap(false) {
		return transport.NextTimeline{}, transport.ErrNotStreaming
	}
	s, _ := c.upstream.look()
	if next, over := s.switches[c.tli]; over && c.sent == next.SwitchPoint {
		return next, nil
	}
	return transport.NextTimeline{}, c.broken(&s)
}

func (c *conn) Receive(deadline time.Time) (transport.Event, error) {
	if !c.streaming.Load() {
		return transport.Event{}, transport.ErrNotStreaming
	}
	var expired <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		expired = timer.C
	}
	for {
		s, changed := c.upstream.look()
		if ev, err := c.event(&s); ev.Kind != transport.NoEvent || err != nil {
			return ev, err
		}
		select {
		case <-changed:
		case <-c.closed:
		case <-c.interrupt:
			return transport.Event{}, transport.ErrInterrupted
		case <-expired:
			return transport.Event{}, transport.ErrDeadline
		}
	}
}

// limit is how far this stream goes: the end of WAL or of its timeline.
func (c *conn) limit(s *state) (end xlog.LSN, over bool) {
	if next, over := s.switches[c.tli]; over {
		return next.SwitchPoint, true
	}
	return s.id.XLogPos, false
}

// event is the next thing to happen; none if nothing is to be said now.
func (c *conn) event(s *state) (transport.Event, error) {
	if err := c.broken(s); err != nil {
		return transport.Event{}, err
	}
	end, over := c.limit(s)
	switch {
	case c.asked < s.asked:
		c.asked++
		return transport.Event{Kind: transport.Keepalive, End: end, SendTime: xlog.Now(), ReplyRequested: true}, nil
	case c.sent < end:
		n, err := c.upstream.read(c.tli, c.sent, c.buf[:min(MaxPiece, uint64(end-c.sent))])
		ev := transport.Event{Kind: transport.XLogData, Start: c.sent, End: end, SendTime: xlog.Now(), Data: c.buf[:n]}
		c.sent += xlog.LSN(n)
		if err != nil {
			return transport.Event{}, err
		}
		return ev, nil
	case over:
		return transport.Event{Kind: transport.EndOfCopy}, nil
	case s.shutdown:
		return transport.Event{Kind: transport.EndOfCopy, Shutdown: true}, nil
	}
	return transport.Event{}, nil
}

// Pending implements transport.Conn: whatever can be sent at all is there already.
func (c *conn) Pending() bool {
	s, _ := c.upstream.look()
	end, over := c.limit(&s)
	return c.broken(&s) != nil || c.asked < s.asked || c.sent < end || over || s.shutdown
}

// Buffered implements transport.Conn: there is one buffer, and every event is written over the one before.
func (c *conn) Buffered() bool { return false }

func (c *conn) Interrupt() {
	select {
	case c.interrupt <- struct{}{}:
	default:
	}
}

// Send implements transport.Conn; it keeps the status updates and passes over the rest.
func (c *conn) Send(msg []byte, _ time.Time) error {
	if !c.streaming.Load() {
		return transport.ErrNotStreaming
	}
	s, _ := c.upstream.look()
	if err := c.broken(&s); err != nil {
		return err
	}
	for len(msg) > 0 {
		const frame = 5
		if len(msg) < frame || msg[0] != protocol.MsgCopyData {
			return fmt.Errorf("send: not a CopyData message")
		}
		n := 1 + int(binary.BigEndian.Uint32(msg[1:]))
		if n < frame || n > len(msg) {
			return fmt.Errorf("send: message of %d bytes says it has %d", len(msg), n)
		}
		if body := msg[frame:n]; len(body) > 0 && body[0] == 'r' {
			var update protocol.StandbyStatusUpdate
			if err := protocol.DecodeStandbyStatusUpdate(body, &update); err != nil {
				return err
			}
			c.upstream.change(func(s *state) { s.replies = append(s.replies, update) })
		}
		msg = msg[n:]
	}
	return nil
}

func (c *conn) CreateSlot(ctx context.Context, opts transport.CreateSlotOptions) (transport.CreatedSlot, error) {
	if _, err := c.begin(ctx); err != nil {
		return transport.CreatedSlot{}, err
	}
	c.upstream.change(func(s *state) { s.slots = append(s.slots, opts) })
	return transport.CreatedSlot{}, nil
}

func (c *conn) AlterSlot(ctx context.Context, name string, _ transport.AlterSlotOptions) error {
	if _, err := c.begin(ctx); err != nil {
		return err
	}
	return &transport.ServerError{
		Severity: "ERROR", Code: string(protocol.CodeFeatureNotSupported),
		Message: fmt.Sprintf("cannot alter replication slot %q", name),
	}
}

func (c *conn) Exec(ctx context.Context, query string) (*transport.ExecResult, error) {
	s, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	if r, ok := s.answers[query]; ok {
		return r, nil
	}
	if query == "SHOW wal_segment_size" {
		return &transport.ExecResult{
			Status: transport.ExecOKTuples, Tag: "SHOW",
			Columns: []transport.Column{{Name: "wal_segment_size", TypeOID: uint32(protocol.TextOID)}},
			Rows:    [][]transport.Value{{{Text: fmt.Sprintf("%dMB", c.upstream.segSize>>20), Valid: true}}},
		}, nil
	}
	return nil, &transport.ServerError{
		Severity: "ERROR", Code: string(protocol.CodeSyntaxError), Message: fmt.Sprintf("no answer to %q", query),
	}
}

func (c *conn) Close() error {
	c.closeOnce.Do(func() { close(c.closed) })
	return nil
}
