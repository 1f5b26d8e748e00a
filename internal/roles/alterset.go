package roles

import (
	"slices"
	"strings"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
)

// alterSet is ALTER ROLE … SET and RESET.
func (x *exec) alterSet(stmt *ast.AlterRoleSet) error {
	of, err := x.settingsOf(stmt)
	if err != nil {
		return err
	}
	if stmt.Database != "" && !slices.Contains(x.env.Databases, stmt.Database) {
		return types.Errorf(codeUndefinedDB, "database \"%s\" does not exist", stmt.Database)
	}
	of.Database = stmt.Database
	if stmt.Action == ast.ResetAll {
		// Those that the current role might not set stay.
		x.removeSettings(of, func(c Setting) bool { return x.mayReset(c.Name) == nil })
		return nil
	}
	named := func(c Setting) bool { return strings.EqualFold(c.Name, stmt.Name) }
	if stmt.Action == ast.ResetOne || stmt.Action == ast.SetToDefault {
		if err := x.mayReset(stmt.Name); err != nil {
			return err
		}
		x.removeSettings(of, named)
		return nil
	}
	if of.Value, err = x.env.Setting(&stmt.Setting, x.current.Superuser); err != nil {
		return err
	}
	of.Name = stmt.Name
	x.removeSettings(of, named)
	x.s.settings = append(x.s.settings, of)
	return x.s.settingsFit(of)
}

// removeSettings takes away those with the role and the database of one.
func (x *exec) removeSettings(like Setting, match func(Setting) bool) {
	x.s.settings = slices.DeleteFunc(x.s.settings, func(c Setting) bool {
		return c.Role == like.Role && c.Database == like.Database && match(c)
	})
}

// mayReset refuses what a superuser has set to everybody else. A superuser may take away even what there is no more.
func (x *exec) mayReset(name string) error {
	if x.current.Superuser {
		return nil
	}
	_, err := x.env.Setting(&ast.Setting{Action: ast.ResetOne, Name: name}, false)
	return err
}

// settingsOf gives a setting of the role that a statement is for, if the current role may do that.
func (x *exec) settingsOf(stmt *ast.AlterRoleSet) (Setting, error) {
	if stmt.All {
		if !x.current.Superuser {
			return Setting{}, denied(" to alter setting", "Only roles with the SUPERUSER attribute may alter settings globally.")
		}
		return Setting{}, nil
	}
	if err := x.notReservedRef(stmt.Role); err != nil {
		return Setting{}, err
	}
	r, err := x.find(stmt.Role)
	if err != nil {
		return Setting{}, err
	}
	if err := inFile(r); err != nil {
		return Setting{}, err
	}
	switch {
	case r.Superuser && !x.current.Superuser:
		return Setting{}, denied(toAlter, "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.")
	case r != x.current && !x.mayManage(r):
		return Setting{}, denied(toAlter, onlyManagers, r.Name, "alter")
	}
	return Setting{Role: r.OID}, nil
}
