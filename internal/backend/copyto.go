package backend

import (
	"strings"
	"unicode/utf8"

	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// copyFormat is how COPY TO writes rows (PostgreSQL: CopyFormatOptions).
type copyFormat struct {
	csv        bool
	header     bool
	delimiter  byte
	null       string
	quote, esc byte
}

// copyFormatOf reads the options of a COPY in the query string text.
func copyFormatOf(options []ast.CopyOption, text string) (f copyFormat, err error) {
	f = copyFormat{delimiter: '\t', null: `\N`, quote: '"', esc: '"'}
	seen := map[string]bool{}
	for _, o := range options {
		if seen[o.Name] {
			return f, copyError(text, o, protocol.CodeSyntaxError, "conflicting or redundant options")
		}
		seen[o.Name] = true
		if o.Name != "format" {
			continue
		}
		switch o.Value {
		case "text":
		case "csv":
			f.csv, f.delimiter, f.null = true, ',', ""
		case "binary":
			return f, copyError(text, o, protocol.CodeFeatureNotSupported, "COPY in binary format is not supported")
		default:
			return f, copyError(text, o, protocol.CodeInvalidParameterValue, "COPY format \"%s\" not recognized", o.Value)
		}
	}
	for _, o := range options {
		if err := f.set(o, text); err != nil {
			return f, err
		}
	}
	const never = "\\.abcdefghijklmnopqrstuvwxyz0123456789\r\n"
	if !f.csv && strings.IndexByte(never, f.delimiter) >= 0 || f.csv && f.delimiter == f.quote {
		return f, protocol.Errorf(protocol.CodeInvalidParameterValue, "COPY delimiter cannot be \"%c\"", f.delimiter)
	}
	return f, nil
}

// set takes one option but the format over.
func (f *copyFormat) set(o ast.CopyOption, text string) error {
	one := func(c *byte) error {
		if len(o.Value) != 1 || !f.csv && o.Name != "delimiter" {
			return copyError(text, o, protocol.CodeFeatureNotSupported, "COPY %s must be a single one-byte character, of CSV", o.Name)
		}
		*c = o.Value[0]
		return nil
	}
	switch o.Name {
	case "format":
	case "header":
		on, ok := parseBool(o.Value, false)
		if !ok {
			return copyError(text, o, protocol.CodeSyntaxError, "header requires a Boolean value or \"match\"")
		}
		f.header = on
	case "null":
		if strings.ContainsAny(o.Value, "\r\n") {
			return protocol.Errorf(protocol.CodeInvalidParameterValue,
				"COPY null representation cannot use newline or carriage return")
		}
		f.null = o.Value
	case "delimiter":
		return one(&f.delimiter)
	case "quote":
		return one(&f.quote)
	case "escape":
		return one(&f.esc)
	default:
		return copyError(text, o, protocol.CodeFeatureNotSupported, "the option \"%s\" of COPY is not supported", o.Name)
	}
	return nil
}

func copyError(text string, o ast.CopyOption, code protocol.SQLSTATE, format string, args ...any) *protocol.Error {
	e := protocol.Errorf(code, format, args...)
	if o.At >= 0 && o.At <= len(text) {
		e.Position = utf8.RuneCountInString(text[:o.At]) + 1
	}
	return e
}

// copyTo runs COPY (query) TO STDOUT.
func (t *tcop) copyTo(p *portal, s *ast.Copy) (result, error) {
	f, err := copyFormatOf(s.Options, p.st.text)
	if err != nil {
		return result{}, err
	}
	st, err := t.analyze(&sql.Parsed{Text: p.st.text, Stmt: s.Query}, nil, true)
	if err != nil {
		return result{}, err
	}
	bound := st.statement.Bound(&t.interrupt, t.views, t.cat())
	if err := bound.Plan(); err != nil {
		return result{}, t.interrupted(err)
	}
	t.out = protocol.AppendCopyOutResponse(t.out, len(st.columns))
	rows, err := bound.Start(nil)
	if err != nil {
		return result{}, t.interrupted(err)
	}
	if f.header {
		names := make([]types.Value, len(st.columns))
		columns := make([]sql.ResultColumn, len(st.columns))
		for i, c := range st.columns {
			names[i], columns[i] = c.Name, textColumn(c.Name)
		}
		if err := t.copyRow(&f, names, columns, t.env()); err != nil {
			return result{}, err
		}
	}
	env := t.env()
	var n int
	for {
		row, err := rows.NextValues()
		if err != nil {
			return result{}, t.interrupted(err)
		}
		if row == nil {
			break
		}
		if err := t.copyRow(&f, row, st.columns, env); err != nil {
			return result{}, err
		}
		n++
		if len(t.out) >= sendAt {
			if err := t.Flush(); err != nil {
				return result{}, err
			}
			if err := t.interrupt.raised(); err != nil {
				return result{}, err
			}
		}
	}
	t.out = protocol.AppendCopyDone(t.out)
	return result{tag: "COPY " + itoa(n)}, nil
}

// copyRow appends one row as CopyData.
func (t *tcop) copyRow(f *copyFormat, row []types.Value, columns []sql.ResultColumn, env *sql.Env) error {
	dst, at := protocol.BeginMessage(t.out, protocol.MsgCopyData)
	for i, v := range row {
		if i > 0 {
			dst = append(dst, f.delimiter)
		}
		if v == nil {
			dst = append(dst, f.null...)
			continue
		}
		text, err := env.Text(v, columns[i].Type)
		if err != nil {
			return err
		}
		if text, err = t.toClientStrict(text); err != nil {
			return err
		}
		if f.csv {
			dst = f.appendCSV(dst, text, len(row) == 1)
		} else {
			dst = f.appendText(dst, text)
		}
		if len(dst) > sql.MaxMemory {
			return sql.RowTooBig()
		}
	}
	t.out = protocol.EndMessage(append(dst, '\n'), at)
	return nil
}

// appendText escapes what would be read as something else (PostgreSQL: CopyAttributeOutText).
func (f *copyFormat) appendText(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\v':
			dst = append(dst, '\\', 'v')
		case '\\':
			dst = append(dst, '\\', '\\')
		default:
			if c == f.delimiter {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
	}
	return dst
}

// appendCSV quotes a value where it must be (PostgreSQL: CopyAttributeOutCSV).
func (f *copyFormat) appendCSV(dst []byte, s string, alone bool) []byte {
	if s != f.null && !(alone && s == `\.`) && !strings.ContainsAny(s, string([]byte{f.delimiter, f.quote, '\r', '\n'})) {
		return append(dst, s...)
	}
	dst = append(dst, f.quote)
	for i := 0; i < len(s); i++ {
		if s[i] == f.quote || s[i] == f.esc {
			dst = append(dst, f.esc)
		}
		dst = append(dst, s[i])
	}
	return append(dst, f.quote)
}
