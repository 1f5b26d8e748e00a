package backend

import "waypost/internal/sql/ast"

// alterSystem runs ALTER SYSTEM. What it writes holds from the next reload on.
func (t *tcop) alterSystem(s *ast.AlterSystem) error {
	if err := t.preventInBlock("ALTER SYSTEM"); err != nil {
		return err
	}
	settings := t.P.Settings
	switch s.Action {
	case ast.ResetAll:
		return settings.AlterSystemResetAll(t.privileges())
	case ast.SetValueTo:
		value, err := flatten(&s.Setting)
		if err != nil {
			return err
		}
		return settings.AlterSystem(s.Name, &value, t.privileges())
	}
	return settings.AlterSystem(s.Name, nil, t.privileges())
}
