package pgwire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"waypost/protocol"
	"waypost/transport"
	"waypost/xlog"
)

// phase is what a connection is doing. The goroutine that uses the connection changes it; Send only looks.
type phase = int32

const (
	// idle: ready for a command.
	idle phase = iota
	// copyBoth: a replication stream in both directions.
	copyBoth
	// copyDone: the server has ended its direction of a replication stream, we have not ended ours.
	copyDone
	// copyIn: COPY FROM takes our data.
	copyIn
	// copyOut: COPY TO sends its data.
	copyOut
	// copyOutDone: it has sent all; the end of the command is still to come.
	copyOutDone
	// unready: an error ended a command or a stream, ReadyForQuery is still to come.
	unready
	// shutdown: the server has ended the stream with a bare CommandComplete, because it is going down.
	shutdown
)

// conn is a connection whose socket was taken from pgconn.
type conn struct {
	settings *settings
	host     host
	version  transport.ServerVersion
	pid      uint32
	logical  bool
	notice   func(*transport.ServerError)

	// Of the goroutine that uses the connection.
	src        *source
	dec        decoder
	msg        protocol.StreamMessage
	parameters map[string]string
	phase      atomic.Int32
	// broken is why the connection is of no more use; nil while it is.
	broken error
	// expected is where the next piece of WAL has to begin; 0 takes any.
	expected xlog.LSN

	// Of whoever sends.
	sendMu  sync.Mutex
	sendErr error

	closed atomic.Bool
}

var _ transport.Conn = (*conn)(nil)

func newConn(
	t *Transport, src *source, s *settings, h host, opts transport.ConnectOptions, pid uint32, parameters map[string]string,
) *conn {
	c := &conn{
		settings: s, host: h, pid: pid, logical: opts.Logical, notice: opts.Notice,
		src: src, parameters: maps.Clone(parameters),
		version: parseServerVersion(parameters["server_version"]),
	}
	if opts.Replication && !opts.Logical {
		size := t.BufferSize
		if size <= 0 {
			size = DefaultBufferSize
		}
		c.dec = protocol.NewStreamDecoder(src, size)
	} else {
		c.dec = newMessageReader(src)
	}
	return c
}

func (c *conn) Conninfo() string { return c.settings.display() }

func (c *conn) SenderInfo() (string, int) { return c.host.name, c.host.port }

func (c *conn) ServerVersion() transport.ServerVersion { return c.version }

func (c *conn) BackendPID() uint32 { return c.pid }

func (c *conn) Parameter(name string) string { return c.parameters[name] }

func (c *conn) Interrupt() { c.src.interrupt() }

// closeGrace is how long the goodbye may take. It takes time only if the server has stopped reading.
const closeGrace = 100 * time.Millisecond

func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.sendMu.TryLock() {
		if c.sendErr == nil {
			_ = c.src.conn.SetWriteDeadline(time.Now().Add(closeGrace))
			_, _ = c.src.conn.Write(protocol.AppendTerminate(nil))
		}
		c.sendMu.Unlock()
	}
	return c.src.sock.Close()
}

// abort closes the connection without a word: its stream is lost in the middle.
func (c *conn) abort() {
	c.closed.Store(true)
	_ = c.src.sock.Close()
}

// fail records why the connection is of no more use and returns that.
func (c *conn) fail(err error) error {
	if c.broken == nil {
		c.broken = err
	}
	return err
}

// begin starts a call with a context: from here until its end, ctx being done closes the connection.
func (c *conn) begin(ctx context.Context, op string) (end func(*error), err error) {
	if c.broken != nil {
		return nil, c.broken
	}
	if ctx.Err() != nil {
		return nil, &transport.ConnError{Op: op, Err: context.Cause(ctx)}
	}
	c.src.deadline, c.src.interruptible = time.Time{}, false
	stop := context.AfterFunc(ctx, c.abort)
	return func(err *error) {
		if !stop() {
			c.broken = &transport.ConnError{Op: op, Err: context.Cause(ctx)} // rather than that it was closed
			*err = c.broken
		}
	}, nil
}

// next reads one message into c.msg, passing over those that may come at any time.
func (c *conn) next(op string) error {
	for {
		err := c.dec.Next(&c.msg)
		switch {
		case err == transport.ErrDeadline || err == transport.ErrInterrupted:
			return err
		case err != nil && c.closed.Load():
			return c.fail(&transport.ConnError{Op: op, Err: net.ErrClosed})
		case err != nil:
			return c.fail(readError(op, err))
		}
		asynchronous, err := c.takeAsynchronous()
		if err != nil {
			return c.fail(readError(op, err))
		}
		if !asynchronous {
			return nil
		}
		if c.src.interruptible && !c.dec.Ready() {
			return errNothing
		}
	}
}

// errNothing tells Receive that to go on means to read, which would overwrite what it gave out before.
var errNothing = errors.New("nothing in the buffer")

// takeAsynchronous handles c.msg if it is a message that may come at any time.
func (c *conn) takeAsynchronous() (bool, error) {
	if c.msg.Kind != protocol.StreamOther {
		return false, nil
	}
	switch c.msg.Type {
	case protocol.MsgParameterStatus:
		name, value, err := protocol.DecodeParameterStatus(c.msg.Body)
		if err == nil {
			c.parameters[name] = value
		}
		return true, err
	case protocol.MsgNoticeResponse:
		e, err := protocol.DecodeErrorResponse(c.msg.Body)
		if err == nil && c.notice != nil {
			c.notice(fromProtocolError(e))
		}
		return true, err
	case protocol.MsgNotificationResponse:
		return true, nil
	}
	return false, nil
}

// serverError makes c.msg, an ErrorResponse, an error, and leaves the connection as the error leaves it.
func (c *conn) serverError(op string) error {
	e, err := protocol.DecodeErrorResponse(c.msg.Body)
	if err != nil {
		return c.fail(readError(op, err))
	}
	server := fromProtocolError(e)
	if e.Severity != protocol.SeverityError {
		return c.fail(server) // FATAL or PANIC: the server closes the connection
	}
	c.phase.Store(unready)
	return server
}

// unexpected is the error for a message that does not belong here.
func (c *conn) unexpected(op string) error {
	return c.fail(&transport.ProtocolError{Op: op, Msg: fmt.Sprintf("unexpected message type %q", c.msg.Type)})
}

// Send implements transport.Conn.
func (c *conn) Send(msg []byte, deadline time.Time) error {
	switch c.phase.Load() {
	case copyBoth, copyDone, copyIn:
		return c.write("send data to WAL stream", msg, deadline)
	case shutdown:
		return &transport.ConnError{Op: "send data to WAL stream", Err: transport.ErrServerClosed}
	}
	return transport.ErrNotStreaming
}

func (c *conn) write(op string, msg []byte, deadline time.Time) error {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	if c.sendErr != nil {
		return c.sendErr
	}
	err := c.src.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = c.src.conn.Write(msg)
	}
	if err == nil {
		return nil
	}
	switch {
	case c.closed.Load():
		err = net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = transport.ErrDeadline
	}
	c.sendErr = &transport.ConnError{Op: op, Err: err}
	return c.sendErr
}
