package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
)

// StandbyOf makes a standby with the data of origin, which streams from upstream
// (a conninfo), and starts it. application_name is the standby's name.
//
// Version 15 takes a base backup of the running origin. The others' pg_basebackup
// is not at hand, so origin is shut down, copied and started again.
func (c *Cluster) StandbyOf(origin *Postgres, name, upstream string, settings map[string]string) *Postgres {
	c.T.Helper()
	s := c.InitStandbyOf(origin, name, upstream, settings)
	s.Start()
	return s
}

// InitStandbyOf makes a standby like StandbyOf without starting it.
func (c *Cluster) InitStandbyOf(origin *Postgres, name, upstream string, settings map[string]string) *Postgres {
	c.T.Helper()
	s := c.newPostgres(name, origin.Version)
	if origin.Version == clientVersion && origin.Running() {
		c.Run(c.ClientProgram("pg_basebackup"), "-D", s.DataDir, "-d", origin.Conninfo(), "-X", "stream", "-c", "fast", "--no-sync")
	} else {
		s.copyDataOf(origin)
	}
	c.WriteFile(filepath.Join(s.DataDir, "standby.signal"), "")
	s.Configure(map[string]string{"port": strconv.Itoa(s.Port), "synchronous_standby_names": ""})
	s.Configure(settings)
	s.Follow(upstream)
	return s
}

// copyDataOf copies a data directory as it stands after a clean shutdown.
func (p *Postgres) copyDataOf(origin *Postgres) {
	p.c.T.Helper()
	wasRunning := origin.Running()
	if wasRunning {
		origin.Stop(Fast)
	}
	p.c.Run("cp", "-a", "--reflink=auto", origin.DataDir, p.DataDir)
	for _, file := range []string{"postmaster.pid", "postmaster.opts"} {
		require.NoError(p.c.T, os.RemoveAll(filepath.Join(p.DataDir, file)))
	}
	if wasRunning {
		origin.Start()
	}
}

// Follow points the standby to an upstream (a conninfo); a running standby needs a
// Reload.
func (p *Postgres) Follow(upstream string) {
	p.c.T.Helper()
	p.Configure(map[string]string{"primary_conninfo": fmt.Sprintf("%s application_name=%s", upstream, p.Name)})
}

// Promote makes the standby a primary and waits until it is one.
func (p *Postgres) Promote(timeout time.Duration) {
	p.c.T.Helper()
	require.Equal(p.c.T, "t", p.QueryOne(fmt.Sprintf("SELECT pg_promote(true, %d)", int(timeout.Seconds()))))
	require.Equal(p.c.T, "f", p.QueryOne("SELECT pg_is_in_recovery()"))
}
