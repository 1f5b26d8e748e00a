package roles

import (
	"context"
	"errors"
	"unicode/utf8"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// Env is the session that a statement about roles is run for.
type Env struct {
	DataDir string
	Current *Role // current_user
	Session *Role // session_user
	Text    string

	Types *types.Env // for VALID UNTIL
	// MD5 says that password_encryption is md5; Iterations is scram_iterations.
	MD5        bool
	Iterations int
	// Random fills b from the system's source.
	Random func(b []byte) error
	// Setting gives the value that SET would give a setting, having checked it and that a superuser, or somebody who is
	// none, may set it. For SetFromCurrent it is the session's; for ResetOne there is nothing to check but who may.
	Setting func(s *ast.Setting, superuser bool) (string, error)
	// Databases has the names of the databases that there are.
	Databases []string
}

// Exec runs a statement about roles: CREATE, ALTER, DROP and COMMENT ON ROLE, and GRANT and REVOKE of roles. It gives the
// command tag, and what the client is to be told beside it. Errors for the client are *types.Error; a damaged file and the
// system's errors come as they are.
func Exec(ctx context.Context, env *Env, stmt ast.Stmt) (tag string, notices []*protocol.Error, err error) {
	x := &exec{ctx: ctx, env: env}
	// Once without the lock: what takes long (the iterations of a verifier) is done, and remembered, before others have to
	// wait for it.
	now, err := Load(env.DataDir)
	if err != nil {
		return "", nil, err
	}
	if _, err := x.run(now, stmt); err != nil {
		return "", nil, err
	}
	err = Update(ctx, env.DataDir, func(s *Set) error {
		before := s.size()
		if tag, err = x.run(s, stmt); err != nil {
			return err
		}
		return x.leavesRoom(before)
	})
	switch {
	case errors.Is(err, errTooMany):
		return "", nil, types.Errorf(codeLimitExceeded, "too many roles").
			WithDetail("The file of roles must be no larger than %d bytes.", MaxFile)
	case err != nil:
		return "", nil, err
	}
	return tag, x.notices, nil
}

// exec is one statement on its way.
type exec struct {
	ctx     context.Context
	env     *Env
	s       *Set
	notices []*protocol.Error

	current   *Role // in s
	verifiers map[[2]string]string
}

// run applies the statement to s.
func (x *exec) run(s *Set, stmt ast.Stmt) (tag string, err error) {
	x.s, x.notices = s, nil
	x.current = x.env.Current
	if !x.current.Upstream {
		if x.current = s.ByOID(x.env.Current.OID); x.current == nil {
			return "", types.Errorf(codeUndefinedObject, "role with OID %d does not exist", x.env.Current.OID)
		}
	}
	switch stmt := stmt.(type) {
	case *ast.CreateRole:
		return "CREATE ROLE", x.create(stmt)
	case *ast.AlterRole:
		return "ALTER ROLE", x.alter(stmt)
	case *ast.AlterRoleSet:
		return "ALTER ROLE", x.alterSet(stmt)
	case *ast.DropRole:
		return "DROP ROLE", x.drop(stmt)
	case *ast.RenameRole:
		return "ALTER ROLE", x.rename(stmt)
	case *ast.CommentRole:
		return "COMMENT", x.comment(stmt)
	case *ast.GrantRole:
		if stmt.Revoke {
			return "REVOKE ROLE", x.revoke(stmt)
		}
		return "GRANT ROLE", x.grant(stmt)
	}
	return "", types.Errorf(types.CodeInternal, "unrecognized node type: %T", stmt)
}

func (x *exec) notice(severity protocol.Severity, format string, args ...any) {
	e := protocol.Errorf(protocol.CodeSuccessfulCompletion, format, args...)
	if severity == protocol.SeverityWarning {
		e.Code = protocol.CodeWarning
	}
	e.Severity = severity
	x.notices = append(x.notices, e)
}

// find gives the role that a statement names.
func (x *exec) find(ref ast.RoleRef) (*Role, error) {
	if ref.Special {
		switch ref.Name {
		case "session_user":
			return x.own(x.env.Session)
		case "public":
			return nil, unknown("public")
		}
		return x.current, nil
	}
	if r := x.s.Find(ref.Name); r != nil {
		return r, nil
	}
	return nil, unknown(ref.Name)
}

// own gives a role of the session's in s.
func (x *exec) own(r *Role) (*Role, error) {
	if r.Upstream {
		return r, nil
	}
	if own := x.s.ByOID(r.OID); own != nil {
		return own, nil
	}
	return nil, types.Errorf(codeUndefinedObject, "role with OID %d does not exist", r.OID)
}

// inFile refuses a role that comes from the upstream: it is to be changed there.
func inFile(r *Role) error {
	if r.Upstream {
		return types.Errorf(types.CodeFeatureNotSupported, "role \"%s\" comes from the upstream", r.Name).
			WithDetail("Roles that auth_query finds can be changed on the upstream only.")
	}
	return nil
}

// position is where in the statement's text an option stands.
func (x *exec) position(at ast.Pos) int {
	if at < 0 || at > len(x.env.Text) {
		return 0
	}
	return utf8.RuneCountInString(x.env.Text[:at]) + 1
}

// denied is the error for who may not do something.
func denied(what, detail string, args ...any) error {
	return types.Errorf(types.CodeInsufficientPrivilege, "permission denied%s", what).WithDetail(detail, args...)
}

// onlyManagers is the detail of most refusals: of which role, and what it is that may not be done.
const onlyManagers = "Only roles with the CREATEROLE attribute and the ADMIN option on role \"%s\" may %s this role."

// mayCreateRoles says whether the current role has CREATEROLE, or needs none.
func (x *exec) mayCreateRoles() bool { return x.current.Superuser || x.current.CreateRole }

// mayManage says whether the current role may change r: superusers all, others with CREATEROLE those they administer.
func (x *exec) mayManage(r *Role) bool {
	return x.current.Superuser || x.current.CreateRole && x.s.IsAdmin(x.current, r)
}
