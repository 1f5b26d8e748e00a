package sessions

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

// halfOpen are the ways to come in half.
var halfOpen = []struct {
	name string
	open func(c net.Conn) error
}{
	{"connects and is silent", func(net.Conn) error { return nil }},
	{"sends half a startup packet", func(c net.Conn) error { return write(c, startup("postgres")[:20]) }},
	{"asks for TLS and is silent", func(c net.Conn) error { return write(c, []byte{0, 0, 0, 8, 4, 210, 22, 47}) }},
	{"breaks off in the middle of SASL", halfSASL},
}

func write(c net.Conn, b []byte) error {
	_, err := c.Write(b)
	return err
}

// startup is the startup packet of a replication connection.
func startup(user string) []byte {
	b, err := (&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersionNumber,
		Parameters:      map[string]string{"user": user, "replication": "true"},
	}).Encode(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// halfSASL sends the first message of an exchange. It does not wait for the server's: what has been accepted and not yet
// taken up is half open all the same.
func halfSASL(c net.Conn) error {
	first := []byte("n,,n=scram,r=abcdefghijklmnopqrstuvwx")
	body := append([]byte("SCRAM-SHA-256\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(first)))...)
	body = append(body, first...)
	message := append([]byte{'p'}, binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))...)
	return write(c, append(startup("scram"), append(message, body...)...))
}

// The flood, and what the stream may suffer from it.
const (
	crowd     = 1000
	rounds    = 40
	slowdown  = 10 // of the median
	grace     = 25 * time.Millisecond
	eachMayMB = 2.5
)

// TestAThousandHalfOpenConnectionsKeepNoStreamFromItsWAL: the WAL comes through beside them, each costs no more than a
// small process, and authentication_timeout ends them all.
func TestAThousandHalfOpenConnectionsKeepNoStreamFromItsWAL(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"authentication_timeout": "5s"},
	})
	askForSCRAM(t, c, relay, "scram")
	stream := consume(t, relay.Conninfo(), "consumer", primary.FlushLSN())
	before := delays(t, primary, stream)
	atRest := len(relay.Process().Children())

	began := time.Now()
	clients := make([]net.Conn, crowd)
	for i := range clients {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", relay.Port))
		require.NoError(t, err)
		defer conn.Close()
		clients[i] = conn
		require.NoError(t, halfOpen[i%len(halfOpen)].open(conn))
	}
	during := delays(t, primary, stream)
	t.Logf("a commit takes %v to the consumer, beside the crowd %v (medians; worst %v, %v)",
		median(before), median(during), slices.Max(before), slices.Max(during))
	require.Less(t, median(during), slowdown*median(before)+grace)
	for _, p := range relay.Process().Children() {
		if mb := privateMB(p.PID); p.Exe == "walsender" {
			require.LessOrEqualf(t, mb, eachMayMB, "%d: %s", p.PID, p.Title)
		}
	}
	for i, conn := range clients {
		requireClosed(t, conn, halfOpen[i%len(halfOpen)].name)
	}
	require.Less(t, time.Since(began), patience)
	cluster.Eventually(t, patience, "the processes of the crowd are gone", func() bool {
		return len(relay.Process().Children()) <= atRest
	})
	delays(t, primary, stream)
	require.NotContains(t, relay.Process().LogText(), "PANIC")
	require.Equal(t, "1", relay.QueryOne("SELECT count(*) FROM pg_stat_replication"))
}

// TestFloodOfHalfOpenConnectionsShutsNobodyOut: however many come and say nothing, who has something to say gets in, and who
// is in stays in.
func TestFloodOfHalfOpenConnectionsShutsNobodyOut(t *testing.T) {
	const (
		floods  = 300 // more than there are places
		retry   = 2 * time.Second
		atOnce  = 10 * time.Second // a few seconds, on a machine that is busy with the flood
		lockOut = "5min"
	)
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"authentication_timeout": lockOut},
	})
	askForSCRAM(t, c, relay, "scram")
	stream := consume(t, relay.Conninfo(), "consumer", primary.FlushLSN())
	idle := connect(t, relay.Conninfo())
	pid := idle.PID()

	stop := make(chan struct{})
	var group sync.WaitGroup
	var opened atomic.Int32
	for i := range floods {
		group.Go(func() { flood(relay.Port, halfOpen[i%len(halfOpen)].open, retry, &opened, stop) })
	}
	defer group.Wait()
	defer close(stop)
	cluster.Eventually(t, patience, "the node is flooded", func() bool { return opened.Load() > floods })
	for range 3 {
		for _, who := range []string{"", " replication=true", " user=scram password='a password'"} {
			ctx, cancel := context.WithTimeout(context.Background(), atOnce)
			began := time.Now()
			cluster.EventuallyOK(t, atOnce, "one gets in that means it:"+who, func() error {
				conn, err := pgconn.Connect(ctx, relay.Conninfo()+who)
				if err == nil {
					closeConn(conn)
				}
				return err
			})
			cancel()
			t.Logf("%q got in after %v", who, time.Since(began))
		}
	}
	consume(t, relay.Conninfo(), "newcomer", primary.FlushLSN())
	delays(t, primary, stream)
	results, err := idle.Exec(context.Background(), "SELECT pg_backend_pid()").ReadAll()
	require.NoError(t, err, "who is in stays in")
	require.Equal(t, fmt.Sprint(pid), string(results[0].Rows[0][0]))
	require.NotContains(t, relay.Process().LogText(), "PANIC")
}

// flood opens a connection by half, again whenever it has been closed, until stop is closed.
func flood(port int, open func(c net.Conn) error, retry time.Duration, opened *atomic.Int32, stop <-chan struct{}) {
	for {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			opened.Add(1)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if open(conn) == nil {
					io.Copy(io.Discard, conn)
				}
			}()
			select {
			case <-ended:
			case <-stop:
			}
			conn.Close()
			<-ended
		}
		select {
		case <-time.After(retry):
		case <-stop:
			return
		}
	}
}

// askForSCRAM makes a role that is let in by its password alone.
func askForSCRAM(t *testing.T, c *cluster.Cluster, w *cluster.Waypost, role string) {
	t.Helper()
	w.Query("CREATE ROLE " + role + " LOGIN REPLICATION PASSWORD 'a password'")
	prependHBA(t, c, w, "host all,replication "+role+" 127.0.0.1/32 scram-sha-256")
	w.Reload()
	cluster.EventuallyOK(t, patience, "a password is asked for", func() error {
		conn, err := pgconn.Connect(context.Background(), w.Conninfo()+" user="+role+" password=wrong")
		if err == nil {
			closeConn(conn)
			return errors.New("it is not")
		}
		var e *pgconn.PgError
		if errors.As(err, &e) && e.Code == "28P01" {
			return nil
		}
		return err
	})
}

// delays are how long commits take from the client's acknowledgement to the consumer.
func delays(t *testing.T, primary *cluster.Postgres, stream *consumer) (list []time.Duration) {
	t.Helper()
	conn := connect(t, primary.Conninfo())
	for range rounds {
		r := conn.Exec(context.Background(),
			"SELECT pg_logical_emit_message(true, 'flood', repeat('x', 1000)); SELECT pg_current_wal_flush_lsn()")
		results, err := r.ReadAll()
		require.NoError(t, err)
		began := time.Now()
		stream.waitFor(t, parsePositions(t, []string{string(results[1].Rows[0][0])}, "end")["end"])
		list = append(list, time.Since(began))
	}
	return list
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2]
}

// requireClosed reads what the server has to say until it closes the connection.
func requireClosed(t *testing.T, c net.Conn, who string) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.Copy(io.Discard, c)
	var timeout net.Error
	require.Falsef(t, errors.As(err, &timeout) && timeout.Timeout(), "one that %s was not closed", who)
}

// privateMB is the memory that a process shares with nobody; 0 when it is gone.
func privateMB(pid int) float64 {
	b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "smaps_rollup"))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(b), "\n") {
		var kB float64
		if n, _ := fmt.Sscanf(line, "Private_Dirty: %f kB", &kB); n == 1 {
			return kB / 1024
		}
	}
	return 0
}
