package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/tlsfiles/tlstest"
	"waypost/protocol"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// tls measures walsenders that send old WAL over TLS 1.3. The client is Go's for both: what it spends on decrypting bounds
// the rate, so the walsender's processor time is what tells.
func (b *bench) tls() {
	s, relay := b.source(), b.relay()
	b.encrypt(s, relay)
	var cpuPG, cpuWP, ratePG, rateWP []float64
	for range b.opts.runs {
		cpu, rate := b.sendEncrypted(s.Port, s.start, s.end)
		cpuPG, ratePG = append(cpuPG, cpu), append(ratePG, rate)
		cpu, rate = b.sendEncrypted(relay.Port, s.start, s.end)
		cpuWP, rateWP = append(cpuWP, cpu), append(rateWP, rate)
	}
	b.report.compare(comparison{what: "walsender's CPU, TLS", unit: "s/GB", theirs: cpuPG, waypost: cpuWP})
	b.report.compare(comparison{what: "throughput, TLS", unit: "GB/s", theirs: ratePG, waypost: rateWP})
}

// encrypt gives both servers the same certificate and turns TLS on.
func (b *bench) encrypt(s *source, relay *cluster.Waypost) {
	pair := tlstest.NewCA(b, "root").Issue(b, "localhost")
	for _, dir := range []string{s.DataDir, relay.DataDir} {
		b.disk.WriteFile(filepath.Join(dir, "server.crt"), string(pair.CertPEM()))
		b.disk.WriteFile(filepath.Join(dir, "server.key"), string(pair.KeyPEM(b)))
	}
	s.Configure(map[string]string{"ssl": "on"})
	s.Reload()
	relay.Configure(map[string]string{"ssl": "on"})
	relay.Reload()
}

// sendEncrypted has one client take WAL and throw it away, and gives the walsender's processor seconds per GB and GB per
// second.
func (b *bench) sendEncrypted(port int, from, upto xlog.LSN) (cpu, rate float64) {
	config, err := pgconn.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=postgres sslmode=require replication=true", port))
	require.NoError(b, err)
	var conn *pgconn.PgConn
	cluster.EventuallyOK(b, time.Minute, "the server speaks TLS", func() error {
		var err error
		conn, err = pgconn.ConnectConfig(context.Background(), config)
		return err
	})
	socket := conn.Conn()
	defer socket.Close()
	pid := int(conn.PID())
	before := b.cpuOf(pid)
	began := time.Now()
	_, err = socket.Write(protocol.AppendQuery(nil, "START_REPLICATION "+from.String()))
	require.NoError(b, err)
	r := bufio.NewReaderSize(socket, 256<<10)
	for at := from; at < upto; {
		head, err := r.Peek(5)
		require.NoError(b, err)
		kind, n := head[0], int(binary.BigEndian.Uint32(head[1:]))
		require.Contains(b, "Wd", string(kind))
		if kind == 'd' {
			head, err = r.Peek(headerLen - 8) // a keepalive is no longer
			require.NoError(b, err)
			if head[5] == 'w' {
				at = xlog.LSN(binary.BigEndian.Uint64(head[6:])) + xlog.LSN(1+n-headerLen)
			}
		}
		_, err = io.CopyN(io.Discard, r, int64(1+n))
		require.NoError(b, err)
	}
	took := time.Since(began)
	bytes := int64(upto - from)
	return perGB(b.cpuOf(pid)-before, bytes), float64(bytes) / gb / took.Seconds()
}
