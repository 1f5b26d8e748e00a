// Package types holds the values of SQL: what they are in memory, how
// PostgreSQL writes and reads them as text and on the wire, how they compare.
//
// It knows nothing of catalogs, statements or sessions, and it has no state.
// Nothing in it panics on a value that came from outside.
package types

import (
	"math/big"
	"net/netip"
	"time"
)

// Value is one SQL value. A nil Value is NULL; otherwise its Go type goes by
// its SQL type:
//
//	bool                                                  bool
//	int2 int4 int8 oid xid regclass regtype … regproc     int64
//	float4 float8                                         float64
//	numeric                                               Num
//	text varchar bpchar name "char" unknown aclitem void  string
//	bytea                                                 []byte
//	pg_lsn                                                PgLSN
//	xid8                                                  FullXid
//	timestamptz timestamp                                 Instant
//	date                                                  Day
//	time                                                  Clock
//	interval                                              Span
//	inet cidr                                             netip.Prefix (bits behind the mask kept)
//	arrays, int2vector, oidvector                         *Array
//	record                                                *Row
//
// A Value is never changed once made; it may be shared.
type Value any

// PgLSN is a value of pg_lsn.
type PgLSN uint64

// FullXid is a value of xid8.
type FullXid uint64

// Instant is a value of timestamptz or timestamp: microseconds since
// 2000-01-01 00:00, in UTC for timestamptz.
type Instant int64

// Day is a value of date: days since 2000-01-01.
type Day int32

// Clock is a value of time: microseconds since midnight.
type Clock int64

// Span is a value of interval. Its three parts do not turn into each other
// by themselves.
type Span struct {
	Micros int64
	Days   int32
	Months int32
}

// Array is a value of a one-dimensional array type. The lower bound is 1,
// for int2vector and oidvector 0.
type Array struct {
	Elem OID
	Vals []Value
}

// Row is a value of type record.
type Row struct {
	Types []OID
	Vals  []Value
}

// Num is a value of numeric: Int × 10^-Scale, where Scale is also the number
// of digits shown after the point; or, where Special is set, no number.
// Int is never changed once the Num is made. The zero Num is 0.
type Num struct {
	Int     *big.Int // nil is zero
	Scale   int
	Special NumSpecial
}

// NumSpecial says which value a numeric has that is not finite.
type NumSpecial int8

// The values of numeric that are no numbers, in the order in which they sort.
const (
	NumFinite NumSpecial = iota
	NumMinusInf
	NumPlusInf
	NumNaN
)

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// FromTime turns a time into a value of timestamptz. The zero time is NULL.
func FromTime(t time.Time) Value {
	if t.IsZero() {
		return nil
	}
	return InstantOf(t)
}

// InstantOf turns a time into an Instant, cut to microseconds.
func InstantOf(t time.Time) Instant {
	return Instant((t.Unix()-epoch.Unix())*1e6 + int64(t.Nanosecond()/1000))
}

// FromDuration turns a duration into a value of interval.
func FromDuration(d time.Duration) Value { return Span{Micros: d.Microseconds()} }

// FromAddr turns an address into a value of inet. The zero address is NULL.
func FromAddr(a netip.Addr) Value {
	if !a.IsValid() {
		return nil
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen())
}

// FromStrings turns strings into a value of text[] (or name[] by elem).
func FromStrings(elem OID, s []string) Value {
	vals := make([]Value, len(s))
	for i := range s {
		vals[i] = s[i]
	}
	return &Array{Elem: elem, Vals: vals}
}
