package backend_test

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/activity"
	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

// bindOne is Bind of the unnamed statement to a portal, with one text as its parameter.
func bindOne(portal, parameter string) []byte {
	b := append([]byte(portal), 0, 0, 0, 0, 0, 1)
	b = binary.BigEndian.AppendUint32(b, uint32(len(parameter)))
	return append(append(b, parameter...), 0, 0)
}

func TestAnswersAreSentWhetherTheClientAsksForThemOrNot(t *testing.T) {
	c := regular(t)
	c.Send('P', []byte("\x00SELECT 1"+strings.Repeat(", 1", 500)+"\x00\x00\x00"))
	for range 3 {
		c.Send('D', []byte("S\x00"))
	}
	for _, typ := range "1tTtTtT" {
		c.Must(byte(typ)) // no Sync, no Flush
	}
	c.Send('S', nil)
	c.Must('Z')
	c.Query("SELECT count(CASE WHEN g < 1000 THEN pg_cancel_backend(2000000000 + g) ELSE pg_sleep(60) IS NULL END)" +
		" FROM generate_series(1, 1000) g")
	c.Must('T')
	for range 10 {
		c.Must('N')
	}
	c.Session.Signal(unix.SIGINT)
	c.Until('E')
	c.Must('Z')
	c.Query(strings.Repeat("COMMIT;", 1000) + "SELECT pg_sleep(60)")
	c.Must('N')
	c.Must('C')
	c.Session.Signal(unix.SIGINT)
	c.Until('E')
	c.Must('Z')
	stillServes(t, c)
}

func TestParametersThatPortalsKeepAreCounted(t *testing.T) {
	c := regular(t)
	values(t, c, "BEGIN; DECLARE kept CURSOR WITH HOLD FOR SELECT 1; COMMIT")
	c.Send('P', []byte("\x00SELECT length($1::text)\x00\x00\x00"))
	parameter := strings.Repeat("x", 8<<20)
	for i := range 8 {
		c.Send('B', bindOne("p"+string(rune('0'+i)), parameter))
	}
	c.Send('S', nil)
	c.Must('1')
	for range 7 {
		c.Must('2')
	}
	e := c.MustFail()
	require.Equal(t, protocol.CodeOutOfMemory, e.Code)
	c.Must('Z')
	require.Equal(t, [][]string{{"1"}}, values(t, c, "FETCH ALL FROM kept"))
	stillServes(t, c)
}

func TestNamesOfStatementsAndPortalsHaveABound(t *testing.T) {
	c := regular(t)
	name := strings.Repeat("n", 1<<10)
	require.Equal(t, "1Z", ask(t, c, "P"+name+"\x00SELECT 1\x00\x00\x00"))
	require.Equal(t, "2DCZ", ask(t, c, "B"+name+"\x00"+name+"\x00\x00\x00\x00\x00\x00\x00", "E"+name+"\x00\x00\x00\x00\x00"))
	for _, message := range []string{
		"P" + name + "x\x00SELECT 1\x00\x00\x00", "B" + name + "x\x00" + name + "\x00\x00\x00\x00\x00\x00\x00",
	} {
		c.Send(message[0], []byte(message[1:]))
		c.Send('S', nil)
		e := c.MustFail()
		require.Equal(t, protocol.CodeProgramLimitExceeded, e.Code)
		require.Equal(t, "name is too long", e.Message)
		c.Must('Z')
	}
	stillServes(t, c)
}

func TestDeclaredTypesOfStatementsAreCounted(t *testing.T) {
	c := regular(t)
	const types = 32767
	declared := "\x00\x00\x7f\xff" + strings.Repeat("\x00\x00\x00\x17", types)
	n := 0
	for ; n < 200; n++ {
		if strings.Contains(ask(t, c, "P"+strconv.Itoa(n)+declared), "E") {
			break
		}
	}
	require.Equal(t, 16<<20/(4*types), n)
	require.Equal(t, "3Z", ask(t, c, "CS0\x00"))
	require.Equal(t, "1Z", ask(t, c, "P0"+declared), "there is room again")
	values(t, c, "DISCARD ALL")
	require.Equal(t, "1Z", ask(t, c, "P0"+declared))
	stillServes(t, c)
}

func TestCursorThatHasBecomeTooBigGivesItsMemoryBack(t *testing.T) {
	c := regular(t)
	values(t, c, "BEGIN; DECLARE b SCROLL CURSOR FOR SELECT repeat(g::text, 10000) FROM generate_series(1, 2000) g;"+
		" SAVEPOINT s")
	e := fails(t, c, "MOVE ALL FROM b")
	require.Equal(t, protocol.CodeOutOfMemory, e.Code)
	values(t, c, "ROLLBACK TO s; DECLARE other CURSOR FOR SELECT 1")
	require.Equal(t, [][]string{{"1"}}, values(t, c, "FETCH ALL FROM other"))
}

func TestCommitThatGathersTheRowsOfACursorCanBeCancelled(t *testing.T) {
	c := regular(t)
	status := c.Session.Process.Activity
	values(t, c, "SET statement_timeout = '20ms'")
	values(t, c, "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT g, pg_sleep(0.1) FROM generate_series(1, 100) g")
	values(t, c, "SET statement_timeout = 0")
	for _, end := range []string{"COMMIT", "COMMIT AND CHAIN"} {
		values(t, c, "BEGIN; DECLARE d CURSOR WITH HOLD FOR SELECT pg_sleep(60)")
		c.Query(end)
		require.Eventually(t, func() bool { return status.Waiting() == activity.PgSleep }, soon, 1e6)
		c.Session.Signal(unix.SIGINT)
		e := c.MustFail()
		require.Equal(t, protocol.CodeQueryCanceled, e.Code)
		require.Equal(t, "canceling statement due to user request", e.Message)
		require.Equal(t, "I", string(c.Must('Z')), "the transaction is over")
		require.Equal(t, protocol.CodeInvalidCursorName, fails(t, c, "FETCH d").Code)
		stillServes(t, c)
	}
}

func TestCommitHasNoTimeLimit(t *testing.T) {
	c := regular(t)
	values(t, c, "SET statement_timeout = '20ms'")
	values(t, c, "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT pg_sleep(0.1)")
	values(t, c, "COMMIT")
	require.Equal(t, [][]string{{""}}, values(t, c, "FETCH ALL FROM c"))
	stillServes(t, c)
}

func TestPortalOfNothingIsNoCursor(t *testing.T) {
	c := regular(t)
	values(t, c, "BEGIN")
	c.Send('P', []byte("\x00\x00\x00\x00"))
	c.Send('B', []byte("e\x00\x00\x00\x00\x00\x00\x00\x00"))
	c.Send('H', nil)
	c.Must('1')
	c.Must('2')
	e := fails(t, c, "FETCH ALL FROM e")
	require.Equal(t, protocol.CodeObjectNotInPrerequisiteState, e.Code)
	require.Equal(t, `portal "e" cannot be run`, e.Message)
}

// ask sends messages and a Sync, and gives the types of the answers.
func ask(t *testing.T, c *backendtest.Client, messages ...string) string {
	t.Helper()
	for _, m := range messages {
		c.Send(m[0], []byte(m[1:]))
	}
	c.Send('S', nil)
	return c.Until('Z')
}

func TestPortalsOfOneStatementHaveTheirOwnColumns(t *testing.T) {
	c := regular(t)
	const (
		bindA, bindB = "Ba\x00x\x00\x00\x00\x00\x00\x00\x00", "Bb\x00x\x00\x00\x00\x00\x00\x00\x00"
		runA, runB   = "Ea\x00\x00\x00\x00\x01", "Eb\x00\x00\x00\x00\x00"
	)
	values(t, c, "BEGIN")
	for _, tc := range []struct{ statement, wide, narrow string }{
		{"EXECUTE foo", "PREPARE foo AS SELECT g, g, g FROM generate_series(1, 3) g",
			"DEALLOCATE foo; PREPARE foo AS SELECT g FROM generate_series(1, 3) g"},
		{"FETCH 3 FROM k", "DECLARE k CURSOR FOR SELECT g, g, g FROM generate_series(1, 3) g",
			"CLOSE k; DECLARE k CURSOR FOR SELECT g FROM generate_series(1, 3) g"},
		{"EXECUTE inner_fetch", "PREPARE inner_fetch AS SELECT g, g FROM generate_series(1, 3) g",
			"DEALLOCATE inner_fetch; PREPARE inner_fetch AS SELECT 1"},
	} {
		values(t, c, tc.wide)
		require.Equal(t, "12DsZ", ask(t, c, "Px\x00"+tc.statement+"\x00\x00\x00", bindA, runA))
		values(t, c, tc.narrow)
		types := ask(t, c, bindB, "DPb\x00", runB, runA, "Ea\x00\x00\x00\x00\x00")
		require.Equal(t, "2T", types[:2])
		require.True(t, strings.HasSuffix(types, "CDsDCZ"), types)
		require.Equal(t, "333Z", ask(t, c, "CPa\x00", "CPb\x00", "CSx\x00"))
	}
	stillServes(t, c)
}

func TestEndOfANoScrollCursorIsNotFetchedBackwards(t *testing.T) {
	c := regular(t)
	for _, sql := range []string{
		"FETCH LAST FROM c", "MOVE LAST FROM c", "FETCH ABSOLUTE -1 FROM c", "FETCH BACKWARD 0 FROM c",
	} {
		values(t, c, "BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT generate_series(1, 5)")
		e := fails(t, c, sql)
		require.Equal(t, protocol.CodeObjectNotInPrerequisiteState, e.Code, sql)
		require.Equal(t, "cursor can only scan forward", e.Message, sql)
		values(t, c, "ROLLBACK")
	}
	values(t, c, "BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT generate_series(1, 5)")
	require.Empty(t, values(t, c, "MOVE BACKWARD ALL FROM c"))
	require.Len(t, values(t, c, "FETCH 2 FROM c"), 2)
}
