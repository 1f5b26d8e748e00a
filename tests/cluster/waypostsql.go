package cluster

import (
	"time"

	"github.com/stretchr/testify/require"
)

// TryQuery runs SQL over a regular connection and gives the last result's rows as text, NULL as "".
func (w *Waypost) TryQuery(sql string) ([][]string, error) { return tryQuery(w.Conninfo(), sql) }

// Query runs SQL over a regular connection and gives the last result's rows.
func (w *Waypost) Query(sql string) [][]string {
	w.c.T.Helper()
	rows, err := w.TryQuery(sql)
	require.NoErrorf(w.c.T, err, "%s: %s", w.Name, sql)
	return rows
}

// QueryOne runs SQL whose result is one value.
func (w *Waypost) QueryOne(sql string) string {
	w.c.T.Helper()
	return oneValue(w.c.T, w.Name, sql, w.Query(sql))
}

// WaitFor waits until the SQL's one value is want.
func (w *Waypost) WaitFor(timeout time.Duration, sql, want string) {
	w.c.T.Helper()
	waitForValue(w.c.T, timeout, w.Name, w.Conninfo(), sql, want)
}

// WaitConsumer waits until pg_stat_replication has a client of that application
// name in state streaming.
func (w *Waypost) WaitConsumer(timeout time.Duration, applicationName string) {
	w.c.T.Helper()
	w.WaitFor(timeout, streamsNow(applicationName), "t")
}
