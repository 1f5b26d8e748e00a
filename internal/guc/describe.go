package guc

import "strings"

// DescribeConfig gives what postmaster --describe-config prints: a line for each setting that can stand in a file, with
// name, context, group, type, default, bounds, and descriptions, a tab between two. The settings are those of the table;
// values are s's where nothing has been loaded.
func (s *Settings) DescribeConfig() string {
	var b strings.Builder
	for id := range numParams {
		p := &params[id]
		if p.Flags&(FlagNoShowAll|FlagNotInSample|flagNotInFile) != 0 {
			continue
		}
		v := s.reset(id)
		kind, value, lo, hi := "", p.plain(v), "", ""
		switch p.Type {
		case Bool:
			kind, value = "BOOLEAN", "FALSE"
			if v.num != 0 {
				value = "TRUE"
			}
		case Int:
			kind, value, lo, hi = "INTEGER", p.number(float64(v.int())), p.number(p.Min), p.number(p.Max)
		case Real:
			kind, lo, hi = "REAL", p.number(p.Min), p.number(p.Max)
		case String:
			kind, value = "STRING", bootValue(id).str
		case Enum:
			kind = "ENUM"
		}
		b.WriteString(strings.Join([]string{
			p.Name, p.Context.String(), p.Category, kind, value, lo, hi, p.Short + ".", p.Long(),
		}, "\t"))
		b.WriteByte('\n')
	}
	return b.String()
}
