package metrics

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"waypost/internal/child"
	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/layout"
	"waypost/shmem"
	"waypost/xlog"
)

// collector reads a node for a scrape. It is a prometheus.Collector that says nothing of what it will tell.
type collector struct {
	areas      layout.Areas
	segment    *shmem.Segment
	waldir     string
	started    time.Time // the postmaster
	postmaster int

	mu       sync.Mutex // one scrape at a time; guards the rest
	settings *guc.Settings
	loaded   time.Time // the configuration
	names    names
	cpu      cpuTimes
}

func newCollector(p *child.Process) *collector {
	return &collector{
		areas:      p.Areas,
		segment:    p.Segment,
		waldir:     filepath.Join(p.DataDir, datadir.WalDir),
		started:    p.PostmasterStart,
		postmaster: p.Segment.PostmasterPID(),
		settings:   p.Settings,
		loaded:     p.ConfigLoaded,
		names:      make(names),
		cpu:        make(cpuTimes),
	}
}

// use takes over the settings that were just read again.
func (c *collector) use(p *child.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings, c.loaded = p.Settings, p.ConfigLoaded
}

// Describe is prometheus.Collector's.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect is prometheus.Collector's.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &scrape{collector: c, out: out{ch, c.names}, now: time.Now(), rcv: c.areas.WalRcv.Peek()}
	s.node()
	s.recovery()
	s.wal()
	s.walReceiver()
	s.walSenders()
	s.checkpointer()
	s.archiver()
	s.database()
	s.activity()
	s.processes()
	s.settingsOf()
}

// scrape is the state of one.
type scrape struct {
	*collector
	out
	now time.Time
	rcv walrcvFields
}

// received is the end of what is held: pg_last_wal_receive_lsn().
func (s *scrape) received() xlog.LSN { return s.areas.XLog.Flushed() }
