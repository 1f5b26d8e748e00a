package logger

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
)

// retryAfter is how long a failed write is let be.
const retryAfter = time.Second

// writer owns the files. All of it belongs to one goroutine.
type writer struct {
	settings *guc.Settings
	queue    *queue
	stderr   io.Writer // for what cannot be logged
	sink     *logging.Sink
	log      zerolog.Logger

	files      [logging.NumDestinations]*file // nil: the form is not wanted
	next       time.Time                      // when the files are too old; zero: never
	noRotation bool                           // a new file could not be opened: the old ones are kept until SIGHUP
	failing    bool                           // the last write failed, and that was said
	retry      *time.Timer
	ageReached *time.Timer
	now        func() time.Time
}

// suffix of each form's files, in place of .log; their names in current_logfiles.
var (
	suffixes = [logging.NumDestinations]string{logging.ToText: "", logging.ToJSON: ".json"}
	names    = [logging.NumDestinations]string{logging.ToText: "stderr", logging.ToJSON: "jsonlog"}
)

func newWriter(settings *guc.Settings, q *queue, stderr io.Writer) *writer {
	w := &writer{settings: settings, queue: q, stderr: stderr, retry: stopped(), ageReached: stopped(), now: time.Now}
	w.sink = logging.NewSink(own{w})
	w.sink.SetProcess(func() string { return procsignal.Logger.String() }, func() string { return "" })
	w.configure()
	return w
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// own takes the logger's own events: they go the way of all others.
type own struct{ w *writer }

func (o own) Write(event []byte) (int, error) {
	text, json := logging.Destinations(o.w.settings.String(guc.LogDestination))
	to := logging.ToText
	if json && !text {
		to = logging.ToJSON
	}
	o.w.queue.push(event, to)
	return len(event), nil
}

func (w *writer) configure() {
	w.sink.Configure(logging.ConfigOf(w.settings))
	w.log = w.sink.Logger()
	w.setNext()
}

// run writes until there is nothing more to write.
func (w *writer) run(hangup, rotate <-chan os.Signal) {
	w.begin()
	for !w.queue.over() {
		ready := w.queue.ready
		if w.failing && !w.queue.ending() {
			ready = nil // until the disk has had a rest
		}
		select {
		case <-ready:
		case <-w.retry.C:
		case <-hangup:
			w.reload()
		case <-rotate:
			w.rotateAll(w.now(), false)
		case <-w.ageReached.C:
			if !w.noRotation {
				w.rotateAll(w.next, true)
			}
			w.setNext()
		}
		if !w.drain() && w.queue.ending() {
			w.giveUp()
			break
		}
	}
	for _, f := range w.files {
		if f != nil {
			f.close()
		}
	}
}

// begin opens the first files: those that a logger before this one had, if the node is the same.
func (w *writer) begin() {
	before := w.readCurrent()
	for to := range w.files {
		if !w.wanted(logging.Destination(to)) {
			continue
		}
		path := before[names[to]]
		if path == "" {
			path = w.path(logging.Destination(to), w.now())
		}
		w.open(logging.Destination(to), path, false)
	}
	w.writeCurrent()
}

// wanted says whether a form has a file. Text has one always: what is no event has no other.
func (w *writer) wanted(to logging.Destination) bool {
	_, json := logging.Destinations(w.settings.String(guc.LogDestination))
	return to == logging.ToText || json
}

// path is the file's for a time.
func (w *writer) path(to logging.Destination, t time.Time) string {
	zone := logging.Zone(w.settings.String(guc.LogTimezone))
	name := strftime(w.settings.String(guc.LogFilename), t.In(zone))
	if suffixes[to] != "" {
		name = strings.TrimSuffix(name, ".log") + suffixes[to]
	}
	return filepath.Join(w.settings.String(guc.LogDirectory), name)
}

// open has a form's events go to the file at path. If it cannot be opened, they go where they went.
func (w *writer) open(to logging.Destination, path string, truncate bool) bool {
	mode := os.FileMode(w.settings.Int(guc.LogFileMode)).Perm() | 0o200
	f, err := openFile(path, mode, w.dirMode(), truncate)
	if err != nil {
		if !w.failing {
			w.complain(err)
		}
		return false
	}
	if w.files[to] != nil {
		w.files[to].close()
	}
	w.files[to] = f
	return true
}

func (w *writer) dirMode() os.FileMode {
	if info, err := os.Stat("."); err == nil {
		return datadir.ModeFor(info.Mode().Perm()).Dir
	}
	return 0o700
}

// complain says what is wrong with the log, in the log, and where the postmaster's stderr was.
func (w *writer) complain(err error) {
	logging.Event(&w.log, zerolog.InfoLevel, err)
	log := logging.New(w.stderr)
	logging.Event(&log, zerolog.InfoLevel, err)
}

// drain writes what there is. False: the disk does not take it.
func (w *writer) drain() bool {
	for b := w.queue.first(); b != nil; b = w.queue.first() {
		if err := w.write(b); err != nil {
			if !w.failing {
				w.failing = true
				w.complain(err)
			}
			w.retry.Reset(retryAfter)
			return false
		}
		w.queue.written()
		w.failing = false
		if n := w.queue.takeLost(); n > 0 {
			w.log.Warn().Msgf("%d messages were lost because the log files could not be written", n)
		}
		w.rotateFull(b.to)
	}
	return true
}

// write writes one batch.
func (w *writer) write(b *batch) error {
	if len(b.text) == 0 {
		return nil
	}
	to := b.to
	if w.files[to] == nil && !w.wanted(to) {
		to = logging.ToText // its file was closed a moment ago
	}
	if w.files[to] == nil && !w.open(to, w.path(to, w.now()), false) {
		return errors.New("no log file is open")
	}
	return w.files[to].write(b.text)
}

// giveUp leaves what no disk would take to stderr, at the end.
func (w *writer) giveUp() {
	for b := w.queue.first(); b != nil; b = w.queue.first() {
		w.stderr.Write(b.text)
		w.queue.written()
	}
}

// reload reads the configuration again.
func (w *writer) reload() {
	was := w.settings
	next, report := was.Reloaded()
	for _, e := range report.Errors {
		w.log.Debug().Msg(e.Error())
	}
	w.settings = next
	w.noRotation = false
	w.configure()
	for to := range w.files {
		if w.files[to] != nil && !w.wanted(logging.Destination(to)) {
			w.files[to].close()
			w.files[to] = nil
			w.writeCurrent()
		}
	}
	for _, id := range [...]guc.ID{guc.LogDirectory, guc.LogFilename, guc.LogDestination} {
		if was.String(id) != next.String(id) {
			w.rotateAll(w.now(), false)
			return
		}
	}
}
