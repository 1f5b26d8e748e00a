package tls

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/tests/cluster"
)

// sql runs a statement by psql on a regular connection.
func (r *rig) sql(conninfo, statement string) (code int, out string) {
	r.T.Helper()
	code, stdout, stderr := r.RunCode(r.ClientProgram("psql"), "-XAtc", statement, conninfo)
	return code, strings.TrimSpace(stdout + stderr)
}

func TestPgStatSslShowsWhoIsEncryptedAndHow(t *testing.T) {
	r := newRig(t, map[string]string{"ssl_ca_file": "root.crt"})
	r.write(r.data("root.crt"), r.ca.CertPEM())
	r.start()
	const own = "SELECT ssl, version, bits, client_dn, client_serial, issuer_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
	good := r.ca.Issue(t, "good")
	for options, want := range map[string]string{
		r.conninfo("sslmode=disable"):                      "f|||||",
		r.conninfo("sslmode=require"):                      "t|TLSv1.3|",
		r.verified() + " ssl_max_protocol_version=TLSv1.2": "t|TLSv1.2|",
		r.verified() + r.client(good):                      fmt.Sprintf("|/CN=good|%v|/CN=root", good.Cert.SerialNumber),
	} {
		code, out := r.sql(options, own)
		require.Zerof(t, code, out)
		require.Containsf(t, out, want, options)
	}
}

func TestRulesTellEncryptedConnectionsFromOthers(t *testing.T) {
	r := newRig(t, nil)
	r.write(r.data("pg_hba.conf"), []byte("local all all trust\nlocal replication all trust\n"+
		"hostnossl replication all 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 trust\n"))
	r.start()
	code, out := r.sql(r.conninfo("sslmode=require"), "SELECT 1")
	require.Zero(t, code)
	require.Equal(t, "1", out)
	code, out = r.sql(r.conninfo("sslmode=disable"), "SELECT 1")
	require.NotZero(t, code)
	require.Contains(t, out, `no pg_hba.conf entry for host "127.0.0.1", user "postgres", database "postgres", no encryption`)
	code, out = r.psql(r.conninfo("sslmode=require"), "IDENTIFY_SYSTEM")
	require.NotZero(t, code)
	require.Contains(t, out, `no pg_hba.conf entry for replication connection from host "127.0.0.1", user "postgres", SSL encryption`)
}

func TestCancelRequestOverTLSCancels(t *testing.T) {
	r := newRig(t, nil).start()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	victim, err := pgconn.Connect(ctx, r.verified())
	require.NoError(t, err)
	defer victim.Close(ctx)
	done := make(chan error, 1)
	go func() {
		_, err := victim.Exec(ctx, "SELECT pg_sleep(600)").ReadAll()
		done <- err
	}()
	cluster.Eventually(t, patience, "the statement to run", func() bool {
		return r.relay.QueryOne(fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND state = 'active'", victim.PID())) == "1"
	})
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.relay.Port))
	require.NoError(t, err)
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}})
	defer secure.Close()
	request := binary.BigEndian.AppendUint32(nil, uint32(12+len(victim.SecretKey())))
	request = binary.BigEndian.AppendUint32(request, uint32(protocol.CancelRequestCode))
	request = binary.BigEndian.AppendUint32(request, victim.PID())
	_, err = secure.Write(append(request, victim.SecretKey()...))
	require.NoError(t, err)
	var e *pgconn.PgError
	require.ErrorAs(t, <-done, &e)
	require.Equal(t, "57014", e.Code)
}
