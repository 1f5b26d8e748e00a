package cluster

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// AckLoad is a load whose writers each insert 1, 2, 3, ... into the table ack_load,
// one row a transaction, and remember which of the commits the server acknowledged.
//
// A commit counts as acknowledged when its CommandComplete came without a warning:
// a server that gives up waiting for its synchronous standby commits all the same
// and says so in a warning.
type AckLoad struct {
	upstream string
	stop     context.CancelFunc
	wg       sync.WaitGroup
	acked    []writerLog
	total    atomic.Int64
}

// writerLog is written by its writer alone until the load has stopped.
type writerLog struct {
	ids []int64
}

// StartAckLoad creates the table where it is not there yet, and starts the writers.
// They go on until Stop, through lost connections too; ids are never used again.
func (p *Postgres) StartAckLoad(writers int) *AckLoad {
	p.c.T.Helper()
	p.Exec("CREATE TABLE IF NOT EXISTS ack_load (writer int, id bigint, at timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (writer, id))")
	ctx, stop := context.WithCancel(context.Background())
	l := &AckLoad{upstream: p.Conninfo(), stop: stop, acked: make([]writerLog, writers)}
	for w := range writers {
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			l.write(ctx, w)
		}()
	}
	p.c.T.Cleanup(func() { l.Stop() })
	return l
}

// write is one writer: it connects again whenever its connection is lost.
func (l *AckLoad) write(ctx context.Context, writer int) {
	var id int64
	pause := time.NewTicker(20 * time.Millisecond) // between two tries to connect
	defer pause.Stop()
	for ctx.Err() == nil {
		id = l.writeConnected(ctx, writer, id)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// writeConnected inserts the ids after last until something fails, and gives the
// last one tried.
func (l *AckLoad) writeConnected(ctx context.Context, writer int, last int64) int64 {
	config, err := pgconn.ParseConfig(l.upstream)
	if err != nil {
		return last
	}
	warned := false
	config.OnNotice = func(_ *pgconn.PgConn, _ *pgconn.Notice) { warned = true }
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return last
	}
	defer conn.Close(context.Background())
	for ctx.Err() == nil {
		last++
		warned = false
		_, err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO ack_load (writer, id) VALUES (%d, %d)", writer, last)).ReadAll()
		if err != nil {
			return last
		}
		if !warned {
			l.acked[writer].ids = append(l.acked[writer].ids, last)
			l.total.Add(1)
		}
	}
	return last
}

// Acked is how many commits have been acknowledged so far.
func (l *AckLoad) Acked() int64 { return l.total.Load() }

// WaitAcked waits until n more commits have been acknowledged.
func (l *AckLoad) WaitAcked(t testing.TB, timeout time.Duration, n int64) {
	t.Helper()
	goal := l.Acked() + n
	Eventually(t, timeout, fmt.Sprintf("%d commits acknowledged", n), func() bool { return l.Acked() >= goal })
}

// Stop ends the writers; a commit under way then is not acknowledged.
func (l *AckLoad) Stop() {
	l.stop()
	l.wg.Wait()
}

// RequireAllOn fails unless the server holds every row whose commit was
// acknowledged. The load must have been stopped, with something acknowledged.
func (l *AckLoad) RequireAllOn(p *Postgres) {
	p.c.T.Helper()
	require.Positive(p.c.T, l.Acked(), "nothing was acknowledged")
	held := make([]map[int64]bool, len(l.acked))
	for w := range held {
		held[w] = map[int64]bool{}
	}
	for _, row := range p.Query("SELECT writer, id FROM ack_load") {
		writer, err := strconv.Atoi(row[0])
		require.NoError(p.c.T, err)
		id, err := strconv.ParseInt(row[1], 10, 64)
		require.NoError(p.c.T, err)
		held[writer][id] = true
	}
	for w, log := range l.acked {
		var missing []int64
		for _, id := range log.ids {
			if !held[w][id] {
				missing = append(missing, id)
			}
		}
		require.Emptyf(p.c.T, missing, "%s has not the acknowledged commits of writer %d", p.Name, w)
	}
}
