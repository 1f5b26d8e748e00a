package views

import (
	"net/netip"
	"time"

	"waypost/internal/child"
	"waypost/internal/roles"
	"waypost/internal/sql"
)

// Session is what relations and functions ask of the session that runs a statement. Its methods are called in the
// session's goroutine, while a statement is being prepared or run.
type Session interface {
	sql.Session

	// Process gives the shared areas, the data directory, the settings as they are in the session, and what the process
	// was started with.
	Process() *child.Process
	// PostmasterPID is whom pg_reload_conf() and its like signal.
	PostmasterPID() int

	// RoleSet is the node's roles as they are now; CurrentRole is current_user's, SessionRole session_user's.
	RoleSet() *roles.Set
	CurrentRole() *roles.Role
	SessionRole() *roles.Role

	// ServerAddr and ClientAddr are the connection's two ends; the zero value for a Unix-domain socket.
	ServerAddr() netip.AddrPort
	ClientAddr() netip.AddrPort

	// PreparedStatements and Cursors are the session's own: those of PREPARE and Parse, and open portals.
	PreparedStatements() []PreparedStatement
	Cursors() []OpenCursor

	// Warn has the client get a WARNING before the statement's end. Only Code, Message, Detail and Hint count.
	Warn(e *sql.Error)
}

// PreparedStatement is a row of pg_prepared_statements.
type PreparedStatement struct {
	Name       string
	Statement  string
	PreparedAt time.Time
	Params     []sql.OID
	Results    []sql.OID // nil for a statement that returns no rows
	FromSQL    bool      // by PREPARE
	Executions int64
}

// OpenCursor is a row of pg_cursors.
type OpenCursor struct {
	Name       string
	Statement  string
	Holdable   bool // it lives on after its transaction
	Binary     bool
	Scrollable bool // rows may be fetched in any order
	CreatedAt  time.Time
}
