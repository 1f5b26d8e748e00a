package backend

import (
	"os"
	"time"

	"waypost/internal/guc"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/views"
	"waypost/protocol"
)

// tcop is what a session has from the first SQL on that it is asked for (PostgreSQL's traffic cop, src/backend/tcop). A
// session that only streams never makes one: the catalog and the buffers cost memory.
//
// It belongs to the session's goroutine.
type tcop struct {
	*Session

	catalog *sql.Catalog // nil until a statement needs it
	views   *viewSession

	prepared    map[string]*prepared // by name; the unnamed one, too, under ""
	textHeld    int                  // bytes that they have, as size counts them
	portals     map[string]*portal   // likewise
	xact        transaction
	stopAlarm   alarm  // of statement_timeout
	xactAlarm   alarm  // of transaction_timeout
	goneAlarm   alarm  // of client_connection_check_interval
	application string // as BackendStatus has it
	logTouched  bool   // a setting of the log may have changed
	pageName    string // whose page clientPage is
	clientPage  *page
	roleSet     *roles.Set  // as read last, see roleSetNow
	rolesFile   os.FileInfo // from where; nil: not yet
	rolesSeen   bool        // since the client's message came
	statementAt time.Time   // when the client's message came
}

// sqlNow gives the session's tcop, which it makes when there is none.
func (s *Session) sqlNow() *tcop {
	if s.tcop == nil {
		s.tcop = &tcop{
			Session: s, prepared: map[string]*prepared{}, portals: map[string]*portal{},
		}
		s.tcop.views = &viewSession{t: s.tcop}
		s.tcop.statementAt = time.Now()
	}
	return s.tcop
}

// cat gives the catalog.
func (t *tcop) cat() *sql.Catalog {
	if t.catalog == nil {
		sql.LimitHeap()
		t.catalog = views.Catalog(t.Major())
	}
	return t.catalog
}

// statementBegins notes when the client's message came (PostgreSQL: SetCurrentStatementStartTimestamp).
func (t *tcop) statementBegins() {
	t.statementAt = time.Now()
	t.rolesSeen = false
}

// warn has the client get a WARNING.
func (t *tcop) warn(code protocol.SQLSTATE, message string) {
	t.notice(&protocol.Error{Severity: protocol.SeverityWarning, Code: code, Message: message})
}

// noticeLevel ranks the severities of notices.
func noticeLevel(s protocol.Severity) int {
	switch s {
	case protocol.SeverityWarning:
		return 2
	case protocol.SeverityNotice:
		return 1
	}
	return 0
}

// notice sends a notice, if the client wants it; a warning is logged, too.
func (t *tcop) notice(e *protocol.Error) {
	if e.Severity == protocol.SeverityWarning {
		LogError(&t.P.Log, e)
	}
	wanted := 1
	switch t.P.Settings.Enum(guc.ClientMinMessages) {
	case "warning":
		wanted = 2
	case "error":
		wanted = 3
	}
	if noticeLevel(e.Severity) >= wanted {
		t.out = protocol.AppendNoticeResponse(t.out, t.encodeError(e))
		_ = t.flushMuch() // a connection that has failed fails again, where that can be told
	}
}

// arm sets the alarms of the command that begins, those that are not on yet.
func (t *tcop) arm() {
	number := t.interrupt.begin()
	raise := func(e *protocol.Error) func() time.Duration {
		return t.harmless(func() time.Duration {
			t.interrupt.raiseFor(number, e)
			return 0
		})
	}
	if d := t.P.Settings.Duration(guc.StatementTimeout); d > 0 {
		t.stopAlarm.set(d, raise(errCanceled("statement timeout")))
	}
	if !t.xact.deadline.IsZero() {
		t.xactAlarm.set(time.Until(t.xact.deadline), raise(errTransactionTimeout()))
	}
	if d := t.P.Settings.Duration(guc.ClientConnectionCheckInterval); d > 0 {
		t.goneAlarm.set(d, t.harmless(t.watchClient(number, d)))
	}
}

// harmless has a panic in an alarm end the alarm, not the node: the timer's goroutine has nobody else to catch it.
func (t *tcop) harmless(do func() time.Duration) func() time.Duration {
	return func() (again time.Duration) {
		defer func() {
			if r := recover(); r != nil {
				LogError(&t.P.Log, errPanic(r))
			}
		}()
		return do()
	}
}

// disarm ends what arm began. The statement runs no more.
func (t *tcop) disarm() {
	t.stopAlarm.stop()
	t.xactAlarm.stop()
	t.goneAlarm.stop()
	t.interrupt.end()
}

func errTransactionTimeout() *protocol.Error {
	return protocol.Fatalf(protocol.CodeTransactionTimeout, "terminating connection due to transaction timeout")
}

// watchClient gives what looks every d whether the client is still there.
func (t *tcop) watchClient(number int, d time.Duration) func() time.Duration {
	conn, interrupt := t.Conn, &t.interrupt
	return func() time.Duration {
		if !conn.Gone() {
			return d
		}
		interrupt.raiseFor(number, &protocol.Error{Severity: protocol.SeverityFatal, Code: protocol.CodeConnectionFailure,
			Message: "connection to client lost", LogOnly: true})
		return 0
	}
}

// interrupted is what has interrupted the statement, in place of the error that the engine has made of it.
func (t *tcop) interrupted(err error) error {
	if err == nil {
		return nil
	}
	if raised := t.interrupt.raised(); raised != nil {
		return raised
	}
	return err
}
