package backend

import (
	"errors"

	"github.com/rs/zerolog"

	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/logging"
	"waypost/protocol"
)

// authenticate finds the rule of pg_hba.conf that the client falls under, and does what it says.
func (s *Session) authenticate() error {
	if s.rules == nil {
		rules, err := loadRules(s.P.Settings)
		if err != nil {
			s.logRuleErrors(err)
			return protocol.Fatalf(protocol.CodeInternalError, "could not load pg_hba.conf")
		}
		s.rules = rules
	}
	rule := s.rules.Match(&hba.Client{
		Local: s.Conn.Peer.Local(), Addr: s.Conn.Peer.Addr,
		Database: s.Startup.Database, User: s.Startup.User,
		Replication: s.Startup.Replication == protocol.ReplicationPhysical,
	})
	switch {
	case rule == nil:
		return s.notAdmitted("no pg_hba.conf entry for", "no pg_hba.conf entry for replication connection from")
	case rule.Method == hba.Reject:
		return s.notAdmitted("pg_hba.conf rejects connection for", "pg_hba.conf rejects replication connection for")
	case rule.Method == hba.Trust:
		s.logAuthorized()
		return nil
	}
	return protocol.Fatalf(protocol.CodeInternalError, "authentication method %v is not supported", rule.Method)
}

func loadRules(settings *guc.Settings) (*hba.Rules, error) {
	return hba.Load(settings.String(guc.HbaFile))
}

func (s *Session) logRuleErrors(err error) {
	var all hba.Errors
	if !errors.As(err, &all) {
		logging.Event(&s.P.Log, zerolog.InfoLevel, err)
		return
	}
	for _, e := range all {
		s.P.Log.Info().Str(logging.HintField, e.Hint).Msg(e.Error())
	}
}

// notAdmitted is the refusal of a client. It says nothing that the client does not know, but whether a rule rejected it.
func (s *Session) notAdmitted(regular, replication string) error {
	host, user := s.Conn.Peer.Host(), s.Startup.User
	if s.Startup.Replication == protocol.ReplicationPhysical {
		return protocol.Fatalf(protocol.CodeInvalidAuthorization, "%s host \"%s\", user \"%s\", no encryption",
			replication, host, user)
	}
	return protocol.Fatalf(protocol.CodeInvalidAuthorization, "%s host \"%s\", user \"%s\", database \"%s\", no encryption",
		regular, host, user, s.Startup.Database)
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
	s.P.Log.Info().Msg(text)
}
