package builtin

import (
	"strings"
	"unicode/utf8"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// substring is substring(s, from [, count]) in characters.
func substring(s string, from int64, count int64, bounded bool) (types.Value, error) {
	if bounded && count < 0 {
		return nil, types.Errorf(types.CodeSubstringError, "negative substring length not allowed")
	}
	r := []rune(s)
	end := int64(len(r)) + 1
	if bounded && from < end-count {
		end = from + count
	}
	from = max(from, 1)
	if from >= end {
		return "", nil
	}
	return string(r[from-1 : end-1]), nil
}

func pad(left bool) Body {
	return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		r, n, fill := []rune(v[0].(string)), max(v[1].(int64), 0), []rune(" ")
		if len(v) > 2 {
			fill = []rune(v[2].(string))
		}
		if n*utf8.UTFMax > maxText {
			return nil, tooLong()
		}
		if int64(len(r)) >= n || len(fill) == 0 {
			return string(r[:min(int64(len(r)), n)]), nil
		}
		more := make([]rune, n-int64(len(r)))
		for i := range more {
			more[i] = fill[i%len(fill)]
		}
		if left {
			return bounded(string(more) + string(r))
		}
		return bounded(string(r) + string(more))
	}
}

func splitPart(s, sep string, n int64) (types.Value, error) {
	if n == 0 {
		return nil, types.Errorf(types.CodeInvalidParameter, "field position must not be zero")
	}
	parts := []string{s}
	if sep != "" {
		parts = strings.Split(s, sep)
	}
	if n < 0 {
		n += int64(len(parts)) + 1
	}
	if s == "" || n < 1 || n > int64(len(parts)) {
		return "", nil
	}
	return parts[n-1], nil
}

// concat joins what is not NULL.
func concat(c *catalog.Call, in *Info, v []types.Value, from int, sep string) (types.Value, error) {
	env := c.Env()
	var b strings.Builder
	first := true
	for i := from; i < len(v); i++ {
		if v[i] == nil {
			continue
		}
		if !first {
			b.WriteString(sep)
		}
		first = false
		text, err := env.Text(v[i], in.Args[i])
		if err != nil {
			return nil, err
		}
		if b.WriteString(text); b.Len() > maxText {
			return nil, tooLong()
		}
	}
	return bounded(b.String())
}

func textParts(source string) Body {
	switch source {
	case "text_substr":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return substring(v[0].(string), v[1].(int64), v[2].(int64), true)
		}
	case "text_substr_no_len":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return substring(v[0].(string), v[1].(int64), 0, false)
		}
	case "text_left":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			r, n := []rune(v[0].(string)), v[1].(int64)
			if n < 0 {
				n = max(int64(len(r))+n, 0)
			}
			return string(r[:min(n, int64(len(r)))]), nil
		}
	case "text_right":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			r, n := []rune(v[0].(string)), v[1].(int64)
			if n < 0 {
				n = max(int64(len(r))+n, 0)
			}
			return string(r[int64(len(r))-min(n, int64(len(r))):]), nil
		}
	case "lpad":
		return pad(true)
	case "rpad":
		return pad(false)
	case "split_part":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return splitPart(v[0].(string), v[1].(string), v[2].(int64))
		}
	case "text_concat":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) { return concat(c, in, v, 0, "") }
	case "text_concat_ws":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			if v[0] == nil {
				return nil, nil
			}
			return concat(c, in, v, 1, v[0].(string))
		}
	case "quote_nullable":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			if v[0] == nil {
				return "NULL", nil
			}
			return literal(c, v[0], in.Args[0])
		}
	case "text_format", "text_format_nv":
		return format
	}
	return nil
}

// format is format() without widths and flags.
func format(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	if v[0] == nil {
		return nil, nil
	}
	f, next := v[0].(string), 1
	env := c.Env()
	var b strings.Builder
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			b.WriteByte(f[i])
			continue
		}
		if i++; i == len(f) {
			return nil, types.Errorf(types.CodeInvalidParameter, "unterminated format() type specifier").
				WithHint("For a single \"%\" use \"%%\".")
		}
		if f[i] == '%' {
			b.WriteByte('%')
			continue
		}
		if strings.IndexByte("sIL", f[i]) < 0 {
			return nil, types.Errorf(types.CodeFeatureNotSupported, "this format() specifier is not supported")
		}
		if next >= len(v) {
			return nil, types.Errorf(types.CodeInvalidParameter, "too few arguments for format()")
		}
		arg, t := v[next], in.Args[next]
		next++
		text := ""
		if arg != nil {
			var err error
			if text, err = env.Text(arg, t); err != nil {
				return nil, err
			}
		}
		switch {
		case f[i] == 'L' && arg == nil:
			b.WriteString("NULL")
		case f[i] == 'I' && arg == nil:
			return nil, types.Errorf(types.CodeNullNotAllowed, "null values cannot be formatted as an SQL identifier")
		case arg == nil:
		case f[i] == 'I':
			b.WriteString(catalog.QuoteIdent(text))
		case f[i] == 'L':
			b.WriteString(quoteLiteral(text))
		default:
			b.WriteString(text)
		}
		if b.Len() > maxText {
			return nil, tooLong()
		}
	}
	return bounded(b.String())
}
