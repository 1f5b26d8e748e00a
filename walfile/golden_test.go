package walfile_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// openFixture gives a Reader that stands at the first record of a fixture.
func openFixture(t testing.TB, v walfile.Version) *walfile.Reader {
	segs := waltest.FixtureSegments(t, v)
	r := segs.Reader(1, 0)
	_, err := r.FindFirst(segs.First(1))
	require.NoError(t, err)
	return r
}

// dumpHead is what pg_waldump prints of a record before its description.
func dumpHead(rec *walfile.Record) string {
	lsn := func(l xlog.LSN) string { return fmt.Sprintf("%X/%08X", uint32(l>>32), uint32(l)) }
	return fmt.Sprintf("rmgr: %-11s len (rec/tot): %6d/%6d, tx: %10d, lsn: %s, prev %s, desc: ",
		rec.Rmgr(), rec.Len(), rec.TotalLen(), rec.Xid(), lsn(rec.LSN()), lsn(rec.Prev()))
}

// dumpBlocks is what pg_waldump prints of a record's block references, after the description.
func dumpBlocks(rec *walfile.Record) string {
	var s strings.Builder
	blocks := rec.Blocks()
	for i := range blocks {
		b := &blocks[i]
		fmt.Fprintf(&s, ", blkref #%d: rel %d/%d/%d", b.ID, b.Rel.Tablespace, b.Rel.Database, b.Rel.RelNumber)
		if b.Fork != walfile.MainFork {
			fmt.Fprintf(&s, " fork %v", b.Fork)
		}
		fmt.Fprintf(&s, " blk %d", b.Block)
		if b.HasImage() {
			s.WriteString(" FPW")
			if b.Image&walfile.ImageApply == 0 {
				s.WriteString(" for WAL verification")
			}
		}
	}
	return s.String()
}

func TestEveryRecordOfRealServersIsAsPgWaldumpSays(t *testing.T) {
	for _, v := range waltest.FixtureVersions {
		t.Run(fmt.Sprint(v), func(t *testing.T) {
			r := openFixture(t, v)
			lines := strings.Split(strings.TrimSuffix(waltest.FixtureText(t, v, "pg_waldump.txt.gz"), "\n"), "\n")
			for i, line := range lines {
				rec, err := r.Next()
				require.NoError(t, err, "line %d: %s", i+1, line)
				head, rest := dumpHead(rec), ""
				if !strings.HasPrefix(line, head) {
					require.Equal(t, line, head, "line %d", i+1)
				}
				if at := strings.Index(line, ", blkref #"); at >= 0 {
					rest = line[at:]
				}
				if got := dumpBlocks(rec); got != rest {
					require.Equal(t, rest, got, "line %d: %s", i+1, line)
				}
			}
			require.Equal(t, v, r.Version())

			_, err := r.Next()
			at, last := stopOfPgWaldump(t, v)
			stop := walfile.AsStop(err)
			require.NotNil(t, stop, "%v", err)
			require.Equal(t, walfile.EndOfWAL, stop.Kind)
			require.Equal(t, at, stop.LSN)
			require.Equal(t, at, stop.Record)
			require.Equal(t, at, stop.Held)
			require.Equal(t, last, r.Prev())
		})
	}
}

// stopOfPgWaldump reads where pg_waldump found a record of length 0, and which record was the last.
func stopOfPgWaldump(t testing.TB, v walfile.Version) (at, last xlog.LSN) {
	text := waltest.FixtureText(t, v, "pg_waldump.stderr")
	m := regexp.MustCompile(`error in WAL record at (\S+): invalid record length at (\S+): .*, got 0`).FindStringSubmatch(text)
	require.NotNil(t, m, text)
	last, err := xlog.ParseLSN(m[1])
	require.NoError(t, err)
	at, err = xlog.ParseLSN(m[2])
	require.NoError(t, err)
	return at, last
}
