package backend

import (
	"strings"

	"waypost/internal/guc"
	"waypost/internal/roles"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
	"waypost/protocol"
)

// setTag is the command tag of SET and RESET.
func setTag(s *ast.Set) string {
	if s.Action == ast.ResetOne || s.Action == ast.ResetAll {
		return "RESET"
	}
	return "SET"
}

// set runs SET, RESET and SET TRANSACTION (PostgreSQL: ExecSetVariableStmt).
func (t *tcop) set(s *ast.Set) error {
	switch s.Name {
	case "TRANSACTION":
		t.warnNoBlock("SET TRANSACTION")
		return t.setModes(s.Modes)
	case "SESSION CHARACTERISTICS":
		return t.setDefaults(s.Modes)
	}
	if s.Local && s.Action != ast.ResetOne {
		t.warnNoBlock("SET LOCAL")
	}
	switch s.Action {
	case ast.SetValueTo:
		value, err := flatten(&s.Setting)
		if err != nil {
			return err
		}
		return t.setTo(s.Name, value, s.Local)
	case ast.SetFromCurrent:
		return t.P.Settings.SetCurrent(s.Name, s.Local, t.privileges())
	case ast.ResetAll:
		t.P.Settings.ResetAll()
		t.logTouched = true
		t.setKeepalive()
		return nil
	}
	if strings.EqualFold(s.Name, isolationSetting) {
		t.warnNoBlock("RESET TRANSACTION")
	}
	return t.reset(s.Name, s.Local)
}

// setDefaults runs SET SESSION CHARACTERISTICS.
func (t *tcop) setDefaults(modes []ast.TransactionMode) error {
	for _, m := range modes {
		value := m.Value.Text
		if m.Name != isolationSetting {
			on, _ := parseBool(value, true)
			value = onOff(on)
		}
		if err := t.setTo("default_"+m.Name, value, false); err != nil {
			return err
		}
	}
	return nil
}

// flatten makes one text of the values of a SET.
func flatten(s *ast.Setting) (string, error) {
	words := make([]guc.Word, len(s.Values))
	for i, v := range s.Values {
		words[i] = guc.Word{Text: v.Text, Number: v.Kind != ast.StringConst}
	}
	return guc.Join(s.Name, words, catalog.QuoteIdent)
}

// setTo gives a setting a value, until the transaction's end if local.
func (t *tcop) setTo(name, value string, local bool) error {
	if _, own := t.characteristic(name); own {
		return t.setCharacteristic(name, value, false)
	}
	if err := t.checkValue(name, value); err != nil {
		return err
	}
	if err := t.P.Settings.SetTo(name, value, local, t.privileges()); err != nil {
		return err
	}
	t.touched(name)
	return nil
}

// touched notes a setting that others than those who read it must follow.
func (t *tcop) touched(name string) {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "tcp_") {
		t.setKeepalive()
	}
	if strings.HasPrefix(name, "log_") {
		t.logTouched = true
	}
}

// reset gives a setting the value that the session began with.
func (t *tcop) reset(name string, local bool) error {
	switch strings.ToLower(name) {
	case isolationSetting:
		return t.setCharacteristic(name, t.defaultIsolation(), false)
	case deferrableSetting:
		return t.setCharacteristic(name, onOff(t.P.Settings.Bool(guc.DefaultTransactionDeferrable)), false)
	case readOnlySetting:
		return nil
	}
	if err := t.P.Settings.Reset(name, local, t.privileges()); err != nil {
		return err
	}
	t.touched(name)
	return nil
}

// privileges are what the current user may do with settings.
func (t *tcop) privileges() *guc.Privileges {
	r := t.currentRole()
	if r.Superuser {
		return &guc.Privileges{Superuser: true, ReadAll: true}
	}
	return &guc.Privileges{ReadAll: t.roleSetNow().Has(r, roles.ReadAllSettings)}
}

// settled has what follows from the settings follow, once a command is over: they may have changed by SET, by the end of a
// transaction, or by a reload. The client is told of what it must know.
func (s *Session) settled() {
	s.tellSettings()
	t := s.tcop
	if t == nil {
		return
	}
	if s.followSuperuser() {
		s.tellSettings()
	}
	if t.logTouched {
		s.P.ConfigureLog()
		t.logTouched = t.xact.block != blockDefault // it may be rolled back
	}
	if a := s.P.Settings.String(guc.ApplicationName); a != t.application {
		t.application = a
		s.reportApplication(a)
	}
}

// tellSettings tells the client what has changed of that which it is to know.
func (s *Session) tellSettings() {
	for _, p := range s.P.Settings.TakeReports() {
		text := p.Text
		if s.tcop != nil {
			text = s.tcop.toClient(text)
		}
		s.out = protocol.AppendParameterStatus(s.out, p.Name, text)
	}
}
