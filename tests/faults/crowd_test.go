package faults

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/tests/cluster"
)

// TestStreamGoesOnBesideHalfOpenConnections: 300 clients, more than the node may serve, begin a startup packet and do not
// end it. They are all gone after authentication_timeout.
func TestStreamGoesOnBesideHalfOpenConnections(t *testing.T) {
	t.Parallel()
	r := newRelay(t, map[string]string{"authentication_timeout": "8s"})
	w := watch(t, r.Port, r.IdentifySystem().Pos)
	half := packet(version3, replication)[:20]
	const crowd = 300
	clients := make([]*client, crowd)
	for i := range clients {
		clients[i] = dial(t, r.Port)
		clients[i].send(half[:i%len(half)])
	}
	for range 20 {
		w.waitFor(feed(r.primary, 1000))
	}
	var wg sync.WaitGroup
	closed := make([]bool, crowd)
	for i, c := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := c.in.ReadByte()
			timeout, is := err.(net.Error)
			closed[i] = err != nil && !(is && timeout.Timeout())
		}()
	}
	wg.Wait()
	for i := range closed {
		require.Truef(t, closed[i], "half-open connection %d was not closed", i)
	}
	w.waitFor(feed(r.primary, 1000))
	r.requireHealthy()
}

func TestTooManyClientsAreToldSo(t *testing.T) {
	t.Parallel()
	r := newRelay(t, map[string]string{"max_wal_senders": "2", "max_connections": "4", "superuser_reserved_connections": "0"})
	regular := packet(version3, pairs("user", "postgres", "database", "postgres"))

	var senders, backends []*client
	for range 2 {
		senders = append(senders, connect(t, r.Port))
	}
	c := dial(t, r.Port)
	c.send(packet(version3, replication))
	e := c.mustFail()
	require.Equal(t, "FATAL 53300: number of requested standby connections exceeds max_wal_senders (currently 2)", e.Error())
	c.mustClose()

	for range 4 {
		c := dial(t, r.Port)
		c.send(regular)
		c.must('Z')
		backends = append(backends, c)
	}
	c = dial(t, r.Port)
	c.send(regular)
	e = c.mustFail()
	require.Equal(t, "FATAL 53300: sorry, too many clients already", e.Error())
	c.mustClose()

	// Who is in is not disturbed, and a place that becomes free can be taken.
	for _, c := range senders {
		c.send(query("IDENTIFY_SYSTEM"))
		c.must('D')
		require.NoError(t, c.Close())
	}
	for _, c := range backends {
		c.send(query("SHOW port"))
		c.must('D')
		require.NoError(t, c.Close())
	}
	r.WaitServing(patience)
	r.requireHealthy()
}

// refusalOf is what a new client is told; nil when it is let in.
func refusalOf(t *testing.T, port int) *serverError {
	t.Helper()
	c := dial(t, port)
	c.send(packet(version3, replication))
	_, err := c.until('Z')
	e, _ := err.(*serverError)
	if e == nil {
		require.NoError(t, err)
	}
	return e
}

// TestClientsDuringStartupAreToldToComeBack holds startup up where it reads the control file, which is a pipe for now.
func TestClientsDuringStartupAreToldToComeBack(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	p := newPrimary(c, nil)
	w := c.InitWaypost("relay", p.Conninfo(), cluster.WaypostOptions{})
	r := &relay{Waypost: w, t: t, c: c, primary: p}
	control := filepath.Join(w.DataDir, "global", "pg_control")
	content, err := os.ReadFile(control)
	require.NoError(t, err)
	require.NoError(t, os.Rename(control, control+".kept"))
	require.NoError(t, unix.Mkfifo(control, 0o644))
	require.NoError(t, os.Chmod(control, 0o644))

	w.StartOnly()
	// To open the pipe for writing waits for startup to open it for reading.
	pipe, err := os.OpenFile(control, os.O_WRONLY, 0)
	require.NoError(t, err)
	e := refusalOf(t, w.Port)
	require.NotNil(t, e)
	require.Equal(t, "57P03", e.code)
	require.Contains(t, []string{"the database system is starting up", "the database system is not yet accepting connections"}, e.message)
	require.NoError(t, os.Rename(control+".kept", control))
	_, err = pipe.Write(content)
	require.NoError(t, err)
	require.NoError(t, pipe.Close())
	w.WaitServing(patience)
	r.requireHealthy()
}

// TestClientsDuringShutdownAreToldSo holds the shutdown up with a consumer that does not read.
func TestClientsDuringShutdownAreToldSo(t *testing.T) {
	t.Parallel()
	r := newRelay(t, map[string]string{"wal_sender_timeout": "0"})
	from := r.IdentifySystem().Pos
	r.waitReplayed(feed(r.primary, 20<<20))
	deaf := stream(t, r.Port, segSize.SegStart(from))
	idle := dial(t, r.Port)
	idle.send(packet(version3, pairs("user", "postgres", "database", "postgres")))
	idle.must('Z')

	r.Process().Signal(unix.SIGINT)
	e := idle.mustClose()
	require.NotNil(t, e)
	require.Equal(t, "FATAL 57P01: terminating connection due to administrator command", e.Error())
	e = refusalOf(t, r.Port)
	require.NotNil(t, e)
	require.Equal(t, "FATAL 57P03: the database system is shutting down", e.Error())
	require.True(t, r.Running())

	require.NoError(t, deaf.Close())
	require.Zero(t, r.Process().Wait(patience).ExitCode())
	require.NotContains(t, r.Process().LogText(), "PANIC")
}
