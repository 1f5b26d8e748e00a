package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"waypost/tests/wire/rawclient"
	"waypost/xlog"
)

// patience is how long an answer may take.
const patience = 20 * time.Second

// player plays one script to one server and writes down what comes back.
type player struct {
	*rawclient.Client
	lines []string
	// WAL received since the last line, and where it began.
	wal   []byte
	start xlog.LSN
	ended bool
	port  int
	key   []byte // by which the session's statement can be canceled
	sql   bool   // columns of views are told apart from others by one of the servers
}

func (p *player) note(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// send sends bytes, which a server that has closed the connection need not take.
func (p *player) send(b []byte) { _ = p.Send(b) }

// until reads up to a message of one of these types that is not WAL, or the connection's end, and gives that type; 0 for the end.
func (p *player) until(types string) byte {
	for !p.ended {
		m, err := p.Next()
		if err != nil {
			p.end(err)
			return 0
		}
		if p.takeWAL(m) {
			continue // a server may write some at any time
		}
		p.message(m)
		if strings.IndexByte(types, m.Type) >= 0 {
			return m.Type
		}
	}
	return 0
}

// toEnd reads all that comes up to the connection's end.
func (p *player) toEnd() { p.until("") }

// answer reads the one byte that answers a request for encryption.
func (p *player) answer() byte {
	b, err := p.Byte()
	if err != nil {
		p.end(err)
		return 0
	}
	p.note("answer %q", b)
	return b
}

// end writes down how the connection ended. Whether it was closed or reset depends on whether the server had read all
// that was sent before it closed, which is chance.
func (p *player) end(err error) {
	p.ended = true
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, rawclient.ErrLost):
		p.note("closed")
	case errors.As(err, &timeout) && timeout.Timeout():
		p.note("nothing comes")
	default:
		p.note("%v", err)
	}
}

// stream reads WAL up to upto, and writes down what it was; how it was cut into messages is the server's affair.
func (p *player) stream(upto xlog.LSN) {
	for !p.ended && p.start+xlog.LSN(len(p.wal)) < upto {
		m, err := p.Next()
		if err != nil {
			p.end(err)
			return
		}
		if !p.takeWAL(m) {
			p.message(m)
			if m.Type != 'd' {
				return
			}
		}
	}
	if n := upto - p.start; xlog.LSN(len(p.wal)) >= n {
		p.note("WAL from %v, %d bytes, SHA-256 %x", p.start, n, sha256.Sum256(p.wal[:n]))
	}
}

// takeWAL takes a message that has WAL.
func (p *player) takeWAL(m rawclient.Message) bool {
	const header = 25
	if m.Type != 'd' || len(m.Body) < header || m.Body[0] != 'w' {
		return false
	}
	at := xlog.LSN(binary.BigEndian.Uint64(m.Body[1:]))
	end := xlog.LSN(binary.BigEndian.Uint64(m.Body[9:]))
	switch {
	case len(p.wal) == 0:
		p.start = at
	case at != p.start+xlog.LSN(len(p.wal)):
		p.note("WAL at %v where %v comes next", at, p.start+xlog.LSN(len(p.wal)))
	}
	if n := len(m.Body) - header; end < at+xlog.LSN(n) {
		p.note("%d bytes of WAL at %v, and the server says that it ends at %v", n, at, end)
	}
	p.wal = append(p.wal, m.Body[header:]...)
	return true
}

// message writes a message down.
func (p *player) message(m rawclient.Message) {
	switch {
	case m.Type == 'E' || m.Type == 'N':
		p.note("%c %s", m.Type, report(m.Body))
	case m.Type == '2' && len(m.Body) > 0: // else it is BindComplete
		p.note("E of protocol 2: %s", strings.TrimSpace(strings.TrimSuffix(string(m.Body), "\x00")))
	case m.Type == 'K':
		p.key = m.Body
		p.note("K %d bytes", len(m.Body)) // pid and key
	case m.Type == 'S':
		p.note("S %s", strings.ReplaceAll(strings.TrimSuffix(string(m.Body), "\x00"), "\x00", " = "))
	case m.Type == 'd' && len(m.Body) == 18 && m.Body[0] == 'k':
		p.note("keepalive, reply %d", m.Body[17])
	case m.Type == 'd':
		p.note("d %q", m.Body)
	case m.Type == 'T' && p.sql:
		p.note("T %q", withoutOrigin(m.Body))
	default:
		p.note("%c %s", m.Type, unmoved(fmt.Sprintf("%q", m.Body)))
	}
}

// withoutOrigin is a RowDescription without the relations and attribute numbers that the columns come from.
func withoutOrigin(body []byte) []byte {
	out := bytes.Clone(body)
	for rest := out[2:]; len(rest) > 0; {
		end := bytes.IndexByte(rest, 0) + 1
		clear(rest[end : end+6])
		rest = rest[end+18:]
	}
	return out
}

// report writes an error or a notice down, without the fields that say where in the source it was raised.
func report(body []byte) string {
	var fields []string
	for _, f := range bytes.Split(body, []byte{0}) {
		if len(f) > 0 && bytes.IndexByte([]byte("FLR"), f[0]) < 0 {
			fields = append(fields, unmoved(fmt.Sprintf("%c=%s", f[0], f[1:])))
		}
	}
	return strings.Join(fields, "; ")
}

var position = regexp.MustCompile(`\b[0-9A-F]+/[0-9A-F]{2,8}\b`)

// unmoved takes the positions out, which move on between one script and the next.
func unmoved(s string) string { return position.ReplaceAllString(s, "LSN") }
