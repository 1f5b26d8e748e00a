package engine

import "waypost/internal/sql/ast"

// nameOf is the name that a result column without AS gets.
func nameOf(n ast.Expr) string {
	if name, _ := figure(n); name != "" {
		return name
	}
	return "?column?"
}

// How good a name is: one of a type or of CASE gives way to a better one.
const (
	noName = iota
	weakName
	strongName
)

func figure(n ast.Expr) (string, int) {
	switch x := n.(type) {
	case *ast.ColumnRef:
		if len(x.Names) > 0 && !x.Star {
			return x.Names[len(x.Names)-1], strongName
		}
	case *ast.Field:
		if x.Name != "" {
			return x.Name, strongName
		}
		return figure(x.Arg)
	case *ast.Subscript:
		return figure(x.Arg)
	case *ast.Call:
		return x.Name, strongName
	case *ast.Op:
		if x.Kind == ast.NullIfOp {
			return "nullif", strongName
		}
	case *ast.TypeCast:
		if name, strength := figure(x.Arg); strength == strongName {
			return name, strength
		}
		return x.Type.Name, weakName
	case *ast.Collate:
		return figure(x.Arg)
	case *ast.SubLink:
		return figureSubLink(x)
	case *ast.Case:
		if x.Else != nil {
			if name, strength := figure(x.Else); strength == strongName {
				return name, strength
			}
		}
		return "case", weakName
	case *ast.ArrayExpr:
		return "array", strongName
	case *ast.RowExpr:
		return "row", strongName
	case *ast.Coalesce:
		return "coalesce", strongName
	case *ast.MinMax:
		if x.Least {
			return "least", strongName
		}
		return "greatest", strongName
	case *ast.SQLValue:
		return [...]string{
			ast.CurrentDate: "current_date", ast.CurrentTime: "current_time", ast.CurrentTimestamp: "current_timestamp",
			ast.LocalTime: "localtime", ast.LocalTimestamp: "localtimestamp", ast.CurrentRole: "current_role",
			ast.CurrentUser: "current_user", ast.UserKeyword: "user", ast.SessionUser: "session_user",
			ast.CurrentCatalog: "current_catalog", ast.CurrentSchema: "current_schema",
		}[x.Kind], strongName
	}
	return "", noName
}

func figureSubLink(x *ast.SubLink) (string, int) {
	switch x.Kind {
	case ast.ExistsSubLink:
		return "exists", strongName
	case ast.ArraySubLink:
		return "array", strongName
	case ast.ScalarSubLink:
		q := x.Query
		for q.Op != ast.NoSetOp {
			q = q.Left
		}
		if len(q.Values) > 0 {
			return "column1", strongName
		}
		if len(q.Targets) == 0 {
			return "", noName
		}
		if q.Targets[0].Name != "" {
			return q.Targets[0].Name, strongName
		}
		return figure(q.Targets[0].Expr)
	}
	return "", noName
}
