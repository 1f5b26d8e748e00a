package sql_test

import (
	"strings"
	"time"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// session is a session as the engine sees one, with a few settings.
type session struct {
	settings map[string]string
	now      time.Time
	zone     *time.Location
}

func newSession() *session {
	return &session{
		settings: map[string]string{"server_version": "17.0", "timezone": "UTC", "max_connections": "100", "client_encoding": "UTF8"},
		now:      time.Date(2026, 11, 20, 6, 0, 0, 123456000, time.UTC), zone: time.UTC,
	}
}

func (s *session) CurrentUser() string         { return "postgres" }
func (s *session) SessionUser() string         { return "postgres" }
func (s *session) Database() string            { return "postgres" }
func (s *session) BackendPID() int             { return 4711 }
func (s *session) TimeZone() *time.Location    { return s.zone }
func (s *session) TransactionStart() time.Time { return s.now }
func (s *session) StatementStart() time.Time   { return s.now }

func (s *session) Setting(name string) (string, bool, error) {
	v, ok := s.settings[name]
	return v, ok, nil
}

func (s *session) SetSetting(name, value string, _ bool) (string, error) {
	if name = strings.ToLower(name); s.settings[name] == "" {
		return "", types.Errorf(types.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	s.settings[name] = value
	return value, nil
}

// emptyCatalog has nothing of the node.
func emptyCatalog() *sql.Catalog { return sql.NewCatalog(nil, nil) }
