package logger

import (
	"os"
	"strings"
	"time"

	"waypost/internal/guc"
	"waypost/internal/logging"
)

// currentFile says which files are being written to, a form and a path to a line (pg_current_logfile). The postmaster takes
// it away at its start.
const currentFile = "current_logfiles"

// setNext sets when the files will be too old: at the next multiple of log_rotation_age, in log_timezone's days.
func (w *writer) setNext() {
	w.ageReached.Stop()
	w.next = nextRotation(w.now(), w.settings.Duration(guc.LogRotationAge), logging.Zone(w.settings.String(guc.LogTimezone)))
	if !w.next.IsZero() {
		w.ageReached.Reset(w.next.Sub(w.now()))
	}
}

// nextRotation is the first multiple of age after now; never if age is 0.
func nextRotation(now time.Time, age time.Duration, zone *time.Location) time.Time {
	seconds := int64(age / time.Second)
	if seconds <= 0 {
		return time.Time{}
	}
	_, offset := now.In(zone).Zone()
	local := now.Unix() + int64(offset)
	return time.Unix(local-local%seconds+seconds-int64(offset), 0)
}

// rotateFull begins a new file for a form whose file has reached log_rotation_size.
func (w *writer) rotateFull(to logging.Destination) {
	form, limit := &w.forms[to], w.settings.Bytes(guc.LogRotationSize)
	if form.file == nil || limit <= 0 || form.file.size < limit || form.noRotation || w.last() {
		return
	}
	path := w.path(to, w.now())
	if path != form.file.path {
		form.noRotation = !w.tryOpen(to, path, false)
		w.writeCurrent()
		return
	}
	// The name is the same, because it has no time in it or no second has passed: the full file gets another.
	if err := form.file.aside(&w.full); err != nil {
		form.noRotation = true
		w.complain(err)
	}
}

// rotateAll begins new files, by the names of the time t. What has the same name as before is opened again: somebody may
// have moved the file away.
func (w *writer) rotateAll(t time.Time, byAge bool) {
	if w.last() {
		return
	}
	for to := range w.forms {
		form, to := &w.forms[to], logging.Destination(to)
		if !w.wanted(to) || byAge && form.noRotation {
			continue
		}
		path := w.path(to, t)
		truncate := byAge && w.settings.Bool(guc.LogTruncateOnRotation) && form.file != nil && form.file.path != path
		if !w.tryOpen(to, path, truncate) {
			form.noRotation = true
		}
	}
	w.writeCurrent()
}

// writeCurrent tells which files are being written to.
func (w *writer) writeCurrent() {
	if w.last() {
		return
	}
	var b strings.Builder
	for to := range w.forms {
		path := w.forms[to].path()
		if path != "" && w.wanted(logging.Destination(to)) && (to != int(logging.ToText) || w.textWanted()) {
			b.WriteString(names[to] + " " + path + "\n")
		}
	}
	temporary := currentFile + ".tmp"
	mode := os.FileMode(w.settings.Int(guc.LogFileMode)).Perm() | 0o200
	err := os.WriteFile(temporary, []byte(b.String()), mode)
	if err == nil {
		err = os.Rename(temporary, currentFile)
	}
	if err != nil {
		w.log.Info().Msg(err.Error())
	}
}

func (w *writer) textWanted() bool {
	text, json := logging.Destinations(w.settings.String(guc.LogDestination))
	return text || !json
}

// readCurrent gives the files that a logger before this one wrote to, by form.
func (w *writer) readCurrent() map[string]string {
	files := make(map[string]string)
	text, err := os.ReadFile(currentFile)
	if err != nil {
		return files // none: the first logger of this postmaster
	}
	for line := range strings.Lines(string(text)) {
		if form, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok {
			files[form] = path
		}
	}
	return files
}
