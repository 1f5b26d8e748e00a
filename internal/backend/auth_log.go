package backend

import (
	"fmt"

	"waypost/internal/guc"
	"waypost/protocol"
)

// proved notes who the client has turned out to be. Whether it may then come in as who it wants to be is another question,
// which the log is to tell from this one.
func (a *authentication) proved(identity string) {
	a.identity = identity
	a.logIdentity("identity", identity)
}

// logAuthenticated is for those who had nothing to prove.
func (a *authentication) logAuthenticated() {
	if a.identity == "" {
		a.logIdentity("user", a.Startup.User)
	}
}

func (a *authentication) logIdentity(what, who string) {
	if a.P.Settings.Bool(guc.LogConnections) {
		a.P.Log.Info().Msg(fmt.Sprintf("connection authenticated: %s=\"%s\" method=%v (%s:%d)",
			what, who, a.rule.Method, a.rule.File, a.rule.Line))
	}
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
	if tls := s.Conn.TLS(); tls != nil {
		text += " " + tls.log()
	}
	s.P.Log.Info().Msg(text)
}
