package types

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

const spaces = " \t\n\r\v\f"

func invalidText(t OID, s string) error {
	return Errorf(CodeInvalidText, "invalid input syntax for type %s: \"%s\"", name(t), s)
}

// ParseText reads a value as its type's input function does. typmod is -1
// for none.
func (e *Env) ParseText(s string, t OID, typmod int32) (Value, error) {
	switch t {
	case Text, Unknown, AclItem, Cstring:
		return s, nil
	case VarChar, BPChar:
		return FitString(s, t, typmod, false)
	case Name:
		return CutName(s), nil
	case Char:
		return s[:min(1, len(s))], nil
	case Bool:
		return parseBool(s)
	case Int2, Int4, Int8:
		return parseInt(s, t)
	case Oid, Xid:
		return parseOID(s, t)
	case RegClass, RegType, RegProc, RegRole, RegNS:
		return e.parseReg(s, t)
	case Xid8:
		n, err := strconv.ParseUint(strings.Trim(s, spaces), 0, 64)
		if err != nil {
			return nil, invalidText(t, s)
		}
		return FullXid(n), nil
	case Float4, Float8:
		return parseFloat(s, t)
	case Numeric:
		n, err := ParseNum(s)
		if err != nil {
			return nil, err
		}
		return valueOr(n.Fit(typmod))
	case Bytea:
		return parseBytea(s)
	case LSN:
		return parseLSN(s)
	case Timestamp, TimestampTz:
		return e.parseInstant(s, t, typmod)
	case Date:
		return e.parseDay(s)
	case Time:
		return e.parseClock(s, typmod)
	case Interval:
		return valueOr(ParseSpan(s, typmod))
	case Inet, Cidr:
		return parseInet(s, t)
	case Void:
		return "", nil
	}
	if elem := ElemOf(t); elem != 0 && elem != Record {
		return e.parseArray(s, t, elem, typmod)
	}
	return nil, Errorf(CodeFeatureNotSupported, "input of type %s is not supported", name(t))
}

// valueOr keeps a failed result from being a value.
func valueOr[T any](v T, err error) (Value, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// CutName shortens a name to 63 bytes, at a character's end.
func CutName(s string) string {
	if len(s) <= 63 {
		return s
	}
	n := 63
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// FitString applies the length of varchar(n) or character(n). By an explicit
// cast a string is cut, otherwise one that is too long is an error, unless
// the rest is blanks.
func FitString(s string, t OID, typmod int32, explicit bool) (Value, error) {
	if typmod < 4 {
		return s, nil
	}
	limit := int(typmod - 4)
	n, at := 0, len(s)
	for i := range s {
		if n == limit {
			at = i
			break
		}
		n++
	}
	if at < len(s) {
		if !explicit && strings.Trim(s[at:], " ") != "" {
			what := "character varying"
			if t == BPChar {
				what = "character"
			}
			return nil, Errorf(CodeStringTooLong, "value too long for type %s(%d)", what, limit)
		}
		return s[:at], nil
	}
	if t == BPChar && n < limit {
		if limit-n > 1<<20 {
			return nil, Errorf(CodeProgramLimit, "requested length too large")
		}
		return s + strings.Repeat(" ", limit-n), nil
	}
	return s, nil
}

func parseBool(s string) (Value, error) {
	word := strings.ToLower(strings.Trim(s, spaces))
	if word != "" {
		switch {
		case strings.HasPrefix("true", word), strings.HasPrefix("yes", word), word == "on", word == "1":
			return true, nil
		case strings.HasPrefix("false", word), strings.HasPrefix("no", word), word == "of", word == "off", word == "0":
			return false, nil
		}
	}
	return nil, invalidText(Bool, s)
}

// InRange reports whether an integer fits a type.
func InRange(n int64, t OID) bool {
	switch t {
	case Int2:
		return n == int64(int16(n))
	case Int4:
		return n == int64(int32(n))
	case Int8:
		return true
	}
	return n >= 0 && n <= math.MaxUint32
}

func parseInt(s string, t OID) (Value, error) {
	word := strings.Trim(s, spaces)
	body := strings.TrimPrefix(strings.TrimPrefix(word, "-"), "+")
	if body == "" || body[0] < '0' || body[0] > '9' || len(word)-len(body) > 1 {
		return nil, invalidText(t, s)
	}
	base := 10
	if len(body) > 1 && body[0] == '0' && strings.IndexByte("xXoObB", body[1]) >= 0 {
		base = 0
	} else {
		if !digitsOnly(body) {
			return nil, invalidText(t, s)
		}
		word = strings.ReplaceAll(word, "_", "")
	}
	n, err := strconv.ParseInt(word, base, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return nil, invalidText(t, s)
	case err != nil || !InRange(n, t):
		return nil, Errorf(CodeOutOfRange, "value \"%s\" is out of range for type %s", s, name(t))
	}
	return n, nil
}

func parseOID(s string, t OID) (Value, error) {
	word := strings.Trim(s, spaces)
	n, err := strconv.ParseInt(word, 10, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return nil, invalidText(t, s)
	case err != nil || n > math.MaxUint32 || n < math.MinInt32:
		return nil, Errorf(CodeOutOfRange, "value \"%s\" is out of range for type %s", s, name(t))
	}
	return int64(uint32(n)), nil
}

func (e *Env) parseReg(s string, t OID) (Value, error) {
	if s == "-" {
		return int64(0), nil
	}
	if s != "" && digitsOnly(s) {
		return parseOID(s, Oid)
	}
	if e == nil || e.NameOID == nil {
		return nil, Errorf(CodeFeatureNotSupported, "a name of an object is not supported here")
	}
	oid, err := e.NameOID(t, s)
	if err != nil {
		return nil, err
	}
	return int64(oid), nil
}

func parseFloat(s string, t OID) (Value, error) {
	word := strings.ToLower(strings.Trim(s, spaces))
	switch strings.TrimLeft(word, "+-") {
	case "inf", "infinity", "nan":
	default:
		if word == "" || strings.ContainsAny(word, "_xpin") {
			return nil, invalidText(t, s)
		}
	}
	bitSize := 64
	if t == Float4 {
		bitSize = 32
	}
	f, err := strconv.ParseFloat(word, bitSize)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return nil, invalidText(t, s)
	case err != nil || f == 0 && strings.ContainsAny(strings.SplitN(word, "e", 2)[0], "123456789"):
		return nil, Errorf(CodeOutOfRange, "\"%s\" is out of range for type %s", strings.Trim(s, spaces), name(t))
	}
	return f, nil
}

func parseBytea(s string) (Value, error) {
	if strings.HasPrefix(s, `\x`) {
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune(spaces, r) {
				return -1
			}
			return r
		}, s[2:])
		b, err := hex.DecodeString(digits)
		switch {
		case errors.Is(err, hex.ErrLength):
			return nil, Errorf(CodeInvalidParameter, "invalid hexadecimal data: odd number of digits")
		case err != nil:
			var bad hex.InvalidByteError
			errors.As(err, &bad)
			return nil, Errorf(CodeInvalidParameter, "invalid hexadecimal digit: \"%c\"", rune(bad))
		}
		return b, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && isOctal(s[i+2]) && isOctal(s[i+3]):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return nil, Errorf(CodeInvalidText, "invalid input syntax for type bytea")
		}
	}
	return out, nil
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func parseLSN(s string) (Value, error) {
	high, low, ok := strings.Cut(s, "/")
	if !ok || len(high) < 1 || len(high) > 8 || len(low) < 1 || len(low) > 8 {
		return nil, invalidText(LSN, s)
	}
	h, err1 := strconv.ParseUint(high, 16, 32)
	l, err2 := strconv.ParseUint(low, 16, 32)
	if err1 != nil || err2 != nil {
		return nil, invalidText(LSN, s)
	}
	return PgLSN(h<<32 | l), nil
}

func parseInet(s string, t OID) (Value, error) {
	addr, length, cut := strings.Cut(s, "/")
	if t == Cidr && strings.IndexByte(addr, ':') < 0 {
		for strings.Count(addr, ".") < 3 && cut { // 10/8 stands for 10.0.0.0/8
			addr += ".0"
		}
	}
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Zone() != "" || a.Is4In6() && strings.IndexByte(addr, ':') < 0 {
		return nil, invalidText(t, s)
	}
	bits := a.BitLen()
	if cut {
		n, ok := number(length, 0, bits)
		if !ok {
			return nil, invalidText(t, s)
		}
		bits = n
	}
	p := netip.PrefixFrom(a, bits)
	if t == Cidr && p.Masked() != p {
		return nil, Errorf(CodeInvalidText, "invalid cidr value: \"%s\"", s).WithDetail("Value has bits set to right of mask.")
	}
	return p, nil
}

// parseArray reads the text form of a one-dimensional array.
func (e *Env) parseArray(s string, t, elem OID, typmod int32) (Value, error) {
	if t == Int2Vector || t == OidVector {
		a := e.build(elem)
		for f := range strings.FieldsSeq(s) {
			v, err := e.ParseText(f, elem, -1)
			if err != nil {
				return nil, err
			}
			if err := a.add(v); err != nil {
				return nil, err
			}
		}
		return a.Array, nil
	}
	malformed := func(detail string) (Value, error) {
		return nil, Errorf(CodeInvalidText, "malformed array literal: \"%s\"", s).WithDetail("%s", detail)
	}
	in := strings.Trim(s, spaces)
	if in == "" || in[0] != '{' {
		if in != "" && in[0] == '[' {
			return nil, Errorf(CodeFeatureNotSupported, "an array with bounds is not supported")
		}
		return malformed("Array value must start with \"{\" or dimension information.")
	}
	r := arrayReader{in: in, at: 1}
	a := e.build(elem)
	if r.skip(); r.at < len(in) && in[r.at] == '}' {
		r.at++
	} else {
		for more := true; more; {
			word, quoted, err := r.item()
			if err != "" {
				if err == nested {
					return nil, Errorf(CodeFeatureNotSupported, "an array of several dimensions is not supported")
				}
				return malformed(err)
			}
			more = in[r.at-1] == ','
			var v Value
			if quoted || !strings.EqualFold(word, "null") {
				var err error
				if v, err = e.ParseText(word, elem, typmod); err != nil {
					return nil, err
				}
			}
			if err := a.add(v); err != nil {
				return nil, err
			}
		}
	}
	if r.skip(); r.at < len(in) {
		return malformed("Junk after closing right brace.")
	}
	return a.Array, nil
}

const nested = "nested"

// arrayReader reads the elements of an array's text form.
type arrayReader struct {
	in string
	at int
}

func (r *arrayReader) skip() {
	for r.at < len(r.in) && strings.IndexByte(spaces, r.in[r.at]) >= 0 {
		r.at++
	}
}

// item reads one element and the comma or brace after it; a problem is told
// as the error's detail.
func (r *arrayReader) item() (word string, quoted bool, problem string) {
	r.skip()
	var b strings.Builder
	solid := 0 // without the blanks at the end of an unquoted element
	for ; r.at < len(r.in); r.at++ {
		switch c := r.in[r.at]; {
		case c == ',' || c == '}':
			r.at++
			if !quoted && solid == 0 {
				return "", false, "Unexpected \"" + string(c) + "\" character."
			}
			if quoted {
				return b.String(), true, ""
			}
			return b.String()[:solid], false, ""
		case c == '{':
			return "", false, nested
		case c == '"':
			if quoted || solid > 0 {
				return "", false, "Incorrectly quoted array element."
			}
			quoted = true
			for r.at++; r.at < len(r.in) && r.in[r.at] != '"'; r.at++ {
				if r.in[r.at] == '\\' && r.at+1 < len(r.in) {
					r.at++
				}
				b.WriteByte(r.in[r.at])
			}
		case c == '\\' && r.at+1 < len(r.in):
			r.at++
			b.WriteByte(r.in[r.at])
			solid = b.Len()
		case strings.IndexByte(spaces, c) >= 0:
			if !quoted {
				b.WriteByte(c)
			}
		case quoted:
			return "", false, "Incorrectly quoted array element."
		default:
			b.WriteByte(c)
			solid = b.Len()
		}
	}
	return "", false, "Unexpected end of input."
}

// ReadText reads a value that a client sent as text.
func (e *Env) ReadText(b []byte, t OID) (Value, error) {
	if !utf8.Valid(b) {
		return nil, Errorf(CodeNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, Errorf(CodeNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	return e.ParseText(string(b), t, -1)
}
