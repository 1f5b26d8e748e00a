package views

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"waypost/internal/child"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/shmem"
	"waypost/xlog"
)

// view is where a relation's rows come from.
type view struct {
	name  string
	gives string // names of columns, with blanks between, in the order in which rows gives their values
	rows  func(s *scan) error
}

// node is what a statement can see of the node.
type node struct {
	Session
	*child.Process
	call     *sql.Call
	set      *roles.Set // nil until it was asked for
	major    int
	function string // that was called, "" in a relation
}

// scan collects the rows of one scan of a relation.
type scan struct {
	node
	need  sql.Need
	at    []int // where each value given goes; -1 for a column that is not there
	width int
	rows  []sql.Row
}

func begin(call *sql.Call, major int) (*scan, error) {
	n, err := nodeOf(call)
	if err != nil {
		return nil, err
	}
	n.major = major
	return &scan{node: n}, nil
}

func nodeOf(call *sql.Call) (node, error) {
	s, ok := call.Session.(Session)
	if !ok {
		return node{}, fmt.Errorf("session of type %T has no node", call.Session)
	}
	return node{Session: s, Process: s.Process(), call: call}, nil
}

// run gives a view's rows in the form of these columns.
func (s *scan) run(v *view, columns []sql.Column, need sql.Need) (sql.Cursor, error) {
	s.need, s.width = need, len(columns)
	for name := range strings.FieldsSeq(v.gives) {
		s.at = append(s.at, indexOf(columns, name))
	}
	if err := v.rows(s); err != nil {
		return nil, err
	}
	return sql.Slice(s.rows), nil
}

// add makes a row. Values that are missing at the end are NULL.
func (s *scan) add(values ...sql.Value) {
	row := make(sql.Row, s.width)
	for i, v := range values {
		if at := s.at[i]; at >= 0 {
			row[at] = v
		}
	}
	s.rows = append(s.rows, row)
}

// wants says whether the statement reads any of the values from the i-th to before the j-th given.
func (s *scan) wants(i, j int) bool {
	for _, at := range s.at[i:j] {
		if at >= 0 && s.need.Has(at) {
			return true
		}
	}
	return false
}

// RoleSet asks the session once, so that all that is shown is of one moment.
func (n *node) RoleSet() *roles.Set {
	if n.set == nil {
		n.set = n.Session.RoleSet()
	}
	return n.set
}

// may says whether current_user has the privileges of a role.
func (n *node) may(role string) bool { return n.RoleSet().Has(n.CurrentRole(), role) }

// hasRole says whether current_user has the privileges of the role of an OID.
func (n *node) hasRole(oid uint32) bool {
	if me := n.CurrentRole(); me.OID == oid && oid != 0 {
		return true // it may be a role of the upstream's, which is not in the set
	}
	of := n.RoleSet().ByOID(oid)
	return of != nil && n.may(of.Name)
}

// The values below are NULL where there is nothing to say.

func textOf(b []byte) sql.Value { return orNull(shmem.String(b)) }

func orNull(s string) sql.Value {
	if s == "" {
		return nil
	}
	return s
}

func lsnOf(l xlog.LSN) sql.Value {
	if l == 0 {
		return nil
	}
	return types.PgLSN(l)
}

func whenOf(t xlog.TimestampTz) sql.Value {
	if t == 0 {
		return nil
	}
	return types.Instant(t)
}

func timeOf(t time.Time) sql.Value { return types.FromTime(t) }

func addrOf(s string) sql.Value {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return nil
	}
	return types.FromAddr(a)
}

func oidOf(oid uint32) sql.Value {
	if oid == 0 {
		return nil
	}
	return int64(oid)
}

func count(n uint64) sql.Value { return int64(n) }

func millis(micros uint64) sql.Value { return float64(micros) / 1000 }
