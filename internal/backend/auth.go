package backend

import (
	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/protocol"
)

// authenticate finds the rule of pg_hba.conf that the client falls under, and does what it says.
func (s *Session) authenticate() error {
	client := &hba.Client{
		Local: s.Conn.Peer.Local(), Addr: s.Conn.Peer.Addr, SSL: s.Conn.TLS() != nil,
		Database: s.Startup.Database, User: s.Startup.User,
		Replication: s.Startup.Replication == protocol.ReplicationPhysical,
	}
	rule := s.hba.Rules.Match(client)
	switch {
	case rule == nil:
		return notAdmitted(client.NoEntry())
	case rule.Method == hba.Reject:
		return notAdmitted(client.Rejected())
	case rule.Method == hba.Trust:
		s.logAuthorized()
		return nil
	}
	return protocol.Fatalf(protocol.CodeInternalError, "authentication method %v is not supported", rule.Method)
}

// notAdmitted is the refusal of a client. It says nothing that the client does not know, but whether a rule rejected it.
func notAdmitted(e *hba.Error) error {
	return protocol.Fatalf(protocol.SQLSTATE(e.SQLSTATE), "%s", e.Message)
}

func (s *Session) logAuthorized() {
	if !s.P.Settings.Bool(guc.LogConnections) {
		return
	}
	text := "connection authorized: user=" + s.Startup.User
	if s.Startup.Replication != protocol.ReplicationNone {
		text = "replication " + text
	} else {
		text += " database=" + s.Startup.Database
	}
	if s.Startup.ApplicationName != "" {
		text += " application_name=" + s.Startup.ApplicationName
	}
	if t := s.Conn.TLS(); t != nil {
		text += " " + t.log()
	}
	s.P.Log.Info().Msg(text)
}
