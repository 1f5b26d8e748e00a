package walsender

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/backend"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/walfile"
	"waypost/xlog"
)

// maxSendSize is the most WAL in one message, bytes: PostgreSQL's MAX_SEND_SIZE.
const maxSendSize = 16 * xlog.PageSize

// copyLimit is up to how many bytes of WAL a message is read into memory and sent with one call. Above it the file's
// pages are sent by reference, which takes a call more and saves two copies. The walsender's own CPU time by BenchmarkSend
// (µs a message over TCP, copied / by reference; loopback, Linux 6.18, EPYC): 4 kB 3.4/3.9, 8 kB 4.9/4.4, 16 kB 7.8/4.5,
// 128 kB 33/20. Where they are about even, copying wins: it leaves nothing in flight that refers to the file.
const copyLimit = xlog.PageSize

// bulkSize is how much WAL there must be to send, bytes, for bulk sending to begin. It goes on until the client has it all.
const bulkSize = 8 * maxSendSize

// chunkEnd is where the message that begins at from ends: at what there is, or at a page's end at most maxSendSize on.
// A page's end is always a safe place to cut, since a record that reaches beyond one is continued behind a page header.
// No message crosses a segment's end, so that what was begun can be finished from the one file that is open.
func chunkEnd(from, end xlog.LSN, size xlog.SegSize) xlog.LSN {
	to := from + maxSendSize
	if end <= to {
		to = end
	} else {
		to = to.PageStart()
	}
	return min(to, size.SegStart(from)+xlog.LSN(size))
}

// sendChunk sends the WAL from sentPtr to to, which lies in one segment. walEnd is what the client is told of our end of WAL.
func (st *stream) sendChunk(to, walEnd xlog.LSN, now time.Time) error {
	if err := st.open(st.sentPtr); err != nil {
		return err
	}
	n := int(to - st.sentPtr)
	offset := int64(st.w.wal.SegSize.Offset(st.sentPtr))
	protocol.PutXLogDataHeader((*[protocol.XLogDataHeaderLen]byte)(st.buf), st.sentPtr, walEnd, xlog.FromTime(now), n)
	var err error
	if n <= st.copyLimit {
		err = st.sendCopied(n, offset)
	} else {
		err = st.sendReferences(n, offset, to)
	}
	if err != nil {
		return err
	}
	st.sentPtr = to
	st.w.snd.BytesSent.Add(uint64(n))
	st.w.snd.Messages.Add(1)
	st.w.update(func(f *walsnd.Fields) { f.SentPtr = to })
	return nil
}

// sendCopied reads the WAL behind the header and sends both with one call.
func (st *stream) sendCopied(n int, offset int64) error {
	body := st.buf[protocol.XLogDataHeaderLen:][:n]
	for got := 0; got < n; {
		m, err := unix.Pread(st.seg.fd, body[got:], offset+int64(got))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return st.unreadable(n, offset, err)
		case m == 0:
			return st.unreadable(n, offset, io.ErrUnexpectedEOF)
		default:
			got += m
		}
	}
	if err := st.checkNotRemoved(); err != nil {
		return err
	}
	st.conn.Acquire()
	_, err := st.conn.Write(st.buf[:protocol.XLogDataHeaderLen+n])
	st.conn.Release()
	return err
}

// sendReferences sends the header and, behind it, references to the file's pages.
func (st *stream) sendReferences(n int, offset int64, to xlog.LSN) error {
	err := st.writeReferences(n, offset, to)
	if err == nil {
		return nil
	}
	var unreadable *backend.ReadError
	switch {
	case errors.As(err, &unreadable):
		return st.unreadable(n, offset, unreadable.Err)
	case err == io.ErrUnexpectedEOF:
		// Half a message is out, and there is no way to tell the client anything any more.
		return &protocol.Error{
			Severity: protocol.SeverityFatal, Code: protocol.CodeDataCorrupted, LogOnly: true,
			Message: fmt.Sprintf("WAL segment %s became shorter while it was being sent", st.segmentName()),
		}
	}
	return err
}

func (st *stream) writeReferences(n int, offset int64, to xlog.LSN) error {
	st.conn.Acquire()
	defer st.conn.Release()
	if !st.announce(to) {
		return backend.ErrDone
	}
	if err := st.checkNotRemoved(); err != nil {
		return err
	}
	err := st.conn.WriteFrom(st.buf[:protocol.XLogDataHeaderLen], st.seg.fd, offset, n)
	if err == nil && !st.conn.ByReference() {
		st.forget()
	}
	return err
}

// unreadable is the error of a segment that does not give the n bytes at offset, as PostgreSQL has it. Nothing was sent.
func (st *stream) unreadable(n int, offset int64, err error) error {
	if err == io.ErrUnexpectedEOF {
		return internalErrorf("could not read from WAL segment %s, offset %d: read too few of %d bytes", st.segmentName(), offset, n)
	}
	return fileError("could not read from WAL segment", st.segmentName(), err)
}

func (st *stream) segmentName() string {
	return walfile.SegmentName(st.seg.tli, st.seg.no, st.w.wal.SegSize)
}
