package logger

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"gopkg.in/natefinch/lumberjack.v2"

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
	queues   *queues
	stderr   io.Writer // for what cannot be logged
	sink     *logging.Sink
	log      zerolog.Logger

	forms      [logging.NumDestinations]form
	next       time.Time // when the files are too old; zero: never
	retry      *time.Timer
	ageReached *time.Timer
	full       lumberjack.Logger // renames full files
	now        func() time.Time
	last       func() bool // all who could write have gone: the files may be another node's already
}

// form is one form of the log.
type form struct {
	file       *file     // nil: none is open
	noRotation bool      // a new file could not be opened: the old one is kept until SIGHUP
	failing    bool      // the last write failed, or the first opening, and that was said
	resting    time.Time // after a failure: when to try again
}

// suffix of each form's files, in place of .log; their names in current_logfiles.
var (
	suffixes = [logging.NumDestinations]string{logging.ToText: "", logging.ToJSON: ".json"}
	names    = [logging.NumDestinations]string{logging.ToText: "stderr", logging.ToJSON: "jsonlog"}
)

func newWriter(settings *guc.Settings, q *queues, stderr io.Writer) *writer {
	w := &writer{settings: settings, queues: q, stderr: stderr, retry: stopped(), ageReached: stopped(), now: time.Now,
		last: q.ending}
	w.sink = logging.NewSink(stderr)
	w.sink.UseForms(q.push) // our own events go the way of all others
	w.sink.SetProcess(func() string { return procsignal.Logger.String() }, func() string { return "" })
	w.configure()
	return w
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// path is the open file's.
func (f *form) path() string {
	if f.file == nil {
		return ""
	}
	return f.file.path
}

func (w *writer) configure() {
	w.sink.Configure(logging.ConfigOf(w.settings))
	w.log = w.sink.Logger()
	w.setNext()
}

// run writes until there is nothing more to write.
func (w *writer) run(hangup, rotate <-chan os.Signal) {
	w.begin()
	for !w.queues.over() {
		select {
		case <-w.queues.ready:
		case <-w.retry.C:
		case <-hangup:
			w.reload()
		case <-rotate:
			w.rotateAll(w.now(), false)
		case <-w.ageReached.C:
			w.rotateAll(w.next, true)
			w.setNext()
		}
		if !w.drain() && w.queues.ending() {
			w.giveUp()
			break
		}
	}
	for to := range w.forms {
		w.closeFile(&w.forms[to])
	}
}

func (w *writer) closeFile(f *form) {
	if f.file != nil {
		f.file.close()
		f.file = nil
	}
}

// begin opens the first files: those that a logger before this one had, if the node is the same.
func (w *writer) begin() {
	before := w.readCurrent()
	for to := range w.forms {
		if !w.wanted(logging.Destination(to)) {
			continue
		}
		path := before[names[to]]
		if path == "" {
			path = w.path(logging.Destination(to), w.now())
		}
		w.forms[to].failing = !w.tryOpen(logging.Destination(to), path, false)
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
func (w *writer) open(to logging.Destination, path string, truncate bool) error {
	mode := os.FileMode(w.settings.Int(guc.LogFileMode)).Perm() | 0o200
	f, err := openFile(path, mode, w.dirMode(), truncate)
	if err != nil {
		return err
	}
	w.closeFile(&w.forms[to])
	w.forms[to].file = f
	return nil
}

// tryOpen does the same and says what was wrong, if that has not been said yet.
func (w *writer) tryOpen(to logging.Destination, path string, truncate bool) bool {
	err := w.open(to, path, truncate)
	if err != nil && !w.forms[to].failing {
		w.complain(err)
	}
	return err == nil
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

// drain writes what there is. False: there is a form that the disk does not take.
func (w *writer) drain() bool {
	ok := true
	for to := range w.forms {
		// At the end nothing rests.
		if rested := !w.now().Before(w.forms[to].resting); !rested && !w.queues.ending() {
			ok = false
		} else if !w.drainForm(logging.Destination(to)) {
			ok = false
		}
	}
	return ok
}

func (w *writer) drainForm(to logging.Destination) bool {
	form, q := &w.forms[to], &w.queues.of[to]
	for b, more := q.first(); more; b, more = q.first() {
		if err := w.write(b, to); err != nil {
			if !form.failing {
				form.failing = true
				w.complain(err)
			}
			form.resting = w.now().Add(retryAfter)
			w.retry.Reset(retryAfter)
			return false
		}
		q.written()
		form.failing = false
		if n := q.takeLost(); n > 0 {
			w.log.Warn().Msgf("%d messages were lost because log file \"%s\" could not be written", n, w.forms[to].path())
		}
		w.rotateFull(to)
	}
	return true
}

// write writes one batch.
func (w *writer) write(b []byte, to logging.Destination) error {
	if len(b) == 0 {
		return nil
	}
	if w.forms[to].file == nil && !w.wanted(to) {
		to = logging.ToText // its file was closed a moment ago
	}
	if w.forms[to].file == nil {
		if err := w.open(to, w.path(to, w.now()), false); err != nil {
			return err
		}
	}
	return w.forms[to].file.write(b)
}

// giveUp leaves what no disk would take to stderr, at the end.
func (w *writer) giveUp() {
	for to := range w.queues.of {
		q := &w.queues.of[to]
		for b, more := q.first(); more; b, more = q.first() {
			w.stderr.Write(b)
			q.written()
		}
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
	w.configure()
	for to := range w.forms {
		form := &w.forms[to]
		form.noRotation = false
		if form.file != nil && !w.wanted(logging.Destination(to)) {
			w.closeFile(form)
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
