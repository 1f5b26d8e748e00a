package cluster

import (
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// Receivewal is a running pg_receivewal of version 15.
type Receivewal struct {
	*Process
	Dir string // where it puts the segments
}

// StartReceivewal starts pg_receivewal from a server (a conninfo) with further
// options. Its application name is name, its directory too. It reports every second.
func (c *Cluster) StartReceivewal(name, upstream string, options ...string) *Receivewal {
	c.T.Helper()
	r := &Receivewal{Dir: c.Mkdir(name)}
	argv := []string{c.ClientProgram("pg_receivewal"), "-D", r.Dir, "-d", upstream + " application_name=" + name, "-s", "1", "-v"}
	r.Process = c.start(spec{name: name + ".pg_receivewal", argv: append(argv, options...), orphaned: syscall.SIGKILL})
	return r
}

// Stop ends it as a user's Ctrl-C does, and waits for its good end.
func (r *Receivewal) Stop() {
	r.c.T.Helper()
	r.Signal(syscall.SIGINT)
	state := r.Wait(30 * time.Second)
	require.Zerof(r.c.T, state.ExitCode(), "pg_receivewal: %v\n%s", state, r.LogText())
}
