package views_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/sql/pgcat"
	"waypost/internal/sql/types"
)

// Whatever function of PostgreSQL's is called, with NULLs, with small or with odd values, the answer is a value or an
// error that is meant: never one of our own making, and never silence.
func TestEveryFunctionAnswersOrRefuses(t *testing.T) {
	r := newRig(t)
	signals := map[string]bool{"pg_terminate_backend": true, "pg_cancel_backend": true, "pg_reload_conf": true, "set_config": true}
	all := pgcat.AllProcs()
	for i := range all {
		p := &all[i]
		if p.Kind != 'f' || signals[p.Name()] {
			continue
		}
		for kind := range 3 {
			var args []string
			for _, a := range p.Args() {
				args = append(args, argument(a, kind))
			}
			query := "select " + p.Name() + "(" + strings.Join(args, ", ") + ")"
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			_, _, err := r.run(ctx, query)
			cancel()
			var e *types.Error
			if err != nil {
				require.True(t, errors.As(err, &e), "%s: %v", query, err)
				require.NotEqual(t, types.CodeInternal, e.Code, "%s: %v", query, err)
				require.NotEqual(t, types.CodeQueryCanceled, e.Code, query)
			}
		}
	}
}

// argument gives a value of a type: NULL, a small one, or an odd one.
func argument(t types.OID, kind int) string {
	name := pgcat.FormatType(t, -1)
	if strings.HasPrefix(strings.Trim(name, `"`), "any") {
		return "1"
	}
	small, odd := "0", "0"
	switch t {
	case types.Text, types.Name, types.VarChar:
		small, odd = "x", "0"
	case types.Int4:
		small, odd = "-1", "2147483647"
	case types.Int8:
		small, odd = "-5", "9223372036854775807"
	case types.Float8:
		small, odd = "0.001", "-Infinity"
	case types.Numeric:
		small, odd = "1.5", "NaN"
	case types.Bool:
		small, odd = "t", "f"
	case types.TimestampTz, types.Timestamp, types.Date:
		small, odd = "2020-01-01", "-infinity"
	case types.Interval:
		small, odd = "1 millisecond", "-178000000 years"
	case types.LSN:
		small, odd = "0/1", "FFFFFFFF/FFFFFFFF"
	case types.TextArray, types.Int4Array, types.OidArray:
		small, odd = "{1}", "{}"
	}
	if kind == 0 {
		return "null::" + name
	}
	return "'" + [...]string{"", small, odd}[kind] + "'::" + name
}
