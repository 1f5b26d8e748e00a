package metrics

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/child"
	"waypost/internal/guc"
	"waypost/internal/layout"
	"waypost/internal/procsignal"
	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/shmem"
	"waypost/xlog"
)

const size = 1 << 20 // of a segment

// newProcess is a metrics process of a node with room for so many walsenders.
func newProcess(t testing.TB, walSenders int) *child.Process {
	t.Helper()
	s, err := shmem.Create([]string{t.TempDir()}, "test", layout.New(2*walSenders+8, walSenders), 3)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	a, err := layout.Map(s)
	require.NoError(t, err)
	layout.Init(&a)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(dir+"/pg_wal", 0o700))
	a.XLog.SegmentSize.Store(size)
	a.XLog.SystemID.Store(7_123_456_789_012_345_678)
	a.XLog.SetServerVersion("17.10 (Debian)", 170010)
	a.XLog.State.Store(uint32(xlogctl.RecoveryStateArchive))
	for _, p := range []interface{ Store(uint64) }{&a.XLog.WrittenUpto, &a.XLog.FlushedUpto, &a.XLog.ReplayedUpto} {
		p.Store(0x3000000)
	}
	return &child.Process{Kind: procsignal.Metrics, DataDir: dir, Segment: s, Areas: a, Settings: guc.New(),
		PostmasterStart: time.Unix(1_800_000_000, 0), ConfigLoaded: time.Unix(1_800_000_100, 0), Log: zerolog.Nop()}
}

// addSender makes a walsender.
func addSender(t testing.TB, p *child.Process, application string, change func(f *walsnd.Fields)) *walsnd.WalSnd {
	t.Helper()
	n := walsnd.Claim(p.Snds, os.Getpid(), func(f *walsnd.Fields) { f.State = walsnd.Streaming })
	require.GreaterOrEqual(t, n, 0)
	p.Snds[n].Update(func(f *walsnd.Fields) {
		f.Pid = int32(100_000 + n)
		shmem.SetString(f.Application[:], application)
		shmem.SetString(f.ClientAddr[:], "127.0.0.1")
		change(f)
	})
	return &p.Snds[n]
}

// families is what a scrape over HTTP gives, taken apart by Prometheus' own parser.
func families(t testing.TB, h http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	parser := expfmt.NewTextParser(model.LegacyValidation)
	all, err := parser.TextToMetricFamilies(w.Body)
	require.NoError(t, err)
	return all
}

// value is that of the one metric whose labels hold all of those given, as name, value, ….
func value(t testing.TB, all map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	require.Contains(t, all, name)
	var found []*dto.Metric
	for _, m := range all[name].Metric {
		have := make(map[string]string)
		for _, l := range m.Label {
			have[l.GetName()] = l.GetValue()
		}
		fits := true
		for i := 0; i < len(labels); i += 2 {
			fits = fits && have[labels[i]] == labels[i+1]
		}
		if fits {
			found = append(found, m)
		}
	}
	require.Len(t, found, 1, "%s%v", name, labels)
	if g := found[0].Gauge; g != nil {
		return g.GetValue()
	}
	return found[0].Counter.GetValue()
}

func TestScrapeTellsWhatSharedMemorySays(t *testing.T) {
	p := newProcess(t, 4)
	for _, name := range []string{"000000010000000000000030", "000000010000000000000031", "00000002.history", "xlogtemp.7"} {
		require.NoError(t, os.WriteFile(p.DataDir+"/pg_wal/"+name, nil, 0o600))
	}
	p.XLog.WrittenUpto.Store(0x3000500)
	p.XLog.ReplayedUpto.Store(0x2FFFF00)
	p.XLog.LastXactTime.Store(int64(xlog.FromTime(time.Now().Add(-time.Minute))))
	p.XLog.SetRecoveryPause(true)
	p.Stats.Waypost.Received.Add(1000, xlog.FromTime(time.Unix(1_800_000_500, 0)))
	p.Stats.Waypost.CRCFailed.Add(5)
	p.Stats.WAL.SyncMicros.Add(2_500_000)
	p.Stats.Checkpointer.RestartpointsTimed.Add(3)
	p.WalRcv.Update(func(f *walrcv.Fields) {
		f.Pid, f.State, f.ReadyToDisplay, f.LatestWalEnd = 4711, walrcv.Streaming, 1, 0x3000900
		shmem.SetString(f.Conninfo[:], "host=up password=hunter2")
		shmem.SetString(f.SenderHost[:], "up")
	})
	snd := addSender(t, p, "standby", func(f *walsnd.Fields) {
		f.SentPtr, f.Write, f.Flush, f.Apply, f.WriteLag = 0x3000000, 0x2FFFFF0, 0x2FFFFE0, 0x2FFFF00, 1500
	})
	snd.BytesSent.Store(77)
	p.Procs[5].Join(os.Getpid(), procsignal.Backend, 1)
	p.Status[5].Update(func(f *activity.Fields) {
		f.State, f.XactStart = activity.Running, xlog.FromTime(time.Now().Add(-time.Hour))
	})
	p.Status[5].StartWait(activity.ClientWrite)

	all := families(t, handler(newCollector(p)))
	for _, want := range []struct {
		name   string
		value  float64
		labels []string
	}{
		{"pg_up", 1, nil},
		{"pg_in_recovery", 1, nil},
		{"pg_static", 1, []string{"version", "PostgreSQL 17.10 (Debian) (Waypost 0.1)", "short_version", "17.10.0"}},
		{"pg_postmaster_start_time_seconds", 1_800_000_000, nil},
		{"waypost_generation", 3, nil},
		{"pg_wal_segments", 2, nil},
		{"pg_wal_size_bytes", 2 * size, nil},
		{"waypost_wal_position_bytes", 0x3000500, []string{"position", "written"}},
		{"waypost_wal_position_bytes", 0x2FFFF00, []string{"position", "replayed"}},
		{"waypost_replay_lag_bytes", 0x100, nil},
		{"waypost_replay_pause_state", 1, nil},
		{"waypost_wal_bytes_total", 1000, []string{"stage", "received"}},
		{"waypost_wal_last_time_seconds", 1_800_000_500, []string{"stage", "received"}},
		{"waypost_wal_bytes_total", 0, []string{"stage", "sent"}},
		{"waypost_wal_crc_failures_total", 1, nil},
		{"waypost_walreceiver_sync_seconds_total", 2.5, nil},
		{"waypost_walreceiver_lag_bytes", 0x900, nil},
		{"pg_stat_wal_sync_time_total", 2500, nil},
		{"pg_stat_checkpointer_restartpoints_timed_total", 3, nil},
		{"pg_stat_bgwriter_checkpoints_timed_total", 3, nil},
		{"pg_stat_wal_receiver_status", 2, []string{"upstream_host", "up", "slot_name", ""}},
		{"pg_stat_wal_receiver_latest_end_lsn", 0x3000900, nil},
		{"pg_stat_replication_pg_wal_lsn_diff", 0x100,
			[]string{"application_name", "standby", "client_addr", "127.0.0.1", "state", "streaming", "slot_name", "100000"}},
		{"waypost_walsender_lag_bytes", 0x10, []string{"position", "write"}},
		{"waypost_walsender_lag_bytes", 0, []string{"position", "sent"}},
		{"waypost_walsender_lag_seconds", 0.0015, nil}, // the others are not known
		{"waypost_walsender_sent_bytes_total", 77, nil},
		{"waypost_walsenders", 1, nil},
		{"pg_stat_activity_count", 1, []string{"datname", "postgres", "state", "active"}},
		{"pg_stat_activity_count", 0, []string{"datname", "postgres", "state", "idle in transaction (aborted)"}},
		{"pg_stat_database_numbackends", 1, []string{"datid", "5", "datname", "postgres"}},
		{"waypost_processes_waiting", 1, []string{"wait_event_type", "Client", "wait_event", "ClientWrite"}},
		{"waypost_processes", 1, []string{"backend_type", "client backend"}},
		{"waypost_processes", 1, []string{"backend_type", "postmaster"}},
		{"pg_settings_wal_receiver_timeout_seconds", 60, nil},
		{"pg_settings_max_wal_size_bytes", 1 << 30, nil},
		{"pg_settings_wal_recycle", 1, nil},
		{"pg_settings_checkpoint_completion_target", 0.9, nil},
		{"pg_settings_max_slot_wal_keep_size_bytes", -1, nil},
		{"pg_settings_wal_segment_size_bytes", size, nil},
		{"pg_settings_server_version_num", 170010, nil},
	} {
		require.InDelta(t, want.value, value(t, all, want.name, want.labels...), 1e-9, "%s%v", want.name, want.labels)
	}
	require.InDelta(t, 60, value(t, all, "pg_replication_lag_seconds"), 10)
	require.InDelta(t, 3600, value(t, all, "pg_stat_activity_max_tx_duration", "state", "active"), 10)
	require.Greater(t, value(t, all, "waypost_process_resident_memory_bytes", "backend_type", "client backend"), 1e6)
	require.NotContains(t, fmt.Sprint(all), "hunter2")
}

// Two clients that are alike in all but their process, one that has said nothing, one whose name is no UTF-8.
func TestClientsThatAreAlikeOrOddSpoilNoScrape(t *testing.T) {
	p := newProcess(t, 4)
	for range 2 {
		addSender(t, p, "pg_receivewal", func(f *walsnd.Fields) {})
	}
	addSender(t, p, "caf\xe9 \"quoted\"\n\\", func(f *walsnd.Fields) {})
	all := families(t, handler(newCollector(p)))
	require.Len(t, all["pg_stat_replication_reply_time"].Metric, 3)
	require.True(t, math.IsNaN(value(t, all, "pg_stat_replication_pg_wal_lsn_diff", "application_name", "caf? \"quoted\"\n\\")))
}

func TestNamesAndTypesAreAsPrometheusWantsThem(t *testing.T) {
	p := newProcess(t, 4)
	addSender(t, p, "standby", func(f *walsnd.Fields) {})
	p.WalRcv.Update(func(f *walrcv.Fields) { f.Pid, f.ReadyToDisplay = 1, 1 })
	var all []*dto.MetricFamily
	for _, f := range families(t, handler(newCollector(p))) {
		all = append(all, f)
	}
	problems, err := promlint.NewWithMetricFamilies(all).Lint()
	require.NoError(t, err)
	for _, problem := range problems {
		// Names that the field's exporters gave before there were rules.
		require.Regexp(t, "^pg_", problem.Metric, problem.Text)
	}
}

// A scrape must not wait for a lock that a killed process has left taken, nor hold one.
func TestScrapeWaitsForNoLock(t *testing.T) {
	p := newProcess(t, 4)
	snd := addSender(t, p, "standby", func(f *walsnd.Fields) {})
	p.Procs[5].Join(os.Getpid(), procsignal.Backend, 1)
	h := handler(newCollector(p))
	p.WalRcv.Update(func(*walrcv.Fields) {
		snd.Update(func(*walsnd.Fields) {
			p.Status[5].Update(func(*activity.Fields) {
				require.EqualValues(t, 1, value(t, families(t, h), "pg_up"))
			})
		})
	})
}

func TestCPUTimeOfProcessesThatHaveEndedStays(t *testing.T) {
	c := make(cpuTimes)
	a, b := process{1, "100"}, process{2, "100"}
	require.InDelta(t, 3.0, c.take("walsender", map[process]float64{a: 1, b: 2}), 1e-9)
	require.InDelta(t, 3.5, c.take("walsender", map[process]float64{a: 1.5}), 1e-9)
	require.InDelta(t, 3.6, c.take("walsender", map[process]float64{{1, "200"}: 0.1}), 1e-9, "the id has come round")
	require.InDelta(t, 3.6, c.take("walsender", nil), 1e-9)
}

func serve(t *testing.T) (*server, string) {
	t.Helper()
	log := zerolog.Nop()
	s, err := listen("127.0.0.1:0", newCollector(newProcess(t, 1)), &log)
	require.NoError(t, err)
	t.Cleanup(s.stop)
	return s, "http://" + s.address()
}

func TestTwoPagesAndNothingElse(t *testing.T) {
	_, url := serve(t)
	for path, want := range map[string]int{"/metrics": 200, "/": 200, "/debug/pprof/": 404, "/metrics/": 404, "/x": 404} {
		r, err := http.Get(url + path)
		require.NoError(t, err)
		r.Body.Close()
		require.Equal(t, want, r.StatusCode, path)
	}
	r, err := http.Post(url+"/metrics", "text/plain", strings.NewReader("x"))
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, r.StatusCode)
	request, err := http.NewRequest(http.MethodGet, url+"/metrics", nil)
	require.NoError(t, err)
	request.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	r, err = http.DefaultClient.Do(request)
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, r.StatusCode)
}

func TestConnectionsBeyondTheLimitWaitWhileAllAreBusy(t *testing.T) {
	log := zerolog.Nop()
	s, err := open("127.0.0.1:0", newCollector(newProcess(t, 1)), &log)
	require.NoError(t, err)
	var busy atomic.Int32
	release := make(chan struct{})
	s.http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		busy.Add(1)
		<-release
	})
	go s.serve()
	t.Cleanup(s.stop)
	answers := make(chan error)
	for range maxConns + 1 {
		go func() {
			transport := new(http.Transport) // and so a connection of its own
			defer transport.CloseIdleConnections()
			r, err := (&http.Client{Transport: transport}).Get("http://" + s.address() + "/")
			if err == nil {
				r.Body.Close()
			}
			answers <- err
		}()
	}
	require.Eventually(t, func() bool { return busy.Load() == maxConns }, 20*time.Second, time.Millisecond)
	require.Never(t, func() bool { return busy.Load() > maxConns }, 100*time.Millisecond, 10*time.Millisecond)
	close(release)
	for range maxConns + 1 {
		require.NoError(t, <-answers)
	}
}

func TestIdleConnectionsShutNobodyOut(t *testing.T) {
	s, url := serve(t)
	for range maxConns {
		c, err := net.Dial("tcp", s.address())
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Write([]byte("GET / HT")) // half a request is none
		require.NoError(t, err)
	}
	r, err := (&http.Client{Timeout: 4 * time.Second}).Get(url + "/metrics") // soon: nobody waits for a timeout
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
}

func TestConnectionThatKeepsAliveGivesWayAfterItsAnswer(t *testing.T) {
	s, url := serve(t)
	for range 3 * maxConns {
		client := &http.Client{Transport: new(http.Transport), Timeout: 2 * time.Second}
		defer client.CloseIdleConnections()
		r, err := client.Get(url + "/")
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, r.Body)
		require.NoError(t, err)
		r.Body.Close()
	}
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	require.LessOrEqual(t, s.listener.open, maxConns)
}

func TestSilentClientIsSentAway(t *testing.T) {
	log := zerolog.Nop()
	s, err := open("127.0.0.1:0", newCollector(newProcess(t, 1)), &log)
	require.NoError(t, err)
	require.NotZero(t, s.http.ReadHeaderTimeout)
	s.http.ReadHeaderTimeout = 50 * time.Millisecond
	go s.serve()
	t.Cleanup(s.stop)
	c, err := net.Dial("tcp", s.address())
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("GET /metr"))
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err = io.ReadAll(c)
	require.NoError(t, err, "the server closes the connection")
}

func TestAddressThatIsTakenIsSaid(t *testing.T) {
	s, _ := serve(t)
	log := zerolog.Nop()
	_, err := listen(s.address(), newCollector(newProcess(t, 1)), &log)
	require.ErrorContains(t, err, "could not serve metrics on \""+s.address()+"\"")
	_, err = listen("nonsense", newCollector(newProcess(t, 1)), &log)
	require.ErrorContains(t, err, "nonsense")
}

// BenchmarkScrape is with 200 walsenders, all of one process, whose /proc files stand for theirs.
func BenchmarkScrape(b *testing.B) {
	p := newProcess(b, 200)
	for i := range 200 {
		addSender(b, p, fmt.Sprintf("standby%d", i), func(f *walsnd.Fields) {
			f.Write, f.WriteLag, f.FlushLag, f.ApplyLag = 1, 1, 1, 1
		})
		p.Procs[i].Join(os.Getpid(), procsignal.WalSender, 1)
	}
	h := handler(newCollector(p))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		b.SetBytes(int64(w.Body.Len()))
	}
}
