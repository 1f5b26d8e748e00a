package sessions

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// consumer streams WAL of any version and confirms at once, as written and flushed, what it gets.
type consumer struct {
	conn   *pgconn.PgConn
	upto   xlog.LSN
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	got    chan xlog.LSN // the end of what came last; a reader that is late misses ends in between
}

// consume starts one from a server on from. It ends with the test.
func consume(t testing.TB, conninfo, name string, from xlog.LSN) *consumer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	conn, err := pgconn.Connect(ctx, conninfo+" replication=true application_name="+name)
	require.NoError(t, err)
	c := &consumer{conn: conn, upto: from, cancel: cancel, done: make(chan struct{}), got: make(chan xlog.LSN, 1)}
	conn.Frontend().Send(&pgproto3.Query{String: "START_REPLICATION PHYSICAL " + from.String()})
	require.NoError(t, conn.Frontend().Flush())
	go func() {
		defer close(c.done)
		c.err = c.run(ctx)
	}()
	t.Cleanup(c.stop)
	return c
}

func (c *consumer) stop() {
	c.cancel()
	<-c.done
	closeConn(c.conn)
}

func (c *consumer) run(ctx context.Context) error {
	for {
		m, err := c.conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		data, is := m.(*pgproto3.CopyData)
		if !is {
			continue
		}
		switch data.Data[0] {
		case 'w':
			c.upto = xlog.LSN(binary.BigEndian.Uint64(data.Data[1:])) + xlog.LSN(len(data.Data)-25)
			c.tell()
		case 'k':
			if data.Data[17] == 0 {
				continue
			}
		}
		if err := c.confirm(); err != nil {
			return err
		}
	}
}

func (c *consumer) tell() {
	select {
	case <-c.got:
	default:
	}
	c.got <- c.upto
}

// confirm sends a standby status update.
func (c *consumer) confirm() error {
	b := make([]byte, 34)
	b[0] = 'r'
	for i := range 3 {
		binary.BigEndian.PutUint64(b[1+8*i:], uint64(c.upto))
	}
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	binary.BigEndian.PutUint64(b[25:], uint64(time.Since(epoch).Microseconds()))
	c.conn.Frontend().Send(&pgproto3.CopyData{Data: b})
	return c.conn.Frontend().Flush()
}

// waitFor waits until the consumer has the byte before lsn.
func (c *consumer) waitFor(t testing.TB, lsn xlog.LSN) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case upto := <-c.got:
			if upto >= lsn {
				return
			}
		case <-c.done:
			require.NoError(t, c.err, "the stream ended")
		case <-deadline:
			t.Fatalf("the consumer has not got %s", lsn)
		}
	}
}
