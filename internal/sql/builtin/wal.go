package builtin

import (
	"math/big"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

func lsnNum(l types.PgLSN) types.Num { return types.NumBig(new(big.Int).SetUint64(uint64(l))) }

func lsnOf(n types.Num) (types.Value, error) {
	if n.Special == types.NumNaN {
		return nil, types.Errorf(types.CodeFeatureNotSupported, "cannot convert NaN to pg_lsn")
	}
	r := n.Rescale(0)
	if n.Special != types.NumFinite || r.Int == nil || !r.Int.IsUint64() {
		return nil, types.Errorf(types.CodeInvalidParameter, "pg_lsn out of range")
	}
	return types.PgLSN(r.Int.Uint64()), nil
}

func numToLSN(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	return lsnOf(v[0].(types.Num))
}

// lsnMove is pg_lsn + numeric and pg_lsn - numeric.
func lsnMove(back bool) Body {
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		l, isLSN := v[0].(types.PgLSN)
		n, _ := v[1].(types.Num)
		if !isLSN { // numeric + pg_lsn
			l, n = v[1].(types.PgLSN), v[0].(types.Num)
		}
		if n.Special == types.NumNaN {
			if back {
				return nil, types.Errorf(types.CodeFeatureNotSupported, "cannot subtract NaN from pg_lsn")
			}
			return nil, types.Errorf(types.CodeFeatureNotSupported, "cannot add NaN to pg_lsn")
		}
		if back {
			n = n.Neg()
		}
		sum, err := lsnNum(l).Add(n)
		if err != nil {
			return nil, err
		}
		return lsnOf(sum)
	}
}

func wal(source string) Body {
	switch source {
	case "pg_lsn_mi", "pg_wal_lsn_diff":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return orError(lsnNum(v[0].(types.PgLSN)).Sub(lsnNum(v[1].(types.PgLSN))))
		}
	case "pg_lsn_pli", "numeric_pl_pg_lsn":
		return lsnMove(false)
	case "pg_lsn_mii":
		return lsnMove(true)
	}
	return nil
}
