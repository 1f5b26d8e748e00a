package shmdump

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"waypost/shmem"
)

// WriteText lays a dump out for people: an area a paragraph, a field a line, under PostgreSQL's names. Fields that are
// empty or unknown are left out.
func WriteText(w io.Writer, d *Dump) error {
	var b strings.Builder
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if f.Kind() != reflect.Slice {
			fmt.Fprintf(&b, "%s\n", name)
			writeFields(&b, f, "  ")
			continue
		}
		for j := range f.Len() {
			fmt.Fprintf(&b, "%s %d\n", name, j)
			writeFields(&b, f.Index(j), "  ")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFields(b *strings.Builder, v reflect.Value, indent string) {
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if text := format(f); text != "" {
			fmt.Fprintf(b, "%s%-20s %s\n", indent, snake(name), text)
			continue
		}
		if f.Kind() == reflect.Slice && f.Len() > 0 {
			fmt.Fprintf(b, "%s%s\n", indent, snake(name))
			for j := range f.Len() {
				if text := line(f.Index(j)); text != "" {
					fmt.Fprintf(b, "%s  %s\n", indent, text)
				}
			}
		}
	}
}

// format gives a scalar's text, "" for what has none and for structures.
func format(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case *Time:
		if x == nil {
			return ""
		}
		return fmt.Sprintf("%s (%s ago)", x.At.Format("2006-01-02 15:04:05.000000 MST"), time.Duration(x.Age*float64(time.Second)).Round(time.Microsecond))
	case *Checkpoint:
		if x == nil {
			return ""
		}
		return line(v.Elem())
	case bool:
		if x {
			return "yes"
		}
		return "no"
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Struct {
		return ""
	}
	return fmt.Sprint(v.Interface())
}

// line puts a small structure on one line.
func line(v reflect.Value) string {
	if area, ok := v.Interface().(shmem.AreaInfo); ok {
		return fmt.Sprintf("%-16s offset %7d, %d × %d bytes", area.Name, area.Offset, area.Count, area.ElemSize)
	}
	switch x := v.Interface().(type) {
	case Counter:
		if x.Value == 0 {
			return ""
		}
		return fmt.Sprintf("%-36s %d", x.Name, x.Value)
	case StatTime:
		if x.Time == nil {
			return ""
		}
		return fmt.Sprintf("%-36s %s", x.Name, format(v.Field(1)))
	}
	if v.Kind() != reflect.Struct {
		return fmt.Sprint(v.Interface())
	}
	var parts []string
	for i := range v.NumField() {
		if text := format(v.Field(i)); text != "" {
			parts = append(parts, snake(v.Type().Field(i).Name)+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

// snake turns a Go name into the field's usual spelling: LatestWalEnd → latest_wal_end.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 {
			before, after := name[i-1], byte('A')
			if i+1 < len(name) {
				after = name[i+1]
			}
			if before >= 'a' && before <= 'z' || before >= '0' && before <= '9' || after >= 'a' && after <= 'z' {
				b.WriteByte('_')
			}
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
