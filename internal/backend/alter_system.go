package backend

import (
	"waypost/internal/sql/ast"
	"waypost/protocol"
)

// alterSystem runs ALTER SYSTEM.
func (t *tcop) alterSystem(s *ast.AlterSystem) error {
	if err := t.preventInBlock("ALTER SYSTEM"); err != nil {
		return err
	}
	return protocol.Errorf(protocol.CodeFeatureNotSupported, "ALTER SYSTEM is not supported")
}
