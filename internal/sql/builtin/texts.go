package builtin

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// maxText bounds the strings that functions make.
const maxText = 1 << 20

func tooLong() error { return types.Errorf(types.CodeProgramLimit, "requested length too large") }

func ofText(f func(s string) types.Value) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) { return f(v[0].(string)), nil }
}

// ofTexts makes a body of a function of strings that cannot fail.
func ofTexts(f func(s []string) types.Value) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		s := make([]string, len(v))
		for i := range v {
			s[i] = v[i].(string)
		}
		return f(s), nil
	}
}

// bounded refuses a string that is too long.
func bounded(s string) (types.Value, error) {
	if len(s) > maxText {
		return nil, tooLong()
	}
	return s, nil
}

func trim(left, right bool) Body {
	return ofTexts(func(s []string) types.Value {
		set := " "
		if len(s) > 1 {
			set = s[1]
		}
		out := s[0]
		if set == "" {
			return out
		}
		if left {
			out = strings.TrimLeft(out, set)
		}
		if right {
			out = strings.TrimRight(out, set)
		}
		return out
	})
}

func texts(source string) Body {
	switch source {
	case "textcat":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return bounded(v[0].(string) + v[1].(string))
		}
	case "textanycat", "anytextcat":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			a, err := asText(c, v[0], in.Args[0])
			if err != nil {
				return nil, err
			}
			b, err := asText(c, v[1], in.Args[1])
			if err != nil {
				return nil, err
			}
			return bounded(a + b)
		}
	case "lower":
		return ofText(func(s string) types.Value { return asciiMap(s, unicode.ToLower) })
	case "upper":
		return ofText(func(s string) types.Value { return asciiMap(s, unicode.ToUpper) })
	case "initcap":
		return ofText(func(s string) types.Value { return initcap(s) })
	case "textlen":
		return ofText(func(s string) types.Value { return int64(utf8.RuneCountInString(s)) })
	case "bpcharlen":
		return ofText(func(s string) types.Value { return int64(utf8.RuneCountInString(strings.TrimRight(s, " "))) })
	case "textoctetlen", "bpcharoctetlen":
		return ofText(func(s string) types.Value { return int64(len(s)) })
	case "byteaoctetlen":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return int64(len(v[0].([]byte))), nil
		}
	case "bit_length":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if b, ok := v[0].([]byte); ok {
				return int64(len(b)) * 8, nil
			}
			return int64(len(v[0].(string))) * 8, nil
		}
	case "ltrim", "ltrim1":
		return trim(true, false)
	case "rtrim", "rtrim1":
		return trim(false, true)
	case "btrim", "btrim1":
		return trim(true, true)
	case "text_reverse":
		return ofText(func(s string) types.Value {
			r := []rune(s)
			for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
				r[i], r[j] = r[j], r[i]
			}
			return string(r)
		})
	case "replace_text":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			s, old, with := v[0].(string), v[1].(string), v[2].(string)
			if old == "" {
				return s, nil
			}
			if n := strings.Count(s, old); n > 0 && len(s)+n*(len(with)-len(old)) > maxText {
				return nil, tooLong()
			}
			return bounded(strings.ReplaceAll(s, old, with))
		}
	case "translate":
		return ofTexts(func(s []string) types.Value { return translate(s[0], []rune(s[1]), []rune(s[2])) })
	case "repeat":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			s, n := v[0].(string), max(v[1].(int64), 0)
			if int64(len(s))*n > maxText {
				return nil, tooLong()
			}
			return bounded(strings.Repeat(s, int(n)))
		}
	case "textpos":
		return ofTexts(func(s []string) types.Value {
			i := strings.Index(s[0], s[1])
			if i < 0 {
				return int64(0)
			}
			return int64(utf8.RuneCountInString(s[0][:i]) + 1)
		})
	case "text_starts_with":
		return ofTexts(func(s []string) types.Value { return strings.HasPrefix(s[0], s[1]) })
	case "ascii":
		return ofText(func(s string) types.Value {
			if s == "" {
				return int64(0)
			}
			r, _ := utf8.DecodeRuneInString(s)
			return int64(r)
		})
	case "chr":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n := v[0].(int64)
			switch {
			case n < 0:
				return nil, types.Errorf(types.CodeInvalidParameter, "character number must be positive")
			case n == 0:
				return nil, types.Errorf(types.CodeProgramLimit, "null character not permitted")
			case n > unicode.MaxRune:
				return nil, types.Errorf(types.CodeProgramLimit, "requested character too large for encoding: %d", n)
			case !utf8.ValidRune(rune(n)):
				return nil, types.Errorf(types.CodeProgramLimit, "requested character not valid for encoding: %d", n)
			}
			return string(rune(n)), nil
		}
	case "md5_text":
		return ofText(func(s string) types.Value { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) })
	case "md5_bytea":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			sum := md5.Sum(v[0].([]byte))
			return hex.EncodeToString(sum[:]), nil
		}
	case "sha256_bytea":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			sum := sha256.Sum256(v[0].([]byte))
			return sum[:], nil
		}
	case "to_hex32":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return strconv.FormatUint(uint64(uint32(v[0].(int64))), 16), nil
		}
	case "to_hex64":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return strconv.FormatUint(uint64(v[0].(int64)), 16), nil
		}
	case "byteacat":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			a, b := v[0].([]byte), v[1].([]byte)
			return append(append(make([]byte, 0, len(a)+len(b)), a...), b...), nil
		}
	case "binary_encode":
		return encode
	case "binary_decode":
		return decode
	case "quote_ident":
		return ofText(func(s string) types.Value { return catalog.QuoteIdent(s) })
	case "quote_literal":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			return literal(c, v[0], in.Args[0])
		}
	case "textoverlay":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return overlay(v[0].(string), v[1].(string), v[2].(int64), v[3].(int64))
		}
	case "textoverlay_no_len":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return overlay(v[0].(string), v[1].(string), v[2].(int64), int64(utf8.RuneCountInString(v[1].(string))))
		}
	}
	return nil
}

// asText is a cast to text, which for a few types is not what they show.
func asText(c *catalog.Call, v types.Value, t types.OID) (string, error) {
	switch x := v.(type) {
	case bool:
		if x {
			return "true", nil
		}
		return "false", nil
	case netip.Prefix:
		return x.String(), nil
	}
	return c.Env().Text(v, t)
}

// literal is a value as a literal of SQL.
func literal(c *catalog.Call, v types.Value, t types.OID) (types.Value, error) {
	s, err := asText(c, v, t)
	if err != nil {
		return nil, err
	}
	return bounded(quoteLiteral(s))
}

// overlay puts with in the place of count characters of s.
func overlay(s, with string, from, count int64) (types.Value, error) {
	if from <= 0 {
		return nil, types.Errorf(types.CodeSubstringError, "negative substring length not allowed")
	}
	r := []rune(s)
	size := int64(len(r))
	end := min(max(from-1+count, 0), size)
	return string(r[:min(from-1, size)]) + with + string(r[end:]), nil
}

// asciiMap changes case as collation C does: of ASCII letters only.
func asciiMap(s string, f func(rune) rune) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return f(r)
		}
		return r
	}, s)
}

func initcap(s string) string {
	word := false
	return strings.Map(func(r rune) rune {
		inner := word
		word = r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
		switch {
		case r >= utf8.RuneSelf:
			return r
		case inner:
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func translate(s string, from, to []rune) string {
	return strings.Map(func(r rune) rune {
		for i, f := range from {
			if f != r {
				continue
			}
			if i < len(to) {
				return to[i]
			}
			return -1
		}
		return r
	}, s)
}

func quoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(q, `\`, `\\`)
	}
	return q
}

func encode(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	b := v[0].([]byte)
	switch strings.ToLower(v[1].(string)) {
	case "hex":
		return bounded(hex.EncodeToString(b))
	case "base64":
		s := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		for len(s) > 76 {
			out.WriteString(s[:76] + "\n")
			s = s[76:]
		}
		return bounded(out.String() + s)
	case "escape":
		var out strings.Builder
		for _, ch := range b {
			switch {
			case ch == 0 || ch >= 0x80:
				fmt.Fprintf(&out, `\%03o`, ch)
			case ch == '\\':
				out.WriteString(`\\`)
			default:
				out.WriteByte(ch)
			}
		}
		return bounded(out.String())
	}
	return nil, types.Errorf(types.CodeInvalidParameter, "unrecognized encoding: \"%s\"", v[1])
}

func decode(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	s := v[0].(string)
	switch strings.ToLower(v[1].(string)) {
	case "hex":
		return c.Env().ParseText(`\x`+s, types.Bytea, -1)
	case "base64":
		b, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s))
		if err != nil {
			return nil, types.Errorf(types.CodeInvalidParameter, "invalid base64 end sequence")
		}
		return b, nil
	}
	return nil, types.Errorf(types.CodeFeatureNotSupported, "decode() of this encoding is not supported")
}
