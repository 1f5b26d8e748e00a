package pgwire

import (
	"context"
	"fmt"
	"strings"
	"time"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

const (
	opStart   = "start WAL streaming"
	opReceive = "receive data from WAL stream"
	opEnd     = "end WAL streaming"
)

func (c *conn) StartStreaming(ctx context.Context, opts transport.StreamOptions) (transport.StartResult, error) {
	results, err := c.query(ctx, opStart, c.startCommand(opts))
	if err != nil {
		return transport.StartResult{}, wrap(opStart, err)
	}
	if c.phase.Load() == copyBoth {
		c.expected = opts.StartPoint
		return transport.StartResult{Streaming: true}, nil
	}
	if c.phase.Load() != idle {
		return transport.StartResult{}, c.fail(&transport.ProtocolError{Op: opStart, Msg: "server started another kind of COPY"})
	}
	next, err := nextTimeline(opStart, results)
	return transport.StartResult{Next: next}, err
}

func (c *conn) startCommand(opts transport.StreamOptions) string {
	cmd := "START_REPLICATION"
	if opts.SlotName != "" {
		cmd += " SLOT " + quoteIdentifier(opts.SlotName)
	}
	if opts.Logical != nil {
		return cmd + " LOGICAL " + opts.StartPoint.String() + " (" + c.pgoutputOptions(opts.Logical) + ")"
	}
	cmd += " " + opts.StartPoint.String()
	if opts.TLI != 0 {
		cmd += fmt.Sprintf(" TIMELINE %d", opts.TLI)
	}
	return cmd
}

// pgoutputOptions leaves out what the server is too old for, as PostgreSQL's own does.
func (c *conn) pgoutputOptions(o *transport.LogicalOptions) string {
	list := []string{fmt.Sprintf("proto_version '%d'", o.ProtoVersion)}
	add := func(since int, keyword, value string) {
		if value != "" && c.version.Num >= since {
			list = append(list, keyword+" "+quoteLiteral(value))
		}
	}
	streaming := 140000
	if o.Streaming == "parallel" {
		streaming = 160000
	}
	add(streaming, "streaming", o.Streaming)
	if o.TwoPhase {
		add(150000, "two_phase", "on")
	}
	add(160000, "origin", o.Origin)
	names := make([]string, len(o.PublicationNames))
	for i, name := range o.PublicationNames {
		names[i] = quoteIdentifier(name)
	}
	add(0, "publication_names", strings.Join(names, ","))
	if o.Binary {
		add(140000, "binary", "true")
	}
	return strings.Join(list, ", ")
}

// nextTimeline finds the result set by which a server says where a timeline went on; there may be none.
func nextTimeline(op string, results []transport.ExecResult) (transport.NextTimeline, error) {
	var next transport.NextTimeline
	for _, r := range results {
		if r.Status != transport.ExecOKTuples {
			continue
		}
		row, err := oneRow(op, results, 2)
		if err != nil {
			return next, err
		}
		if next.TLI, err = parseTLI(op, row[0]); err != nil {
			return next, err
		}
		next.SwitchPoint, err = parseLSN(op, row[1])
		return next, err
	}
	return next, nil
}

func (c *conn) EndStreaming(ctx context.Context) (next transport.NextTimeline, err error) {
	switch c.phase.Load() {
	case shutdown:
		return next, nil
	case copyBoth, copyDone, copyIn, copyOut, copyOutDone:
	default:
		return next, transport.ErrNotStreaming
	}
	end, err := c.begin(ctx, opEnd)
	if err != nil {
		return next, err
	}
	defer end(&err)
	if p := c.phase.Load(); p != copyOut && p != copyOutDone {
		if err := c.write(opEnd, protocol.AppendCopyDone(nil), time.Time{}); err != nil {
			return next, c.fail(err)
		}
	}
	if ended, err := c.skipCopy(); err != nil || ended {
		return next, wrap(opEnd, err)
	}
	results, err := c.results(opEnd)
	if err != nil {
		return next, wrap(opEnd, err)
	}
	return nextTimeline(opEnd, results)
}

// skipCopy throws away what the server had sent before it noticed that the stream is over. ended is true when the
// server ended it in its own way, going down at the same moment.
func (c *conn) skipCopy() (ended bool, err error) {
	for c.phase.Load() == copyBoth || c.phase.Load() == copyOut {
		if err := c.next(opEnd); err != nil {
			return false, err
		}
		switch {
		case c.msg.Kind == protocol.StreamCopyDone:
			c.phase.Store(copyDone)
		case c.msg.Kind != protocol.StreamOther, c.msg.Type == protocol.MsgCopyData:
		case c.msg.Type == protocol.MsgErrorResponse:
			return false, c.serverError(opEnd)
		case c.msg.Type == protocol.MsgCommandComplete:
			c.phase.Store(shutdown)
			return true, nil
		default:
			return false, c.unexpected(opEnd)
		}
	}
	return false, nil
}

func (c *conn) Pending() bool {
	return c.broken != nil || c.dec.Ready() || c.src.pending()
}

func (c *conn) Buffered() bool { return c.dec.Ready() }

func (c *conn) Receive(deadline time.Time) (transport.Event, error) {
	if c.broken != nil {
		return transport.Event{}, c.broken
	}
	switch c.phase.Load() {
	case copyBoth, copyOut, copyOutDone:
	case copyDone:
		return transport.Event{Kind: transport.EndOfCopy}, nil
	case shutdown:
		return transport.Event{Kind: transport.EndOfCopy, Shutdown: true}, nil
	default:
		return transport.Event{}, transport.ErrNotStreaming
	}
	c.src.deadline, c.src.interruptible = deadline, true
	for {
		buffered := c.dec.Ready()
		switch err := c.next(opReceive); {
		case err == errNothing && buffered:
			return transport.Event{}, nil
		case err == errNothing:
			continue
		case err != nil:
			return transport.Event{}, err
		}
		ev, done, err := c.event()
		if done || err != nil {
			return ev, err
		}
	}
}

// event makes c.msg an event; done is false where it is none.
func (c *conn) event() (ev transport.Event, done bool, err error) {
	switch m := &c.msg; m.Kind {
	case protocol.StreamWAL:
		ev, err = c.walEvent()
		return ev, true, err
	case protocol.StreamKeepalive:
		return transport.Event{
			Kind: transport.Keepalive, End: m.WalEnd, SendTime: m.SendTime, ReplyRequested: m.ReplyRequested,
		}, true, nil
	case protocol.StreamCopyDone:
		if c.phase.CompareAndSwap(copyOut, copyOutDone) {
			return ev, false, nil
		}
		if !c.phase.CompareAndSwap(copyBoth, copyDone) {
			return ev, true, c.unexpected(opReceive)
		}
		return transport.Event{Kind: transport.EndOfCopy}, true, nil
	}
	return c.otherEvent()
}

// walEvent hands out a piece of WAL, if it is the piece that has to come now.
func (c *conn) walEvent() (transport.Event, error) {
	m := &c.msg
	if c.expected.Valid() && m.Start != c.expected {
		return transport.Event{}, c.fail(&transport.DiscontinuityError{Expected: c.expected, Got: m.Start})
	}
	c.expected = m.Start + xlog.LSN(len(m.Data))
	return transport.Event{
		Kind: transport.XLogData, Start: m.Start, End: m.WalEnd, SendTime: m.SendTime, Data: m.Data,
	}, nil
}

func (c *conn) otherEvent() (ev transport.Event, done bool, err error) {
	p := c.phase.Load()
	switch {
	case c.msg.Type == protocol.MsgErrorResponse:
		return ev, true, c.serverError(opReceive)
	case c.msg.Type == protocol.MsgCopyData && p == copyOut:
		return transport.Event{Kind: transport.CopyData, Data: c.msg.Body}, true, nil
	case c.msg.Type == protocol.MsgCopyData && p == copyBoth:
		ev, err := c.logicalEvent()
		return ev, true, err
	case c.msg.Type == protocol.MsgCommandComplete && p == copyBoth:
		// A walsender that goes down ends the command without ending the copy, and then closes the connection.
		c.phase.Store(shutdown)
		return transport.Event{Kind: transport.EndOfCopy, Shutdown: true}, true, nil
	case c.msg.Type == protocol.MsgCommandComplete && p == copyOutDone:
		return ev, false, nil
	case c.msg.Type == protocol.MsgReadyForQuery && p == copyOutDone:
		c.phase.Store(idle)
		return transport.Event{Kind: transport.EndOfCopy}, true, nil
	}
	return ev, true, c.unexpected(opReceive)
}

// logicalEvent decodes a whole CopyData of a logical stream.
func (c *conn) logicalEvent() (transport.Event, error) {
	body := c.msg.Body
	if len(body) > 0 && body[0] == 'k' {
		var k protocol.Keepalive
		if err := protocol.DecodeKeepalive(body, &k); err != nil {
			return transport.Event{}, c.fail(readError(opReceive, err))
		}
		return transport.Event{
			Kind: transport.Keepalive, End: k.WalEnd, SendTime: k.SendTime, ReplyRequested: k.ReplyRequested,
		}, nil
	}
	var d protocol.XLogData
	if err := protocol.DecodeXLogData(body, &d); err != nil {
		return transport.Event{}, c.fail(readError(opReceive, err))
	}
	return transport.Event{
		Kind: transport.XLogData, Start: d.Start, End: d.WalEnd, SendTime: d.SendTime, Data: d.Data,
	}, nil
}
