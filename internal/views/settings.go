package views

import (
	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

var settingViews = [...]view{
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
