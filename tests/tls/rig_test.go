package tls

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
	"waypost/tests/cluster"
	"waypost/walfile"
	"waypost/xlog"
)

// patience is how long anything may take that must happen.
const patience = 30 * time.Second

// rig is a primary, a relay of it that speaks TLS, and the authority that all certificates are from.
type rig struct {
	*cluster.Cluster
	primary *cluster.Postgres
	relay   *cluster.Waypost
	ca      *tlstest.CA
	server  *tlstest.Pair
	caFile  string
}

func newRig(t *testing.T, settings map[string]string) *rig {
	t.Helper()
	c := cluster.New(t)
	r := &rig{Cluster: c, primary: c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1}), ca: tlstest.NewCA(t, "root")}
	r.relay = c.InitWaypost("relay", r.primary.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{
		"ssl": "on", "log_connections": "on", "wal_keep_size": "1GB", "walsender_prelaunch": "2",
	}})
	r.relay.Configure(settings)
	r.server = r.ca.Issue(t, "localhost")
	r.install(r.server)
	r.caFile = c.Path("ca.crt")
	r.write(r.caFile, r.ca.CertPEM())
	return r
}

// start starts the relay.
func (r *rig) start() *rig {
	r.T.Helper()
	r.relay.Start()
	r.relay.WaitStreaming(patience)
	return r
}

// install makes pair the server's certificate, for its next start or reload.
func (r *rig) install(pair *tlstest.Pair) {
	r.T.Helper()
	r.write(r.data("server.crt"), pair.CertPEM())
	r.write(r.data("server.key"), pair.KeyPEM(r.T))
}

func (r *rig) data(name string) string { return filepath.Join(r.relay.DataDir, name) }

// write replaces a file by one that the servers' user alone may read.
func (r *rig) write(path string, text []byte) {
	r.T.Helper()
	next := path + ".next"
	require.NoError(r.T, os.WriteFile(next, text, 0o600))
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		require.NoError(r.T, err)
		uid, err := strconv.Atoi(u.Uid)
		require.NoError(r.T, err)
		gid, err := strconv.Atoi(u.Gid)
		require.NoError(r.T, err)
		require.NoError(r.T, os.Chown(next, uid, gid))
	}
	require.NoError(r.T, os.Rename(next, path))
}

// conninfo is how to reach the relay over TCP, with further options.
func (r *rig) conninfo(options string) string {
	return "host=127.0.0.1 port=" + strconv.Itoa(r.relay.Port) + " user=postgres dbname=postgres " + options
}

// verified is how to reach it by a certificate that is checked.
func (r *rig) verified() string { return r.conninfo("sslmode=verify-full sslrootcert=" + r.caFile) }

// psql runs a replication command by PostgreSQL 15's psql.
func (r *rig) psql(conninfo, command string) (code int, out string) {
	r.T.Helper()
	code, stdout, stderr := r.RunCode(r.ClientProgram("psql"), "-XAtc", command, conninfo+" replication=true")
	return code, stdout + stderr
}

// client writes a client's certificate and key, and gives the options that name them.
func (r *rig) client(pair *tlstest.Pair) string {
	r.T.Helper()
	crt, key := r.Path(pair.Cert.Subject.CommonName+".crt"), r.Path(pair.Cert.Subject.CommonName+".key")
	r.write(crt, pair.CertPEM())
	r.write(key, pair.KeyPEM(r.T))
	return " sslcert=" + crt + " sslkey=" + key
}

// load writes some segments of WAL, and gives their end.
func (r *rig) load(mb int) xlog.LSN {
	r.T.Helper()
	for range mb {
		r.primary.Exec("SELECT pg_logical_emit_message(false, 'load', repeat('x', 1048576))")
	}
	return r.primary.SwitchWAL()
}

// requireSame compares what a pg_receivewal has written with the primary's segments.
func (r *rig) requireSame(w *cluster.Receivewal, upto xlog.LSN) {
	r.T.Helper()
	size := r.primary.SegSize()
	last := filepath.Join(w.Dir, walfile.SegmentName(1, size.SegNo(upto)-1, size))
	cluster.Eventually(r.T, patience, "pg_receivewal has "+last, func() bool {
		_, err := os.Stat(last)
		return err == nil
	})
	r.RequireSameSegments(r.primary.WalDir(), w.Dir, size, upto)
}

// newCA is an authority that the rig knows nothing of.
func newCA(t *testing.T) *tlstest.CA {
	t.Helper()
	return tlstest.NewCA(t, "other root")
}

// privateDirty is what a process has in memory of its own, kB.
func privateDirty(t testing.TB, pid int) int {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Private_Dirty:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			require.NoError(t, err)
			return kb
		}
	}
	t.Fatal("no Private_Dirty")
	return 0
}
