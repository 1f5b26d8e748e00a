package backend_test

import (
	"bytes"
	"os"
	"os/signal"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

const soon = 10 * time.Second

// runs waits until the session runs a statement that begins so.
func runs(t *testing.T, c *backendtest.Client, statement string) {
	t.Helper()
	require.Eventually(t, func() bool {
		f := c.Session.Process.Activity.Snapshot()
		return f.State == activity.Running && string(f.Query[:len(statement)]) == statement
	}, soon, time.Millisecond)
}

// stillServes says that the session takes statements.
func stillServes(t *testing.T, c *backendtest.Client) {
	t.Helper()
	c.Query("SELECT 'still here'")
	_, rows, _ := c.Rows()
	require.Equal(t, [][]string{{"still here"}}, rows)
}

func TestSigintCancelsTheRunningStatement(t *testing.T) {
	c := regular(t)
	for _, sql := range []string{"SELECT pg_sleep(60)", "SELECT count(*) FROM generate_series(1, 1000000000)",
		"SELECT 1; SELECT pg_sleep(60)"} {
		c.Query(sql)
		runs(t, c, sql)
		c.Session.Signal(unix.SIGINT)
		types := c.Until('E')
		require.NotContains(t, types, "Z")
		c.Must('Z')
		stillServes(t, c)
	}
	c.Send('P', []byte("\x00SELECT pg_sleep(60)\x00\x00\x00"))
	c.Send('B', []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
	c.Send('E', []byte("\x00\x00\x00\x00\x00"))
	c.Send('S', nil)
	runs(t, c, "SELECT pg_sleep(60)")
	require.Eventually(t, func() bool { return c.Session.Process.Activity.Waiting() == activity.PgSleep }, soon,
		time.Millisecond)
	c.Session.Signal(unix.SIGINT)
	c.Must('1')
	c.Must('2')
	e := c.MustFail()
	require.Equal(t, protocol.CodeQueryCanceled, e.Code)
	require.Equal(t, "canceling statement due to user request", e.Message)
	c.Must('Z')
	stillServes(t, c)
}

func TestSigintWhileNothingRunsCancelsNothing(t *testing.T) {
	c := regular(t)
	for range 20 {
		c.Session.Deliver(t, unix.SIGINT)
		stillServes(t, c)
	}
	// Between the messages of a pipeline nothing runs, either.
	c.Send('P', []byte("\x00SELECT 1\x00\x00\x00"))
	c.Send('H', nil)
	c.Must('1')
	c.Session.Deliver(t, unix.SIGINT)
	c.Send('B', []byte("\x00\x00\x00\x00\x00\x00\x00\x00"))
	c.Send('E', []byte("\x00\x00\x00\x00\x00"))
	c.Send('S', nil)
	require.Equal(t, "2DCZ", c.Until('Z'))
}

func TestCancelRequestNeedsTheKey(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	var key []byte
	for key == nil {
		m, err := c.Next()
		require.NoError(t, err)
		if m.Type == 'K' {
			key = m.Body
		}
	}
	c.Until('Z')
	require.Len(t, key, 8)
	again := n.Connect()
	again.Start("user", "postgres")
	again.Until('Z')

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGINT)
	defer signal.Stop(signals)
	ask := func(key []byte) {
		r := n.Connect()
		r.SendRaw(append([]byte{0, 0, 0, 16, 4, 0xd2, 0x16, 0x2e}, key...))
		r.MustEnd()
	}
	wrong := append([]byte{}, key...)
	wrong[7] ^= 1
	ask(wrong)
	require.Contains(t, n.Log.String(), "LOG:  wrong key in cancel request for process ")
	unknown := append([]byte{0, 0, 0, 1}, key[4:]...)
	ask(unknown)
	require.Contains(t, n.Log.String(), "LOG:  PID 1 in cancel request did not match any process")
	require.Empty(t, signals)
	ask(key)
	select {
	case <-signals: // the sessions of a test are all in the test's process
	case <-time.After(soon):
		t.Fatal("no signal comes")
	}
}

func TestSigtermEndsASessionThatRunsAStatement(t *testing.T) {
	c := regular(t)
	c.Query("SELECT pg_sleep(60)")
	require.Eventually(t, func() bool { return c.Session.Process.Activity.Waiting() == activity.PgSleep }, soon,
		time.Millisecond)
	c.Session.Signal(unix.SIGTERM)
	require.Equal(t, "TE", c.Until('E'))
	c.MustEnd()
	require.Error(t, c.Session.Result(t))
}

func TestSigtermEndsASessionWhoseClientDoesNotRead(t *testing.T) {
	c := regular(t)
	c.Query("SELECT repeat('x', 1000000) FROM generate_series(1, 100000)")
	status := c.Session.Process.Activity
	require.Eventually(t, func() bool { return status.Waiting() == activity.ClientWrite }, soon, time.Millisecond)
	c.Session.Signal(unix.SIGTERM)
	err := c.Session.Result(t)
	require.EqualError(t, err, "terminating connection due to administrator command")
}

func TestClientThatGoesIsNoticedWhileAStatementRuns(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres", "options", "-c client_connection_check_interval=10ms")
	c.Until('Z')
	c.Query("SELECT pg_sleep(60)")
	runs(t, c, "SELECT pg_sleep(60)")
	require.NoError(t, c.Close())
	require.NoError(t, c.Session.Result(t))
	require.Contains(t, n.Log.String(), "FATAL:  connection to client lost")
}

func TestTimeoutsEndWhatTheyAreFor(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	for _, tc := range []struct {
		set, sql string
		code     protocol.SQLSTATE
		fatal    bool
	}{
		{"statement_timeout", "SELECT pg_sleep(60)", "57014", false},
		{"idle_session_timeout", "", "57P05", true},
		{"idle_in_transaction_session_timeout", "BEGIN", "25P03", true},
		{"transaction_timeout", "BEGIN", "25P04", true},
		{"transaction_timeout", "SELECT pg_sleep(60)", "25P04", true},
	} {
		c := n.Connect()
		c.Start("user", "postgres", tc.set, "50ms")
		c.Until('Z')
		if tc.sql != "" {
			c.Query(tc.sql)
		}
		var e *protocol.Error
		for e == nil {
			m, err := c.Next()
			require.NoError(t, err, tc.set)
			if m.Type == 'E' {
				e, err = protocol.DecodeErrorResponse(m.Body)
				require.NoError(t, err)
			}
		}
		require.Equal(t, tc.code, e.Code, tc.set)
		if tc.fatal {
			require.Equal(t, protocol.SeverityFatal, e.Severity)
			c.MustEnd()
			require.Error(t, c.Session.Result(t))
			continue
		}
		c.Must('Z')
		stillServes(t, c)
	}
}

func TestTimersOfManyShortStatementsHarmNothing(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	var all []*backendtest.Client
	for range 4 {
		c := n.Connect()
		c.Start("user", "postgres", "options", "-c client_connection_check_interval=1 -c statement_timeout=10s")
		c.Until('Z')
		all = append(all, c)
	}
	const queries = 1000
	one := protocol.AppendQuery(nil, "SELECT count(*) FROM generate_series(1, 300)")
	for _, c := range all {
		go func() { _, _ = c.Write(bytes.Repeat(one, queries)) }()
	}
	for _, c := range all {
		for range queries {
			require.Equal(t, "TDCZ", c.Until('Z'))
		}
		stillServes(t, c)
	}
}
