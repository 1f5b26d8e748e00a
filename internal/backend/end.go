package backend

import (
	"fmt"
	"time"

	"waypost/pmsignal"
	"waypost/protocol"
)

// close gives back what claim and markWalSender took. It may be called twice, and by any goroutine; when it returns, all
// is given back and saved, whoever did it: the process is about to leave shared memory. What takes long is done without the
// lock, which signals need.
func (s *Session) close() {
	s.giveBack()
	s.saved.Do(func() {
		if s.replication != nil { // claim sets it no more
			s.replication.SaveLast()
		}
	})
}

func (s *Session) giveBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.leaveActivity()
	if s.replication != nil {
		s.replication.Close()
		if s.P.PM.IsWalSender(s.P.ChildSlot) {
			s.P.PM.UnmarkWalSender(s.P.ChildSlot)
		}
	}
	if phase(s.phase.Load()) == phaseCommands && s.logEnd {
		s.P.Log.Info().Msg(s.disconnection())
	}
}

// leave ends the connection in order, as far as that takes no waiting.
func (s *Session) leave() {
	if s.Conn.AcquireWithin(lastWords) {
		s.Conn.sayGoodbye()
		s.Conn.Release()
	}
}

func (s *Session) disconnection() string {
	d := time.Since(s.started)
	return fmt.Sprintf("disconnection: session time: %d:%02d:%02d.%03d user=%s database=%s %s",
		int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60, d.Milliseconds()%1000,
		s.Startup.User, s.Startup.Database, s.Conn.Peer.log())
}

// die sends the error that ends the session, as a FATAL, and returns it. Errors that are for the log only, and the
// connection's own, are not sent.
func (s *Session) die(err error) error {
	if !forClient(err) {
		return err
	}
	e := fatal(err)
	if e.LogOnly {
		return e
	}
	s.out = protocol.AppendErrorResponse(s.out, s.encodeError(e))
	// That the client has gone, too, matters less than why the session ends.
	_ = s.Flush()
	return e
}

// terminate ends the session from the supervisor's goroutine: the turn is kept, so nothing more is sent or logged.
func (s *Session) terminate(e *protocol.Error) error {
	if phase(s.phase.Load()) == phaseStartup {
		s.close()
		return nil
	}
	got := s.Conn.AcquireWithin(lastWords)
	if phase(s.phase.Load()) == phaseCommands && s.Startup.Database != "" {
		s.P.Stats.Database.SessionsKilled.Add(1)
	}
	s.close()
	if got && s.Conn.Broken() == nil {
		_ = s.Conn.WriteAtOnce(protocol.AppendErrorResponse(nil, e))
		s.Conn.sayGoodbye()
	}
	return report{e}
}

// quickdie tells the client why the process dies of SIGQUIT, if that takes no waiting.
func (s *Session) quickdie() {
	if phase(s.phase.Load()) != phaseCommands || !s.Conn.AcquireWithin(0) || s.Conn.Broken() != nil {
		return
	}
	_ = s.Conn.WriteAtOnce(protocol.AppendNoticeResponse(nil, quitNotice(s.P.PM.QuitReason())))
}

func quitNotice(reason pmsignal.QuitReason) *protocol.Error {
	e := &protocol.Error{Severity: protocol.SeverityWarning, Code: protocol.CodeAdminShutdown}
	switch reason {
	case pmsignal.QuitForCrash:
		e.Code = protocol.CodeCrashShutdown
		e.Message = "terminating connection because of crash of another server process"
		e.Detail = "The postmaster has commanded this server process to roll back the current transaction and exit, " +
			"because another server process exited abnormally and possibly corrupted shared memory."
		e.Hint = "In a moment you should be able to reconnect to the database and repeat your command."
	case pmsignal.QuitForStop:
		e.Message = "terminating connection due to immediate shutdown command"
	default:
		e.Message = "terminating connection because of unexpected SIGQUIT signal"
	}
	return e
}
