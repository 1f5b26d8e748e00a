package sessions

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
	"waypost/tests/cluster"
)

// TestReloadUnderLoadBreaksNoStreamThatItNeedNot changes pg_hba.conf, the certificate, primary_conninfo and timeouts of a
// relay under load, one after the other. The processes of the streams that are there are the same at the end, and only the
// change of primary_conninfo ends the walreceiver.
func TestReloadUnderLoadBreaksNoStreamThatItNeedNot(t *testing.T) {
	t.Parallel()
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.InitWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{"ssl": "on"}})
	ca := tlstest.NewCA(t, "root")
	writeCertificate(t, c, relay, ca.Issue(t, "first"))
	relay.Start()
	standby := c.StandbyOf(primary, "standby", relay.Conninfo(), nil)
	encrypted := fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=require", relay.Port)
	c.StartReceivewal("encrypted", encrypted)
	c.StartReceivewal("plain", relay.Conninfo())
	load := primary.StartAckLoad(4)
	for _, name := range []string{"standby", "encrypted", "plain"} {
		relay.WaitConsumer(patience, name)
	}
	r := &reloads{t: t, c: c, relay: relay, load: load, streams: streams(relay), receiver: relay.Pids("walreceiver")}
	require.Equal(t, "t", relay.QueryOne(
		"SELECT ssl FROM pg_stat_ssl JOIN pg_stat_replication USING (pid) WHERE application_name = 'encrypted'"))

	r.changeHBA()
	r.changeCertificate(ca.Issue(t, "second"))
	r.changeTimeouts()
	require.Equal(t, r.receiver, relay.Pids("walreceiver"))
	r.changePrimaryConninfo(primary)
	r.badFilesChangeNothing()

	load.Stop()
	standby.WaitFor(patience, fmt.Sprintf("SELECT pg_last_wal_replay_lsn() >= '%s'", primary.FlushLSN()), "t")
	load.RequireAllOn(standby)
	r.requireStreams()
	require.NotContains(t, relay.Process().LogText(), "PANIC")
}

// TestReloadedRulesAreForEveryClientAfter: who comes in is decided by the rules that the postmaster has read last, not by
// older ones that a process launched ahead still has, nor by what has been written to the file since.
func TestReloadedRulesAreForEveryClientAfter(t *testing.T) {
	t.Parallel()
	const ahead = 4
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{
		Settings: map[string]string{"walsender_prelaunch": fmt.Sprint(ahead)},
	})
	relay.Query("CREATE ROLE visitor LOGIN")
	requireEach := func(code string) {
		t.Helper()
		for range 2 * ahead {
			conn, err := pgconn.Connect(context.Background(), relay.Conninfo()+" user=visitor")
			if code == "" {
				require.NoError(t, err)
				closeConn(conn)
				continue
			}
			var refused *pgconn.PgError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, code, refused.Code)
		}
	}
	path := filepath.Join(relay.DataDir, "pg_hba.conf")
	own, err := os.ReadFile(path)
	require.NoError(t, err)
	requireEach("")
	for i, later := range []string{string(own), "host all all 127.0.0.1/99 nonsense\n"} {
		missing := fmt.Sprintf("missing%d.conf", i) // of which the log tells when the file has been read
		c.WriteFile(path, "include_if_exists "+missing+"\nhost all visitor all reject\n"+string(own))
		relay.Reload()
		cluster.Eventually(t, patience, "the rules have been read", func() bool {
			return strings.Contains(relay.Process().LogText(), missing)
		})
		c.WriteFile(path, later)
		requireEach("28000")
	}
}

type reloads struct {
	t        *testing.T
	c        *cluster.Cluster
	relay    *cluster.Waypost
	load     *cluster.AckLoad
	streams  [][]string
	receiver []int
}

// streams are the walsenders' pids and beginnings, by their clients' names.
func streams(w *cluster.Waypost) [][]string {
	return w.Query(
		"SELECT application_name, pid, backend_start FROM pg_stat_replication WHERE state = 'streaming' ORDER BY 1")
}

// reload has the node read its files again, and waits until it says so.
func (r *reloads) reload() {
	r.t.Helper()
	before := r.relay.QueryOne("SELECT pg_conf_load_time()")
	require.Equal(r.t, "t", r.relay.QueryOne("SELECT pg_reload_conf()"))
	cluster.Eventually(r.t, patience, "the configuration has been read again", func() bool {
		return r.relay.QueryOne("SELECT pg_conf_load_time()") != before
	})
}

// requireStreams: all go on, in the same processes, and WAL comes through.
func (r *reloads) requireStreams() {
	r.t.Helper()
	require.Equal(r.t, r.streams, streams(r.relay))
	for _, stream := range r.streams {
		require.True(r.t, cluster.Alive(atoi(r.t, stream[1])))
	}
}

// changeHBA shuts out a role that could come in, and the streams' own.
func (r *reloads) changeHBA() {
	r.t.Helper()
	r.relay.Query("CREATE ROLE visitor LOGIN")
	visitor := func() error {
		conn, err := pgconn.Connect(context.Background(), r.relay.Conninfo()+" user=visitor")
		if err == nil {
			closeConn(conn)
		}
		return err
	}
	require.NoError(r.t, visitor())
	prependHBA(r.t, r.c, r.relay, "host all visitor all reject\nhost replication postgres all reject")
	r.reload()
	var refused *pgconn.PgError
	cluster.Eventually(r.t, patience, "the new rules hold", func() bool { return errors.As(visitor(), &refused) })
	require.Equal(r.t, "28000", refused.Code)
	require.Contains(r.t, refused.Message, `pg_hba.conf rejects connection for host "127.0.0.1", user "visitor", database`)
	require.Equal(r.t, "2", r.relay.QueryOne(
		"SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'reject' AND error IS NULL"))
	r.load.WaitAcked(r.t, patience, 50)
	r.requireStreams()
}

// changeCertificate: who comes in from now on sees the new one.
func (r *reloads) changeCertificate(next *tlstest.Pair) {
	r.t.Helper()
	require.Equal(r.t, "first", r.shownName())
	writeCertificate(r.t, r.c, r.relay, next)
	r.reload()
	cluster.Eventually(r.t, patience, "the new certificate is shown", func() bool { return r.shownName() == "second" })
	r.load.WaitAcked(r.t, patience, 50)
	r.requireStreams()
}

// shownName is the name in the certificate that a new client sees.
func (r *reloads) shownName() (name string) {
	r.t.Helper()
	config, err := pgconn.ParseConfig(
		fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=require", r.relay.Port))
	require.NoError(r.t, err)
	config.TLSConfig.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		cert, err := x509.ParseCertificate(raw[0])
		if err == nil {
			name = cert.Subject.CommonName
		}
		return err
	}
	conn, err := pgconn.ConnectConfig(context.Background(), config)
	require.NoError(r.t, err)
	_, is := conn.Conn().(*tls.Conn)
	require.True(r.t, is)
	closeConn(conn)
	return name
}

func (r *reloads) changeTimeouts() {
	r.t.Helper()
	r.relay.Query("ALTER SYSTEM SET wal_sender_timeout = '45s'")
	r.relay.Query("ALTER SYSTEM SET wal_receiver_status_interval = '2s'")
	r.relay.Configure(map[string]string{"wal_receiver_timeout": "50s", "authentication_timeout": "20s"})
	r.reload()
	for name, value := range map[string]string{
		"wal_sender_timeout": "45s", "wal_receiver_status_interval": "2s", "wal_receiver_timeout": "50s",
		"authentication_timeout": "20s",
	} {
		require.Equal(r.t, value, r.relay.QueryOne("SHOW "+name))
	}
	r.load.WaitAcked(r.t, patience, 50)
	r.requireStreams()
}

// changePrimaryConninfo makes the relay known under another name upstream; only its own connection there is made anew.
func (r *reloads) changePrimaryConninfo(primary *cluster.Postgres) {
	r.t.Helper()
	r.relay.Configure(map[string]string{"primary_conninfo": primary.Conninfo() + " application_name=renamed"})
	r.reload()
	primary.WaitConsumer(patience, "renamed")
	r.relay.WaitFor(patience,
		"SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming' AND conninfo LIKE '%renamed%'", "1")
	require.NotEqual(r.t, r.receiver, r.relay.Pids("walreceiver"))
	r.load.WaitAcked(r.t, patience, 50)
	r.requireStreams()
}

// badFilesChangeNothing: the views tell what is wrong, the old rules and values hold.
func (r *reloads) badFilesChangeNothing() {
	r.t.Helper()
	prependHBA(r.t, r.c, r.relay, "host all all 127.0.0.1/99 trust")
	r.relay.Configure(map[string]string{"wal_receiver_timeout": "much"})
	r.relay.Reload()
	r.relay.WaitFor(patience, "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL", "1")
	require.Equal(r.t, "f", r.relay.QueryOne("SELECT bool_and(applied) FROM pg_file_settings WHERE error IS NOT NULL"))
	require.Equal(r.t, "50s", r.relay.QueryOne("SHOW wal_receiver_timeout"))
	cluster.Eventually(r.t, patience, "the log tells of both", func() bool {
		log := r.relay.Process().LogText()
		return strings.Contains(log, "wal_receiver_timeout") && strings.Contains(log, "pg_hba.conf")
	})
	r.load.WaitAcked(r.t, patience, 50)
	r.requireStreams()
}

// writeCertificate makes pair the server's, for its next start or reload.
func writeCertificate(t *testing.T, c *cluster.Cluster, w *cluster.Waypost, pair *tlstest.Pair) {
	t.Helper()
	for name, text := range map[string][]byte{"server.key": pair.KeyPEM(t), "server.crt": pair.CertPEM()} {
		path := filepath.Join(w.DataDir, name)
		c.WriteFile(path+".new", string(text))
		require.NoError(t, os.Rename(path+".new", path))
	}
}
