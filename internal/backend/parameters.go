package backend

import (
	"slices"
	"strings"

	"waypost/internal/guc"
	"waypost/internal/xlogctl"
	"waypost/protocol"
	"waypost/xlog"
)

// The parameters that a client is told of at its session's start (GUC_REPORT), in the order in which a server of the
// version sends them: 15 by name, later ones as their hash table has them.
var (
	reported15 = [...]string{
		"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby",
		"integer_datetimes", "IntervalStyle", "is_superuser", "server_encoding", "server_version",
		"session_authorization", "standard_conforming_strings", "TimeZone",
	}
	reported16 = [...]string{
		"in_hot_standby", "integer_datetimes", "TimeZone", "IntervalStyle", "is_superuser", "application_name",
		"default_transaction_read_only", "scram_iterations", "DateStyle", "standard_conforming_strings",
		"session_authorization", "client_encoding", "server_version", "server_encoding",
	}
	reported18 = [...]string{
		"in_hot_standby", "integer_datetimes", "TimeZone", "IntervalStyle", "search_path", "is_superuser",
		"application_name", "default_transaction_read_only", "scram_iterations", "DateStyle",
		"standard_conforming_strings", "session_authorization", "client_encoding", "server_version", "server_encoding",
	}
)

func reported(major int) []string {
	switch {
	case major >= 18:
		return reported18[:]
	case major >= 16:
		return reported16[:]
	default:
		return reported15[:]
	}
}

// Major is the major version of the upstream, which is what we are to our clients.
func (s *Session) Major() int { return int(s.P.XLog.ServerVersionNum.Load() / 10000) }

// applyOptions gives the settings that follow from the node and from who the client is their values, and then those
// that the startup packet asks for: its options first, as PostgreSQL does.
func (s *Session) applyOptions() error {
	s.P.Settings.CheckRoles(s.checkRole)
	if err := s.override(); err != nil {
		return err
	}
	options, err := protocol.ParseOptions(s.Startup.Options)
	if err != nil {
		return err
	}
	who := &guc.Privileges{Superuser: s.Role.Superuser}
	for _, o := range slices.Concat(options, s.Startup.Settings) {
		if err := s.checkValue(o.Name, o.Value); err != nil {
			return err
		}
		if err := s.P.Settings.SetClient(o.Name, o.Value, who); err != nil {
			return err
		}
	}
	s.applyRoleSettings()
	s.followSuperuser()
	s.setKeepalive()
	return nil
}

// applyRoleSettings gives the settings of ALTER ROLE … SET their values, where the client has not asked for others. One
// that is not possible any more is no reason to refuse the client.
func (s *Session) applyRoleSettings() {
	if !s.toSQL() {
		return
	}
	for _, c := range s.Roles.SettingsFor(s.Role, s.Startup.Database) {
		source := guc.SourceGlobal
		switch {
		case c.Role != 0 && c.Database != "":
			source = guc.SourceDatabaseUser
		case c.Role != 0:
			source = guc.SourceUser
		case c.Database != "":
			source = guc.SourceDatabase
		}
		err := s.checkValue(c.Name, c.Value)
		if err == nil {
			err = s.P.Settings.Set(c.Name, c.Value, source)
		}
		if err != nil {
			e := *asProtocolError(err)
			e.Severity = protocol.SeverityWarning
			LogError(&s.P.Log, &e)
			s.out = protocol.AppendNoticeResponse(s.out, &e)
		}
	}
}

// setKeepalive has the socket follow the settings.
func (s *Session) setKeepalive() {
	set := s.P.Settings
	err := s.Conn.SetKeepalive(Keepalive{
		Idle: set.Duration(guc.TcpKeepalivesIdle), Interval: set.Duration(guc.TcpKeepalivesInterval),
		Count: set.Int(guc.TcpKeepalivesCount), UserTimeout: set.Duration(guc.TcpUserTimeout),
	})
	if err != nil {
		// As in PostgreSQL, a value that the system does not take is no reason to refuse the client.
		s.P.Log.Info().Msg(err.Error())
	}
}

func (s *Session) override() error {
	x := s.P.XLog
	// The sources are what pg_settings of PostgreSQL shows.
	for _, o := range [...]struct {
		id     guc.ID
		value  string
		source guc.Source
	}{
		{guc.ServerVersion, x.ServerVersion(), guc.SourceDynamicDefault},
		{guc.ServerVersionNum, itoa(int(x.ServerVersionNum.Load())), guc.SourceDynamicDefault},
		{guc.WalSegmentSize, itoa(int(segsizeOr(x.Segsize()))), guc.SourceDynamicDefault},
		{guc.InHotStandby, onOff(xlogctl.RecoveryState(x.State.Load()) != xlogctl.RecoveryStateDone), guc.SourceOverride},
		{guc.IsSuperuser, onOff(s.Role.Superuser), guc.SourceDynamicDefault},
		{guc.SessionAuthorization, s.Role.Name, guc.SourceOverride},
		{guc.ServerEncoding, s.encodingOfServer(), guc.SourceDynamicDefault},
		{guc.ClientEncoding, s.encodingOfServer(), guc.SourceDynamicDefault},
		{guc.TransactionReadOnly, "on", guc.SourceOverride},
	} {
		if err := s.P.Settings.SetID(o.id, o.value, o.source); err != nil {
			return err
		}
	}
	return s.overrideAnswers()
}

func (s *Session) encodingOfServer() string {
	if s.toSQL() {
		return serverEncoding
	}
	return serverASCII
}

// overrideAnswers replaces what the files say where the engine's answers do not follow it. The client is told what holds.
func (s *Session) overrideAnswers() error {
	if !s.toSQL() {
		return nil
	}
	for _, a := range answered {
		if is := s.P.Settings.Text(a.id); !answers(a.id, is) {
			value := a.value
			if _, order, found := strings.Cut(is, ","); found && a.id == guc.DateStyle {
				value += "," + order
			}
			if err := s.P.Settings.SetID(a.id, value, guc.SourceOverride); err != nil {
				return err
			}
		}
	}
	return nil
}

// segsizeOr stands in for a size that is not known yet: SHOW would otherwise refuse it as out of bounds.
func segsizeOr(size xlog.SegSize) xlog.SegSize {
	if size == 0 {
		return xlog.DefaultSegSize
	}
	return size
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// reportParameters tells the client of the settings that it must know of. What changes of them later is told before
// ReadyForQuery (settled).
func (s *Session) reportParameters() {
	for _, name := range reported(s.Major()) {
		canonical, value, err := s.P.Settings.Show(name)
		if err != nil {
			continue // cannot be: the names are in the table
		}
		s.out = protocol.AppendParameterStatus(s.out, canonical, value)
	}
	s.P.Settings.BeginSession(s.Major())
}
