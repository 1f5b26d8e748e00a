package types

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Env is what text input and output depend on besides the value. The zero
// Env is UTC, with no names for OIDs.
type Env struct {
	Location *time.Location
	Now      time.Time // what the word 'now' means
	// OIDName gives the name that a regclass, regtype or the like shows for
	// an OID; NameOID is the inverse. Without them OIDs stay numbers.
	OIDName func(t OID, oid OID) (string, bool)
	NameOID func(t OID, name string) (OID, error)
	// Step is called for each element of an array that is read; its error
	// ends that. It may be nil.
	Step func() error
}

func (e *Env) loc() *time.Location {
	if e == nil || e.Location == nil {
		return time.UTC
	}
	return e.Location
}

func (e *Env) now() time.Time {
	if e == nil {
		return time.Time{}
	}
	return e.Now
}

// AppendText writes a value that is not NULL as its type's output function
// does. An array or record that would take more than MaxSize is an error.
func (e *Env) AppendText(buf []byte, v Value, t OID) ([]byte, error) {
	switch x := v.(type) {
	case *Array:
		return e.appendArray(buf, x, t)
	case *Row:
		return e.appendRow(buf, x)
	}
	return e.appendScalar(buf, v, t), nil
}

// Text is AppendText as a string.
func (e *Env) Text(v Value, t OID) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	buf, err := e.AppendText(nil, v, t)
	return string(buf), err
}

func (e *Env) appendScalar(buf []byte, v Value, t OID) []byte {
	switch x := v.(type) {
	case bool:
		if x {
			return append(buf, 't')
		}
		return append(buf, 'f')
	case int64:
		return e.appendInt(buf, x, t)
	case float64:
		return appendFloat(buf, x, t)
	case string:
		return append(buf, x...)
	case []byte:
		return hex.AppendEncode(append(buf, `\x`...), x)
	case Num:
		return append(buf, x.String()...)
	case PgLSN:
		return fmt.Appendf(buf, "%X/%X", uint32(x>>32), uint32(x))
	case FullXid:
		return strconv.AppendUint(buf, uint64(x), 10)
	case Instant:
		if t == Timestamp {
			return appendTimestamp(buf, x)
		}
		return appendTimestampTz(buf, x, e.loc())
	case Day:
		return appendDay(buf, x)
	case Clock:
		return appendTime(buf, x)
	case Span:
		return appendSpan(buf, x)
	case netip.Prefix:
		return appendInet(buf, x, t)
	}
	return append(buf, "???"...)
}

func (e *Env) appendInt(buf []byte, n int64, t OID) []byte {
	switch t {
	case RegClass, RegType, RegProc, RegRole, RegNS:
		if e != nil && e.OIDName != nil {
			if s, ok := e.OIDName(t, OID(n)); ok {
				return append(buf, s...)
			}
		}
		if n == 0 {
			return append(buf, '-')
		}
	}
	return strconv.AppendInt(buf, n, 10)
}

func appendFloat(buf []byte, f float64, t OID) []byte {
	bitSize, limit := 64, 15
	if t == Float4 {
		bitSize, limit = 32, 6
	}
	switch {
	case math.IsNaN(f):
		return append(buf, "NaN"...)
	case math.IsInf(f, 1):
		return append(buf, "Infinity"...)
	case math.IsInf(f, -1):
		return append(buf, "-Infinity"...)
	}
	s := strconv.FormatFloat(f, 'e', -1, bitSize)
	exponent, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	if exponent < -4 || exponent >= limit {
		return append(buf, s...)
	}
	return strconv.AppendFloat(buf, f, 'f', -1, bitSize)
}

func appendInet(buf []byte, p netip.Prefix, t OID) []byte {
	if t != Cidr && p.IsSingleIP() {
		return p.Addr().AppendTo(buf)
	}
	return p.AppendTo(buf)
}
