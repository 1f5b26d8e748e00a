package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

var be = binary.BigEndian

// AppendBinary writes a value that is not NULL as its type's send function does.
func AppendBinary(buf []byte, v Value, t OID) ([]byte, error) {
	switch x := v.(type) {
	case bool:
		if x {
			return append(buf, 1), nil
		}
		return append(buf, 0), nil
	case int64:
		switch t {
		case Int2:
			return be.AppendUint16(buf, uint16(x)), nil
		case Int8:
			return be.AppendUint64(buf, uint64(x)), nil
		}
		return be.AppendUint32(buf, uint32(x)), nil
	case float64:
		if t == Float4 {
			return be.AppendUint32(buf, math.Float32bits(float32(x))), nil
		}
		if math.IsNaN(x) {
			return be.AppendUint64(buf, 0x7FF8000000000000), nil
		}
		return be.AppendUint64(buf, math.Float64bits(x)), nil
	case string:
		if t == AclItem {
			return nil, Errorf(CodeUndefinedFunction, "no binary output function available for type aclitem")
		}
		if t == Char && x == "" {
			return append(buf, 0), nil
		}
		return append(buf, x...), nil
	case []byte:
		return append(buf, x...), nil
	case PgLSN:
		return be.AppendUint64(buf, uint64(x)), nil
	case FullXid:
		return be.AppendUint64(buf, uint64(x)), nil
	case Instant:
		return be.AppendUint64(buf, uint64(x)), nil
	case Day:
		return be.AppendUint32(buf, uint32(x)), nil
	case Clock:
		return be.AppendUint64(buf, uint64(x)), nil
	case Span:
		buf = be.AppendUint64(buf, uint64(x.Micros))
		buf = be.AppendUint32(buf, uint32(x.Days))
		return be.AppendUint32(buf, uint32(x.Months)), nil
	case Num:
		return appendNumBinary(buf, x), nil
	case netip.Prefix:
		return appendInetBinary(buf, x, t), nil
	case *Array:
		return appendArrayBinary(buf, x, t)
	case *Row:
		return appendRowBinary(buf, x)
	}
	return buf, Errorf(CodeFeatureNotSupported, "binary output of type %s is not supported", name(t))
}

func appendNumBinary(buf []byte, n Num) []byte {
	const negative, nan, plusInf, minusInf = 0x4000, 0xC000, 0xD000, 0xF000
	head := func(ndigits, weight, sign, scale int) {
		for _, v := range [...]int{ndigits, weight, sign, scale} {
			buf = be.AppendUint16(buf, uint16(v))
		}
	}
	switch n.Special {
	case NumNaN:
		head(0, 0, nan, 0)
		return buf
	case NumPlusInf:
		head(0, 0, plusInf, 0)
		return buf
	case NumMinusInf:
		head(0, 0, minusInf, 0)
		return buf
	}
	// Fill up to whole base-10000 digits after the point.
	filled := (n.Scale + numDigitsPerWord - 1) / numDigitsPerWord * numDigitsPerWord
	// By way of decimal text, which takes less than quadratic time.
	text := new(big.Int).Abs(n.Rescale(filled).i()).String()
	text = strings.Repeat("0", (numDigitsPerWord-len(text)%numDigitsPerWord)%numDigitsPerWord) + text
	var digits []uint16
	for ; text != ""; text = text[numDigitsPerWord:] {
		d, _ := strconv.Atoi(text[:numDigitsPerWord])
		digits = append(digits, uint16(d))
	}
	weight := len(digits) - filled/numDigitsPerWord - 1
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
		weight--
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	sign := 0
	if n.Sign() < 0 {
		sign = negative
	}
	if len(digits) == 0 {
		weight = 0
	}
	head(len(digits), weight, sign, n.Scale)
	for _, d := range digits {
		buf = be.AppendUint16(buf, d)
	}
	return buf
}

func appendInetBinary(buf []byte, p netip.Prefix, t OID) []byte {
	family, cidr := byte(2), byte(0)
	if p.Addr().Is6() {
		family = 3
	}
	if t == Cidr {
		cidr = 1
	}
	addr := p.Addr().AsSlice()
	buf = append(buf, family, byte(p.Bits()), cidr, byte(len(addr)))
	return append(buf, addr...)
}

func appendArrayBinary(buf []byte, a *Array, t OID) ([]byte, error) {
	lower := uint32(1)
	if t == Int2Vector || t == OidVector {
		lower = 0
	}
	dims, nulls := uint32(1), uint32(0)
	if len(a.Vals) == 0 && lower == 1 {
		dims = 0
	}
	for _, v := range a.Vals {
		if v == nil {
			nulls = 1
		}
	}
	buf = be.AppendUint32(buf, dims)
	buf = be.AppendUint32(buf, nulls)
	buf = be.AppendUint32(buf, uint32(a.Elem))
	if dims == 1 {
		buf = be.AppendUint32(buf, uint32(len(a.Vals)))
		buf = be.AppendUint32(buf, lower)
	}
	return appendFields(buf, a.Vals, func(int) OID { return a.Elem }, false)
}

func appendRowBinary(buf []byte, r *Row) ([]byte, error) {
	buf = be.AppendUint32(buf, uint32(len(r.Vals)))
	return appendFields(buf, r.Vals, func(i int) OID { return r.Types[i] }, true)
}

// appendFields writes values with their lengths, and their types if asked for.
func appendFields(buf []byte, vals []Value, typeOf func(int) OID, types bool) ([]byte, error) {
	for i, v := range vals {
		if types {
			buf = be.AppendUint32(buf, uint32(typeOf(i)))
		}
		at := len(buf)
		buf = be.AppendUint32(buf, math.MaxUint32)
		if v == nil {
			continue
		}
		var err error
		if buf, err = AppendBinary(buf, v, typeOf(i)); err != nil {
			return nil, err
		}
		be.PutUint32(buf[at:], uint32(len(buf)-at-4))
	}
	return buf, nil
}

func badBinary(t OID) error {
	return Errorf(CodeInvalidBinary, "incorrect binary data format for type %s", name(t))
}

// ParseBinary reads a value as its type's receive function does. It keeps
// nothing of b.
func (e *Env) ParseBinary(b []byte, t OID, typmod int32) (Value, error) {
	switch t {
	case Text, VarChar, BPChar, Name, Unknown, Cstring:
		if !utf8.Valid(b) {
			return nil, Errorf(CodeNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
		}
		for _, c := range b {
			if c == 0 {
				return nil, Errorf(CodeNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
			}
		}
		return e.ParseText(string(b), t, typmod)
	case Bytea:
		return append([]byte{}, b...), nil
	case Numeric:
		return parseNumBinary(b)
	case Inet, Cidr:
		return parseInetBinary(b, t)
	case Void:
		return "", nil
	}
	if elem := ElemOf(t); elem != 0 {
		return e.parseArrayBinary(b, t, elem)
	}
	return parseFixed(b, t)
}

// parseFixed reads the types of a fixed length.
func parseFixed(b []byte, t OID) (Value, error) {
	size := map[bool]int{true: 8, false: 4}[t == Int8 || t == Float8 || t == LSN || t == Xid8 || t == Timestamp || t == TimestampTz || t == Time]
	switch t {
	case Bool, Char:
		size = 1
	case Int2:
		size = 2
	case Interval:
		size = 16
	}
	if len(b) != size {
		return nil, badBinary(t)
	}
	switch t {
	case Bool:
		return b[0] != 0, nil
	case Char:
		if b[0] == 0 {
			return "", nil
		}
		return string(b), nil
	case Int2:
		return int64(int16(be.Uint16(b))), nil
	case Int4:
		return int64(int32(be.Uint32(b))), nil
	case Int8:
		return int64(be.Uint64(b)), nil
	case Oid, Xid, RegClass, RegType, RegProc, RegRole, RegNS:
		return int64(be.Uint32(b)), nil
	case Xid8:
		return FullXid(be.Uint64(b)), nil
	case LSN:
		return PgLSN(be.Uint64(b)), nil
	case Float4:
		return float64(math.Float32frombits(be.Uint32(b))), nil
	case Float8:
		return math.Float64frombits(be.Uint64(b)), nil
	case Timestamp, TimestampTz:
		return checkedInstant(Instant(be.Uint64(b)))
	case Date:
		d := Day(be.Uint32(b))
		if d != DayInfinity && d != DayMinusInfinity && (d < minDay || d >= endDay) {
			return nil, Errorf(CodeDatetimeOverflow, "date out of range")
		}
		return d, nil
	case Time:
		c := Clock(be.Uint64(b))
		if c < 0 || c > MicrosPerDay {
			return nil, Errorf(CodeDatetimeOverflow, "time out of range")
		}
		return c, nil
	case Interval:
		return Span{int64(be.Uint64(b)), int32(be.Uint32(b[8:])), int32(be.Uint32(b[12:]))}, nil
	}
	return nil, Errorf(CodeFeatureNotSupported, "binary input of type %s is not supported", name(t))
}

func checkedInstant(t Instant) (Value, error) {
	if !t.Infinite() && !t.Valid() {
		return nil, Errorf(CodeDatetimeOverflow, "timestamp out of range")
	}
	return t, nil
}

func parseNumBinary(b []byte) (Value, error) {
	if len(b) < 8 || len(b) != 8+2*int(be.Uint16(b)) {
		return nil, badBinary(Numeric)
	}
	n, weight, sign, scale := int(be.Uint16(b)), int(int16(be.Uint16(b[2:]))), be.Uint16(b[4:]), int(be.Uint16(b[6:]))
	switch sign {
	case 0xC000:
		return Num{Special: NumNaN}, nil
	case 0xD000:
		return Num{Special: NumPlusInf}, nil
	case 0xF000:
		return Num{Special: NumMinusInf}, nil
	case 0, 0x4000:
	default:
		return nil, badBinary(Numeric)
	}
	text := make([]byte, 0, 1+numDigitsPerWord*n)
	text = append(text, '0')
	for k := range n {
		d := be.Uint16(b[8+2*k:])
		if d >= 10000 {
			return nil, badBinary(Numeric)
		}
		text = pad(text, int(d), numDigitsPerWord)
	}
	i, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return nil, badBinary(Numeric)
	}
	have := (n - 1 - weight) * numDigitsPerWord // the digits after the point, negative if zeros are missing
	if scale > numMaxScale || have > numMaxScale+numDigitsPerWord || -have > numMaxDigits {
		return nil, badBinary(Numeric)
	}
	out := Num{Int: i, Scale: have}
	if have < 0 {
		out = Num{Int: i.Mul(i, pow10(-have))}
	}
	if sign != 0 {
		out.Int.Neg(out.Int)
	}
	return out.Trunc(scale), nil
}

func parseInetBinary(b []byte, t OID) (Value, error) {
	if len(b) < 4 || len(b) != 4+int(b[3]) {
		return nil, badBinary(t)
	}
	a, ok := netip.AddrFromSlice(b[4:])
	if !ok || int(b[1]) > a.BitLen() || (b[0] == 2) != a.Is4() || b[0] != 2 && b[0] != 3 {
		return nil, badBinary(t)
	}
	p := netip.PrefixFrom(a, int(b[1]))
	if t == Cidr && p.Masked() != p {
		return nil, badBinary(t)
	}
	return p, nil
}

func (e *Env) parseArrayBinary(b []byte, t, elem OID) (Value, error) {
	if len(b) < 12 {
		return nil, badBinary(t)
	}
	dims, told := be.Uint32(b), OID(be.Uint32(b[8:]))
	a := e.build(elem)
	switch {
	case told != elem:
		return nil, Errorf(CodeDatatypeMismatch,
			"binary data has array element type %d (%s) instead of expected %d (%s)", told, name(told), elem, name(elem))
	case dims == 0:
		return a.Array, nil
	case dims > 1:
		return nil, Errorf(CodeFeatureNotSupported, "an array of several dimensions is not supported")
	case len(b) < 20:
		return nil, badBinary(t)
	case be.Uint32(b[16:]) > 1:
		return nil, Errorf(CodeFeatureNotSupported, "an array with bounds is not supported")
	}
	count, rest := int(be.Uint32(b[12:])), b[20:]
	for range count {
		if len(rest) < 4 {
			return nil, badBinary(t)
		}
		n := int32(be.Uint32(rest))
		rest = rest[4:]
		if n < -1 || int(n) > len(rest) {
			return nil, badBinary(t)
		}
		var v Value
		if n >= 0 {
			var err error
			if v, err = e.ParseBinary(rest[:n], elem, -1); err != nil {
				return nil, err
			}
			rest = rest[n:]
		}
		if err := a.add(v); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		return nil, badBinary(t)
	}
	return a.Array, nil
}
