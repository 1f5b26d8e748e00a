// Package protocol is the wire between Waypost and its peers: PostgreSQL's frontend/backend protocol 3.0 as far as
// streaming replication needs it. It frames, encodes and decodes; it works on []byte, io.Reader and nothing else.
//
// It must never: touch shared memory, start or signal a process, log, look at the clock, set a deadline, decide what
// a server answers, believe a length before it has checked it, or let a type of pgproto3 out through its API.
//
// # Frames
//
// All integers are big-endian. Every message but the startup packet is
//
//	offset  size  field
//	0       1     message type
//	1       4     length, counting itself and the body but not the type
//	5       n     body
//
// and a startup packet is the same without the type. A length below 4 or above the limit of the phase (Phase) is an
// error before one byte of the body is waited for. Buffers grow only as bytes arrive, so a lying length costs nothing.
//
// # Startup packet (ReadStartupPacket, ParseStartupPacket)
//
//	0  4  length, 8 to 10,004
//	4  4  code: 3.0 is 196608; SSLRequest 80877103; GSSENCRequest 80877104; CancelRequest 80877102
//	8  …  StartupMessage: name, NUL, value, NUL, … , NUL; CancelRequest: pid(4), key(4, or up to 256 since 3.2)
//
// # Copy-both messages, the hot path
//
// Each is the body of a CopyData ('d'); offsets are from the body's start, times are microseconds since 2000-01-01 UTC.
//
//	XLogData 'w'               server → standby
//	0  1  'w'
//	1  8  start: LSN of the first byte of data
//	9  8  walEnd: the server's end of WAL
//	17 8  sendTime
//	25 n  data
//
//	Primary keepalive 'k'      server → standby, exactly 18 bytes
//	0  1  'k'
//	1  8  walEnd
//	9  8  sendTime
//	17 1  1: reply at once
//
//	Standby status update 'r'  standby → server, at least 34 bytes (PostgreSQL ignores what follows)
//	0  1  'r'
//	1  8  write: LSN after the last byte written; 0 when not known
//	9  8  flush: the same for bytes made durable
//	17 8  apply: the same for bytes replayed
//	25 8  replyTime
//	33 1  1: reply at once
//
//	Hot standby feedback 'h'   standby → server, at least 25 bytes
//	0  1  'h'
//	1  8  replyTime
//	9  4  xmin
//	13 4  epoch of xmin
//	17 4  catalog xmin
//	21 4  epoch of catalog xmin
//
// # How long a buffer lives
//
// AppendXxx appends a whole message, frame included, to the slice it was given and keeps nothing of its arguments.
// DecodeXxx and ParseXxx take a body; what they return by value or as a string is a copy, what they return as []byte
// is part of the body. Bodies that Reader.Next returns are the Reader's and live until the next call of the Reader;
// the pieces that StreamDecoder.Next gives out live until a Next that has to read (see there).
package protocol
