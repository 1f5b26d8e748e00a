package backend

import (
	"errors"

	"waypost/internal/guc"
	"waypost/protocol"
)

// commands reads and answers one message after the other until the client goes or an error ends the session.
func (s *Session) commands() error {
	ready := true
	for {
		if ready {
			s.P.Title.Set("idle")
			s.out = protocol.AppendReadyForQuery(s.out, protocol.TxIdle)
			if err := s.Flush(); err != nil {
				return err
			}
		}
		s.P.LogStatement("")
		typ, body, err := s.next()
		if err != nil {
			return s.die(err)
		}
		s.TakeReload()
		if typ == protocol.MsgTerminate {
			return nil
		}
		ready, err = s.command(typ, body)
		if err == nil {
			continue
		}
		if err := s.fail(err); err != nil {
			return err
		}
		// After the failure of an extended-protocol message the client waits for the answer to its Sync.
		ready = !s.skipToSync
	}
}

// fail sends an error that ends a command; one that ends the session is given back.
func (s *Session) fail(err error) error {
	var p *protocol.Error
	var g *guc.Error
	if !errors.As(err, &p) && !errors.As(err, &g) {
		return err
	}
	e := asProtocolError(err)
	if e.LogOnly || e.Severity == protocol.SeverityFatal {
		return s.die(e)
	}
	LogError(&s.P.Log, e)
	s.out = protocol.AppendErrorResponse(s.out, e)
	return nil
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
		return true, nil
	case protocol.MsgFlush:
		return false, s.Flush()
	case protocol.MsgCopyData, protocol.MsgCopyDone, protocol.MsgCopyFail:
		// Left over from a copy that has failed.
		return false, nil
	case protocol.MsgFunctionCall:
		if s.replication != nil {
			return false, protocol.Errorf(protocol.CodeProtocolViolation,
				"fastpath function calls not supported in a replication connection")
		}
		return false, errNoSQL("fastpath function calls are not supported")
	default: // Parse, Bind, Describe, Execute, Close
		s.skipToSync = true
		if s.replication != nil {
			return false, protocol.Errorf(protocol.CodeProtocolViolation,
				"extended query protocol not supported in a replication connection")
		}
		return false, errNoSQL("the extended query protocol is not supported")
	}
}

func (s *Session) query(sql string) error {
	if s.replication != nil {
		err := s.replication.Exec(sql)
		if !errors.Is(err, protocol.ErrNotReplicationCommand) {
			return err
		}
		if s.Startup.Replication != protocol.ReplicationDatabase {
			return protocol.Errorf(protocol.CodeFeatureNotSupported,
				"cannot execute SQL commands in WAL sender for physical replication")
		}
	}
	return s.sql(sql)
}

func errNoSQL(message string) *protocol.Error {
	return protocol.Errorf(protocol.CodeFeatureNotSupported, "%s", message).
		WithHint("This server relays write-ahead log and has no tables; it answers SHOW, and replication commands on a replication connection.")
}
