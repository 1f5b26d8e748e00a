package views_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/procsignal"
	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/shmem"
	"waypost/xlog"
)

// crowd has one process of each sort: the session's own (dave's here), carol's, a superuser's walsender, and
// auxiliary ones.
func crowd(t *testing.T) *rig {
	r := newRig(t)
	r.join(0, 101, procsignal.Startup, "")
	r.join(1, 102, procsignal.WalReceiver, "")
	r.join(2, 103, procsignal.Spare, "")
	r.join(3, os.Getpid(), procsignal.Backend, "dave")
	r.join(4, 104, procsignal.Backend, "carol")
	r.join(5, 105, procsignal.WalSender, "postgres")
	r.p.Status[0].StartWait(activity.RecoveryWalStream)
	r.p.Status[4].StartWait(activity.ClientRead)
	r.p.Status[5].Update(func(f *activity.Fields) { f.State = activity.Running })
	return r
}

func TestActivityShowsEveryProcessButThePostmaster(t *testing.T) {
	r := crowd(t)
	require.Equal(t, [][]string{
		{"101", "startup", "∅", "∅", "∅", "Activity", "RecoveryWalStream", "∅", "", "∅", "∅"},
		{"102", "walreceiver", "∅", "∅", "∅", "∅", "∅", "∅", "", "∅", "∅"},
		{"103", "spare backend", "∅", "∅", "∅", "∅", "∅", "∅", "", "∅", "∅"},
		{strconv.Itoa(os.Getpid()), "client backend", "5", "postgres", "dave", "∅", "∅", "idle", "select 1",
			"192.0.2.7", "2026-11-20 08:29:59+00"},
		{"104", "client backend", "5", "postgres", "carol", "Client", "ClientRead", "idle", "select 1", "192.0.2.7",
			"2026-11-20 08:29:59+00"},
		{"105", "walsender", "∅", "∅", "postgres", "∅", "∅", "active", "select 1", "192.0.2.7", "∅"},
	}, r.rows(`select pid, backend_type, datid, datname, usename, wait_event_type, wait_event, state, query, client_addr,
		xact_start from pg_stat_activity`))
}

func TestDetailsOfOthersAreHiddenFromThoseWithoutThePrivilege(t *testing.T) {
	const query = `select pid, usename, application_name, backend_type, state, query, client_port, backend_start is null
		from pg_stat_activity where pid in (102, 104, 105, pg_backend_pid()) order by pid = pg_backend_pid(), pid`
	own := strconv.Itoa(os.Getpid())
	r := crowd(t)
	hidden := [][]string{
		{"102", "∅", "", "∅", "∅", "<insufficient privilege>", "∅", "t"},
		{"104", "carol", "app", "∅", "∅", "<insufficient privilege>", "∅", "t"},
		{"105", "postgres", "app", "∅", "∅", "<insufficient privilege>", "∅", "t"},
		{own, "dave", "app", "client backend", "idle", "select 1", "40000", "f"},
	}
	require.Equal(t, hidden, r.as("dave").rows(query))
	for _, role := range []string{"postgres", "carol"} {
		for _, row := range r.as(role).rows(query) {
			require.NotEqual(t, "<insufficient privilege>", row[5], role)
			require.Equal(t, "f", row[7], role)
		}
	}
	r.as("dave")
	require.Equal(t, [][]string{{own, "f"}}, r.rows("select pid, ssl from pg_stat_ssl"))
	require.Equal(t, [][]string{{own, "f"}}, r.rows("select pid, gss_authenticated from pg_stat_gssapi"))
	require.Equal(t, hidden[1:2], r.rows(`select pid, usename, application_name, backend_type, state, query, client_port,
		backend_start is null from pg_stat_get_activity(104) left join pg_roles on oid = usesysid cross join
		(select rolname as usename from pg_roles where rolname = 'carol') u`))
}

func TestSSLShowsWhatTheSessionStored(t *testing.T) {
	r := crowd(t)
	r.p.Status[4].Update(func(f *activity.Fields) {
		f.SSL, f.SSLBits = 1, 256
		shmem.SetString(f.SSLVersion[:], "TLSv1.3")
		shmem.SetString(f.SSLCipher[:], "TLS_AES_256_GCM_SHA384")
		shmem.SetString(f.SSLClientDN[:], "/CN=carol")
		shmem.SetString(f.SSLSerial[:], "340282366920938463463374607431768211456")
		shmem.SetString(f.SSLIssuerDN[:], "/CN=ca")
	})
	require.Equal(t, [][]string{{"104", "t", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", "/CN=carol",
		"340282366920938463463374607431768211456", "/CN=ca"}}, r.rows("select * from pg_stat_ssl where ssl"))
	require.Equal(t, [][]string{{"2"}}, r.rows("select count(*) from pg_stat_ssl where not ssl"))
}

func TestReplicationShowsEachClientAndHidesPositionsAsPostgreSQLDoes(t *testing.T) {
	r := crowd(t)
	walsnd.Claim(r.p.Snds, 105, func(f *walsnd.Fields) {
		f.State, f.SentPtr, f.Write, f.Flush, f.Apply = walsnd.Streaming, 0x5000100, 0x5000100, 0x50000F0, 0
		f.WriteLag, f.FlushLag = 1500, 2_000_000
		f.ReplyTime = xlog.FromTime(now)
	})
	walsnd.Claim(r.p.Snds, 999, func(*walsnd.Fields) {}) // has ended without leaving
	const query = `select pid, usename, client_addr, state, sent_lsn, write_lsn, flush_lsn, replay_lsn, write_lag, flush_lag,
		replay_lag, sync_priority, sync_state, reply_time from pg_stat_replication`
	require.Equal(t, [][]string{{"105", "postgres", "192.0.2.7", "streaming", "0/5000100", "0/5000100", "0/50000F0", "∅",
		"00:00:00.0015", "00:00:02", "∅", "0", "async", "2026-11-20 08:30:00+00"}}, r.rows(query))
	require.Equal(t, [][]string{{"105", "postgres", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅", "∅"}},
		r.as("dave").rows(query))
	require.Equal(t, [][]string{{"105", "streaming", "0/5000100"}},
		r.as("carol").rows("select pid, state, sent_lsn from pg_stat_get_wal_senders()"))
}

func TestWALReceiverIsShownOnlyOnceNoSecretCanBeSeen(t *testing.T) {
	r := crowd(t)
	const query = "select * from pg_stat_wal_receiver"
	require.Empty(t, r.rows(query))
	r.p.WalRcv.Update(func(f *walrcv.Fields) {
		f.Pid, f.State = 102, walrcv.Streaming
		f.ReceiveStart, f.ReceiveStartTLI, f.FlushedUpto, f.ReceivedTLI = 0x3000000, 1, 0x3000148, 1
		f.LatestWalEnd, f.SenderPort = 0x3000150, 5432
		shmem.SetString(f.Conninfo[:], "password=secret")
	})
	require.Empty(t, r.rows(query))
	r.p.WalRcv.WrittenUpto.Store(0x3000150)
	r.p.WalRcv.Update(func(f *walrcv.Fields) {
		f.ReadyToDisplay = 1
		shmem.SetString(f.Conninfo[:], "user=r")
		shmem.SetString(f.SenderHost[:], "up")
		shmem.SetString(f.Slotname[:], "s1")
		f.LastMsgSendTime = xlog.FromTime(now)
	})
	require.Equal(t, [][]string{{"102", "streaming", "0/3000000", "1", "0/3000150", "0/3000148", "1",
		"2026-11-20 08:30:00+00", "∅", "0/3000150", "∅", "s1", "up", "5432", "user=r"}}, r.rows(query))
	require.Equal(t, "102", r.as("dave").rows(query)[0][0])
	require.Equal(t, "∅", r.rows(query)[0][1])
	require.Equal(t, "∅", r.rows(query)[0][14])
	require.Equal(t, [][]string{{"0/3000148"}}, r.rows("select pg_last_wal_receive_lsn()"))
}
