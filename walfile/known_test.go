package walfile_test

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// describe gives the beginning of pg_waldump's description of the records that this package looks into; "" for
// others.
func describe(rec *walfile.Record) string {
	if c, ok := rec.CheckPoint(); ok {
		return describeCheckPoint(rec, &c)
	}
	if p, ok := rec.ParameterChange(); ok {
		return fmt.Sprintf("PARAMETER_CHANGE max_connections=%d max_worker_processes=%d max_wal_senders=%d max_prepared_xacts=%d max_locks_per_xact=%d wal_level=%v wal_log_hints=%s track_commit_timestamp=%s",
			p.MaxConnections, p.MaxWorkerProcesses, p.MaxWalSenders, p.MaxPreparedXacts, p.MaxLocksPerXact, p.WALLevel, onOff(p.WalLogHints), onOff(p.TrackCommitTimestamp))
	}
	if p, ok := rec.RestorePoint(); ok {
		return "RESTORE_POINT " + p.Name
	}
	if rec.IsSwitch() {
		return "SWITCH "
	}
	if e, ok := rec.XactEnd(); ok {
		return describeXactEnd(rec, e)
	}
	return ""
}

func describeCheckPoint(rec *walfile.Record, c *walfile.CheckPoint) string {
	kind, end := "CHECKPOINT_ONLINE", "online"
	if rec.IsShutdownCheckpoint() {
		kind, end = "CHECKPOINT_SHUTDOWN", "shutdown"
	}
	level := ""
	if rec.Version() >= walfile.V17 {
		level = fmt.Sprintf("wal_level %v; ", c.WALLevel)
	}
	return fmt.Sprintf("%s redo %v; tli %d; prev tli %d; fpw %v; %sxid %d:%d; oid %d; multi %d; offset %d; oldest xid %d in DB %d; oldest multi %d in DB %d; oldest/newest commit timestamp xid: %d/%d; oldest running xid %d; %s",
		kind, c.Redo, c.TLI, c.PrevTLI, c.FullPageWrites, level, c.NextXid>>32, uint32(c.NextXid), c.NextOID, c.NextMulti, c.NextMultiOff,
		c.OldestXid, c.OldestXidDB, c.OldestMulti, c.OldestMultiDB, c.OldestCommitTs, c.NewestCommitTs, c.OldestActive, end)
}

func describeXactEnd(rec *walfile.Record, e walfile.XactEnd) string {
	kind := "ABORT"
	if e.Committed {
		kind = "COMMIT"
	}
	at := e.Time.Time().Format("2006-01-02 15:04:05.000000 UTC")
	if e.Prepared {
		return kind + "_PREPARED" // the original xid stands between
	}
	return kind + " " + at
}

// compressionOf is the wal_compression that the servers were run with.
var compressionOf = map[walfile.Version]string{walfile.V15: "pglz", walfile.V17: "lz4", walfile.V18: "zstd"}

func TestKnownRecordsOfRealServersAreAsPgWaldumpSays(t *testing.T) {
	for _, v := range waltest.FixtureVersions {
		r := openFixture(t, v)
		seen, methods := map[string]int{}, map[string]int{}
		lines := bufio.NewScanner(strings.NewReader(waltest.FixtureText(t, v, "pg_waldump.txt.gz")))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			rec, err := r.Next()
			require.NoError(t, err)
			_, desc, _ := strings.Cut(lines.Text(), ", desc: ")
			want := describe(rec)
			if !strings.HasPrefix(desc, want) {
				require.Equal(t, desc, want, "%v", rec)
			}
			if e, ok := rec.XactEnd(); ok {
				require.Contains(t, desc, e.Time.Time().Format("2006-01-02 15:04:05.000000 UTC"))
			}
			for _, b := range rec.Blocks() {
				methods[b.Image.Compression()]++
			}
			kind, _, _ := strings.Cut(desc, " ")
			known := rec.Rmgr() == walfile.RmgrTransaction || rec.Rmgr() == walfile.RmgrXLOG
			if want != "" || known && (strings.HasPrefix(kind, "COMMIT") || strings.HasPrefix(kind, "ABORT") || strings.HasPrefix(kind, "CHECKPOINT_") && kind != "CHECKPOINT_REDO") {
				require.NotEmpty(t, want, desc)
				seen[kind]++
			}
		}
		for _, kind := range []string{"CHECKPOINT_ONLINE", "CHECKPOINT_SHUTDOWN", "PARAMETER_CHANGE", "RESTORE_POINT", "SWITCH", "COMMIT", "ABORT", "COMMIT_PREPARED", "ABORT_PREPARED"} {
			require.NotZero(t, seen[kind], "version %d has no %s", v, kind)
		}
		require.Len(t, methods, 2, "images are compressed in one way, or not")
		require.NotZero(t, methods[compressionOf[v]])
	}
}

func TestImagesOfARealServerAreAsPgWaldumpSays(t *testing.T) {
	r := openFixture(t, walfile.V15)
	var got strings.Builder
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		blocks := rec.Blocks()
		for i := range blocks {
			b := &blocks[i]
			if !b.HasImage() {
				continue
			}
			require.Len(t, rec.Image(b), int(b.ImageLen))
			fmt.Fprintf(&got, "%X/%08X\tblkref #%d: rel %d/%d/%d fork %v blk %d (FPW); hole: offset: %d, length: %d",
				uint32(rec.LSN()>>32), uint32(rec.LSN()), b.ID, b.Rel.Tablespace, b.Rel.Database, b.Rel.RelNumber, b.Fork, b.Block, b.HoleOffset, b.HoleLen)
			if b.Image.Compressed() {
				fmt.Fprintf(&got, ", compression saved: %d, method: %s", walfile.BlockSize-b.HoleLen-b.ImageLen, b.Image.Compression())
			}
			got.WriteByte('\n')
		}
	}
	require.Equal(t, waltest.FixtureText(t, walfile.V15, "pg_waldump.images.txt.gz"), got.String())
}

// one puts a record into a log of its own and reads it back.
func one(t *testing.T, v walfile.Version, n walfile.NewRecord) *walfile.Record {
	l := waltest.New(waltest.Options{Version: v})
	l.Append(n)
	rec, err := l.Segments().Reader(1, l.Options().Start).Next()
	require.NoError(t, err)
	return rec
}

func TestRecordsThatAreWrittenAreReadTheSame(t *testing.T) {
	at := time.Date(2026, 11, 20, 5, 30, 0, 123000, time.UTC)
	for v := walfile.OldestVersion; v <= walfile.NewestVersion; v++ {
		level := walfile.UnknownWALLevel
		if v >= walfile.V17 {
			level = walfile.Logical
		}
		c := walfile.CheckPoint{
			Redo: 0x1_02030405, TLI: 3, PrevTLI: 2, FullPageWrites: true, WALLevel: level, NextXid: 5<<32 | 6, NextOID: 7, NextMulti: 8,
			NextMultiOff: 9, OldestXid: 10, OldestXidDB: 11, OldestMulti: 12, OldestMultiDB: 13, Time: 14, OldestCommitTs: 15, NewestCommitTs: 16, OldestActive: 17,
		}
		for _, shutdown := range []bool{true, false} {
			rec := one(t, v, walfile.CheckPointRecord(&c, shutdown, v))
			got, ok := rec.CheckPoint()
			require.True(t, ok)
			require.Equal(t, c, got)
			require.EqualValues(t, 114, rec.TotalLen())
			require.Equal(t, shutdown, rec.IsShutdownCheckpoint())
		}
		e := walfile.EndOfRecovery{Time: at, TLI: 3, PrevTLI: 2, WALLevel: level}
		rec := one(t, v, walfile.EndOfRecoveryRecord(&e, v))
		gotE, ok := rec.EndOfRecovery()
		require.True(t, ok)
		require.Equal(t, e, gotE)
		require.Len(t, rec.Main(), map[bool]int{false: 16, true: 24}[v >= walfile.V17])

		gotO, ok := one(t, v, walfile.OverwriteContRecordRecord(0x1234, at)).OverwriteContRecord()
		require.True(t, ok)
		require.Equal(t, walfile.OverwriteContRecord{Overwritten: 0x1234, Time: at}, gotO)

		rec = one(t, v, walfile.RestorePointRecord(&walfile.RestorePoint{Time: at, Name: strings.Repeat("n", 100)}))
		gotR, ok := rec.RestorePoint()
		require.True(t, ok)
		require.Equal(t, walfile.RestorePoint{Time: at, Name: strings.Repeat("n", 63)}, gotR)
		require.EqualValues(t, 98, rec.TotalLen())

		// None is taken for another.
		_, ok = rec.CheckPoint()
		require.False(t, ok)
		_, ok = rec.EndOfRecovery()
		require.False(t, ok)
		_, ok = rec.OverwriteContRecord()
		require.False(t, ok)
		_, ok = rec.ParameterChange()
		require.False(t, ok)
		_, ok = rec.XactEnd()
		require.False(t, ok)
		require.False(t, rec.IsSwitch())
	}
}

func TestShortBodiesAreNotDecoded(t *testing.T) {
	for op := 0; op < 0x100; op += 0x10 {
		for _, rmgr := range []walfile.RmgrID{walfile.RmgrXLOG, walfile.RmgrTransaction} {
			for _, n := range []int{0, 1, 7, 8, 15, 16, 25} {
				rec := one(t, walfile.V18, walfile.NewRecord{Rmgr: rmgr, Info: uint8(op), Main: make([]byte, n)})
				_, ok := rec.CheckPoint()
				require.False(t, ok)
				_, ok = rec.RestorePoint()
				require.False(t, ok)
				_, ok = rec.ParameterChange()
				require.False(t, ok)
				if _, ok = rec.EndOfRecovery(); n < 16 {
					require.False(t, ok)
				}
				if _, ok = rec.OverwriteContRecord(); n < 16 {
					require.False(t, ok)
				}
				if _, ok = rec.XactEnd(); n < 8 {
					require.False(t, ok)
				}
			}
		}
	}
}

func TestCommitThatWaitsForApply(t *testing.T) {
	main := make([]byte, 12)
	main[0] = 1
	main[11] = 1 << 5 // bit 29 of xinfo
	rec := one(t, walfile.V15, walfile.NewRecord{Rmgr: walfile.RmgrTransaction, Info: 0x80, Main: main})
	e, ok := rec.XactEnd()
	require.True(t, ok)
	require.Equal(t, walfile.XactEnd{Committed: true, Time: xlog.TimestampTz(1), ApplyFeedback: true}, e)
}
