package sql_test

import (
	"bufio"
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// statements reads a file of testdata: a statement a line, # for comments.
func statements(t testing.TB, file string) (list []string) {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	require.NoError(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text := lines.Text(); text != "" && text[0] != '#' {
			list = append(list, text)
		}
	}
	return list
}

// patience is how long a statement may go on after it was cancelled.
const patience = 5 * time.Second

// FuzzStatement: whatever a client sends, the answer is rows or an error for
// the client, never a panic (which would be an internal error here), and a
// cancelled statement ends soon.
func FuzzStatement(f *testing.F) {
	for _, text := range append(statements(f, "alike.sql"), statements(f, "refused.sql")...) {
		f.Add(text, "1", true)
	}
	f.Fuzz(func(t *testing.T, text, param string, binary bool) {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		begun := time.Now()
		requireForClient(t, text, runAll(ctx, text, param, binary))
		require.Less(t, time.Since(begun), patience)
	})
}

func requireForClient(t *testing.T, text string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var told *types.Error
	require.ErrorAs(t, err, &told)
	require.Lenf(t, told.Code, 5, "%s", text)
	require.NotEqualf(t, types.CodeInternal, told.Code, "%s: %v", text, err)
}

// runAll runs every statement of a query string, giving each parameter the
// same value.
func runAll(ctx context.Context, text, param string, binary bool) error {
	list, err := sql.Parse(text)
	if err != nil {
		return err
	}
	s, c := newSession(), emptyCatalog()
	for _, p := range list {
		st, err := sql.Prepare(ctx, s, c, p, nil)
		if err != nil {
			return err
		}
		if st.Utility != nil {
			continue
		}
		format := int16(0)
		if binary {
			format = 1
		}
		params := make([]sql.Param, len(st.Params))
		for i := range params {
			params[i] = sql.Param{Format: format, Data: []byte(param)}
		}
		rows, err := st.Execute(ctx, s, c, params, []int16{format})
		if err != nil {
			return err
		}
		for {
			_, ok, err := rows.Next(nil)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if rows.Count() > 10000 {
				return nil
			}
		}
	}
	return nil
}
