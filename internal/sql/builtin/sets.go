package builtin

import (
	"math"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// LookupSet finds the body of a C function that returns rows, or nil.
func LookupSet(source string) SetBody {
	switch source {
	case "generate_series_int4", "generate_series_int8", "generate_series_step_int4", "generate_series_step_int8":
		return seriesInt
	case "generate_series_numeric", "generate_series_step_numeric":
		return seriesNum
	case "generate_series_timestamp", "generate_series_timestamptz":
		return seriesTime
	case "array_unnest":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (catalog.Cursor, error) { return each(vals(v[0])), nil }
	case "text_to_table", "text_to_table_null":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (catalog.Cursor, error) {
			if v[0] == nil {
				return each(nil), nil
			}
			parts, err := split(v)
			return each(parts), err
		}
	case "regexp_split_to_table", "regexp_split_to_table_no_flags":
		return func(c *catalog.Call, in *Info, v []types.Value) (catalog.Cursor, error) {
			a, err := regexSplit(c, in, v)
			if err != nil {
				return nil, err
			}
			return each(vals(a)), nil
		}
	case "regexp_matches", "regexp_matches_no_flags":
		return regexMatches
	case "generate_subscripts_nodir", "generate_subscripts":
		return func(_ *catalog.Call, in *Info, v []types.Value) (catalog.Cursor, error) {
			n, lower := int64(len(vals(v[0]))), int64(1)
			if in.Args[0] == types.Int2Vector || in.Args[0] == types.OidVector {
				lower = 0
			}
			if v[1].(int64) != 1 || len(v) > 2 && v[2].(bool) {
				n = 0
			}
			return counting(lower, lower+n-1, 1), nil
		}
	}
	return nil
}

// each gives values as rows of one column.
func each(list []types.Value) catalog.Cursor {
	return func() (catalog.Row, error) {
		if len(list) == 0 {
			return nil, nil
		}
		r := catalog.Row{list[0]}
		list = list[1:]
		return r, nil
	}
}

func counting(from, to, step int64) catalog.Cursor {
	done := false
	return func() (catalog.Row, error) {
		if done || step > 0 && from > to || step < 0 && from < to {
			return nil, nil
		}
		r := catalog.Row{from}
		if step > 0 && from > math.MaxInt64-step || step < 0 && from < math.MinInt64-step {
			done = true
		}
		from += step
		return r, nil
	}
}

func zeroStep() error {
	return types.Errorf(types.CodeInvalidParameter, "step size cannot equal zero")
}

func seriesInt(_ *catalog.Call, _ *Info, v []types.Value) (catalog.Cursor, error) {
	step := int64(1)
	if len(v) > 2 {
		step = v[2].(int64)
	}
	if step == 0 {
		return nil, zeroStep()
	}
	return counting(v[0].(int64), v[1].(int64), step), nil
}

func seriesNum(_ *catalog.Call, _ *Info, v []types.Value) (catalog.Cursor, error) {
	from, to, step := v[0].(types.Num), v[1].(types.Num), types.NumInt(1)
	if len(v) > 2 {
		step = v[2].(types.Num)
	}
	switch {
	case from.Special != types.NumFinite || to.Special != types.NumFinite || step.Special != types.NumFinite:
		return nil, types.Errorf(types.CodeInvalidParameter, "start, stop and step values must be finite")
	case step.Sign() == 0:
		return nil, zeroStep()
	}
	// The first row has the scale of all three, as later ones have.
	return func() (catalog.Row, error) {
		if c := from.Cmp(to); c*step.Sign() > 0 {
			return nil, nil
		}
		r := catalog.Row{from}
		var err error
		from, err = from.Add(step)
		return r, err
	}, nil
}

func seriesTime(c *catalog.Call, in *Info, v []types.Value) (catalog.Cursor, error) {
	from, to, step := v[0].(types.Instant), v[1].(types.Instant), v[2].(types.Span)
	sign := types.Compare(step, types.Span{})
	switch {
	case sign == 0:
		return nil, zeroStep()
	case from.Infinite() || step.Infinite():
		return nil, types.Errorf(types.CodeInvalidParameter, "step size cannot be infinite")
	}
	zoned := in.Args[0] == types.TimestampTz
	return func() (catalog.Row, error) {
		if sign > 0 && from > to || sign < 0 && from < to {
			return nil, nil
		}
		r := catalog.Row{from}
		next, err := types.Value(nil), error(nil)
		if zoned {
			next, err = moveZoned(from, step, c.Location())
		} else {
			next, err = moveLocal(from, step)
		}
		if err != nil {
			return nil, err
		}
		from = next.(types.Instant)
		return r, nil
	}, nil
}

func regexMatches(c *catalog.Call, _ *Info, v []types.Value) (catalog.Cursor, error) {
	re, global, err := compile(v[0].(string), v[1].(string), optional(v, 2))
	if err != nil {
		return nil, err
	}
	n := 1
	if global {
		n = -1
	}
	s := v[0].(string)
	var list []types.Value
	all, err := re.matches(c, s, n)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		list = append(list, groups(s, m))
	}
	return each(list), nil
}
