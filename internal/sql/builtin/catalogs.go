package builtin

import (
	"math/big"
	"strings"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// encodings are the server encodings that names are asked of; numbers as in
// src/include/mb/pg_wchar.h.
var encodings = [...]string{"SQL_ASCII", "EUC_JP", "EUC_CN", "EUC_KR", "EUC_TW", "EUC_JIS_2004", "UTF8"}

func encodingNumber(name string) int64 {
	name = strings.ToUpper(strings.NewReplacer("-", "", "_", "").Replace(name))
	if name == "UNICODE" {
		name = "UTF8"
	}
	for i, e := range encodings {
		if strings.ReplaceAll(e, "_", "") == name {
			return int64(i)
		}
	}
	return -1
}

// sizeUnits are pg_size_pretty()'s: below which size a unit is used, whether
// to round, and how many bits it is more than the one before.
var sizeUnits = [...]struct {
	name  string
	limit int64
	round bool
	bits  uint
}{
	{"bytes", 10 * 1024, false, 0}, {"kB", 20*1024 - 1, true, 10}, {"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30}, {"TB", 20*1024 - 1, true, 40}, {"PB", 20*1024 - 1, true, 50},
}

// sizePretty shows a size in bytes. It keeps one bit more than the unit has,
// to round half away from zero at the end.
func sizePretty(size *big.Int) string {
	n := new(big.Int).Set(size)
	for i, u := range sizeUnits {
		last := i == len(sizeUnits)-1
		if last || new(big.Int).Abs(n).Cmp(big.NewInt(u.limit)) < 0 {
			if u.round {
				n = halfRounded(n)
			}
			return n.String() + " " + u.name
		}
		bits := sizeUnits[i+1].bits - u.bits
		if !u.round {
			bits--
		}
		n.Quo(n, new(big.Int).Lsh(big.NewInt(1), bits))
	}
	return ""
}

func halfRounded(n *big.Int) *big.Int {
	one := big.NewInt(int64(n.Sign()))
	return n.Quo(n.Add(n, one), big.NewInt(2))
}

func catalogs(source string) Body {
	switch source {
	case "PG_encoding_to_char":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if n := v[0].(int64); n >= 0 && int(n) < len(encodings) {
				return encodings[n], nil
			}
			return "", nil
		}
	case "PG_char_to_encoding":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return encodingNumber(v[0].(string)), nil
		}
	case "format_type":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if v[0] == nil {
				return nil, nil
			}
			oid, typmod := types.OID(v[0].(int64)), int64(-1)
			if v[1] != nil {
				typmod = v[1].(int64)
			}
			if oid == 0 {
				return "-", nil
			}
			return pgcat.FormatType(oid, int32(typmod)), nil
		}
	case "pg_typeof":
		return func(_ *catalog.Call, in *Info, _ []types.Value) (types.Value, error) { return int64(in.Args[0]), nil }
	case "pg_size_pretty":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return sizePretty(big.NewInt(v[0].(int64))), nil
		}
	case "pg_size_pretty_numeric":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			n := v[0].(types.Num)
			if n.Special != types.NumFinite || n.Floor().Cmp(n) != 0 {
				return nil, types.Errorf(types.CodeFeatureNotSupported, "pg_size_pretty() of a fraction is not supported")
			}
			return sizePretty(unscaled(n.Rescale(0))), nil
		}
	case "obj_description", "shobj_description", "col_description":
		// Nothing here has a comment.
		return func(*catalog.Call, *Info, []types.Value) (types.Value, error) { return nil, nil }
	case "pg_table_is_visible":
		return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if c.Catalog.RelationByOID(types.OID(v[0].(int64))) == nil {
				return nil, nil
			}
			return true, nil
		}
	case "pg_type_is_visible":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if pgcat.TypeByOID(types.OID(v[0].(int64))) == nil {
				return nil, nil
			}
			return true, nil
		}
	case "pg_function_is_visible":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			if pgcat.ProcByOID(types.OID(v[0].(int64))) == nil {
				return nil, nil
			}
			return true, nil
		}
	}
	return nil
}
