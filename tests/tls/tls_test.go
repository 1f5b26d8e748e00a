package tls

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func TestPsqlGetsWhatItsSslmodeAsksFor(t *testing.T) {
	r := newRig(t, nil).start()
	_, stranger := r.psql(r.conninfo("sslmode=disable"), "IDENTIFY_SYSTEM")
	for _, options := range []string{
		"sslmode=disable", "sslmode=prefer", "sslmode=require", "sslmode=verify-ca sslrootcert=" + r.caFile,
		"sslmode=verify-full sslrootcert=" + r.caFile, "sslmode=require ssl_max_protocol_version=TLSv1.2",
	} {
		code, out := r.psql(r.conninfo(options), "IDENTIFY_SYSTEM")
		require.Zerof(t, code, "%s: %s", options, out)
		require.Equal(t, strings.Split(stranger, "|")[0], strings.Split(out, "|")[0])
	}
	for options, want := range map[string]string{
		"sslmode=require": "SSL connection (protocol: TLSv1.3, cipher: TLS_",
		"sslmode=require ssl_max_protocol_version=TLSv1.2": "SSL connection (protocol: TLSv1.2, cipher: ECDHE-ECDSA-AES",
	} {
		code, out := r.psql(r.conninfo(options), `\conninfo`)
		require.Zero(t, code)
		require.Contains(t, out, want)
	}
	log := r.relay.Process().LogText()
	require.Regexp(t, `application_name=psql SSL enabled \(protocol=TLSv1\.3, cipher=TLS_AES_\d+_GCM_SHA\d+, bits=\d+\)`, log)
	require.Regexp(t, `application_name=psql SSL enabled \(protocol=TLSv1\.2, cipher=ECDHE-ECDSA-AES\d+-GCM-SHA\d+, bits=\d+\)`, log)

	// Who checks must find what is promised.
	other := tlsOther(t, r)
	code, out := r.psql(r.conninfo("sslmode=verify-ca sslrootcert="+other), "IDENTIFY_SYSTEM")
	require.NotZero(t, code)
	require.Contains(t, out, "certificate verify failed")
	code, out = r.psql(strings.Replace(r.verified(), "host=127.0.0.1", "host=nosuch.example hostaddr=127.0.0.1", 1), "IDENTIFY_SYSTEM")
	require.NotZero(t, code)
	require.Contains(t, out, `does not match host name "nosuch.example"`)
}

func tlsOther(t *testing.T, r *rig) string {
	t.Helper()
	path := r.Path("other.crt")
	r.write(path, newCA(t).CertPEM())
	return path
}

// dial connects by pgx for replication and gives the certificate's serial that it was shown.
func (r *rig) dial(options string) (*pgconn.PgConn, string, error) {
	r.T.Helper()
	config, err := pgconn.ParseConfig(r.verified() + " replication=true " + options)
	require.NoError(r.T, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, "", err
	}
	state := conn.Conn().(*tls.Conn).ConnectionState()
	return conn, state.PeerCertificates[0].SerialNumber.String(), nil
}

func TestPgxNegotiatesAndGoesDirectly(t *testing.T) {
	r := newRig(t, nil).start()
	for _, options := range []string{"", "sslnegotiation=direct", "sslnegotiation=postgres"} {
		conn, serial, err := r.dial(options)
		require.NoError(t, err)
		require.Equal(t, r.server.Cert.SerialNumber.String(), serial)
		state := conn.Conn().(*tls.Conn).ConnectionState()
		require.EqualValues(t, tls.VersionTLS13, state.Version)
		if strings.Contains(options, "direct") {
			require.Equal(t, "postgresql", state.NegotiatedProtocol)
		}
		results, err := conn.Exec(context.Background(), "IDENTIFY_SYSTEM").ReadAll()
		require.NoError(t, err)
		require.Len(t, results[0].Rows, 1)
		require.NoError(t, conn.Close(context.Background()))
	}
}

func TestStreamsOverTLSAreByteForByte(t *testing.T) {
	r := newRig(t, nil).start()
	receiver := r.StartReceivewal("receiver", r.verified())
	before := r.load(20)
	standby := r.StandbyOf(r.primary, "standby", r.verified(), nil)
	older := r.StartReceivewal("older", r.verified()+" ssl_max_protocol_version=TLSv1.2")
	r.primary.PgbenchInit(1)
	upto := r.load(20)
	r.requireSame(receiver, upto)
	r.requireSame(older, upto)
	standby.WaitReplay(patience, upto)
	cluster.RequireSameTables(r.primary, standby)
	require.Greater(t, upto, before)
	require.Contains(t, r.relay.Process().LogText(), "application_name=standby SSL enabled (protocol=TLSv1.3")
	r.relay.Stop(cluster.Fast)
}

func TestCertificatesChangeUnderLoadAndNoStreamBreaks(t *testing.T) {
	r := newRig(t, nil).start()
	receiver := r.StartReceivewal("receiver", r.verified())
	standby := r.StandbyOf(r.primary, "standby", r.verified(), nil)
	r.primary.PgbenchInit(1)
	bench := r.primary.StartPgbench("-c", "4", "-T", "600")
	defer bench.KillTree()
	cluster.Eventually(t, patience, "both stream", func() bool { return len(r.relay.Pids("walsender")) >= 2 })
	streams := r.streams()
	for range 5 {
		next := r.ca.Issue(t, "localhost")
		r.install(next)
		r.relay.Reload()
		want := next.Cert.SerialNumber.String()
		cluster.EventuallyOK(t, patience, "new connections get the new certificate", func() error {
			conn, serial, err := r.dial("")
			if err != nil {
				return err
			}
			defer conn.Close(context.Background())
			if serial != want {
				return fmt.Errorf("serial %s, not %s", serial, want)
			}
			return nil
		})
		r.server = next
	}

	// What is wrong changes nothing.
	r.write(r.data("server.key"), r.ca.Issue(t, "localhost").KeyPEM(t))
	r.reloadUntil("SSL configuration was not reloaded")
	require.Contains(t, r.relay.Process().LogText(), "check of private key failed: key values mismatch")
	_, serial, err := r.dial("")
	require.NoError(t, err)
	require.Equal(t, r.server.Cert.SerialNumber.String(), serial)

	// Off and on again: who streams does not notice.
	r.relay.Configure(map[string]string{"ssl": "off"})
	r.reloadUntil(`parameter "ssl" changed to "off"`)
	cluster.Eventually(t, patience, "TLS to be off", func() bool {
		code, out := r.psql(r.conninfo("sslmode=require"), "IDENTIFY_SYSTEM")
		return code != 0 && strings.Contains(out, "server does not support SSL")
	})
	r.install(r.server)
	r.relay.Configure(map[string]string{"ssl": "on"})
	r.relay.Reload()
	cluster.EventuallyOK(t, patience, "TLS to be on", func() error {
		_, _, err := r.dial("")
		return err
	})

	bench.KillTree()
	upto := r.load(5)
	r.requireSame(receiver, upto)
	standby.WaitReplay(patience, upto)
	require.Subset(t, r.streams(), streams, "the processes are the same")
	require.Equal(t, 1, strings.Count(receiver.LogText(), "starting log streaming"))
}

// streams are the processes that stream.
func (r *rig) streams() (pids []int) {
	r.T.Helper()
	for _, pid := range r.relay.Pids("walsender") {
		title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && strings.Contains(string(title), "streaming") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// reloadUntil reloads and waits for the log to say something.
func (r *rig) reloadUntil(text string) {
	r.T.Helper()
	had := strings.Count(r.relay.Process().LogText(), text)
	r.relay.Reload()
	cluster.Eventually(r.T, patience, "the log to say "+text, func() bool {
		return strings.Count(r.relay.Process().LogText(), text) > had
	})
}

func TestNodeDoesNotStartWithWrongFiles(t *testing.T) {
	r := newRig(t, nil)
	for _, tc := range []struct {
		spoil func()
		want  []string
	}{
		{func() { require.NoError(t, os.Chmod(r.data("server.key"), 0o644)) }, []string{
			`FATAL:  private key file "server.key" has group or world access`,
			"DETAIL:  File must have permissions u=rw (0600) or less if owned by the database user"}},
		{func() { require.NoError(t, os.Remove(r.data("server.crt"))) }, []string{
			`FATAL:  could not load server certificate file "server.crt": No such file or directory`}},
	} {
		tc.spoil()
		r.relay.StartOnly()
		require.Equal(t, 1, r.relay.Process().Wait(patience).ExitCode())
		for _, want := range tc.want {
			require.Contains(t, r.relay.Process().LogText(), want)
		}
		r.install(r.server)
	}
	r.start()
}

func TestPassphraseIsAskedForByItsCommand(t *testing.T) {
	r := newRig(t, map[string]string{"ssl_passphrase_command": "echo secret"})
	plain, locked := r.Path("plain.key"), r.Path("locked.key")
	r.write(plain, r.server.KeyPEM(t))
	r.Run("openssl", "pkcs8", "-topk8", "-passout", "pass:secret", "-in", plain, "-out", locked)
	text, err := os.ReadFile(locked)
	require.NoError(t, err)
	r.write(r.data("server.key"), text)
	r.start()
	_, _, err = r.dial("")
	require.NoError(t, err)
	r.reloadUntil("SSL configuration was not reloaded")
	require.Contains(t, r.relay.Process().LogText(),
		`private key file "server.key" cannot be reloaded because it requires a passphrase`)
	_, _, err = r.dial("")
	require.NoError(t, err, "what was read at the start stays")
	r.relay.Configure(map[string]string{"ssl_passphrase_command_supports_reload": "on"})
	next := r.ca.Issue(t, "localhost")
	r.install(next)
	r.relay.Reload()
	cluster.Eventually(t, patience, "the new certificate", func() bool {
		_, serial, err := r.dial("")
		return err == nil && serial == next.Cert.SerialNumber.String()
	})
	require.NotContains(t, r.relay.Process().LogText(), "secret")
}

func TestClientCertificatesOfRealClients(t *testing.T) {
	r := newRig(t, map[string]string{"ssl_ca_file": "root.crt", "ssl_crl_file": "root.crl"})
	good, revoked, stranger := r.ca.Issue(t, "good"), r.ca.Issue(t, "revoked"), newCA(t).Issue(t, "unknown")
	r.write(r.data("root.crt"), r.ca.CertPEM())
	r.write(r.data("root.crl"), r.ca.CRL(t, time.Now().Add(time.Hour), revoked))
	r.start()
	for _, tc := range []struct {
		options string
		want    string // "" where it is let in
	}{
		{"", ""},
		{r.client(good), ""},
		{r.client(revoked), "SSL error: "},
		{r.client(stranger), "SSL error: tlsv1 alert unknown ca"},
	} {
		for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
			code, out := r.psql(r.verified()+tc.options+" ssl_max_protocol_version="+version, "IDENTIFY_SYSTEM")
			if tc.want == "" {
				require.Zerof(t, code, "%s: %s", tc.options, out)
				continue
			}
			require.NotZero(t, code)
			require.Contains(t, out, tc.want)
		}
	}
	log := r.relay.Process().LogText()
	require.Contains(t, log, "Client certificate verification failed at depth 0: certificate revoked.")
	require.Contains(t, log, "Client certificate verification failed at depth 0: unable to get local issuer certificate.")
}
