package controldata

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"waypost/walfile"
	"waypost/xlog"
)

// print writes every field as pg_controldata of the file's version does, times in UTC.
func (c *ControlFile) print(control uint32) string {
	var b strings.Builder
	line := func(label string, format string, args ...any) {
		fmt.Fprintf(&b, "%-38s"+format+"\n", append([]any{label}, args...)...)
	}
	at := func(sec int64) string { return time.Unix(sec, 0).UTC().Format("Mon Jan _2 15:04:05 2006") }
	p := c.CheckPointCopy
	redoFile := fmt.Sprintf("%08X%08X%08X", uint32(p.TLI), uint64(p.Redo)>>32, uint32(p.Redo)/uint32(c.WALSegSize))
	line("pg_control version number:", "%d", control)
	line("Catalog version number:", "%d", c.CatalogVersion)
	line("Database system identifier:", "%d", c.SystemID)
	line("Database cluster state:", "%s", c.State)
	line("pg_control last modified:", "%s", at(c.Time))
	line("Latest checkpoint location:", "%s", c.CheckPoint)
	line("Latest checkpoint's REDO location:", "%s", p.Redo)
	line("Latest checkpoint's REDO WAL file:", "%s", redoFile)
	line("Latest checkpoint's TimeLineID:", "%d", p.TLI)
	line("Latest checkpoint's PrevTimeLineID:", "%d", p.PrevTLI)
	line("Latest checkpoint's full_page_writes:", "%s", onOff(p.FullPageWrites))
	line("Latest checkpoint's NextXID:", "%d:%d", p.NextXid>>32, uint32(p.NextXid))
	line("Latest checkpoint's NextOID:", "%d", p.NextOID)
	line("Latest checkpoint's NextMultiXactId:", "%d", p.NextMulti)
	line("Latest checkpoint's NextMultiOffset:", "%d", p.NextMultiOff)
	line("Latest checkpoint's oldestXID:", "%d", p.OldestXid)
	line("Latest checkpoint's oldestXID's DB:", "%d", p.OldestXidDB)
	line("Latest checkpoint's oldestActiveXID:", "%d", p.OldestActive)
	line("Latest checkpoint's oldestMultiXid:", "%d", p.OldestMulti)
	line("Latest checkpoint's oldestMulti's DB:", "%d", p.OldestMultiDB)
	line("Latest checkpoint's oldestCommitTsXid:", "%d", p.OldestCommitTs)
	line("Latest checkpoint's newestCommitTsXid:", "%d", p.NewestCommitTs)
	line("Time of latest checkpoint:", "%s", at(p.Time))
	line("Fake LSN counter for unlogged rels:", "%s", c.UnloggedLSN)
	line("Minimum recovery ending location:", "%s", c.MinRecoveryPoint)
	line("Min recovery ending loc's timeline:", "%d", c.MinRecoveryPointTLI)
	line("Backup start location:", "%s", c.BackupStartPoint)
	line("Backup end location:", "%s", c.BackupEndPoint)
	line("End-of-backup record required:", "%s", choose(c.BackupEndRequired, "yes", "no"))
	line("wal_level setting:", "%s", c.WALLevel)
	line("wal_log_hints setting:", "%s", onOff(c.WalLogHints))
	line("max_connections setting:", "%d", c.MaxConnections)
	line("max_worker_processes setting:", "%d", c.MaxWorkerProcesses)
	line("max_wal_senders setting:", "%d", c.MaxWalSenders)
	line("max_prepared_xacts setting:", "%d", c.MaxPreparedXacts)
	line("max_locks_per_xact setting:", "%d", c.MaxLocksPerXact)
	line("track_commit_timestamp setting:", "%s", onOff(c.TrackCommitTimestamp))
	line("Maximum data alignment:", "%d", c.MaxAlign)
	line("Database block size:", "%d", c.BlockSize)
	line("Blocks per segment of large relation:", "%d", c.RelSegSize)
	line("WAL block size:", "%d", c.WALBlockSize)
	line("Bytes per WAL segment:", "%d", c.WALSegSize)
	line("Maximum length of identifiers:", "%d", c.NameDataLen)
	line("Maximum columns in an index:", "%d", c.IndexMaxKeys)
	line("Maximum size of a TOAST chunk:", "%d", c.ToastMaxChunkSize)
	line("Size of a large-object chunk:", "%d", c.LOBlockSize)
	line("Date/time type storage:", "64-bit integers")
	line("Float8 argument passing:", "%s", choose(c.Float8ByVal, "by value", "by reference"))
	line("Data page checksum version:", "%d", c.DataChecksumVersion)
	if c.Version >= walfile.V18 {
		line("Default char data signedness:", "%s", choose(c.DefaultCharSigned, "signed", "unsigned"))
	}
	line("Mock authentication nonce:", "%s", hex.EncodeToString(c.MockAuthNonce[:]))
	return b.String()
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

func onOff(on bool) string { return choose(on, "on", "off") }

// busy gives a control file with something else in every field.
func busy(v walfile.Version) *ControlFile {
	c, err := New(v, 7710099792495901303, 1<<20, 3)
	if err != nil {
		panic(err)
	}
	c.Time, c.CheckPoint, c.UnloggedLSN = 1_700_000_000, 0x12_34567890, 1001
	c.CheckPointCopy = walfile.CheckPoint{Redo: 0x12_34567800, TLI: 3, PrevTLI: 2, FullPageWrites: true, WALLevel: c.CheckPointCopy.WALLevel,
		NextXid: 5<<32 | 6, NextOID: 7, NextMulti: 8, NextMultiOff: 9, OldestXid: 10, OldestXidDB: 11, OldestMulti: 12, OldestMultiDB: 13,
		Time: 1_700_000_014, OldestCommitTs: 15, NewestCommitTs: 16, OldestActive: 17}
	c.MinRecoveryPoint, c.MinRecoveryPointTLI = 0x12_34567900, 3
	c.BackupStartPoint, c.BackupEndPoint, c.BackupEndRequired = 0x18, 0x19, true
	c.WALLevel, c.WalLogHints, c.TrackCommitTimestamp = walfile.Logical, true, true
	c.MaxConnections, c.MaxWorkerProcesses, c.MaxWalSenders, c.MaxPreparedXacts, c.MaxLocksPerXact = 20, 21, 22, 23, 24
	c.WALSegSize, c.DataChecksumVersion = xlog.DefaultSegSize, 1
	for i := range c.MockAuthNonce {
		c.MockAuthNonce[i] = byte(200 + i)
	}
	return c
}
