package backend

import "waypost/internal/sql/ast"

// tagOf is the command tag of a statement as the process title shows it (PostgreSQL: CreateCommandTag).
func tagOf(s ast.Stmt) string {
	switch s := s.(type) {
	case *ast.Select:
		return "SELECT"
	case *ast.Show:
		return "SHOW"
	case *ast.Set:
		return setTag(s)
	case *ast.AlterSystem:
		return "ALTER SYSTEM"
	case *ast.Transaction:
		return transactionTag(s.Kind)
	case *ast.Discard:
		return "DISCARD " + s.Target
	case *ast.Prepare:
		return "PREPARE"
	case *ast.Execute:
		return "EXECUTE"
	case *ast.Deallocate:
		if s.Name == "" {
			return "DEALLOCATE ALL"
		}
		return "DEALLOCATE"
	case *ast.CreateRole:
		return "CREATE ROLE"
	case *ast.AlterRole, *ast.AlterRoleSet, *ast.RenameRole:
		return "ALTER ROLE"
	case *ast.DropRole:
		return "DROP ROLE"
	case *ast.GrantRole:
		if s.Revoke {
			return "REVOKE ROLE"
		}
		return "GRANT ROLE"
	case *ast.CommentRole:
		return "COMMENT"
	case *ast.Checkpoint:
		return "CHECKPOINT"
	case *ast.Listen:
		return "LISTEN"
	case *ast.Unlisten:
		return "UNLISTEN"
	case *ast.Notify:
		return "NOTIFY"
	case *ast.DeclareCursor:
		return "DECLARE CURSOR"
	case *ast.Fetch:
		if s.Move {
			return "MOVE"
		}
		return "FETCH"
	case *ast.CloseCursor:
		return "CLOSE CURSOR"
	case *ast.SetConstraints:
		return "SET CONSTRAINTS"
	case *ast.Copy:
		return "COPY"
	case *ast.Other:
		return s.Tag
	}
	return "???"
}

func transactionTag(k ast.TransactionKind) string {
	switch k {
	case ast.Begin:
		return "BEGIN"
	case ast.StartTransaction:
		return "START TRANSACTION"
	case ast.Commit:
		return "COMMIT"
	case ast.Savepoint:
		return "SAVEPOINT"
	case ast.ReleaseSavepoint:
		return "RELEASE"
	case ast.PrepareTransaction:
		return "PREPARE TRANSACTION"
	case ast.CommitPrepared:
		return "COMMIT PREPARED"
	case ast.RollbackPrepared:
		return "ROLLBACK PREPARED"
	}
	return "ROLLBACK"
}
