package backend_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/backend"
	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

// values runs a query string, which must not fail, and gives its rows.
func values(t *testing.T, c *backendtest.Client, sql string) (rows [][]string) {
	t.Helper()
	c.Query(sql)
	for {
		m, err := c.Next()
		require.NoError(t, err, sql)
		switch m.Type {
		case 'E':
			e, err := protocol.DecodeErrorResponse(m.Body)
			require.NoError(t, err)
			require.NoError(t, e, sql)
		case 'D':
			fields, err := protocol.DecodeDataRow(m.Body, nil)
			require.NoError(t, err)
			row := make([]string, len(fields))
			for i, f := range fields {
				row[i] = string(f)
			}
			rows = append(rows, row)
		case 'Z':
			return rows
		}
	}
}

// fails runs a query string and gives its error.
func fails(t *testing.T, c *backendtest.Client, sql string) *protocol.Error {
	t.Helper()
	c.Query(sql)
	var e *protocol.Error
	for {
		m, err := c.Next()
		require.NoError(t, err, sql)
		switch m.Type {
		case 'E':
			e, err = protocol.DecodeErrorResponse(m.Body)
			require.NoError(t, err)
		case 'Z':
			require.NotNil(t, e, sql)
			return e
		}
	}
}

func query(f activity.Fields) string {
	s, _, _ := bytes.Cut(f.Query[:], []byte{0})
	return string(s)
}

func TestActivityTellsWhatTheSessionDoes(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres", "application_name", "app")
	c.Until('Z')
	status := c.Session.Process.Activity
	f := status.Snapshot()
	require.Equal(t, activity.Idle, f.State)
	require.Equal(t, []string{"postgres", "postgres", "app", "127.0.0.1"},
		[]string{text(f.User), text(f.Database), text(f.Application), text(f.ClientAddr)})
	require.NotZero(t, f.ClientPort)
	require.EqualValues(t, 10, f.UserOID)
	require.EqualValues(t, 5, f.DatabaseOID)
	require.Zero(t, f.XactStart)
	require.Eventually(t, func() bool { return status.Waiting() == activity.ClientRead }, soon, time.Millisecond)

	long := "SELECT pg_sleep(60), '" + strings.Repeat("é", 1000) + "'"
	c.Query(long)
	runs(t, c, "SELECT pg_sleep(60)")
	f = status.Snapshot()
	shown := query(f)
	require.True(t, strings.HasPrefix(long, shown))
	require.Len(t, shown, 1022, "cut between two characters")
	require.NotZero(t, f.QueryStart)
	require.Equal(t, f.QueryStart, f.XactStart)
	require.Eventually(t, func() bool { return status.Waiting() == activity.PgSleep }, soon, time.Millisecond)
	c.Session.Signal(unix.SIGINT)
	c.Until('Z')
	f = status.Snapshot()
	require.Equal(t, activity.Idle, f.State)
	require.Equal(t, shown, query(f), "the last one stays to be seen")

	values(t, c, "BEGIN")
	require.Equal(t, activity.IdleInTransaction, status.Snapshot().State)
	require.NotZero(t, status.Snapshot().XactStart)
	values(t, c, "SET application_name = 'other'")
	f = status.Snapshot()
	require.Equal(t, "other", text(f.Application))
	fails(t, c, "SELECT 1/0")
	f = status.Snapshot()
	require.Equal(t, activity.IdleInTransactionAborted, f.State)
	require.Equal(t, "app", text(f.Application), "it was rolled back")
	values(t, c, "ROLLBACK")
	values(t, c, "SET track_activities = off")
	require.Equal(t, activity.Disabled, status.Snapshot().State)
}

func TestPasswordsAreSeenNowhere(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	status := c.Session.Process.Activity
	for _, sql := range []string{
		"CREATE ROLE somebody LOGIN PASSWORD 'geheim'",
		"ALTER ROLE somebody PASSWORD 'geheim' nonsense 'geheim'",
		"ALTER ROLE nobody password 'geheim'",
		"SELECT 1; ALTER ROLE somebody ENCRYPTED PASSWORD 'geheim'",
		"ALTER SYSTEM SET primary_conninfo = 'host=x password=geheim'",
		"PREPARE p AS SELECT 'password', 'geheim", // no end: nobody knows what it is
		"ALTER SYSTEM SET primary_conninfo = 'postgresql://repl:geheim@h/db' nonsense 'geheim'",
		"ALTER SYSTEM SET primary_conninfo = 'postgresql://repl:geheim@h/db'",
		"ALTER SYSTEM SET ssl_passphrase_command = 'echo geheim'",
		"ALTER ROLE somebody SET a.b = 'geheim'",
		"SET ssl_passphrase_command = 'echo geheim'",
	} {
		c.Query(sql)
		for {
			m, err := c.Next()
			require.NoError(t, err)
			require.NotContains(t, string(m.Body), "geheim", sql)
			if m.Type == 'Z' {
				break
			}
		}
		f := status.Snapshot()
		require.NotContains(t, query(f), "geheim", sql)
		require.Contains(t, query(f), " <hidden>", sql)
	}
	require.NotContains(t, n.Log.String(), "geheim")
	values(t, c, "SELECT 'password' AS not_one")
	f := status.Snapshot()
	require.Equal(t, "SELECT 'password' AS not_one", query(f), "nothing here can be one")
	values(t, c, "ALTER SYSTEM SET wal_keep_size = '1GB'")
	require.Equal(t, "ALTER SYSTEM SET wal_keep_size = '1GB'", query(status.Snapshot()))
}

func TestDatabaseCountersFollowTheSessions(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	db := &n.Stats.Database
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	require.EqualValues(t, 1, db.Sessions.Load())
	values(t, c, "SELECT 1")
	values(t, c, "BEGIN; SELECT 2; SELECT 3; COMMIT")
	require.EqualValues(t, 2, db.XactCommit.Load())
	require.EqualValues(t, 3, db.TupReturned.Load())
	fails(t, c, "SELECT 1/0")
	values(t, c, "BEGIN")
	fails(t, c, "SELECT 1/0")
	values(t, c, "ROLLBACK")
	require.EqualValues(t, 2, db.XactRollback.Load())
	values(t, c, "SELECT pg_sleep(0.02)")
	require.GreaterOrEqual(t, db.ActiveMicros.Load(), uint64(20000))
	c.Send('X', nil)
	require.NoError(t, c.Session.Result(t))
	require.GreaterOrEqual(t, db.SessionMicros.Load(), db.ActiveMicros.Load())

	killed := n.Connect()
	killed.Start("user", "postgres")
	killed.Until('Z')
	killed.Session.Signal(unix.SIGTERM)
	require.Error(t, killed.Session.Result(t))
	gone := n.Connect()
	gone.Start("user", "postgres")
	gone.Until('Z')
	require.NoError(t, gone.Close())
	require.NoError(t, gone.Session.Result(t))
	fatal := n.Connect()
	fatal.Start("user", "postgres", "idle_session_timeout", "1ms")
	fatal.Until('E')
	require.Error(t, fatal.Session.Result(t))
	require.Equal(t, []uint64{4, 1, 1, 1},
		[]uint64{db.Sessions.Load(), db.SessionsKilled.Load(), db.SessionsAbandoned.Load(), db.SessionsFatal.Load()})
	replication := n.Connect()
	replication.StartReplication()
	require.EqualValues(t, 4, db.Sessions.Load(), "it is no session of the database")
}

func TestLargeResultsAreNotGathered(t *testing.T) {
	c := regular(t)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c.Query("SELECT repeat('x', 10000) FROM generate_series(1, 20000)") // 200 MB
	rows, most := 0, uint64(0)
	for {
		m, err := c.Next()
		require.NoError(t, err)
		if m.Type == 'Z' {
			break
		}
		if m.Type == 'D' {
			if rows++; rows%1000 == 0 {
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
	}
	require.Equal(t, 20000, rows)
	require.Less(t, most, before.HeapAlloc+50<<20)
}

func TestSessionsKeepNoMoreThanTheirLimits(t *testing.T) {
	c := regular(t)
	for i := range 2500 {
		c.Send('P', fmt.Appendf(nil, "s%d\x00SELECT 1\x00\x00\x00", i))
	}
	c.Send('S', nil)
	types := c.Until('Z')
	require.True(t, strings.HasSuffix(types, "1EZ"), types)
	require.Less(t, strings.Count(types, "1"), 2500)
	values(t, c, "DEALLOCATE ALL")
	stillServes(t, c)

	values(t, c, "BEGIN")
	var e *protocol.Error
	for i := 0; e == nil; i++ {
		require.Less(t, i, 1000)
		c.Query(fmt.Sprintf("DECLARE c%d CURSOR FOR SELECT 1", i))
		if m, err := c.Next(); err == nil && m.Type == 'E' {
			e, err = protocol.DecodeErrorResponse(m.Body)
			require.NoError(t, err)
		}
		c.Must('Z')
	}
	require.Equal(t, protocol.CodeProgramLimitExceeded, e.Code)
	values(t, c, "ROLLBACK")

	values(t, c, "BEGIN")
	values(t, c, "DECLARE c CURSOR FOR SELECT repeat('x', 1000000) FROM generate_series(1, 1000)")
	require.Equal(t, protocol.CodeOutOfMemory, fails(t, c, "MOVE ALL c").Code)
	values(t, c, "ROLLBACK")
	stillServes(t, c)
}

// broken is a Replication whose commands are bugs.
type broken struct{ backend.Replication }

func (broken) Exec(string) error { panic("no way") }
func (broken) Close()            {}
func (broken) SaveLast()         {}

func TestMessageThatIsTooLongIsNotTaken(t *testing.T) {
	c := regular(t)
	c.SendRaw([]byte{'Q', 0x3f, 0xff, 0xff, 0xf0})
	e := c.MustFail()
	require.Equal(t, protocol.CodeProgramLimitExceeded, e.Code)
	require.Equal(t, protocol.SeverityFatal, e.Severity)
	c.MustEnd()
	c = regular(t)
	require.Equal(t, protocol.CodeProgramLimitExceeded, fails(t, c, "SELECT '"+strings.Repeat("x", 1<<20)+"'").Code)
	stillServes(t, c)
}

func TestPanicEndsTheStatementAlone(t *testing.T) {
	n := backendtest.New(t, backendtest.Options{Replication: func(*backend.Session) (backend.Replication,
		error) {
		return broken{}, nil
	}})
	c := n.Connect()
	c.StartReplication()
	for range 2 {
		c.Query("IDENTIFY_SYSTEM")
		e := c.MustFail()
		require.Equal(t, protocol.CodeInternalError, e.Code)
		require.Equal(t, "internal error", e.Message)
		require.Empty(t, e.Detail)
		c.Must('Z')
	}
	require.Contains(t, n.Log.String(), "no way", "what it was is for the log")
	require.Contains(t, n.Log.String(), "guarded", "where it happened is for the log")
}

func TestEncodingsOfClients(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres", "client_encoding", "WIN1251")
	c.Until('Z')
	require.Equal(t, [][]string{{"\xcf\xf0\xe8\xe2\xe5\xf2", "6"}}, values(t, c,
		"SELECT '\xcf\xf0\xe8\xe2\xe5\xf2', length('\xcf\xf0\xe8\xe2\xe5\xf2')"))
	require.Equal(t, protocol.CodeUntranslatableCharacter, fails(t, c, "SELECT chr(8984)").Code)
	e := fails(t, c, "SELECT \"\xcf\"")
	require.Equal(t, "column \"\xcf\" does not exist", e.Message)
	e = fails(t, c, "SET client_encoding = 'EUC_JP'")
	require.Equal(t, protocol.CodeFeatureNotSupported, e.Code)
	require.Equal(t, [][]string{{"WIN1251"}}, values(t, c, "SELECT pg_client_encoding()"))
	values(t, c, "SET client_encoding = 'UTF8'")
	require.Equal(t, [][]string{{"Привет"}}, values(t, c, "SELECT 'Привет'"))
	e = fails(t, c, "SELECT '\xcf'")
	require.Equal(t, protocol.CodeCharacterNotInRepertoire, e.Code)
	require.Equal(t, `invalid byte sequence for encoding "UTF8": 0xcf 0x27`, e.Message)

	refused := n.Connect()
	refused.Start("user", "postgres", "client_encoding", "SJIS")
	types := refused.Until('E')
	require.NotContains(t, types, "Z")
	// Without SQL there is nothing to convert.
	physical := n.Connect()
	physical.StartReplication("client_encoding", "SJIS")
}

func TestWhatWouldMakeAnswersLookWrongIsRefused(t *testing.T) {
	n := newNode(t,
		backendtest.Options{Config: "datestyle = 'german'\nintervalstyle = iso_8601\nbytea_output = escape\nextra_float_digits = 0"})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	require.Equal(t, [][]string{{"ISO, DMY"}}, values(t, c, "SHOW DateStyle"))
	require.Equal(t, [][]string{{`\x01`, "1 day"}}, values(t, c, `SELECT '\x01'::bytea, interval '1 day'`))
	for _, set := range []string{"DateStyle = 'SQL, DMY'", "IntervalStyle = iso_8601", "bytea_output = escape",
		"extra_float_digits = 0",
		"standard_conforming_strings = off", "transform_null_equals = on"} {
		require.Equal(t, protocol.CodeFeatureNotSupported, fails(t, c, "SET "+set).Code, set)
	}
	for _, set := range []string{"DateStyle = 'ISO, DMY'", "IntervalStyle = postgres", "extra_float_digits = 3",
		"standard_conforming_strings = on"} {
		values(t, c, "SET "+set)
	}
}

func TestOnlySuperusersSetWhatIsTheirs(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.Roles("CREATE ROLE plain LOGIN", "CREATE ROLE other")
	c := n.Connect()
	c.Start("user", "plain", "database", "postgres")
	c.Until('Z')
	for _, sql := range []string{"SET log_min_messages = error", "ALTER SYSTEM SET wal_keep_size = '1GB'", "CHECKPOINT",
		"CREATE ROLE x", "SET ROLE other",
		"SET SESSION AUTHORIZATION postgres"} {
		require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, c, sql).Code, sql)
	}
	n.Roles("GRANT other TO plain")
	values(t, c, "SET ROLE other")
	require.Equal(t, [][]string{{"other", "plain"}}, values(t, c, "SELECT current_user, session_user"))
	values(t, c, "RESET ROLE")
	boss := n.Connect()
	boss.Start("user", "postgres")
	boss.Until('Z')
	values(t, boss, "SET log_min_messages = error")
	values(t, boss, "ALTER SYSTEM SET wal_keep_size = '1GB'")
	values(t, boss, "CREATE ROLE x")
	require.Equal(t, protocol.CodeActiveSQLTransaction, fails(t, boss, "BEGIN; CREATE ROLE y").Code)
	values(t, boss, "ROLLBACK")
	// What a role may is what it may now.
	n.Roles("CREATE ROLE second LOGIN SUPERUSER")
	second := n.Connect()
	second.Start("user", "second", "database", "postgres")
	second.Until('Z')
	values(t, second, "SET log_min_messages = error")
	n.Roles("ALTER ROLE second NOSUPERUSER")
	require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, second, "SET log_min_messages = error").Code)
	require.Equal(t, [][]string{{"off"}}, values(t, second, "SHOW is_superuser"))
	values(t, boss, "SET ROLE plain")
	require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, boss, "ALTER SYSTEM RESET ALL").Code)
}

func TestCheckpointWaitsForARestartpoint(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	status := c.Session.Process.Activity
	c.Query("CHECKPOINT")
	require.Eventually(t,
		func() bool { return n.Ckpt.Requested.Load() == 1 && status.Waiting() == activity.CheckpointDone }, soon,
		time.Millisecond)
	n.Ckpt.Done.Store(1)
	require.Equal(t, "CZ", c.Until('Z'))
	c.Query("CHECKPOINT")
	require.Eventually(t, func() bool { return n.Ckpt.Requested.Load() == 2 }, soon, time.Millisecond)
	n.Ckpt.Failed.Store(1)
	require.Equal(t, "checkpoint request failed", c.MustFail().Message)
	c.Must('Z')
	c.Query("CHECKPOINT")
	require.Eventually(t,
		func() bool { return n.Ckpt.Requested.Load() == 3 && status.Waiting() == activity.CheckpointDone }, soon,
		time.Millisecond)
	c.Session.Signal(unix.SIGINT)
	require.Equal(t, protocol.CodeQueryCanceled, c.MustFail().Code)
	c.Must('Z')
}

func TestReloadInATransactionHoldsAfterItsEnd(t *testing.T) {
	n := newNode(t, backendtest.Options{Config: "work_mem = '1MB'\nmax_slot_wal_keep_size = '1GB'"})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	values(t, c, "BEGIN")
	values(t, c, "SET work_mem = '2MB'")
	n.WriteFile("postgresql.conf", "work_mem = '3MB'\nmax_slot_wal_keep_size = '2GB'")
	c.Session.Signal(unix.SIGHUP)
	require.Eventually(t, func() bool {
		return values(t, c, "SHOW max_slot_wal_keep_size")[0][0] == "2GB"
	}, soon, time.Millisecond)
	require.Equal(t, [][]string{{"2MB"}}, values(t, c, "SHOW work_mem"))
	values(t, c, "ROLLBACK")
	require.Equal(t, [][]string{{"3MB"}}, values(t, c, "SHOW work_mem"))
	require.Equal(t, [][]string{{"2GB"}}, values(t, c, "SHOW max_slot_wal_keep_size"))
}

func TestMonitoringQueriesOfASession(t *testing.T) {
	c := regular(t)
	rows := values(t, c,
		"SELECT pid = pg_backend_pid(), usename, application_name, state, query FROM pg_stat_activity WHERE backend_type = 'client backend'")
	require.Equal(t, "postgres", rows[0][1])
	require.Equal(t, "active", rows[0][3])
	require.True(t, strings.HasPrefix(rows[0][4], "SELECT pid = "))
	values(t, c, "PREPARE p (int) AS SELECT $1")
	require.Equal(t, [][]string{{"p", "PREPARE p (int) AS SELECT $1", "{integer}", "t"}},
		values(t, c, "SELECT name, statement, parameter_types, from_sql FROM pg_prepared_statements"))
	values(t, c, "BEGIN")
	values(t, c, "DECLARE c CURSOR FOR SELECT 1")
	require.Equal(t, [][]string{{"c"}}, values(t, c, "SELECT name FROM pg_cursors"))
	values(t, c, "DECLARE d SCROLL CURSOR WITH HOLD FOR SELECT 1")
	values(t, c, "DECLARE e BINARY NO SCROLL CURSOR FOR SELECT 1")
	require.Equal(t, [][]string{{"d", "t", "f", "t"}, {"e", "f", "t", "f"}},
		values(t, c, "SELECT name, is_holdable, is_binary, is_scrollable FROM pg_cursors WHERE name <> 'c' ORDER BY name"))
	require.Equal(t, [][]string{{"127.0.0.1"}}, values(t, c, "SELECT host(inet_client_addr())"))
	require.Equal(t, [][]string{{"x"}}, values(t, c, "SELECT set_config('application_name', 'x', false)"))
}
