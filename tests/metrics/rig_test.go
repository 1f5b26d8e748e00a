package metrics

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"waypost/internal/shmdump"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// patience is how long anything may take that has no bound of its own.
const patience = 60 * time.Second

// address is a setting, and where to ask then.
func address(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func listensOn(port int) map[string]string {
	return map[string]string{"metrics_listen_address": address(port)}
}

// scraped is one scrape, by name.
type scraped map[string]*dto.MetricFamily

// scrape asks a node as Prometheus does.
func scrape(port int) (scraped, error) {
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + address(port) + "/metrics")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(r.Body)
		return nil, fmt.Errorf("%s: %s", r.Status, text)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(r.Body)
}

// mustScrape waits until there is an answer.
func mustScrape(t testing.TB, port int) scraped {
	t.Helper()
	var s scraped
	cluster.EventuallyOK(t, patience, "metrics are served", func() (err error) {
		s, err = scrape(port)
		return err
	})
	return s
}

// value is that of the only metric of a name that has these labels, as name, value, …; false if there is none.
func (s scraped) value(name string, labels ...string) (float64, bool) {
	f := s[name]
	if f == nil {
		return 0, false
	}
next:
	for _, m := range f.Metric {
		have := make(map[string]string)
		for _, l := range m.Label {
			have[l.GetName()] = l.GetValue()
		}
		for i := 0; i < len(labels); i += 2 {
			if have[labels[i]] != labels[i+1] {
				continue next
			}
		}
		if m.Gauge != nil {
			return m.Gauge.GetValue(), true
		}
		return m.Counter.GetValue(), true
	}
	return 0, false
}

func (s scraped) must(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	v, ok := s.value(name, labels...)
	require.True(t, ok, "there is no %s%v", name, labels)
	return v
}

func dump(w *cluster.Waypost) *shmdump.Dump {
	var d shmdump.Dump
	w.ShmdumpJSON(&d)
	return &d
}

// counter is one of the node's counters, from its shared memory.
func counter(t testing.TB, w *cluster.Waypost, name string) uint64 {
	t.Helper()
	for _, c := range dump(w).Stats.Counters {
		if c.Name == name {
			return c.Value
		}
	}
	require.Fail(t, "there is no counter "+name)
	return 0
}

func lsn(t testing.TB, text string) float64 {
	t.Helper()
	l, err := xlog.ParseLSN(text)
	require.NoError(t, err)
	return float64(l)
}

// setAddress replaces the setting, has the node read it, and does not wait.
func setAddress(w *cluster.Waypost, value string) {
	w.Configure(map[string]string{"metrics_listen_address": value})
	w.Reload()
}

// notServed waits until nobody listens.
func notServed(t testing.TB, port int) {
	t.Helper()
	cluster.Eventually(t, patience, "metrics are served no more", func() bool {
		_, err := scrape(port)
		return err != nil
	})
}

// residentBytes is what a process has in memory.
func residentBytes(t testing.TB, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	require.NoError(t, err)
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	require.NoError(t, err)
	return pages * float64(os.Getpagesize())
}

// cpuTime is what a process has spent, as far as the system's clock ticks tell.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	require.NoError(t, err)
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, err := strconv.Atoi(f[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(f[12])
	require.NoError(t, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// only is the pid of the node's one process that runs a program.
func only(t testing.TB, w *cluster.Waypost, executable string) int {
	t.Helper()
	pids := w.Pids(executable)
	require.Len(t, pids, 1, executable)
	return pids[0]
}

func kill(t testing.TB, pid int, sig syscall.Signal) {
	t.Helper()
	require.NoError(t, syscall.Kill(pid, sig))
}
