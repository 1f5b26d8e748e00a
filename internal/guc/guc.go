// Package guc has Waypost's settings: one table with PostgreSQL's names, types, units, ranges, defaults and
// contexts, a reader of postgresql.conf, and the values of one node or session.
//
// A child gets the postmaster's values through Encode and Decode, and reads the files itself on SIGHUP (Reloaded). A session
// gives its client's wishes to SetClient, then calls BeginSession. SET and RESET are SetTo, Reset and ResetAll, between Begin
// and End of a transaction; a statement outside a block is one by itself. TakeReports says what the client must be told
// before ReadyForQuery. Rows, FileRows and ShowAll are what can be looked at, AlterSystem what can be written. The package never logs, keeps no state of its own and starts no goroutine; errors carry
// SQLSTATE, detail, hint, file and line, and the caller logs them once. It is linked into every walsender, so it
// does without regexp, reflect and tables built at start.
//
// A file is lines of
//
//	name [=] value [# comment]
//
// where name is an identifier, or two with a dot between (another program's setting), and value an identifier,
// a number with an optional unit, a plain word of letters, digits and "-._:/", or a string in single quotes, in
// which a quote is doubled or escaped, and \b \f \n \r \t and \ooo (octal) stand for one byte. Three names are
// directives: include, include_if_exists, include_dir; paths are relative to the file they stand in. Of several
// settings of one name the last one holds. (PostgreSQL: guc-file.l; manual, "Setting Parameters".)
package guc

// ID names one setting of the table.
type ID uint16

// Type is the kind of a setting's value.
type Type uint8

// The types of values.
const (
	Bool Type = iota
	Int
	Real
	String
	Enum
)

// String gives the type as pg_settings.vartype does.
func (t Type) String() string {
	return [...]string{"bool", "integer", "real", "string", "enum"}[t]
}

// Unit is the unit in which a number without one is read, and in which Int returns it.
type Unit uint8

// The base units.
const (
	NoUnit Unit = iota
	Byte
	KB
	Blocks // of 8 kB
	MB
	MS
	Sec
	Min
)

// String gives the unit as pg_settings.unit does, "" for none.
func (u Unit) String() string {
	return [...]string{"", "B", "kB", "8kB", "MB", "ms", "s", "min"}[u]
}

func (u Unit) isTime() bool { return u >= MS }

// Context says who may change a setting, and when.
type Context uint8

// The contexts, the strictest first.
const (
	Internal         Context = iota // never set by a user
	Postmaster                      // files and command line, at start only
	Sighup                          // files, at start and on reload
	SuperuserBackend                // files, and a superuser's startup packet
	Backend                         // files, and any startup packet
	Superuser                       // a superuser, at any time
	User                            // anybody, at any time
)

// String gives the context as pg_settings.context does.
func (c Context) String() string {
	return [...]string{"internal", "postmaster", "sighup", "superuser-backend", "backend", "superuser", "user"}[c]
}

// Source says where a value came from. A value is replaced only by one of the same or a later source.
type Source uint8

// The sources, the weakest first (PostgreSQL: GucSource).
const (
	SourceDefault        Source = iota
	SourceDynamicDefault        // a default that was found out at start
	SourceEnvironment           // PGPORT and its like
	SourceFile                  // postgresql.conf, postgresql.auto.conf
	SourceCommandLine           // -c and --name=value of the postmaster
	SourceGlobal                // ALTER ROLE ALL SET
	SourceDatabase              // ALTER DATABASE SET
	SourceUser                  // ALTER ROLE SET
	SourceDatabaseUser          // ALTER ROLE IN DATABASE SET
	SourceClient                // the startup packet
	SourceOverride              // Waypost itself: server_version, in_hot_standby, data_directory
	SourceInteractive           // the dividing line for privileges
	SourceTest                  // only looked at
	SourceSession               // SET
)

// String gives the source as pg_settings.source does.
func (s Source) String() string {
	return [...]string{"default", "default", "environment variable", "configuration file", "command line", "global",
		"database", "user", "database user", "client", "override", "interactive", "test", "session"}[s]
}

// Option is one value of an Enum setting. Hidden ones are accepted and not offered; they stand for the first
// option that is not hidden and has the same value.
type Option struct {
	Name   string
	Value  uint8
	Hidden bool
}

// Param describes one setting. The table's entries are shared and must not be written to.
type Param struct {
	Name         string
	Type         Type
	Context      Context
	Unit         Unit
	check        check
	since, until uint8 // major versions of PostgreSQL that have it, both included; 0 for no bound
	Flags        Flags
	Boot         string  // default, in the form in which a file would have it
	Min, Max     float64 // bounds of Int and Real in Unit, both allowed
	Options      []Option
	Category     string
	Short        string
}

// ExistsIn says whether PostgreSQL's major version has the setting, which all have that are Waypost's own.
func (p *Param) ExistsIn(major int) bool {
	return major >= int(p.since) && (p.until == 0 || major <= int(p.until))
}

// NumParams is the number of settings in the table; their IDs are 0 to NumParams-1.
const NumParams = int(numParams)

// Describe gives the table's entry; for a setting of another program, one without a name that is all of theirs.
func Describe(id ID) *Param { return param(id) }

// String gives the setting's name as the table spells it.
func (id ID) String() string { return param(id).Name }

// Find looks a setting up by name, in any case.
func Find(name string) (ID, bool) {
	name = currentName(name)
	lo, hi := 0, len(params)
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := compareFold(params[mid].Name, name); {
		case c == 0:
			return ID(mid), true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0, false
}

// currentName gives the name by which a setting is known now: PostgreSQL takes its old names, too.
func currentName(name string) string {
	for _, a := range [...]struct{ old, now string }{
		{"sort_mem", "work_mem"}, {"vacuum_mem", "maintenance_work_mem"},
		{"force_parallel_mode", "debug_parallel_query"}, {"ssl_groups", "ssl_ecdh_curve"},
	} {
		if len(name) == len(a.old) && compareFold(name, a.old) == 0 {
			return a.now
		}
	}
	return name
}

// compareFold compares as PostgreSQL compares names: ASCII letters in lower case, other bytes as they are.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
