package backend

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/guc"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/catalog"
	"waypost/internal/views"
	"waypost/protocol"
)

// viewSession is the session as the catalog's relations and functions see it.
type viewSession struct {
	t    *tcop
	zone string // whose Location location is
	loc  *time.Location
}

var _ views.Session = (*viewSession)(nil)

func (v *viewSession) CurrentUser() string { return v.t.currentRole().Name }
func (v *viewSession) SessionUser() string { return v.t.sessionRole().Name }
func (v *viewSession) Database() string    { return v.t.Startup.Database }
func (v *viewSession) BackendPID() int     { return os.Getpid() }

// TransactionStart is now()'s.
func (v *viewSession) TransactionStart() time.Time { return v.t.xact.began }

// StatementStart is statement_timestamp()'s.
func (v *viewSession) StatementStart() time.Time { return v.t.statementAt }

// TimeZone is the session's.
func (v *viewSession) TimeZone() *time.Location {
	if name := v.t.P.Settings.String(guc.TimeZone); v.loc == nil || name != v.zone {
		v.zone = name
		v.loc = guc.Location(name)
	}
	return v.loc
}

// Setting is current_setting()'s.
func (v *viewSession) Setting(name string) (value string, found bool, err error) {
	_, value, err = v.t.setting(name)
	var e *guc.Error
	switch {
	case err == nil:
		return value, true, nil
	case errors.As(err, &e) && e.SQLSTATE == string(protocol.CodeUndefinedObject):
		return "", false, nil
	}
	return "", false, engineError(err)
}

// SetSetting is set_config()'s.
func (v *viewSession) SetSetting(name, value string, local bool) (string, error) {
	if err := v.t.setTo(name, value, local); err != nil {
		return "", engineError(err)
	}
	_, text, err := v.t.setting(name)
	return text, engineError(err)
}

// engineError is an error as the engine passes it on.
func engineError(err error) error {
	if err == nil {
		return nil
	}
	p := asProtocolError(err)
	return &sql.Error{Code: string(p.Code), Message: p.Message, Detail: p.Detail, Hint: p.Hint, Position: p.Position}
}

func (v *viewSession) Process() *child.Process { return v.t.P }
func (v *viewSession) PostmasterPID() int      { return os.Getppid() }

func (v *viewSession) RoleSet() *roles.Set      { return v.t.roleSetNow() }
func (v *viewSession) CurrentRole() *roles.Role { return v.t.currentRole() }
func (v *viewSession) SessionRole() *roles.Role { return v.t.sessionRole() }

func (v *viewSession) ClientAddr() netip.AddrPort { return addrPort(v.t.Conn.Peer) }

func (v *viewSession) ServerAddr() netip.AddrPort {
	sa, err := unix.Getsockname(v.t.Conn.fd)
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPort(peerAt(sa))
}

func addrPort(p Peer) netip.AddrPort {
	if p.Local() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr, uint16(p.Port))
}

// PreparedStatements are those with a name.
func (v *viewSession) PreparedStatements() []views.PreparedStatement {
	var list []views.PreparedStatement
	for _, p := range v.t.prepared {
		if p.name == "" {
			continue
		}
		s := views.PreparedStatement{
			Name: p.name, Statement: p.text, PreparedAt: p.at, Params: p.params, FromSQL: p.fromSQL, Executions: p.executions,
		}
		for _, c := range p.columns {
			s.Results = append(s.Results, c.Type)
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b views.PreparedStatement) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Cursors are the portals, but for those of simple queries.
func (v *viewSession) Cursors() []views.OpenCursor {
	var list []views.OpenCursor
	for _, p := range v.t.portals {
		if !p.simple {
			list = append(list, views.OpenCursor{
				Name: p.name, Statement: p.st.text, CreatedAt: p.at, Holdable: p.held, Binary: p.binary,
				Scrollable: p.cursor && !p.scroll.forwardOnly,
			})
		}
	}
	slices.SortFunc(list, func(a, b views.OpenCursor) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Warn has the client get a WARNING.
func (v *viewSession) Warn(e *sql.Error) {
	v.t.notice(&protocol.Error{
		Severity: protocol.SeverityWarning, Code: protocol.SQLSTATE(e.Code), Message: e.Message, Detail: e.Detail, Hint: e.Hint,
	})
}

// catalogEnv is what the text of values depends on in this session.
func catalogEnv(t *tcop) *sql.Env { return catalog.NewCall(&t.interrupt, t.views, t.cat()).Env() }
