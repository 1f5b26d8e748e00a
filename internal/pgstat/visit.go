package pgstat

import (
	"reflect"
	"sync/atomic"

	"waypost/xlog"
)

// Value is one counter or time, by the name that the file has it under.
type Value struct {
	Name  string
	Count uint64           // of a counter
	At    xlog.TimestampTz // of a time, or of a reset; 0 for never, and for a counter
	Time  bool
}

// Values are all there are, as they stand.
func (s *Stats) Values() []Value {
	var all []Value
	s.visit("", func(name string, field any) {
		v := Value{Name: name, Time: true}
		switch f := field.(type) {
		case *atomic.Uint64:
			v.Count, v.Time = f.Load(), false
		case *atomic.Int64:
			v.At = xlog.TimestampTz(f.Load())
		case *Reset:
			v.At = xlog.TimestampTz(f.At.Load())
		}
		all = append(all, v)
	})
	return all
}

// visit calls f for each counter (*atomic.Uint64), time (*atomic.Int64) and time of a reset (*Reset) of a group, "" for all
// groups. Their names are those of the Go fields, such as "WAL.Records" and "IO.walsender.Reads": the file has them, so a
// field that gets another name begins at zero.
func (s *Stats) visit(group string, f func(name string, field any)) {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.IsExported() && (group == "" || group == field.Name) {
			visit(field.Name, v.Field(i), f)
		}
	}
}

func visit(name string, v reflect.Value, f func(name string, field any)) {
	switch field := v.Addr().Interface().(type) {
	case *Reset, *atomic.Uint64, *atomic.Int64:
		f(name, field)
		return
	}
	if v.Kind() == reflect.Array {
		for i := range v.Len() {
			visit(name+"."+IOKind(i).String(), v.Index(i), f)
		}
		return
	}
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() {
			visit(name+"."+field.Name, v.Field(i), f)
		}
	}
}
