// Package walsender is the replication half of a walsender process: it sends WAL to a standby, a pg_receivewal or
// another relay, over the session that internal/backend has set up.
//
// Role: it reads segment files up to where the node may send (xlogctl.Sendable), sends them as XLogData, listens to the
// client's replies, and keeps WalSnd true for shmdump, the checkpointer and synchronous replication.
//
// Signals and exit codes are those of package backend. What is added: PROCSIG_WALSND_INIT_STOPPING while streaming leads
// to STOPPING; SIGUSR2 has everything up to the end of WAL sent and confirmed, then a bare CommandComplete "COPY 0" sent,
// and the process ends with 0. SIGINT while streaming ends the copy with an error; the next command may follow.
//
// Goroutines while streaming: the sender, which is the session's own, sleeps on XLogCtl's WALAdvanced and is the only one
// that sends; the receiver sleeps in read(2), stores what the replies say, and nudges the sender where there is something
// for it to do. Both touch WalSnd only while it is still theirs (WalSender.update).
//
// It must never send a byte past xlogctl.Sendable or past the point where a timeline was left, must never let the
// checkpointer recycle a segment whose pages the connection may still refer to (see inFlight), must never begin a message
// that it may not be able to finish, and must never map a file.
package walsender

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"waypost/internal/backend"
	"waypost/internal/child"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/walfile"
	"waypost/xlog"
)

// WalSender is one session's walsender. It is a backend.Replication.
type WalSender struct {
	s   *backend.Session
	p   *child.Process
	snd *walsnd.WalSnd // our element
	pid int32
	bit uint32 // of WALAdvanced: whose nudges are for us
	wal walfile.Dir

	tally tally

	mu        sync.Mutex // guards active, and stopping's and canceled's being set
	active    bool       // between START_REPLICATION's CopyBothResponse and its end
	stopping  atomic.Bool
	lastCycle atomic.Pointer[time.Time]      // when SIGUSR2 came; nil: it has not
	canceled  atomic.Pointer[protocol.Error] // what the running stream is to end with

	references sync.Mutex // guards closed, and WalSnd.InFlightFrom's being set
	closed     bool       // snd may be another process's by now
}

// New claims a WalSnd for the session. The error is what the client gets.
func New(s *backend.Session) (backend.Replication, error) {
	w := &WalSender{s: s, p: s.P, pid: int32(os.Getpid())}
	peer := s.Conn.Peer
	n := walsnd.Claim(s.P.Snds, int(w.pid), func(f *walsnd.Fields) {
		f.State = walsnd.Startup
		f.Kind = walsnd.Physical
		f.BackendStart = xlog.Now()
		f.ClientPort = int32(peer.Port)
	})
	if n < 0 {
		return nil, tooManyWalSenders(s.Major(), len(s.P.Snds))
	}
	w.snd = &s.P.Snds[n]
	w.bit = 1 << (n % xlogctl.WalSenderBits)
	var user, application, addr [64]byte
	shmem.SetString(user[:], s.Startup.User)
	shmem.SetString(application[:], s.Startup.ApplicationName)
	if !peer.Local() {
		shmem.SetString(addr[:], peer.Host())
	}
	w.update(func(f *walsnd.Fields) { f.User, f.Application, f.ClientAddr = user, application, addr })
	return w, nil
}

func tooManyWalSenders(major, limit int) error {
	name := `"max_wal_senders"`
	if major < 17 {
		name = "max_wal_senders"
	}
	return protocol.Fatalf(protocol.CodeTooManyConnections,
		"number of requested standby connections exceeds %s (currently %d)", name, limit)
}

// update changes our WalSnd, unless it is not ours any more: the process may end while the other goroutine is at work.
func (w *WalSender) update(change func(f *walsnd.Fields)) {
	w.snd.Update(func(f *walsnd.Fields) {
		if f.Pid == w.pid {
			change(f)
		}
	})
}

func (w *WalSender) setState(state walsnd.State) {
	w.update(func(f *walsnd.Fields) { f.State = state })
}

// Close frees the WalSnd. Safe for any goroutine; what the others still store after it is dropped. What the client has not
// confirmed may wait in its receive queue for as long as it likes, and is never to be overwritten.
func (w *WalSender) Close() {
	w.references.Lock()
	defer w.references.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	w.abandonLocked()
	w.flush(time.Now(), true)
	w.snd.Release()
}

// nudge has the sender look around.
func (w *WalSender) nudge() { w.p.XLog.WALAdvanced.Nudge(w.bit) }

// Wake is backend.Replication's.
func (w *WalSender) Wake() { w.nudge() }

// Cancel is backend.Replication's.
func (w *WalSender) Cancel(e *protocol.Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.active {
		w.canceled.Store(e)
		w.nudge()
	}
}

// InitStopping is backend.Replication's.
func (w *WalSender) InitStopping() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopping.Store(true)
	w.nudge()
	return w.active
}

// LastCycle is backend.Replication's. Whoever gets it stops taking commands, too.
func (w *WalSender) LastCycle() bool {
	now := time.Now()
	w.lastCycle.CompareAndSwap(nil, &now)
	return w.InitStopping()
}

// begin and end bracket streaming. After an order to stop nothing begins any more.
func (w *WalSender) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = !w.stopping.Load()
	return w.active
}

func (w *WalSender) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = false
	w.canceled.Store(nil) // what has come too late is not meant for the next stream
}

// refreshDir finds out where the segments are. Their size is known once startup has come far enough for clients.
func (w *WalSender) refreshDir() error {
	size := w.p.XLog.Segsize()
	if !size.Valid() {
		return protocol.Errorf(protocol.CodeObjectNotInPrerequisiteState, "this server has no write-ahead log yet").
			WithHint("Wait until its upstream has sent some.")
	}
	w.wal = walfile.Dir{Path: filepath.Join(w.p.DataDir, walDirectory), SegSize: size}
	return nil
}

// walDirectory is where segments and history files are, below the data directory.
const walDirectory = "pg_wal"

// sendable is up to where WAL may be sent now, and on which timeline. The position is read first: the timeline is stored
// before a position moves on it, so a position read before an unchanged timeline lies on that.
func (w *WalSender) sendable(requireFlush bool) (xlog.LSN, xlog.TimeLineID) {
	at := w.p.XLog.Sendable(requireFlush)
	return at, w.p.XLog.Timeline()
}

func internalErrorf(format string, args ...any) *protocol.Error {
	return protocol.Errorf(protocol.CodeInternalError, "%s", fmt.Sprintf(format, args...))
}
