package faults

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBadCommandsGetPostgreSQLsErrors asks the primary and the relay the same nonsense: both must answer with the same
// SQLSTATE, and the session must be of use afterwards.
func TestBadCommandsGetPostgreSQLsErrors(t *testing.T) {
	t.Parallel()
	r := newRelay(t, nil)
	r.waitReplayed(r.primary.SwitchWAL())
	theirs, ours := connect(t, r.primary.Port), connect(t, r.Port)

	for _, sql := range []string{
		"IDENTIFY_SYSTEM nonsense",
		"IDENTIFY_SYSTEM; IDENTIFY_SYSTEM",
		"START_REPLICATION",
		"START_REPLICATION 0",
		"START_REPLICATION 0/",
		"START_REPLICATION /0",
		"START_REPLICATION 0/0/0",
		"START_REPLICATION G/0",
		"START_REPLICATION -1/0",
		"START_REPLICATION FFFFFFFF/FFFFFFFF",
		"START_REPLICATION PHYSICAL FFFFFFFF/0",
		"START_REPLICATION 0/1 TIMELINE 2",
		"START_REPLICATION 0/1 TIMELINE 4294967295",
		"START_REPLICATION 0/1 TIMELINE 0",
		"START_REPLICATION 0/1 TIMELINE -1",
		"START_REPLICATION 0/1 TIMELINE one",
		"START_REPLICATION 0/1 TIMELINE",
		"START_REPLICATION SLOT 0/1",
		"START_REPLICATION SLOT nowhere 0/1",
		`START_REPLICATION SLOT "unfinished 0/1`,
		"START_REPLICATION SLOT 'wrong_quotes' 0/1",
		"START_REPLICATION LOGICAL 0/1",
		"TIMELINE_HISTORY",
		"TIMELINE_HISTORY 0",
		"TIMELINE_HISTORY 2",
		"TIMELINE_HISTORY 4294967295",
		"TIMELINE_HISTORY one",
		"SHOW",
		"SHOW no_such_setting",
		"SHOW 'wal_segment_size'",
		"READ_REPLICATION_SLOT",
		"BASE_BACKUP (NONSENSE",
		"CREATE_REPLICATION_SLOT",
		"DROP_REPLICATION_SLOT",
		"DROP_REPLICATION_SLOT nowhere",
		"SELECT 1",
		"identify_system",
		"\x01\x02\x03",
		"\xff\xfe",
		"START_REPLICATION " + strings.Repeat("x", 100_000) + "/0",
		"'" + strings.Repeat("x", 100_000),
	} {
		name := sql[:min(len(sql), 60)]
		theirs.send(query(sql))
		ours.send(query(sql))
		want, err := theirs.until('E')
		require.NoErrorf(t, err, "PostgreSQL has no error for %q", name)
		got, err := ours.until('E')
		require.NoErrorf(t, err, "%q", name)
		w, g := parseError(want), parseError(got)
		assert.Equalf(t, []string{w.code, w.severity}, []string{g.code, g.severity}, "%q: theirs %q, ours %q", name, w.message, g.message)
		if w.message != g.message {
			t.Logf("%q: theirs %q, ours %q", name, w.message, g.message)
		}
		theirs.must('Z')
		ours.must('Z')
		ours.send(query("IDENTIFY_SYSTEM"))
		ours.must('D')
		ours.must('Z')
	}

	// Numbers that do not fit PostgreSQL cuts to 32 bits, which can only lead to another error or to the wrong place.
	for _, sql := range []string{
		"START_REPLICATION 0/123456789",
		"START_REPLICATION 0/1 TIMELINE 99999999999999999999",
		"START_REPLICATION 0/1 TIMELINE 4294967297",
		"TIMELINE_HISTORY 99999999999",
	} {
		ours.send(query(sql))
		e := ours.mustFail()
		require.Equalf(t, "42601", e.code, "%q: %s", sql, e.message)
		ours.must('Z')
	}
	r.requireHealthy()
}
