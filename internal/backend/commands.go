package backend

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/protocol"
)

// commands reads and answers one message after the other until the client goes or an error ends the session (PostgreSQL:
// PostgresMain).
func (s *Session) commands() error {
	ready := true
	for {
		if ready {
			if err := s.readyForQuery(); err != nil {
				return err
			}
		}
		s.P.LogStatement("")
		typ, body, err := s.await(ready)
		if err != nil {
			return s.die(err)
		}
		s.TakeReload()
		if typ == protocol.MsgTerminate {
			return nil
		}
		if ready, err = s.guarded(typ, body); err != nil {
			if err := s.fail(err); err != nil {
				return err
			}
			if s.tcop != nil {
				s.tcop.abort()
			}
			// After the failure of an extended-protocol message the client waits for the answer to its Sync.
			s.skipToSync = s.skipToSync || isExtended(typ)
			ready = !s.skipToSync
		}
		if err := s.flushMuch(); err != nil {
			return err
		}
	}
}

// flushMuch sends the answers appended so far if they have become many: a client may never ask for them.
func (s *Session) flushMuch() error {
	if len(s.out) < sendAt {
		return nil
	}
	return s.Flush()
}

// readyForQuery tells the client, and everybody else, that the session waits for a command.
func (s *Session) readyForQuery() error {
	status := protocol.TxIdle
	if s.tcop != nil {
		status = s.tcop.xact.status()
	}
	s.settled()
	switch status {
	case protocol.TxInTransaction:
		s.P.Title.Set("idle in transaction")
	case protocol.TxFailed:
		s.P.Title.Set("idle in transaction (aborted)")
	default:
		s.P.Title.Set("idle")
	}
	s.reportIdle(status)
	s.out = protocol.AppendReadyForQuery(s.out, status)
	return s.Flush()
}

// restAfter is how long a session that ran SQL waits for the next command before it gives memory back.
const restAfter = time.Second

// await reads the next message. ready says that the client has been told to send a command: only then it can be idle for
// too long.
func (s *Session) await(ready bool) (typ byte, body []byte, err error) {
	s.P.Activity.StartWait(activity.ClientRead)
	s.interrupt.read(true)
	defer func() {
		s.Conn.SetDeadline(time.Time{}) // whoever reads a stream has a clock of its own
		s.interrupt.read(false)
		s.P.Activity.EndWait()
	}()
	limit, expired := s.patience(ready)
	for {
		rest := s.waste
		switch {
		case rest:
			s.Conn.SetDeadline(earlier(limit, time.Now().Add(restAfter)))
		default:
			s.Conn.SetDeadline(limit)
		}
		typ, body, err = s.next()
		if !errors.Is(err, ErrTimeout) {
			return typ, body, err
		}
		if !limit.IsZero() && !time.Now().Before(limit) {
			return 0, nil, expired
		}
		if rest {
			debug.FreeOSMemory()
			s.waste = false
		}
	}
}

// earlier is the earlier of two times, the second one where the first is zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// patience is until when the client must have sent its next message, zero for no limit, and what ends the session else.
func (s *Session) patience(ready bool) (limit time.Time, expired error) {
	if s.tcop == nil || s.tcop.xact.block == blockDefault {
		if d := s.P.Settings.Duration(guc.IdleSessionTimeout); d > 0 && ready {
			return time.Now().Add(d), protocol.Fatalf(protocol.CodeIdleSessionTimeout,
				"terminating connection due to idle-session timeout")
		}
		return time.Time{}, nil
	}
	limit = s.tcop.xact.deadline
	if d := s.P.Settings.Duration(guc.IdleInTransactionSessionTimeout); d > 0 && ready {
		if idle := time.Now().Add(d); limit.IsZero() || idle.Before(limit) {
			return idle, protocol.Fatalf(protocol.CodeIdleInTransactionTimeout,
				"terminating connection due to idle-in-transaction timeout")
		}
	}
	return limit, errTransactionTimeout()
}

// fail sends an error that ends a command; one that ends the session is given back.
func (s *Session) fail(err error) error {
	if !forClient(err) {
		return err
	}
	e := asProtocolError(err)
	if e.LogOnly || e.Severity == protocol.SeverityFatal {
		return s.die(e)
	}
	LogError(&s.P.Log, e)
	s.out = protocol.AppendErrorResponse(s.out, s.encodeError(e))
	return nil
}

// guarded is command, with a panic as an error of the command: the session's memory is its own, so nobody else is harmed.
func (s *Session) guarded(typ byte, body []byte) (ready bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			ready = false
			err = errPanic(r)
		}
	}()
	return s.command(typ, body)
}

// errPanic is a panic as an error: what it was is for the log only. It is to be called where the panic is caught.
func errPanic(r any) *protocol.Error {
	e := protocol.Errorf(protocol.CodeInternalError, "internal error")
	e.DetailLog = fmt.Sprintf("%v\n%s", r, debug.Stack())
	return e
}

// isExtended says whether a message is one of those after whose failure all is skipped up to Sync.
func isExtended(typ byte) bool {
	switch typ {
	case protocol.MsgParse, protocol.MsgBind, protocol.MsgDescribe, protocol.MsgExecute, protocol.MsgClose, protocol.MsgFlush:
		return true
	}
	return false
}

// command answers one message; ready says that ReadyForQuery follows.
func (s *Session) command(typ byte, body []byte) (ready bool, err error) {
	if s.skipToSync && typ != protocol.MsgSync {
		return false, nil
	}
	switch typ {
	case protocol.MsgQuery:
		sql, err := protocol.DecodeQuery(body)
		if err != nil {
			return false, err
		}
		s.P.LogStatement(sql)
		return true, s.query(sql)
	case protocol.MsgSync:
		s.skipToSync = false
		if err := protocol.DecodeEmpty(body); err != nil {
			return false, err
		}
		if s.tcop != nil {
			err = s.tcop.sync()
		}
		return true, err
	case protocol.MsgFlush:
		if err := protocol.DecodeEmpty(body); err != nil {
			return false, err
		}
		return false, s.Flush()
	case protocol.MsgCopyData, protocol.MsgCopyDone, protocol.MsgCopyFail:
		// Left over from a copy that has failed.
		return false, nil
	case protocol.MsgFunctionCall:
		if s.replication != nil {
			return false, protocol.Errorf(protocol.CodeProtocolViolation,
				"fastpath function calls not supported in a replication connection")
		}
		if s.tcop != nil && s.tcop.xact.failed() {
			return false, errFailed()
		}
		return false, protocol.Errorf(protocol.CodeFeatureNotSupported, "fastpath function calls are not supported")
	default: // Parse, Bind, Describe, Execute, Close
		if s.replication != nil {
			return false, protocol.Errorf(protocol.CodeProtocolViolation,
				"extended query protocol not supported in a replication connection")
		}
		s.waste = true
		return false, s.sqlNow().extended(typ, body)
	}
}

// query runs a query string: a replication command where the connection takes those, else SQL.
func (s *Session) query(sql string) error {
	if s.replication != nil {
		if err := s.mayReplicate(sql); err != nil {
			return err
		}
		if isReplicationWord(sql) {
			s.reportRunning(publicText(sql))
		}
		err := s.replication.Exec(sql)
		if !errors.Is(err, protocol.ErrNotReplicationCommand) {
			return err
		}
		if !s.toSQL() {
			return protocol.Errorf(protocol.CodeFeatureNotSupported,
				"cannot execute SQL commands in WAL sender for physical replication")
		}
	}
	s.waste = true
	return s.sqlNow().simpleQuery(sql)
}

// mayReplicate refuses replication commands that have no place in the session's transaction.
func (s *Session) mayReplicate(sql string) error {
	if s.tcop == nil || s.tcop.xact.block == blockDefault {
		return nil
	}
	cmd, _, err := protocol.ParseReplicationCommand(sql)
	if errors.Is(err, protocol.ErrNotReplicationCommand) || err != nil {
		return nil
	}
	if s.tcop.xact.failed() {
		return errFailed()
	}
	switch cmd.(type) {
	case *protocol.StartReplicationCmd:
		return s.tcop.preventInBlock("START_REPLICATION")
	case *protocol.BaseBackupCmd:
		return s.tcop.preventInBlock("BASE_BACKUP")
	}
	return nil
}

// isReplicationWord says whether a query string begins as a replication command does, roughly: its text is then shown.
func isReplicationWord(sql string) bool {
	sql = strings.TrimLeft(sql, " \t\r\n")
	word, _, _ := strings.Cut(sql, " ")
	return strings.Contains(word, "_")
}
