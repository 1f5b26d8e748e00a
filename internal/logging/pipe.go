package logging

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Destination is the form, and so the file, that an event is for.
type Destination uint8

// The destinations.
const (
	ToText Destination = iota
	ToJSON
	NumDestinations = iota
)

// Everything that processes write to their stderr goes to the logger process through one pipe. What they log through a
// Pipe goes in chunks of at most PIPE_BUF bytes, which the kernel never tears apart; the logger puts the chunks of each
// process together again, so that an event arrives whole and in one piece, however long:
//
//	0  two zero bytes, which no text begins with
//	2  length of what follows the header, 16 bits, little endian; not 0
//	4  process id, 32 bits, little endian
//	8  flags: 1 the event's first chunk, 2 its last, 16 times its Destination
//
// Everything else that comes through the pipe, like the last words of a Go panic, goes into the text log as it is.
const (
	chunkHeader = 9
	chunkSize   = 4096 // PIPE_BUF
	chunkFirst  = 1
	chunkLast   = 2
	chunkKnown  = chunkFirst | chunkLast | (NumDestinations-1)<<chunkShift
	chunkShift  = 4
)

// Pipe is a process's way to the logger process. In any minute it waits no longer than its patience for room; what finds
// none is counted and told of later: neither a stuck logger nor a stuck disk behind it holds up whoever logs.
type Pipe struct {
	fd       int
	patience func() Patience
	since    time.Time     // when the minute began
	waited   time.Duration // in it
	lost     int           // events
}

// Patience is how long a Pipe waits.
type Patience struct {
	Limit  time.Duration // in any minute
	Strict bool          // waits after which there was room count, too: else a slow logger is waited for as long as it goes on
}

// OpenPipe makes a Pipe of a descriptor of a pipe's write end, which stays as it is: others that inherit it, like Go's
// runtime and user commands, rely on its blocking. patience is called with the sink's lock held.
func OpenPipe(fd int, patience func() Patience) (*Pipe, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, fmt.Errorf("open the way to the logger: %w", err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, errors.New("open the way to the logger: stderr is no pipe")
	}
	own, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the way to the logger: %w", err)
	}
	return &Pipe{fd: own, patience: patience}, nil
}

// Close gives the descriptor back.
func (p *Pipe) Close() error { return unix.Close(p.fd) }

// takeLost gives the number of events that were lost, if one can be told of it now.
func (p *Pipe) takeLost() int {
	if p.lost == 0 || !p.writable(0) {
		return 0
	}
	n := p.lost
	p.lost = 0
	return n
}

// send sends one event. False: it is lost.
func (p *Pipe) send(event []byte, to Destination) bool {
	var chunk [chunkSize]byte
	flags := byte(chunkFirst) | byte(to)<<chunkShift
	for first := true; first || len(event) > 0; first = false {
		n := copy(chunk[chunkHeader:], event)
		event = event[n:]
		if len(event) == 0 {
			flags |= chunkLast
		}
		binary.LittleEndian.PutUint16(chunk[2:], uint16(n))
		binary.LittleEndian.PutUint32(chunk[4:], uint32(os.Getpid()))
		chunk[8] = flags
		if !p.write(chunk[:chunkHeader+n]) {
			return false
		}
		flags &^= chunkFirst
	}
	return true
}

// write writes one chunk, all of it or nothing.
func (p *Pipe) write(chunk []byte) bool {
	for {
		_, err := unix.Write(p.fd, chunk)
		switch {
		case err == nil:
			return true
		case err == unix.EINTR:
		case err != unix.EAGAIN, !p.wait():
			return false
		}
	}
}

// wait waits for room as long as there is patience left for this minute.
func (p *Pipe) wait() bool {
	begun := time.Now()
	if begun.Sub(p.since) >= time.Minute {
		p.since, p.waited = begun, 0
	}
	patience := p.patience()
	ok := p.writable(patience.Limit - p.waited)
	if !ok || patience.Strict {
		p.waited += time.Since(begun)
	}
	return ok
}

// writable waits until the pipe has room for a chunk.
func (p *Pipe) writable(wait time.Duration) bool {
	deadline := time.Now().Add(wait)
	for {
		poll := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(poll, int(max(0, time.Until(deadline)).Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil, n == 0:
			return false
		default:
			return poll[0].Revents&unix.POLLOUT != 0
		}
	}
}
