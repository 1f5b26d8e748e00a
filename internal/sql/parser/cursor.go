package parser

import (
	"math"

	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
)

// Options of DECLARE (CURSOR_OPT_… in parsenodes.h).
const (
	cursorBinary      = 0x0001
	cursorScroll      = 0x0002
	cursorNoScroll    = 0x0004
	cursorInsensitive = 0x0008
	cursorHold        = 0x0020
)

func (c *converter) declareCursor(s *pg.DeclareCursorStmt) ast.Stmt {
	has := func(option int32) bool { return s.GetOptions()&option != 0 }
	return &ast.DeclareCursor{
		Name: s.GetPortalname(), Query: c.subSelect(s.GetQuery()),
		Binary: has(cursorBinary), Scroll: has(cursorScroll), NoScroll: has(cursorNoScroll), Hold: has(cursorHold),
		Insensitive: has(cursorInsensitive),
	}
}

// fetchAll is PostgreSQL's FETCH_ALL.
const fetchAll = math.MaxInt64

func (c *converter) fetch(s *pg.FetchStmt) ast.Stmt {
	f := &ast.Fetch{Name: s.GetPortalname(), Count: s.GetHowMany(), Move: s.GetIsmove()}
	switch s.GetDirection() {
	case pg.FetchDirection_FETCH_BACKWARD:
		f.Direction = ast.FetchBackward
	case pg.FetchDirection_FETCH_ABSOLUTE:
		f.Direction = ast.FetchAbsolute
	case pg.FetchDirection_FETCH_RELATIVE:
		f.Direction = ast.FetchRelative
	}
	f.All = f.Count == fetchAll
	return f
}

// copyTo converts COPY (query) TO STDOUT, the only COPY that there is.
func (c *converter) copyTo(s *pg.CopyStmt) ast.Stmt {
	if s.GetIsFrom() || s.GetIsProgram() || s.GetFilename() != "" || s.GetQuery().GetSelectStmt() == nil {
		return nil
	}
	out := &ast.Copy{Query: c.selectStmt(s.GetQuery().GetSelectStmt())}
	for _, n := range s.GetOptions() {
		d := n.GetDefElem()
		o := ast.CopyOption{Name: d.GetDefname(), At: int(d.GetLocation())}
		switch v := d.GetArg().GetNode().(type) {
		case nil:
			o.Value = "true"
		case *pg.Node_String_:
			o.Value = v.String_.GetSval()
		case *pg.Node_Boolean:
			if o.Value = "false"; v.Boolean.GetBoolval() {
				o.Value = "true"
			}
		case *pg.Node_Integer:
			if o.Value = "false"; v.Integer.GetIval() != 0 {
				o.Value = "true"
			}
		default:
			c.unsupported("this option of COPY", d.GetLocation())
		}
		out.Options = append(out.Options, o)
	}
	return out
}
