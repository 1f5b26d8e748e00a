package backend

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"waypost/internal/activity"
	"waypost/internal/child"
	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/internal/roles"
	"waypost/pmsignal"
	"waypost/protocol"
)

// phase says how far a session has come, for the supervisor.
type phase uint32

const (
	phaseStartup  phase = iota // waiting for the startup packet: whoever ends it now says nothing to the client
	phaseAuth                  // the client has said who it is and is being checked
	phaseCommands              // the session stands
)

// Session is one client's session. It belongs to the session's goroutine, except where said.
type Session struct {
	P       *child.Process // its Settings are the session's own
	Conn    *Conn
	Startup *protocol.StartupMessage
	Reader  *protocol.Reader

	// Who the client is (session_user), and the node's roles as they were when that was found out. Set by authenticate;
	// nil before.
	Role  *roles.Role
	Roles *roles.Set

	newReplication NewReplication
	hba            *hba.Config // who may come in; nil once the client is in
	out            []byte      // answers not sent yet: whole messages
	tellLetIn      func()      // Server.LetIn
	isIn           atomic.Bool // tellLetIn is about to be called, or was
	started        time.Time
	reload         *atomic.Bool
	phase          atomic.Uint32
	reading        <-chan struct{} // closed when the goroutine that reads for a stream is done
	skipToSync     bool            // an extended-protocol message failed: nothing counts until Sync
	logEnd         bool            // log_disconnections; read by the supervisor after phaseCommands
	tcop           *tcop           // nil until the session is asked for SQL
	interrupt      interrupt       // the supervisor interrupts by it
	waste          bool            // SQL has left memory behind that an idle session need not keep

	state     activity.State // what BackendStatus has
	changedAt time.Time      // since when
	counted   time.Time      // up to when the session's time is counted

	activityMu sync.Mutex // guards left, and the session's element of BackendStatus against the end of the process
	left       bool

	mu          sync.Mutex  // guards the fields below against the supervisor
	replication Replication // set once, by the session, which reads it without the lock
	closed      bool

	saved sync.Once // SaveLast is done, for all who close
}

func newSession(p *child.Process, conn *Conn, r NewReplication, reload *atomic.Bool) *Session {
	s := &Session{
		P: p, Conn: conn, Reader: protocol.NewReader(conn), newReplication: r, reload: reload, started: time.Now(),
	}
	s.Reader.Limit = maxMessage
	return s
}

// walsender is the session's Replication, nil for a regular backend. Any goroutine may call it.
func (s *Session) walsender() Replication {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replication
}

func (s *Session) wake() {
	if r := s.walsender(); r != nil {
		r.Wake()
	}
}

func (s *Session) cancelStream() {
	if r := s.walsender(); r != nil {
		r.Cancel(errCanceled("user request"))
	}
}

func (s *Session) initStopping() bool {
	r := s.walsender()
	return r != nil && r.InitStopping()
}

func (s *Session) lastCycle() bool {
	r := s.walsender()
	return r != nil && r.LastCycle()
}

// TakeReload reads the configuration again if SIGHUP has come, and says whether it has.
func (s *Session) TakeReload() bool {
	if !s.reload.Load() || !s.reload.Swap(false) {
		return false
	}
	// The supervisor logs with what Reload changes; it does so with the turn only.
	s.Conn.Acquire()
	defer s.Conn.Release()
	s.P.Reload()
	return true
}

// run serves the client until the session ends. The error is what the process ends with.
func (s *Session) run(cac launch.CAC) error {
	err := s.served(cac)
	s.countEnd(err)
	s.leave()
	s.close()
	var e *protocol.Error
	switch {
	case errors.As(err, &e) && !e.LogOnly:
		return report{e}
	case e != nil:
		LogError(&s.P.Log, e)
	case err == nil, errors.Is(err, ErrDone), errors.Is(err, errEnd), errors.Is(err, io.EOF), errors.Is(err, ErrTimeout):
		// A client that goes without a word, or says nothing in time, is no event (PostgreSQL logs neither).
	default:
		// The socket failed under a read or a write.
		s.P.Log.Info().Msg(err.Error())
	}
	return nil
}

// served is serve, with a panic as an error that ends the session, not the node.
func (s *Session) served(cac launch.CAC) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fatal(errPanic(r))
		}
	}()
	return s.serve(cac)
}

func (s *Session) serve(cac launch.CAC) error {
	s.TakeReload()
	patience := s.P.Settings.Duration(guc.AuthenticationTimeout)
	if cac != launch.CACOK {
		patience = min(patience, deadEndPatience)
	}
	deadline := time.Now().Add(patience)
	s.Conn.SetDeadline(deadline)
	s.Conn.GiveUp = func() error {
		if time.Now().After(deadline) {
			return ErrTimeout
		}
		return nil
	}
	s.knowPeer()
	if s.P.Settings.Bool(guc.LogConnections) {
		s.P.Log.Info().Msg("connection received: " + s.Conn.Peer.log())
	}
	if err := s.readStartup(); err != nil {
		return s.die(err)
	}
	s.phase.Store(uint32(phaseAuth))
	s.knowUser()
	s.setTitle()
	if err := refusal(cac, s.P.Settings.Bool(guc.HotStandby)); err != nil {
		return s.die(err)
	}
	if err := s.begin(); err != nil {
		return s.die(err)
	}
	s.Conn.SetDeadline(time.Time{})
	s.Conn.GiveUp = nil
	s.logEnd = s.P.Settings.Bool(guc.LogDisconnections)
	s.phase.Store(uint32(phaseCommands))
	return s.commands()
}

// deadEndPatience is how long a client may take to hear why it is refused. Few processes are there to tell, and clients that
// never ask must not keep them from the others.
const deadEndPatience = 2 * time.Second

// begin takes what the session needs, checks the client and greets it.
func (s *Session) begin() error {
	s.P.Title.Set("authentication")
	if err := s.authenticate(); err != nil {
		return err
	}
	s.letIn()
	if err := s.claim(); err != nil {
		return err
	}
	s.P.Title.Set("startup")
	if err := s.applyOptions(); err != nil {
		return err
	}
	s.knowApplication()
	s.reportParameters()
	s.tellWho()
	s.markWalSender()
	key := s.cancelKey(s.P.Proc)
	s.out = protocol.AppendBackendKeyData(s.out, uint32(s.P.Proc.PID()), key[:])
	return nil
}

// letIn: the client has proved who it is. What only strangers are measured by is dropped.
func (s *Session) letIn() {
	s.hba = nil // whoever is in stays in, whatever the rules become
	s.P.TLS = nil
	s.Conn.letIn()
	s.isIn.Store(true)
	if s.tellLetIn != nil {
		s.tellLetIn()
	}
}

// claim takes a walsender's place. Nobody has one before they have proved who they are.
func (s *Session) claim() error {
	if s.Startup.Replication == protocol.ReplicationNone {
		return nil
	}
	r, err := s.newReplication(s)
	if err != nil {
		return err
	}
	if !s.take(r) {
		r.Close()
		r.SaveLast()
		return errEnd
	}
	return nil
}

// take says false when the session has been closed.
func (s *Session) take(r Replication) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.replication = r
	}
	return !s.closed
}

// markWalSender tells the postmaster that this child outlives the regular backends.
func (s *Session) markWalSender() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replication == nil || s.closed {
		return
	}
	s.P.Proc.SetKind(procsignal.WalSender)
	s.P.PM.MarkWalSender(s.P.ChildSlot)
	if err := s.P.PM.Send(pmsignal.AdvanceStateMachine); err != nil {
		s.P.Log.Debug().Msg(err.Error())
	}
}

// setTitle begins the process title as PostgreSQL does.
func (s *Session) setTitle() {
	who := s.Startup.User + " " + s.Startup.Database
	if s.Startup.Replication != protocol.ReplicationNone {
		who = "walsender " + s.Startup.User
		if s.Startup.Database != "" {
			who += " " + s.Startup.Database
		}
	}
	s.P.Title.SetPrefix(s.P.TitlePrefix(who + " " + s.Conn.Peer.Display()))
}

// Append has an answer sent with the next Flush.
func (s *Session) Append(add func(dst []byte) []byte) { s.out = add(s.out) }

// Await has the next read of a command wait until the goroutine that reads now is done, and takes the connection over
// from it. Conn.Handover must have been called.
func (s *Session) Await(done <-chan struct{}) { s.reading = done }

// next reads the next message that is a command or belongs to one.
func (s *Session) next() (typ byte, body []byte, err error) {
	if s.reading != nil {
		<-s.reading
		s.reading = nil
		s.Conn.Taken()
	}
	return s.Reader.Next(protocol.PhaseCommand)
}

// Last sends the error that ends a session in good order.
func (s *Session) Last(err error) error {
	if err := s.fail(err); err != nil {
		return err
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return ErrDone
}

// Flush sends the answers appended so far.
func (s *Session) Flush() error {
	if len(s.out) == 0 {
		return nil
	}
	s.Conn.Acquire()
	defer s.Conn.Release()
	s.P.Activity.StartWait(activity.ClientWrite)
	_, err := s.Conn.Write(s.out)
	s.P.Activity.EndWait()
	s.out = s.out[:0]
	if cap(s.out) > keepOut {
		s.out = nil
	}
	return err
}

// maxMessage is the longest message that a client may send, bytes: no statement could be larger, with its parameters.
const maxMessage = 16 << 20

// keepOut is the largest buffer for answers that an idle session holds on to, bytes.
const keepOut = 4096
