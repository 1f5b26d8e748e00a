package walsender

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"waypost/internal/backend"
	"waypost/protocol"
	"waypost/xlog"
)

// receiver reads what the client sends while a stream runs. It writes the fields, the sender reads them.
type receiver struct {
	st   *stream
	done chan struct{} // closed when the receiver has ended and somebody else may read

	written    atomic.Uint64         // LSN: what the client has certainly read of what we sent (see inFlight)
	wantsReply atomic.Bool           // the client asked for a keepalive
	copyDone   atomic.Bool           // the client has ended the copy; what it sends next is a command
	ended      atomic.Pointer[error] // why there is nothing more to read

	// The receiver's own.
	prev      protocol.StandbyStatusUpdate
	firstSeen bool
	first     xlog.LSN // the first write position reported
	trusted   bool     // another one has been
}

// run reads until the client ends the copy or the connection, does what it must not, or the session takes over.
func (r *receiver) run() {
	defer close(r.done)
	for !r.st.conn.HandoverWanted() {
		typ, body, err := r.st.w.s.Reader.Next(protocol.PhaseCopyBoth)
		if errors.Is(err, backend.ErrHandover) {
			return
		}
		if err != nil {
			r.end(endOfInput(err))
			return
		}
		switch typ {
		case protocol.MsgCopyData:
			if err := r.standbyMessage(body); err != nil {
				r.end(err)
				return
			}
		case protocol.MsgCopyDone:
			r.st.clock.heard(time.Now())
			r.copyDone.Store(true)
			r.st.w.nudge()
			return
		default: // Terminate
			r.end(backend.ErrDone)
			return
		}
	}
}

func (r *receiver) end(err error) {
	r.ended.Store(&err)
	r.st.w.nudge()
}

// endOfInput is what the end of the client's bytes in the middle of a copy means: for PostgreSQL, too, whatever is
// wrong with a message that cannot even be read is the end of the connection.
func endOfInput(err error) error {
	var p *protocol.Error
	if errors.As(err, &p) && !p.LogOnly {
		return err
	}
	e := &protocol.Error{
		Severity: protocol.SeverityLog, Code: protocol.CodeProtocolViolation, LogOnly: true,
		Message: "unexpected EOF on standby connection", Err: err,
	}
	if !errors.Is(err, io.EOF) {
		e.Detail = err.Error()
	}
	if p != nil {
		e.Detail = p.Message
	}
	return e
}

func (r *receiver) standbyMessage(body []byte) error {
	typ, err := protocol.StandbyMessageType(body)
	if err != nil {
		return err
	}
	if typ == 'r' {
		var m protocol.StandbyStatusUpdate
		if err := protocol.DecodeStandbyStatusUpdate(body, &m); err != nil {
			return err
		}
		r.statusUpdate(&m)
	} else {
		var m protocol.HotStandbyFeedback
		if err := protocol.DecodeHotStandbyFeedback(body, &m); err != nil {
			return err
		}
		r.hotStandbyFeedback(&m)
	}
	r.st.w.snd.Replies.Add(1)
	return nil
}
