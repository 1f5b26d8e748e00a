package launch

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// CAC says whether the node can accept a connection (PostgreSQL's CAC_state), at the moment it was accepted.
type CAC byte

const (
	CACOK            CAC = iota
	CACStartup           // the node is starting up
	CACNotConsistent     // recovery has not found the end of local WAL yet
	CACShutdown          // the node is shutting down
	CACRecovery          // the node restarts after a crash
	CACTooMany           // no slot is free
)

// NewControl makes the two ends of a control socket: ours, and the child's, to be given to Start.
func NewControl() (ours, childs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a control socket: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// SendClient passes an accepted socket to the child behind a control socket. It never waits: the socket has room for
// the two messages that are ever sent.
func SendClient(control *os.File, client int, cac CAC) error {
	err := unix.Sendmsg(int(control.Fd()), []byte{byte(cac)}, unix.UnixRights(client), nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	if err != nil {
		return fmt.Errorf("pass the client's socket: %w", err)
	}
	return nil
}

// ReceiveClient waits for the one client that the calling process is to serve. io.EOF says that there will be none.
// The descriptor is the caller's. The control socket stays open until LetIn.
func ReceiveClient() (client int, cac CAC, err error) {
	unix.CloseOnExec(FDControl) // whoever else holds it would speak for us
	return receiveClient(FDControl)
}

// TellReplaced tells the child behind a control socket, which has its client, that it is about to be told to end because
// another client gets its place. It never waits.
func TellReplaced(control *os.File) error {
	err := unix.Sendmsg(int(control.Fd()), []byte{byte(CACTooMany)}, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	if err != nil {
		return fmt.Errorf("tell that another client gets the place: %w", err)
	}
	return nil
}

// Replaced says whether the postmaster has told so the calling process, which has received its client and has not called
// LetIn. It never waits.
func Replaced() bool { return replaced(FDControl) }

func replaced(control int) bool {
	var message [1]byte
	n, _, err := unix.Recvfrom(control, message[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}

// LetIn tells the postmaster, once, that the client has proved who it is, by closing the control socket: nobody but the
// calling process can say so, and of itself alone.
func LetIn() { unix.Close(FDControl) }

// LetInYet says of each control socket whether the child behind it has called LetIn or has ended. It never waits.
// With an error nobody knows.
func LetInYet(controls []*os.File) ([]bool, error) {
	fds := make([]unix.PollFd, len(controls))
	for i, c := range controls {
		fds[i].Fd = int32(c.Fd())
	}
	in := make([]bool, len(controls))
	for {
		_, err := unix.Poll(fds, 0)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return nil, fmt.Errorf("ask who is let in: %w", err)
		}
	}
	for i := range fds {
		in[i] = fds[i].Revents&(unix.POLLHUP|unix.POLLERR) != 0
	}
	return in, nil
}

func receiveClient(control int) (client int, cac CAC, err error) {
	var message [1]byte
	oob := make([]byte, unix.CmsgSpace(4))
	var n, oobn int
	for {
		n, oobn, _, _, err = unix.Recvmsg(control, message[:], oob, unix.MSG_CMSG_CLOEXEC)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return -1, 0, fmt.Errorf("wait for a client: %w", err)
	}
	if n == 0 {
		return -1, 0, io.EOF
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) != 1 {
		return -1, 0, fmt.Errorf("wait for a client: no socket came with the message (%v)", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, 0, fmt.Errorf("wait for a client: no socket came with the message (%v)", err)
	}
	return fds[0], CAC(message[0]), nil
}
