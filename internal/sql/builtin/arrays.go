package builtin

import (
	"strings"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

func ofArray(f func(a *types.Array, v []types.Value) types.Value) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		a, ok := v[0].(*types.Array)
		if !ok {
			return nil, nil
		}
		return f(a, v), nil
	}
}

// maxElems bounds the arrays that functions make.
const maxElems = 1 << 18

func tooManyElems() error {
	return types.Errorf(types.CodeProgramLimit, "array size exceeds the maximum allowed (%d)", maxElems)
}

func appended(elem types.OID, parts ...[]types.Value) (types.Value, error) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > maxElems {
		return nil, tooManyElems()
	}
	out := &types.Array{Elem: elem, Vals: make([]types.Value, 0, n)}
	for _, p := range parts {
		out.Vals = append(out.Vals, p...)
	}
	return out, types.CheckSize(out)
}

func vals(v types.Value) []types.Value {
	if a, ok := v.(*types.Array); ok {
		return a.Vals
	}
	return nil
}

// subset reports whether all of a is in b.
func subset(a, b *types.Array) bool {
	for _, x := range a.Vals {
		found := false
		for _, y := range b.Vals {
			found = found || x != nil && y != nil && types.Compare(x, y) == 0
		}
		if !found {
			return false
		}
	}
	return true
}

func arrayText(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
	if v[0] == nil || v[1] == nil {
		return nil, nil
	}
	a, sep, env := v[0].(*types.Array), v[1].(string), c.Env()
	var b strings.Builder
	first := true
	for _, x := range a.Vals {
		s := ""
		switch {
		case x != nil:
			var err error
			if s, err = env.Text(x, a.Elem); err != nil {
				return nil, err
			}
		case len(v) > 2 && v[2] != nil:
			s = v[2].(string)
		default:
			continue
		}
		if !first {
			b.WriteString(sep)
		}
		first = false
		b.WriteString(s)
		if b.Len() > maxText {
			return nil, tooLong()
		}
	}
	return bounded(b.String())
}

// split is string_to_array(): a NULL separator splits into characters.
func split(v []types.Value) ([]types.Value, error) {
	s := v[0].(string)
	var parts []string
	sep, _ := v[1].(string)
	if strings.Count(s, sep) >= maxElems { // an empty one counts characters
		return nil, tooManyElems()
	}
	switch {
	case s == "":
	case v[1] == nil:
		for _, r := range s {
			parts = append(parts, string(r))
		}
	case v[1].(string) == "":
		parts = []string{s}
	default:
		parts = strings.Split(s, v[1].(string))
	}
	out := make([]types.Value, len(parts))
	for i, p := range parts {
		out[i] = p
		if len(v) > 2 && v[2] != nil && p == v[2].(string) {
			out[i] = nil
		}
	}
	return out, nil
}

func arrays(source string) Body {
	switch source {
	case "array_length", "array_upper", "array_lower":
		return ofArray(func(a *types.Array, v []types.Value) types.Value {
			if v[1].(int64) != 1 || len(a.Vals) == 0 {
				return nil
			}
			if source == "array_lower" {
				return int64(1)
			}
			return int64(len(a.Vals))
		})
	case "array_cardinality":
		return ofArray(func(a *types.Array, _ []types.Value) types.Value { return int64(len(a.Vals)) })
	case "array_ndims":
		return ofArray(func(a *types.Array, _ []types.Value) types.Value {
			if len(a.Vals) == 0 {
				return nil
			}
			return int64(1)
		})
	case "array_to_text", "array_to_text_null":
		return arrayText
	case "text_to_array", "text_to_array_null":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if v[0] == nil {
				return nil, nil
			}
			parts, err := split(v)
			if err != nil {
				return nil, err
			}
			return appended(types.Text, parts)
		}
	case "array_append":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			return appended(types.ElemOf(in.Result), vals(v[0]), []types.Value{v[1]})
		}
	case "array_prepend":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			return appended(types.ElemOf(in.Result), []types.Value{v[0]}, vals(v[1]))
		}
	case "array_cat":
		return func(c *catalog.Call, in *Info, v []types.Value) (types.Value, error) {
			if v[0] == nil {
				return v[1], nil
			}
			if v[1] == nil {
				return v[0], nil
			}
			return appended(types.ElemOf(in.Result), vals(v[0]), vals(v[1]))
		}
	case "array_position":
		return ofArray(func(a *types.Array, v []types.Value) types.Value {
			for i, x := range a.Vals {
				if types.CompareNulls(x, v[1]) == 0 {
					return int64(i + 1)
				}
			}
			return nil
		})
	case "array_remove":
		return ofArray(func(a *types.Array, v []types.Value) types.Value {
			out := &types.Array{Elem: a.Elem}
			for _, x := range a.Vals {
				if types.CompareNulls(x, v[1]) != 0 {
					out.Vals = append(out.Vals, x)
				}
			}
			return out
		})
	case "arraycontains":
		return ofArray(func(a *types.Array, v []types.Value) types.Value { return subset(v[1].(*types.Array), a) })
	case "arraycontained":
		return ofArray(func(a *types.Array, v []types.Value) types.Value { return subset(a, v[1].(*types.Array)) })
	case "arrayoverlap":
		return ofArray(func(a *types.Array, v []types.Value) types.Value {
			for _, x := range a.Vals {
				if x != nil && subset(&types.Array{Vals: []types.Value{x}}, v[1].(*types.Array)) {
					return true
				}
			}
			return false
		})
	case "pg_num_nulls", "pg_num_nonnulls":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n := int64(0)
			for _, x := range v {
				if (x == nil) == (source == "pg_num_nulls") {
					n++
				}
			}
			return n, nil
		}
	}
	return nil
}
