package backend

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/child"
	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/protocol"
)

// lastWords is how long the supervisor waits for a writer to come to the end of its message before it ends the session
// without telling the client why.
const lastWords = 100 * time.Millisecond

// Replication is what makes a session a walsender. Exec and Streaming's work run in the session's goroutine; the other
// methods may be called by any.
type Replication interface {
	// Exec runs a replication command, answer and CommandComplete included, ReadyForQuery not. It gives
	// protocol.ErrNotReplicationCommand for everything that does not begin with a replication command's word. ErrDone ends
	// the session in good order.
	Exec(sql string) error
	// InitStopping has a streaming walsender go to STOPPING, and says false where nothing streams.
	InitStopping() bool
	// LastCycle has a streaming walsender send all there is and end, and says false where nothing streams.
	LastCycle() bool
	// Cancel has a streaming walsender end its copy with an error, and does nothing where nothing streams.
	Cancel(*protocol.Error)
	// Wake has a streaming walsender look at Session.TakeReload.
	Wake()
	// Close frees what was claimed in shared memory.
	Close()
	// SaveLast comes after Close. It saves the statistics if nobody else will, which may take seconds.
	SaveLast()
}

// NewReplication makes a session a walsender: it claims a WalSnd, or fails with the error that the client gets.
type NewReplication func(s *Session) (Replication, error)

// ErrDone ends a session that has nothing more to do.
var ErrDone = errors.New("session is done")

// Main serves one client, from the socket's arrival to the session's end.
func Main(p *child.Process, replication NewReplication) error {
	b := &Server{Process: p, Replication: replication, Receive: launch.ReceiveClient, LetIn: launch.LetIn,
		Replaced: launch.Replaced}
	return b.Run()
}

// Server is the supervisor of the one session that a process has.
type Server struct {
	Process     *child.Process
	Replication NewReplication
	// Receive waits for the client's socket; io.EOF says that there will be none.
	Receive func() (fd int, cac launch.CAC, err error)
	// LetIn tells the postmaster that the client has proved who it is; nil where there is none to be told.
	LetIn func()
	// Replaced says, before LetIn, whether SIGTERM has come because another client gets the place; nil where that cannot be.
	Replaced func() bool

	reload atomic.Bool // the configuration is to be read again

	mu      sync.Mutex // guards the fields below
	session *Session   // set once there is a client
	over    bool       // a signal has ended the process before that: no session may begin any more
}

// Run serves until the session has ended or a signal has ended it.
func (b *Server) Run() error {
	done := make(chan error, 1)
	go func() { done <- b.serve() }()
	for {
		select {
		case err := <-done:
			return err
		case sig := <-b.Process.Signals:
			if over, err := b.signal(sig.(unix.Signal), done); over {
				return err
			}
		}
	}
}

// serve runs in the session's goroutine.
func (b *Server) serve() error {
	// A spare has the time for this before its client comes.
	settings := b.Process.Settings
	rules, err := hba.Decode(b.Process.HBA, b.Process.Ident, settings.String(guc.HbaFile), settings.String(guc.IdentFile))
	if err != nil {
		return fmt.Errorf("take over the rules of pg_hba.conf and pg_ident.conf: %w", err)
	}
	b.Process.Activity.StartWait(activity.SpareBackendMain)
	fd, cac, err := b.Receive()
	b.Process.Activity.EndWait()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	conn, err := NewConn(fd)
	if err != nil {
		// The client may have gone before it was served.
		b.Process.Log.Debug().Msg(err.Error())
		return nil
	}
	s := newSession(b.Process, conn, b.Replication, &b.reload)
	s.hba = rules
	s.tellLetIn = b.LetIn
	kind := procsignal.Backend
	if cac != launch.CACOK {
		kind = procsignal.DeadEnd
	}
	if !b.begin(s, kind) {
		return nil
	}
	b.Process.OnQuit(s.quickdie)
	return s.run(cac)
}

// begin makes s the session that signals are for, unless it is too late for one.
func (b *Server) begin(s *Session, kind procsignal.Kind) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return false
	}
	b.session = s
	b.Process.Proc.SetKind(kind)
	return true
}

// current is the session; nil while there is none.
func (b *Server) current() *Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.session
}

// signal handles one signal; over says that the process is to end with err.
func (b *Server) signal(sig unix.Signal, done <-chan error) (over bool, err error) {
	s := b.current()
	switch sig {
	case unix.SIGTERM:
		return true, b.terminate(done)
	case unix.SIGINT:
		if s != nil {
			s.interrupt.cancel()
			s.cancelStream()
		}
	case unix.SIGHUP:
		b.reload.Store(true)
		s.wake()
	case unix.SIGUSR1:
		if b.Process.Proc.Take(procsignal.WalSndInitStopping) && !s.initStopping() {
			return true, b.terminate(done)
		}
	case unix.SIGUSR2:
		if !s.lastCycle() {
			return true, b.terminate(done)
		}
	}
	return false, nil
}

// terminate ends the session at once. The client is told, unless it has not sent its startup packet or does not take
// what is being sent to it. A session that runs a statement ends by itself, if that does not take long: then the client
// gets what the statement had to say before.
func (b *Server) terminate(done <-chan error) error {
	b.mu.Lock()
	b.over = true
	s := b.session
	b.mu.Unlock()
	if s == nil {
		return nil
	}
	e := b.causeOfEnd(s)
	if s.interrupt.terminate(e) {
		patience := time.NewTimer(lastWords)
		defer patience.Stop()
		select {
		case err := <-done:
			return err
		case <-patience.C:
		}
	}
	return s.terminate(e)
}

// causeOfEnd is what the client of a session that SIGTERM ends is told.
func (b *Server) causeOfEnd(s *Session) *protocol.Error {
	if b.Replaced != nil && !s.isIn.Load() && b.Replaced() {
		return protocol.Fatalf(protocol.CodeTooManyConnections, "too many connections have not been authenticated yet")
	}
	return protocol.Fatalf(protocol.CodeAdminShutdown, "terminating connection due to administrator command")
}
