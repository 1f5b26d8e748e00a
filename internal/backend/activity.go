package backend

import (
	"errors"
	"strings"
	"time"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/protocol"
	"waypost/shmem"
	"waypost/xlog"
)

// A session's element of BackendStatus: who is there and what it does, for pg_stat_activity (PostgreSQL:
// backend_status.c). The supervisor ends the process whatever the session is doing, so the session changes its element
// under a lock of the process's own, which the end takes and keeps (leaveActivity): nobody may leave the shared one held.

// update changes the session's element, unless the process is about to end.
func (s *Session) update(change func(f *activity.Fields)) {
	s.activityMu.Lock()
	defer s.activityMu.Unlock()
	if !s.left {
		s.P.Activity.Update(change)
	}
}

// leaveActivity ends all changes by the session.
func (s *Session) leaveActivity() {
	s.activityMu.Lock()
	s.left = true
	s.activityMu.Unlock()
}

// name is a text of an element, cut where it is too long.
type name [activity.NameLen]byte

func nameOf(s string) (n name) {
	shmem.SetString(n[:], cutText(s, activity.NameLen-1))
	return n
}

// cutText cuts a text to at most n bytes, between two characters.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// tellWho fills in who the client is, once it is let in (PostgreSQL: pgstat_bestart).
func (s *Session) tellWho() {
	user, database := nameOf(s.Startup.User), nameOf(s.Startup.Database)
	application := nameOf(s.P.Settings.String(guc.ApplicationName))
	var addr name
	host := nameOf(s.Conn.Peer.Name)
	if !s.Conn.Peer.Local() {
		addr = nameOf(s.Conn.Peer.Host())
	}
	oid, databaseOID := s.Role.OID, uint32(0)
	if s.Startup.Database != "" {
		databaseOID = DatabaseOID
	}
	port, started := int32(s.Conn.Peer.Port), xlog.FromTime(s.started)
	s.update(func(f *activity.Fields) {
		f.BackendStart = started // when the client connected: as a spare the process may have waited for long
		f.User, f.Database, f.Application, f.ClientAddr = user, database, application, addr
		f.UserOID, f.DatabaseOID, f.ClientPort, f.ClientHostname = oid, databaseOID, port, host
	})
	s.changedAt = time.Now()
	s.counted = s.changedAt
	if s.Startup.Database != "" {
		s.P.Stats.Database.Sessions.Add(1)
	}
}

// DatabaseOID is that of the one database there is.
const DatabaseOID = 5

// reportApplication tells a new application_name.
func (s *Session) reportApplication(application string) {
	n := nameOf(application)
	s.P.LogClient(func(c *logging.Client) { c.Application = application })
	s.update(func(f *activity.Fields) { f.Application = n })
}

// reportRunning tells that the session runs a statement. The text is already one that others may see.
func (s *Session) reportRunning(text string) { s.reportRunningSince(text, time.Now()) }

// reportRunning tells it with the moment that the statement knows as its own.
func (t *tcop) reportRunning(text string) { t.reportRunningSince(text, t.statementAt) }

func (s *Session) reportRunningSince(text string, now time.Time) {
	s.count(now, activity.Running)
	at := xlog.FromTime(now)
	tracked := s.P.Settings.Bool(guc.TrackActivities)
	text = cutText(text, activity.QueryLen-1)
	var began xlog.TimestampTz
	if t := s.tcop; t != nil && t.xact.block != blockDefault {
		began = xlog.FromTime(t.xact.began)
	} else {
		began = at
	}
	s.update(func(f *activity.Fields) {
		if !tracked {
			f.State = activity.Disabled
			return
		}
		f.State, f.StateChange, f.QueryStart, f.XactStart = activity.Running, at, at, began
		shmem.SetString(f.Query[:], text)
	})
}

// reportText replaces the text of the running statement by all of it.
func (s *Session) reportText(text string) {
	text = cutText(text, activity.QueryLen-1)
	if s.P.Settings.Bool(guc.TrackActivities) {
		s.update(func(f *activity.Fields) { shmem.SetString(f.Query[:], text) })
	}
}

// reportIdle tells that the session waits for the client.
func (s *Session) reportIdle(status protocol.TxStatus) {
	state := activity.Idle
	switch status {
	case protocol.TxInTransaction:
		state = activity.IdleInTransaction
	case protocol.TxFailed:
		state = activity.IdleInTransactionAborted
	}
	now := time.Now()
	s.count(now, state)
	at := xlog.FromTime(now)
	tracked := s.P.Settings.Bool(guc.TrackActivities)
	s.update(func(f *activity.Fields) {
		f.State = activity.Disabled
		if tracked {
			f.State, f.StateChange = state, at
		}
		if state == activity.Idle {
			f.XactStart = 0
		}
	})
}

// count adds the time since the last change of state to the counters of the database, and begins the next.
func (s *Session) count(now time.Time, next activity.State) {
	if s.Startup.Database == "" {
		return
	}
	db := &s.P.Stats.Database
	spent := uint64(max(now.Sub(s.changedAt).Microseconds(), 0))
	switch s.state {
	case activity.Running:
		db.ActiveMicros.Add(spent)
	case activity.IdleInTransaction, activity.IdleInTransactionAborted:
		db.IdleInXactMicros.Add(spent)
	}
	db.SessionMicros.Add(uint64(max(now.Sub(s.counted).Microseconds(), 0)))
	s.changedAt, s.counted, s.state = now, now, next
}

// countEnd adds what is left to count, and how the session ended.
func (s *Session) countEnd(err error) {
	s.mu.Lock()
	over := s.closed // the supervisor has counted it
	s.mu.Unlock()
	if over || s.Startup == nil || s.Startup.Database == "" || phase(s.phase.Load()) != phaseCommands {
		return
	}
	s.count(time.Now(), activity.Undefined)
	var e *protocol.Error
	switch {
	case err == nil, errors.Is(err, ErrDone), errors.Is(err, errEnd):
	case errors.As(err, &e) && e.Code == protocol.CodeAdminShutdown:
		s.P.Stats.Database.SessionsKilled.Add(1)
	case errors.As(err, &e) && !e.LogOnly:
		s.P.Stats.Database.SessionsFatal.Add(1)
	default:
		s.P.Stats.Database.SessionsAbandoned.Add(1)
	}
}

// publicText is what others may see of a query string that nobody has understood yet.
func publicText(text string) string {
	if at := logging.SecretAt(text); at >= 0 {
		return text[:at] + " <hidden>"
	}
	return text
}

// revealText tells the whole text after all, once it is known that no statement in it can have a password.
func (t *tcop) revealText(text string, statements []*sql.Parsed) {
	if len(statements) == 0 || !logging.HoldsPassword(text) {
		return // comments stay what they were
	}
	for _, p := range statements {
		if secretive(p.Stmt) {
			return
		}
	}
	t.reportText(text)
}

// secretive says whether a statement may tell a password.
func secretive(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.Select, *ast.Show, *ast.Transaction, *ast.Fetch, *ast.DeclareCursor, *ast.Copy:
		return false
	case *ast.Prepare:
		return secretive(s.Query)
	case *ast.AlterSystem:
		return guc.MayBeSecret(s.Name)
	case *ast.AlterRoleSet:
		return guc.MayBeSecret(s.Name)
	}
	return true
}

// hiding keeps the piece of a query string that a syntax error quotes out of the log and the answer, where it may be a
// password.
func hiding(text string, err error) error {
	var e *sql.Error
	if !errors.As(err, &e) || !logging.HoldsPassword(text) || !strings.Contains(e.Message, " at or near ") {
		return err
	}
	hidden := *e
	hidden.Message, _, _ = strings.Cut(e.Message, " at or near ")
	return &hidden
}
