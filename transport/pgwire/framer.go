package pgwire

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"time"

	"waypost/protocol"
)

// framer stands between pgconn and the socket while a connection is made. It never hands pgconn a byte beyond the
// message that pgconn is reading, so that nothing is stuck in pgconn's buffers when the socket is taken from it.
type framer struct {
	br   *bufio.Reader
	left int // bytes of the current message that were not handed out
	// passwordAsked: the server asked for a password in some form, and has let us in since if the connection stands.
	passwordAsked bool
}

func newFramer(r io.Reader) *framer { return &framer{br: bufio.NewReader(r)} }

// Kinds of AuthenticationXxx by which a password is used.
const (
	authCleartext = 3
	authMD5       = 5
	authSASL      = 10
)

func (f *framer) Read(p []byte) (int, error) {
	if f.left == 0 {
		if err := f.begin(); err != nil {
			return 0, err
		}
	}
	n, err := f.br.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// begin looks at the next message's frame. An absurd length is handed on, for pgconn to refuse.
func (f *framer) begin() error {
	h, err := f.br.Peek(frameLen)
	if err != nil {
		return err
	}
	n := int(int32(binary.BigEndian.Uint32(h[1:])))
	f.left = max(frameLen, 1+n)
	if h[0] == protocol.MsgAuthentication && n >= 8 {
		if h, err = f.br.Peek(frameLen + 4); err != nil {
			return err
		}
		switch binary.BigEndian.Uint32(h[frameLen:]) {
		case authCleartext, authMD5, authSASL:
			f.passwordAsked = true
		}
	}
	return nil
}

// drain takes what was read from conn beyond the last message. pgconn may have a goroutine that is still blocked in a
// read (it starts one when a write is slow): the deadline in the past ends that, too, before it can take what is ours.
func (f *framer) drain(conn net.Conn) ([]byte, error) {
	if err := conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return nil, err
	}
	rest, err := io.ReadAll(f.br)
	if err != nil && !isTimeout(err) {
		return nil, err
	}
	return rest, conn.SetReadDeadline(time.Time{})
}
