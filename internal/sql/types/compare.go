package types

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"net/netip"
	"strings"
)

// Compare orders two values of one type, neither NULL, as the type's btree
// operators do. Text is ordered by bytes (collation C).
func Compare(a, b Value) int {
	switch x := a.(type) {
	case bool:
		return compareBool(x, b.(bool))
	case int64:
		return cmp.Compare(x, b.(int64))
	case float64:
		return CompareFloat(x, b.(float64))
	case string:
		return strings.Compare(x, b.(string))
	case []byte:
		return bytes.Compare(x, b.([]byte))
	case Num:
		return x.Cmp(b.(Num))
	case PgLSN:
		return cmp.Compare(x, b.(PgLSN))
	case FullXid:
		return cmp.Compare(x, b.(FullXid))
	case Instant:
		return cmp.Compare(x, b.(Instant))
	case Day:
		return cmp.Compare(x, b.(Day))
	case Clock:
		return cmp.Compare(x, b.(Clock))
	case Span:
		return x.cmp(b.(Span))
	case netip.Prefix:
		return compareInet(x, b.(netip.Prefix))
	case *Array:
		return compareVals(x.Vals, b.(*Array).Vals)
	case *Row:
		return compareVals(x.Vals, b.(*Row).Vals)
	}
	return 0
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// CompareFloat orders floats; NaN is the largest and equals itself.
func CompareFloat(a, b float64) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	case math.IsNaN(b):
		return -1
	}
	return cmp.Compare(a, b)
}

// cmp orders intervals by length, a month being 30 days.
func (s Span) cmp(o Span) int {
	h1, l1 := s.length()
	h2, l2 := o.length()
	if c := cmp.Compare(h1, h2); c != 0 {
		return c
	}
	return cmp.Compare(l1, l2)
}

// length is an interval's length in microseconds, of 128 bits.
func (s Span) length() (int64, uint64) {
	days := int64(s.Months)*30 + int64(s.Days)
	hi, lo := bits.Mul64(uint64(abs64(days)), MicrosPerDay)
	if days < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	lo, carry := bits.Add64(lo, uint64(s.Micros), 0)
	hi, _ = bits.Add64(hi, uint64(s.Micros>>63), carry)
	return int64(hi), lo
}

// compareInet orders by family, network, length of mask, then address.
func compareInet(a, b netip.Prefix) int {
	if c := cmp.Compare(a.Addr().BitLen(), b.Addr().BitLen()); c != 0 {
		return c
	}
	short := min(a.Bits(), b.Bits())
	na, nb := netip.PrefixFrom(a.Addr(), short).Masked(), netip.PrefixFrom(b.Addr(), short).Masked()
	if c := na.Addr().Compare(nb.Addr()); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Bits(), b.Bits()); c != 0 {
		return c
	}
	return a.Addr().Compare(b.Addr())
}

func compareVals(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if c := CompareNulls(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// CompareNulls is Compare for values that may be NULL: NULL is the largest
// and equals itself.
func CompareNulls(a, b Value) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return Compare(a, b)
}

// AppendKey appends bytes that are the same for two values of one type
// exactly where Compare finds them equal (NULLs too).
func AppendKey(buf []byte, v Value) []byte {
	switch x := v.(type) {
	case nil:
		return append(buf, 0)
	case bool:
		if x {
			return append(buf, 2)
		}
		return append(buf, 1)
	case int64:
		return binary.AppendVarint(append(buf, 1), x)
	case float64:
		if x == 0 {
			x = 0 // minus zero equals zero
		}
		if math.IsNaN(x) {
			x = math.NaN()
		}
		return be.AppendUint64(append(buf, 1), math.Float64bits(x+0))
	case Num:
		return appendKeyString(buf, x.key())
	case PgLSN:
		return be.AppendUint64(append(buf, 1), uint64(x))
	case FullXid:
		return be.AppendUint64(append(buf, 1), uint64(x))
	case Instant:
		return be.AppendUint64(append(buf, 1), uint64(x))
	case Day:
		return be.AppendUint64(append(buf, 1), uint64(x))
	case Clock:
		return be.AppendUint64(append(buf, 1), uint64(x))
	case Span:
		hi, lo := x.length()
		return be.AppendUint64(be.AppendUint64(append(buf, 1), uint64(hi)), lo)
	case string:
		return appendKeyString(buf, x)
	case []byte:
		return appendKeyString(buf, string(x))
	case netip.Prefix:
		return appendKeyString(buf, x.String())
	case *Array:
		return appendKeys(buf, x.Vals)
	case *Row:
		return appendKeys(buf, x.Vals)
	}
	return buf
}

func appendKeyString(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(append(buf, 1), uint64(len(s))), s...)
}

func appendKeys(buf []byte, vals []Value) []byte {
	buf = binary.AppendUvarint(append(buf, 1), uint64(len(vals)))
	for _, v := range vals {
		buf = AppendKey(buf, v)
	}
	return buf
}

// key is the number without zeros at its end.
func (n Num) key() string {
	s := n.String()
	if n.Special == NumFinite && n.Scale > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		if s == "-0" {
			s = "0"
		}
	}
	return s
}
