package transport

import "waypost/xlog"

// EventKind says what an Event is.
type EventKind uint8

// Kinds of Event.
const (
	// NoEvent accompanies an error. Without one it says that what was in the buffer was not for the caller (a
	// changed parameter, a notice) and that to go on means to read: call again.
	NoEvent EventKind = iota
	// XLogData is a piece of WAL, or a whole message of a logical stream: Start, End, SendTime, Data are set.
	XLogData
	// Keepalive is the primary's keepalive: End, SendTime, ReplyRequested are set.
	Keepalive
	// CopyData is a whole message of what a COPY statement run by Exec sends: Data is set.
	CopyData
	// EndOfCopy says that the server ended the stream: its timeline ends here, and EndStreaming has the next; or,
	// with Shutdown set, the server is going down and closes the connection. Everything before it was sent whole.
	EndOfCopy
)

// String names the kind as the protocol's documentation does.
func (k EventKind) String() string {
	switch k {
	case XLogData:
		return "XLogData"
	case Keepalive:
		return "Primary keepalive"
	case CopyData:
		return "CopyData"
	case EndOfCopy:
		return "end of copy"
	}
	return "no event"
}

// Event is what Receive hands out.
type Event struct {
	Kind EventKind
	// ReplyRequested: the server wants a status update as soon as possible.
	ReplyRequested bool
	// Shutdown: see EndOfCopy.
	Shutdown bool
	// Start is the position of Data's first byte; in a physical stream that is where the piece before ended.
	Start xlog.LSN
	// End is the server's end of WAL when it sent the message (walEnd).
	End xlog.LSN
	// SendTime is the server's clock when it sent the message.
	SendTime xlog.TimestampTz
	// Data lies in the connection's own buffer: it is valid until Receive is called while Buffered is false, or
	// until EndStreaming or Close, and must not be written to. Only an XLogData of zero length has it empty.
	Data []byte
}
