package backend

import "waypost/internal/sql/ast"

// alterSystem runs ALTER SYSTEM. What it writes is durable at once, so it stands alone.
func (t *tcop) alterSystem(s *ast.AlterSystem) error {
	if err := t.preventInBlock("ALTER SYSTEM"); err != nil {
		return err
	}
	switch s.Action {
	case ast.ResetAll:
		return told(t.P.Settings.AlterSystemResetAll(t.privileges()))
	case ast.SetValueTo:
		value, err := flatten(&s.Setting)
		if err != nil {
			return err
		}
		return told(t.P.Settings.AlterSystem(s.Name, &value, t.privileges()))
	}
	return told(t.P.Settings.AlterSystem(s.Name, nil, t.privileges()))
}
