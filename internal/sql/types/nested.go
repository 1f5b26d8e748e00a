package types

import (
	"bytes"
	"slices"
)

// MaxSize bounds an array or a record, in bytes: both its text, whose quotes
// double with each level, and what it would take in memory if it shared
// nothing, as one that was made of the same part many times is small only
// there: to compare or send it takes the time of all its parts.
const MaxSize = 10 << 20

func tooBig() error {
	return Errorf(CodeProgramLimit, "array or record is too big").WithDetail("It may take %d MB.", MaxSize>>20)
}

// CheckSize fails when a value is an array or a record that is too big.
func CheckSize(v Value) error {
	switch v.(type) {
	case *Array, *Row:
		if Size(v) > MaxSize {
			return tooBig()
		}
	}
	return nil
}

// Size estimates the memory that a value takes, in bytes, if it shared
// nothing. Of what is bigger than MaxSize it says no more than that.
func Size(v Value) int {
	const word = 16
	switch x := v.(type) {
	case nil:
		return word
	case string:
		return 2*word + len(x)
	case []byte:
		return 2*word + len(x)
	case Num:
		return 4*word + x.i().BitLen()/8
	case *Array:
		return 3*word + sizeOfAll(x.Vals)
	case *Row:
		return 3*word + sizeOfAll(x.Vals)
	}
	return 2 * word
}

func sizeOfAll(vals []Value) int {
	n := 0
	for _, v := range vals {
		if n += Size(v); n > MaxSize {
			break
		}
	}
	return n
}

// arrayBuilder puts an array together that is being read, and ends that as
// soon as it is too big.
type arrayBuilder struct {
	*Array
	env  *Env
	size int
}

func (e *Env) build(elem OID) *arrayBuilder {
	return &arrayBuilder{Array: &Array{Elem: elem, Vals: []Value{}}, env: e}
}

func (a *arrayBuilder) add(v Value) error {
	if a.size += Size(v); a.size > MaxSize {
		return tooBig()
	}
	a.Vals = append(a.Vals, v)
	if a.env == nil || a.env.Step == nil {
		return nil
	}
	return a.env.Step()
}

func (e *Env) appendArray(buf []byte, a *Array, t OID) ([]byte, error) {
	if t == Int2Vector || t == OidVector {
		for i, v := range a.Vals {
			if i > 0 {
				buf = append(buf, ' ')
			}
			buf = e.appendScalar(buf, v, a.Elem)
		}
		return buf, nil
	}
	start := len(buf)
	buf = append(buf, '{')
	for i, v := range a.Vals {
		if i > 0 {
			buf = append(buf, ',')
		}
		if v == nil {
			buf = append(buf, "NULL"...)
			continue
		}
		at := len(buf)
		var err error
		if buf, err = e.AppendText(buf, v, a.Elem); err != nil {
			return nil, err
		}
		if s := buf[at:]; bytes.EqualFold(s, []byte("null")) || needsQuotes(s, "{},") {
			buf = quote(buf, at, '\\')
		}
		if len(buf)-start > MaxSize {
			return nil, tooBig()
		}
	}
	return append(buf, '}'), nil
}

func (e *Env) appendRow(buf []byte, r *Row) ([]byte, error) {
	start := len(buf)
	buf = append(buf, '(')
	for i, v := range r.Vals {
		if i > 0 {
			buf = append(buf, ',')
		}
		if v == nil {
			continue
		}
		at := len(buf)
		var err error
		if buf, err = e.AppendText(buf, v, r.Types[i]); err != nil {
			return nil, err
		}
		if needsQuotes(buf[at:], "(),") {
			buf = quote(buf, at, '"')
		}
		if len(buf)-start > MaxSize {
			return nil, tooBig()
		}
	}
	return append(buf, ')'), nil
}

// needsQuotes tells whether a part would be read as something else if it
// stood for itself.
func needsQuotes(s []byte, delimiters string) bool {
	return len(s) == 0 || bytes.ContainsAny(s, delimiters) || bytes.ContainsAny(s, "\"\\ \t\n\r\v\f")
}

// quote puts what follows at into quotes, where a quote is escaped by escape.
// It grows buf once and moves the bytes from the last on.
func quote(buf []byte, at int, escape byte) []byte {
	from := len(buf)
	more := 2 + bytes.Count(buf[at:], []byte{'"'}) + bytes.Count(buf[at:], []byte{'\\'})
	buf = slices.Grow(buf, more)[:from+more]
	to := len(buf) - 1
	buf[to] = '"'
	for from > at {
		from--
		to--
		c := buf[from]
		buf[to] = c
		switch c {
		case '"':
			to--
			buf[to] = escape
		case '\\':
			to--
			buf[to] = '\\'
		}
	}
	buf[at] = '"'
	return buf
}
