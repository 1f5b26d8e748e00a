package backend

import (
	"slices"

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

// defaultSearchPath stands for a setting that means nothing here, but which 18 reports.
const defaultSearchPath = `"$user", public`

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
	if err := s.override(); err != nil {
		return err
	}
	options, err := protocol.ParseOptions(s.Startup.Options)
	if err != nil {
		return err
	}
	s.applyRoleSettings()
	for _, o := range slices.Concat(options, s.Startup.Settings) {
		value, err := sessionValue(o.Name, o.Value)
		if err != nil {
			return err
		}
		if err := s.P.Settings.Set(o.Name, value, guc.SourceClient); err != nil {
			return err
		}
	}
	set := s.P.Settings
	err = s.Conn.SetKeepalive(Keepalive{
		Idle: set.Duration(guc.TcpKeepalivesIdle), Interval: set.Duration(guc.TcpKeepalivesInterval),
		Count: set.Int(guc.TcpKeepalivesCount), UserTimeout: set.Duration(guc.TcpUserTimeout),
	})
	if err != nil {
		// As in PostgreSQL, a value that the system does not take is no reason to refuse the client.
		s.P.Log.Info().Msg(err.Error())
	}
	return nil
}

func (s *Session) override() error {
	x := s.P.XLog
	for _, o := range [...]struct {
		id    guc.ID
		value string
	}{
		{guc.ServerVersion, x.ServerVersion()},
		{guc.ServerVersionNum, itoa(int(x.ServerVersionNum.Load()))},
		{guc.WalSegmentSize, itoa(int(segsizeOr(x.Segsize())))},
		{guc.InHotStandby, onOff(xlogctl.RecoveryState(x.State.Load()) != xlogctl.RecoveryStateDone)},
		{guc.IsSuperuser, onOff(s.Role.Superuser)},
		{guc.SessionAuthorization, s.Role.Name},
	} {
		if err := s.P.Settings.SetID(o.id, o.value, guc.SourceOverride); err != nil {
			return err
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

func (s *Session) reportParameters() {
	for _, name := range reported(s.Major()) {
		canonical, value, err := s.P.Settings.Show(name)
		if err != nil {
			continue // cannot be: the names are in the table
		}
		if name == "search_path" && value == "" {
			value = defaultSearchPath
		}
		s.out = protocol.AppendParameterStatus(s.out, canonical, value)
	}
}
