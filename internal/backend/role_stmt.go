package backend

import (
	"errors"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/roles"
	"waypost/internal/sql/ast"
	"waypost/protocol"
)

// isRoleStatement says whether a statement is for roles.Exec.
func isRoleStatement(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.CreateRole, *ast.AlterRole, *ast.AlterRoleSet, *ast.DropRole, *ast.RenameRole, *ast.GrantRole, *ast.CommentRole:
		return true
	}
	return false
}

// roleStatement runs a statement about roles. What it does is durable at once, so it stands alone.
func (t *tcop) roleStatement(p *portal, s ast.Stmt) (result, error) {
	if err := t.preventInBlock(tagOf(s)); err != nil {
		return result{}, err
	}
	var ofSetting []*protocol.Error
	env := &roles.Env{
		DataDir: t.P.DataDir, Current: t.currentRole(), Session: t.sessionRole(), Text: p.st.text, Types: t.env(),
		MD5:        t.P.Settings.Enum(guc.PasswordEncryption) == "md5",
		Iterations: t.P.Settings.Int(guc.ScramIterations),
		Random:     randomBytes, Databases: []string{databaseName},
		Setting: func(s *ast.Setting, superuser bool) (string, error) {
			ofSetting = nil // the statement is run twice
			return t.settingFor(s, superuser, func(n *protocol.Error) { ofSetting = append(ofSetting, n) })
		},
	}
	tag, notices, err := roles.Exec(&t.interrupt, env, s)
	for _, n := range append(ofSetting, notices...) {
		t.notice(n)
	}
	t.rolesSeen = false
	var damaged *roles.DamagedError
	if errors.As(err, &damaged) {
		return result{}, protocol.Errorf(protocol.CodeDataCorrupted, "%s", err.Error())
	}
	return result{tag: tag}, told(t.interrupted(err))
}

// databaseName is the one database's.
const databaseName = "postgres"

func randomBytes(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Getrandom(b, 0)
		if err != nil && err != unix.EINTR {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

// settingFor gives the value that SET would give a setting, for ALTER ROLE … SET. What may be right when the role comes
// is only noticed.
func (t *tcop) settingFor(s *ast.Setting, superuser bool, notice func(*protocol.Error)) (string, error) {
	var value string
	var err error
	switch s.Action {
	case ast.SetFromCurrent:
		_, value, err = t.setting(s.Name)
	case ast.SetValueTo:
		value, err = flatten(s)
	}
	if err != nil {
		return "", engineError(err)
	}
	scratch := t.P.Settings.Clone()
	scratch.CheckRoles(t.checkRoleToCome(notice))
	scratch.Begin()
	who := &guc.Privileges{Superuser: superuser, ReadAll: true}
	if s.Action == ast.SetValueTo || s.Action == ast.SetFromCurrent {
		if err = t.checkValue(s.Name, value); err == nil {
			err = scratch.SetTo(s.Name, value, false, who)
		}
	} else {
		err = scratch.Reset(s.Name, false, who)
	}
	return value, engineError(err)
}
