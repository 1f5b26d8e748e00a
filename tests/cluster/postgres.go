package cluster

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// PostgresOptions says how a server differs from the usual one.
type PostgresOptions struct {
	SegSizeMB int               // wal_segment_size; 16 if zero
	Settings  map[string]string // beyond, or instead of, baseSettings
	HBA       []string          // lines before initdb's, which trust everybody on this machine
	Checksums bool              // data page checksums
	Fsync     bool              // with the cost of durability; a test that ends processes only needs none
}

// Postgres is a PostgreSQL server: a primary, or a standby of anything.
type Postgres struct {
	c       *Cluster
	Name    string
	Version int
	DataDir string
	Port    int

	binDir string
	proc   *Process
}

// Timeouts of a server's start and orderly end; generous, for a busy machine.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
)

// baseSettings are those of every server. Shared memory is kept in the data
// directory where possible, so that a killed server leaves nothing behind elsewhere.
func baseSettings(socketDir string) map[string]string {
	return map[string]string{
		"listen_addresses":             "127.0.0.1",
		"unix_socket_directories":      socketDir,
		"dynamic_shared_memory_type":   "mmap",
		"shared_buffers":               "32MB",
		"max_connections":              "100",
		"max_wal_senders":              "20",
		"max_replication_slots":        "20",
		"wal_keep_size":                "1GB",
		"wal_level":                    "replica",
		"hot_standby":                  "on",
		"fsync":                        "off",
		"log_line_prefix":              "%m [%p] %b ",
		"log_replication_commands":     "on",
		"wal_retrieve_retry_interval":  "200ms",
		"wal_receiver_status_interval": "1s",
	}
}

// NewPostgres makes and starts a primary of the given major version.
func (c *Cluster) NewPostgres(name string, version int, opts PostgresOptions) *Postgres {
	c.T.Helper()
	p := c.InitPostgres(name, version, opts)
	p.Start()
	return p
}

// InitPostgres makes a primary without starting it.
func (c *Cluster) InitPostgres(name string, version int, opts PostgresOptions) *Postgres {
	c.T.Helper()
	p := c.newPostgres(name, version)
	segSize := opts.SegSizeMB
	if segSize == 0 {
		segSize = 16
	}
	argv := []string{
		filepath.Join(p.binDir, "initdb"), "-D", p.DataDir, "-U", "postgres", "-A", "trust",
		"--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C", "--wal-segsize=" + strconv.Itoa(segSize),
	}
	switch {
	case opts.Checksums:
		argv = append(argv, "--data-checksums")
	case version >= 18: // there they are on by default
		argv = append(argv, "--no-data-checksums")
	}
	c.Run(argv...)
	p.configureFirst(opts)
	return p
}

func (c *Cluster) newPostgres(name string, version int) *Postgres {
	c.T.Helper()
	return &Postgres{
		c: c, Name: name, Version: version,
		DataDir: c.Path(name), Port: c.FreePort(), binDir: c.binDir(version),
	}
}

func (p *Postgres) configureFirst(opts PostgresOptions) {
	p.c.T.Helper()
	settings := baseSettings(p.c.Dir)
	settings["port"] = strconv.Itoa(p.Port)
	if opts.Fsync {
		settings["fsync"] = "on"
	}
	maps.Copy(settings, opts.Settings)
	p.Configure(settings)
	if len(opts.HBA) > 0 {
		hba := filepath.Join(p.DataDir, "pg_hba.conf")
		old, err := os.ReadFile(hba)
		require.NoError(p.c.T, err)
		p.c.WriteFile(hba, strings.Join(opts.HBA, "\n")+"\n"+string(old))
	}
}

// Configure appends settings to postgresql.conf, where the last one counts. They
// need a Reload or Restart.
func (p *Postgres) Configure(settings map[string]string) {
	p.c.T.Helper()
	p.c.appendFile(filepath.Join(p.DataDir, "postgresql.conf"), settingLines(settings))
}

func settingLines(settings map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = %s\n", name, quoteSetting(settings[name]))
	}
	return b.String()
}

// Start starts the server and waits until it takes connections.
func (p *Postgres) Start() {
	p.c.T.Helper()
	p.StartOnly()
	EventuallyOK(p.c.T, startTimeout, p.Name+" takes connections", func() error {
		if !p.proc.Running() {
			p.c.T.Fatalf("%s ended while it was starting: %v", p.Name, p.proc.cmd.ProcessState)
		}
		_, err := p.TryQuery("SELECT 1")
		return err
	})
}

// StartOnly starts the server and does not wait until it takes connections.
func (p *Postgres) StartOnly() {
	p.c.T.Helper()
	p.proc = p.c.start(spec{
		name: p.Name, dir: p.DataDir, orphaned: syscall.SIGQUIT,
		argv: []string{filepath.Join(p.binDir, "postgres"), "-D", p.DataDir},
	})
}

// Running says whether the postmaster runs.
func (p *Postgres) Running() bool { return p.proc != nil && p.proc.Running() }

// Process is the postmaster.
func (p *Postgres) Process() *Process { return p.proc }

// Mode is the way to shut a server down, as pg_ctl calls it.
type Mode string

// The modes: wait for clients; end them; die at once, with recovery at the next start.
const (
	Smart     Mode = "smart"
	Fast      Mode = "fast"
	Immediate Mode = "immediate"
)

func (m Mode) signal() syscall.Signal {
	switch m {
	case Smart:
		return syscall.SIGTERM
	case Fast:
		return syscall.SIGINT
	default:
		return syscall.SIGQUIT
	}
}

// Stop shuts the server down and waits for its end.
func (p *Postgres) Stop(mode Mode) {
	p.c.T.Helper()
	p.proc.Signal(mode.signal())
	p.proc.Wait(stopTimeout)
}

// Restart stops the server fast and starts it again.
func (p *Postgres) Restart() {
	p.c.T.Helper()
	p.Stop(Fast)
	p.Start()
}

// Reload has the server read its configuration again.
func (p *Postgres) Reload() {
	p.c.T.Helper()
	p.Exec("SELECT pg_reload_conf()")
}

// Kill9 ends the postmaster and all its children at once with SIGKILL.
func (p *Postgres) Kill9() {
	p.c.T.Helper()
	pidFile, _ := os.ReadFile(filepath.Join(p.DataDir, "postmaster.pid"))
	p.proc.KillTree()
	removeSharedMemory(string(pidFile))
}

// sharedMemoryLine of postmaster.pid has the key and the id of a System V segment.
const sharedMemoryLine = 6

// removeSharedMemory removes the System V segment that a killed server left. Its
// next start would, but there may be none.
func removeSharedMemory(pidFile string) {
	lines := strings.Split(pidFile, "\n")
	if len(lines) <= sharedMemoryLine {
		return
	}
	var key, id int
	if _, err := fmt.Sscan(lines[sharedMemoryLine], &key, &id); err == nil {
		_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	}
}

// Destroy removes the data directory of a server that is down.
func (p *Postgres) Destroy() {
	p.c.T.Helper()
	require.False(p.c.T, p.Running(), "%s still runs", p.Name)
	require.NoError(p.c.T, os.RemoveAll(p.DataDir))
}

// WalDir is the directory of the WAL segments.
func (p *Postgres) WalDir() string { return filepath.Join(p.DataDir, "pg_wal") }
