package pgstat

import (
	"reflect"
	"sync/atomic"
)

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
