package views

import (
	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

var settingViews = [...]view{
	{
		"pg_settings",
		"name setting unit category short_desc extra_desc context vartype source min_val max_val enumvals boot_val " +
			"reset_val sourcefile sourceline pending_restart",
		func(s *scan) error {
			who := &guc.Privileges{Superuser: s.CurrentRole().Superuser, ReadAll: s.may(roles.ReadAllSettings)}
			for _, r := range s.Settings.Rows(s.major, who) {
				s.add(r.Name, given(r.Setting), given(r.Unit), r.Category, r.ShortDesc, given(r.ExtraDesc), r.Context,
					r.VarType, r.Source, given(r.MinVal), given(r.MaxVal), texts(r.EnumVals), given(r.BootVal),
					given(r.ResetVal), given(r.SourceFile), line(r.SourceLine), r.PendingRestart)
			}
			return nil
		},
	},
	{
		"pg_file_settings", "sourcefile sourceline seqno name setting applied error",
		func(s *scan) error {
			for _, r := range s.Settings.FileRows() {
				s.add(given(r.SourceFile), line(r.SourceLine), int64(r.SeqNo), given(r.Name), given(r.Setting), r.Applied,
					given(r.Error))
			}
			return nil
		},
	},
	{
		"pg_hba_file_rules",
		"rule_number file_name line_number type database user_name address netmask auth_method options error",
		func(s *scan) error {
			lines, err := hba.FileRules(s.Settings.String(guc.HbaFile), s.Settings.Bool(guc.Ssl))
			if err != nil {
				return toldBy(err)
			}
			for _, l := range lines {
				s.add(numberOrNull(l.Number), l.File, int64(l.Line), orNull(l.Type), texts(l.Databases), texts(l.Users),
					orNull(l.Address), orNull(l.Netmask), orNull(l.Method), texts(l.Options), orNull(l.Error))
			}
			return nil
		},
	},
	{
		"pg_ident_file_mappings", "map_number file_name line_number map_name sys_name pg_username error",
		func(s *scan) error {
			lines, err := hba.FileMappings(s.Settings.String(guc.IdentFile))
			if err != nil {
				return toldBy(err)
			}
			for _, l := range lines {
				s.add(numberOrNull(l.Number), l.File, int64(l.Line), orNull(l.Map), orNull(l.System), orNull(l.User),
					orNull(l.Error))
			}
			return nil
		},
	},
}

func given(s *string) sql.Value {
	if s == nil {
		return nil
	}
	return *s
}

func line(n *int32) sql.Value {
	if n == nil {
		return nil
	}
	return int64(*n)
}

func numberOrNull(n int) sql.Value {
	if n == 0 {
		return nil
	}
	return int64(n)
}

// texts is a value of text[], NULL for nil.
func texts(list []string) sql.Value {
	if list == nil {
		return nil
	}
	return types.FromStrings(types.Text, list)
}
