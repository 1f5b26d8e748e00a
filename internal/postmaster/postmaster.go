// Package postmaster is the process that the user starts: it owns the data directory, listens, launches every other
// process, and ends last.
//
// Signals:
//
//	SIGHUP   read the configuration again, have all children do so
//	SIGTERM  smart shutdown: no new clients; when the regular backends have gone, as fast
//	SIGINT   fast shutdown: end the regular backends, write the shutdown checkpoint, let the walsenders send it
//	SIGQUIT  immediate shutdown: everybody dies at once
//	SIGUSR1  a child has set a flag in the PMSignal array
//	SIGCHLD  a child has ended
//
// Exit codes: 0 after a shutdown that was asked for, an immediate one included; 1 in all other cases, and where a child
// has crashed on the way.
//
// The postmaster survives whatever its children do. So it takes no lock that a child can hold, believes nothing in
// shared memory that its own records can tell it, and links neither the wire protocol nor anything that reads WAL.
// Everything runs in one goroutine; the others only bring it news.
package postmaster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/launch"
	"waypost/internal/layout"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
	"waypost/shmem"
)

// Child slots beside those that max_connections and max_wal_senders ask for.
const (
	auxiliarySlots = 8 // for processes that serve no client; clients never get these, however many come
	deadEndSlots   = 8 // for telling clients that there are too many of them
)

// recheckEvery is how often postmaster.pid and the socket files are looked after.
const recheckEvery = time.Minute

// Postmaster is the one instance of its process. All fields belong to the goroutine that Run runs in.
type Postmaster struct {
	log             zerolog.Logger
	sink            *logging.Sink // what log writes to
	collector       collector
	settings        *guc.Settings
	encodedSettings []byte
	secret          []byte // children make cancel keys from it
	tls             []byte // certificate, key and the like (tlsfiles.Files) as last read without an error; nil: no TLS
	hba             string // the rules of pg_hba.conf as last read without an error, for children
	ident           string // the maps of pg_ident.conf, likewise
	configLoaded    time.Time
	dataDir         string
	dirMode         os.FileMode // of directories that are made in it
	startTime       time.Time

	commandLine []string // for postmaster.opts
	externalPid string   // external_pid_file, once it is ours

	lock    *datadir.Lock
	sockets *sockets
	signals signals
	quit    chan struct{} // closed at the end, for the goroutines that listen

	launcher   launch.Launcher
	deathWrite *os.File // while it is open, the children know that the postmaster lives
	generation uint64
	segment    *shmem.Segment
	areas      layout.Areas

	state             PMState
	shutdown          shutdownMode
	fatalError        bool // a child has crashed and the node has not yet begun anew
	startupFailed     bool // startup failed at its start: a restart would only fail again
	syncFailed        bool // a child ended because a sync had failed
	walReceiverWanted bool
	children          map[int]*child // by process id
	freeSlots         []int
	killTimer         *time.Timer
	sparesTimer       *time.Timer // fires at sparesRestUntil
	roomTimer         *time.Timer // fires when nobody is waited for any more to make room (roomPatience)
	metricsTimer      *time.Timer // fires at metricsRestUntil
	metricsRestUntil  time.Time   // no metrics process is launched before
	sparesRestUntil   time.Time   // no process is launched ahead before
	noRoomSaid        time.Time   // when a lack of child slots was last logged
	turnedAway        int         // connections closed since for that reason
	strangersSaid     time.Time   // when it was last logged that strangers were ended
	strangersEnded    int         // how many were since
	clientsServed     uint64      // the number of the last client that a process was given

	exitCode *int // set when it is time to go
}

// Run takes the data directory, serves until it is told to stop, and gives the exit code. Command-line options are in
// settings already; dir is what -D said, args the command line for postmaster.opts.
func Run(settings *guc.Settings, dir string, args []string) int {
	sink := logging.NewSink(os.Stderr)
	sink.SetProcess(func() string { return "postmaster" }, func() string { return "" })
	pm := &Postmaster{
		log: sink.Logger(), sink: sink, collector: collector{again: stoppedTimer()},
		settings: settings, commandLine: args, startTime: time.Now(), configLoaded: time.Now(),
		children: make(map[int]*child), killTimer: stoppedTimer(), sparesTimer: stoppedTimer(),
		roomTimer:    stoppedTimer(),
		metricsTimer: stoppedTimer(), quit: make(chan struct{}),
	}
	if err := pm.prepare(dir); err != nil {
		pm.logStartError(err)
		pm.release()
		return 1
	}
	pm.beginGeneration()
	pm.loop()
	pm.release()
	return *pm.exitCode
}

// prepare does everything that must be right before the first child: settings, directory, lock, sockets.
func (pm *Postmaster) prepare(dir string) error {
	if err := datadir.CheckNotRoot(); err != nil {
		return err
	}
	if err := pm.settings.LoadFiles(dir); err != nil {
		return err
	}
	if err := setComputed(pm.settings); err != nil {
		return err
	}
	pm.useSettings(pm.settings)
	pm.dataDir = pm.settings.String(guc.DataDirectory)
	mode, err := datadir.Check(pm.dataDir)
	if err != nil {
		return err
	}
	if _, err := datadir.Version(pm.dataDir); err != nil {
		return err
	}
	if err := datadir.CheckRoles(pm.dataDir); err != nil {
		return err
	}
	unix.Umask(mode.Umask)
	if err := os.Chdir(pm.dataDir); err != nil {
		return fmt.Errorf("enter the data directory: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own program: %w", err)
	}
	pm.secret = make([]byte, 32)
	if _, err := rand.Read(pm.secret); err != nil {
		return fmt.Errorf("make a secret for cancel keys: %w", err)
	}
	pm.launcher.BinDir = filepath.Dir(self)
	if err := pm.launcher.Check(); err != nil {
		return err
	}
	if pm.launcher.Death, pm.deathWrite, err = os.Pipe(); err != nil {
		return fmt.Errorf("make the postmaster-death pipe: %w", err)
	}
	// From here on signals wait in their channels: an order to stop that comes during the start is not lost.
	pm.signals = catchSignals()
	return pm.takeDirectory(self, mode)
}

// logStartError says why the node cannot start: each thing that is wrong with the settings, the last of them fatal.
func (pm *Postmaster) logStartError(err error) {
	var list guc.Errors
	if errors.As(err, &list) {
		for _, e := range list[:len(list)-1] {
			logging.Event(&pm.log, zerolog.InfoLevel, e)
		}
		err = list[len(list)-1]
	}
	logging.Event(&pm.log, zerolog.FatalLevel, err)
}

// takeDirectory locks the data directory, makes its files known to others, and begins to listen.
func (pm *Postmaster) takeDirectory(self string, mode datadir.Mode) error {
	info := datadir.PidInfo{Pid: os.Getpid(), DataDir: pm.dataDir, Start: pm.startTime, Port: pm.settings.Int(guc.Port)}
	stale, _ := datadir.ReadPidFile(pm.dataDir) // a segment that nobody has left behind is no error
	var err error
	if pm.lock, err = datadir.Acquire(info, mode.File); err != nil {
		return err
	}
	pm.launcher.Lock = pm.lock.File()
	if err := shmem.RemoveStale(stale.ShmemPath); err != nil {
		pm.log.Warn().Msg(err.Error())
	}
	if err := datadir.WriteOpts(pm.dataDir, self, pm.commandLine, mode.File); err != nil {
		return err
	}
	pm.dirMode = mode.Dir
	if err := pm.startCollector(); err != nil {
		return err
	}
	pm.log.Info().Msgf("starting Waypost, PID %d", os.Getpid())
	pm.logWarnings(pm.settings.Warnings())
	if !pm.loadHBA() {
		return fmt.Errorf("could not load %s", pm.settings.String(guc.HbaFile))
	}
	pm.loadIdent()
	if err := pm.loadTLS(false); err != nil {
		return err
	}
	if pm.sockets, err = listen(pm.settings, info, &pm.log); err != nil {
		return err
	}
	pm.note(pm.lock.SetLine(datadir.LineSocketDir, pm.sockets.firstDir))
	pm.note(pm.lock.SetLine(datadir.LineListenAddr, pm.sockets.firstTCP))
	pm.sockets.serve(pm.quit)
	if path := pm.settings.String(guc.ExternalPidFile); path != "" {
		pm.externalPid = path
		pm.note(os.WriteFile(path, fmt.Appendln(nil, os.Getpid()), 0o644))
		pm.note(os.Chmod(path, 0o644)) // it is for others, whatever the data directory's mode
	}
	return nil
}

// loadHBA reads pg_hba.conf. If anything is wrong with it, that is logged, and the rules stay as they were.
func (pm *Postmaster) loadHBA() bool {
	rules, err := hba.Load(pm.settings.String(guc.HbaFile))
	if err != nil {
		pm.logHBA(err)
		return false
	}
	for _, w := range rules.Warnings(pm.settings.Bool(guc.Ssl)) {
		logging.Event(&pm.log, zerolog.InfoLevel, w)
	}
	pm.logSkipped(rules.Skipped)
	pm.hba = rules.Text()
	return true
}

// loadIdent does the same with pg_ident.conf. A node can do without one.
func (pm *Postmaster) loadIdent() bool {
	ident, err := hba.LoadIdent(pm.settings.String(guc.IdentFile))
	if err != nil {
		pm.logHBA(err)
		return false
	}
	pm.logSkipped(ident.Skipped)
	pm.ident = ident.Text()
	return true
}

// logHBA logs each thing that is wrong with a file.
func (pm *Postmaster) logHBA(err error) {
	var list hba.Errors
	if !errors.As(err, &list) {
		pm.note(err)
	}
	for _, e := range list {
		logging.Event(&pm.log, zerolog.InfoLevel, e)
	}
}

func (pm *Postmaster) logSkipped(paths []string) {
	for _, path := range paths {
		pm.log.Info().Msgf("skipping missing authentication file \"%s\"", path)
	}
}

func (pm *Postmaster) logWarnings(list []*guc.Error) {
	for _, w := range list {
		logging.Event(&pm.log, zerolog.WarnLevel, w)
	}
}

// note logs an error that changes nothing about what the node does.
func (pm *Postmaster) note(err error) {
	if err != nil {
		pm.log.Warn().Msg(err.Error())
	}
}

func (pm *Postmaster) useSettings(s *guc.Settings) {
	pm.settings = s
	pm.encodedSettings = s.Encode()
	pm.sink.Configure(logging.ConfigOf(s))
}

// beginGeneration makes a new segment and launches the first children into it: at the start, and after a crash.
func (pm *Postmaster) beginGeneration() {
	pm.fatalError = false
	pm.walReceiverWanted = false
	pm.killTimer.Stop()
	if err := pm.newSegment(); err != nil {
		logging.Event(&pm.log, zerolog.FatalLevel, err)
		pm.exit(1)
		return
	}
	pm.freeSlots = pm.freeSlots[:0]
	for slot := pm.areas.PM.Slots() - 1; slot >= 0; slot-- {
		pm.freeSlots = append(pm.freeSlots, slot)
	}
	pm.note(pm.lock.SetStatus(datadir.StatusStarting))
	pm.setState(PMStartup)
	if pm.startAuxiliary(procsignal.Checkpointer) == nil || pm.startAuxiliary(procsignal.Startup) == nil {
		pm.startupFailed = true
		pm.fatalError = true
		pm.quitChildren(everybody)
		pm.setState(PMWaitBackends)
		pm.advance()
	}
}

// newSegment replaces the segment, if there was one, by a new one under a name of its own.
func (pm *Postmaster) newSegment() error {
	pm.dropSegment()
	info, err := os.Stat(pm.dataDir)
	if err != nil {
		return fmt.Errorf("name the shared memory: %w", err)
	}
	inode := info.Sys().(*syscall.Stat_t).Ino
	pm.generation++
	name := fmt.Sprintf("%d.%d.%d", inode, os.Getpid(), pm.generation)
	l := layout.New(childSlots(pm.settings), pm.settings.Int(guc.MaxWalSenders))
	if pm.segment, err = shmem.Create([]string{"/dev/shm", pm.dataDir}, name, l, pm.generation); err != nil {
		return err
	}
	if pm.areas, err = layout.Map(pm.segment); err != nil {
		return err
	}
	layout.Init(&pm.areas)
	pm.launcher.Shmem = pm.segment.File()
	pm.note(pm.lock.SetShmem(inode, pm.generation, pm.segment.Path()))
	return nil
}

func (pm *Postmaster) dropSegment() {
	if pm.segment == nil {
		return
	}
	pm.note(pm.segment.Remove())
	pm.note(pm.segment.Close())
	pm.segment = nil
}

// loop waits for news and deals with it, one piece at a time, until it is time to go.
func (pm *Postmaster) loop() {
	recheck := time.NewTicker(recheckEvery)
	defer recheck.Stop()
	for pm.exitCode == nil {
		select {
		case <-pm.signals.child:
			pm.reap()
		case <-pm.signals.notice:
			pm.lookAtFlags()
		case <-pm.signals.reload:
			pm.reload()
		case <-pm.signals.smart:
			pm.beginShutdown(smartShutdown)
		case <-pm.signals.fast:
			pm.beginShutdown(fastShutdown)
		case <-pm.signals.immediate:
			pm.beginShutdown(immediateShutdown)
		case client := <-pm.acceptable():
			pm.serveClient(client)
		case <-pm.killTimer.C:
			pm.killStubborn()
		case <-recheck.C:
			pm.recheckLock()
		case <-pm.collector.again.C:
			pm.restartLogger()
		case <-pm.roomTimer.C: // for acceptable, above
		case <-pm.sparesTimer.C: // for fillSpares, below
		case <-pm.metricsTimer.C: // for startMetrics, below
		}
		pm.startWalReceiver()
		pm.fillSpares()
		pm.startMetrics()
	}
}

// acceptable gives the connections that may be served: none while the last children end, since each would be one more, nor
// while there is no room but about to be some.
func (pm *Postmaster) acceptable() <-chan int {
	if pm.state >= PMWaitDeadEnd || pm.awaitsRoom() {
		return nil
	}
	return pm.sockets.accepted
}

// recheckLock ends the node when postmaster.pid has been taken away, as PostgreSQL does: somebody has removed the
// directory under it.
func (pm *Postmaster) recheckLock() {
	if err := pm.lock.Recheck(); err != nil {
		pm.log.Info().Msg(err.Error())
		pm.log.Info().Msg("performing immediate shutdown because data directory lock file is invalid")
		pm.beginShutdown(immediateShutdown)
	}
	pm.sockets.touch(time.Now())
}

func (pm *Postmaster) exit(code int) { pm.exitCode = &code }

// release gives back everything that outlives a process. Children that are left see the death pipe close.
func (pm *Postmaster) release() {
	close(pm.quit)
	if pm.sockets != nil {
		pm.sockets.remove()
	}
	pm.dropSegment()
	if pm.externalPid != "" {
		os.Remove(pm.externalPid)
	}
	if pm.lock != nil {
		pm.note(pm.lock.Release())
	}
}
