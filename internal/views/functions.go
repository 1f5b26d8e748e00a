package views

import "waypost/internal/sql"

// function is a body for PostgreSQL's functions of these names. It stands in tables, so it has nothing that would have to
// be worked out at program start.
type function struct {
	names string    // with blanks between
	args  []sql.OID // only the function of these arguments; nil: all

	// One of these.
	value func(n *node) sql.Value
	eval  func(n *node, a []sql.Value) (sql.Value, error)
	rows  func(n *node, a []sql.Value) ([]sql.Row, error)
	fails *sql.Error
}

// of makes it a function of the catalog.
func (f *function) of(name string, major int) *sql.Function {
	out := &sql.Function{Name: name, Args: f.args, Stable: true, Allow: mayCall(name)}
	if f.rows != nil {
		out.Rows = func(c *sql.Call, a []sql.Value) (sql.Cursor, error) {
			n, err := enter(c, name, major)
			if err != nil {
				return nil, err
			}
			rows, err := f.rows(n, a)
			return sql.Slice(rows), err
		}
		return out
	}
	out.Eval = func(c *sql.Call, a []sql.Value) (sql.Value, error) {
		n, err := enter(c, name, major)
		switch {
		case err != nil:
			return nil, err
		case f.fails != nil:
			told := *f.fails
			return nil, &told
		case f.value != nil:
			return f.value(n), nil
		}
		return f.eval(n, a)
	}
	return out
}

// enter is the node as a function of that name sees it.
func enter(c *sql.Call, name string, major int) (*node, error) {
	n, err := nodeOf(c)
	n.major, n.function = major, name
	return &n, err
}
