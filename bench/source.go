package main

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/layout"
	"waypost/internal/shmdump"
	"waypost/internal/xlogctl"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// source is a primary that holds WAL to send, to receive and to read: pgbench's first, then rows of a plain table up
// to the size asked for. All bounds are where a segment begins.
type source struct {
	*cluster.Postgres
	start      xlog.LSN
	pgbenchEnd xlog.LSN
	end        xlog.LSN
}

// sourceSlot is a slot of the source whose position is the source's start, so that pg_receivewal, which takes no start
// position, can be told to begin there.
const sourceSlot = "source"

// pgbenchWAL is how much of the source's WAL is pgbench's.
const pgbenchWAL = 350 << 20

// manyWalSenders is max_wal_senders of the servers that many clients stream from.
const manyWalSenders = "210"

// pgbenchProcedure runs pgbench -N's transactions within the server: clients would take minutes for as much WAL.
const pgbenchProcedure = `
CREATE PROCEDURE pgbench_simple_update(transactions int) LANGUAGE plpgsql AS $$
DECLARE
	account int;
	delta int;
	balance int;
BEGIN
	FOR i IN 1 .. transactions LOOP
		account := 1 + floor(random() * 100000);
		delta := floor(random() * 10001) - 5000;
		UPDATE pgbench_accounts SET abalance = abalance + delta WHERE aid = account;
		SELECT abalance INTO balance FROM pgbench_accounts WHERE aid = account;
		INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
			VALUES (1 + floor(random() * 10), 1, account, delta, CURRENT_TIMESTAMP);
		COMMIT;
	END LOOP;
END $$`

// source makes the primary and its WAL when it is first wanted.
func (b *bench) source() *source {
	if b.theSource != nil {
		return b.theSource
	}
	began := time.Now()
	pg := b.disk.NewPostgres("source", 15, cluster.PostgresOptions{Settings: map[string]string{
		"shared_buffers":     "256MB",
		"max_wal_size":       "100GB",
		"wal_keep_size":      "100GB",
		"checkpoint_timeout": "1d",
		"autovacuum":         "off",
		"synchronous_commit": "off",
		"max_connections":    "300",
		"max_wal_senders":    manyWalSenders,
	}})
	pg.PgbenchInit(1) // small, so that records are many, and images of pages, after the checkpoint, few
	pg.Exec(pgbenchProcedure)
	pg.SwitchWAL()
	pg.Exec("CHECKPOINT") // a slot that reserves WAL at once does so from the last checkpoint's redo position on
	pg.Exec(fmt.Sprintf("SELECT pg_create_physical_replication_slot('%s', true)", sourceSlot))
	restart, err := xlog.ParseLSN(pg.QueryOne("SELECT restart_lsn FROM pg_replication_slots"))
	require.NoError(b, err)
	s := &source{Postgres: pg, start: pg.SegSize().SegStart(restart)}
	script := b.disk.Path("pgbench.sql")
	b.disk.WriteFile(script, "CALL pgbench_simple_update(1000)\n")
	for want := s.start + xlog.LSN(min(pgbenchWAL, b.opts.size/2)); pg.FlushLSN() < want; {
		pg.Pgbench("-f", script, "-c", "2", "-j", "2", "-t", "20")
	}
	s.pgbenchEnd = s.nextSegment()
	pg.Exec("CREATE TABLE filler (id bigint, text text)")
	for want := s.start + xlog.LSN(b.opts.size); pg.FlushLSN() < want; {
		pg.Exec("INSERT INTO filler SELECT i, repeat('x', 60) FROM generate_series(1, 200000) i")
	}
	s.end = s.nextSegment()
	pg.Exec("CHECKPOINT")
	fmt.Printf("(made %d MB of WAL, %d of them pgbench's, in %.0f s)\n",
		(s.end-s.start)>>20, (s.pgbenchEnd-s.start)>>20, time.Since(began).Seconds())
	b.theSource = s
	return s
}

// nextSegment ends the segment in use and gives the beginning of the next.
func (s *source) nextSegment() xlog.LSN {
	size := s.SegSize()
	return size.SegStart(s.SwitchWAL() + xlog.LSN(size) - 1)
}

func (s *source) bytes() int64 { return int64(s.end - s.start) }

// startAt are the arguments that have `waypost init` start where the source's WAL does.
func (s *source) startAt() []string { return []string{"--start-lsn", s.start.String()} }

// relay is a relay that holds the source's WAL.
func (b *bench) relay() *cluster.Waypost {
	if b.theRelay != nil {
		return b.theRelay
	}
	s := b.source()
	b.theRelay = b.disk.NewWaypost("relay", s.Conninfo(), cluster.WaypostOptions{
		InitArgs: s.startAt(),
		Settings: map[string]string{"wal_keep_size": "100GB", "max_wal_size": "100GB", "max_wal_senders": manyWalSenders},
	})
	b.waitFlushed(b.theRelay, s.end)
	return b.theRelay
}

// waitFlushed waits until a relay has WAL up to lsn on disk.
func (b *bench) waitFlushed(w *cluster.Waypost, lsn xlog.LSN) {
	b.waitPosition(w, lsn, (*xlogctl.Ctl).Flushed)
}

// waitPosition waits until a position of a relay has come to lsn. It looks into the relay's shared memory: a
// connection for each look would disturb what is measured.
func (b *bench) waitPosition(w *cluster.Waypost, lsn xlog.LSN, position func(*xlogctl.Ctl) xlog.LSN) {
	var ctl *xlogctl.Ctl
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(2 * time.Minute); ; <-ticker.C {
		if ctl == nil {
			// Until the postmaster has written its pid file there is nothing to open.
			if segment, err := shmdump.Open(w.DataDir); err == nil {
				defer segment.Close()
				areas, err := layout.Map(segment)
				require.NoError(b, err)
				ctl = areas.XLog
			}
		} else if position(ctl) >= lsn {
			return
		}
		require.Truef(b, w.Running(), "%s has ended", w.Name)
		require.Truef(b, time.Now().Before(deadline), "%s does not come to %s", w.Name, lsn)
	}
}
