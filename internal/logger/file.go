package logger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
)

// file is one open log file. It is appended to, whoever else writes to it or cuts it.
type file struct {
	path string
	mode os.FileMode
	size int64 // after the last write
	f    *os.File

	taken string // the last stamp that was found to be taken, in stampFormat; "": none
}

// openFile opens the file at path, for appending unless truncate is set, and makes it with its directory if need be. One
// that is there keeps its mode: somebody may have wanted it.
func openFile(path string, mode, dirMode os.FileMode, truncate bool) (*file, error) {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return nil, fmt.Errorf("make log directory %q: %w", filepath.Dir(path), err)
	}
	f := &file{path: path, mode: mode}
	return f, f.open(truncate)
}

func (f *file) open(truncate bool) error {
	opened, err := os.OpenFile(f.path, os.O_APPEND|os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	switch {
	case err == nil:
		err = opened.Chmod(f.mode) // past the umask
	case errors.Is(err, fs.ErrExist):
		flags := os.O_APPEND | os.O_WRONLY | os.O_CREATE // which a link to nowhere needs
		if truncate {
			flags |= os.O_TRUNC
		}
		opened, err = os.OpenFile(f.path, flags, f.mode)
	}
	if err != nil {
		opened.Close() // a nil one takes that
		return fmt.Errorf("open log file %q: %w", f.path, err)
	}
	info, err := opened.Stat()
	if err != nil {
		opened.Close()
		return fmt.Errorf("look at log file %q: %w", f.path, err)
	}
	f.close()
	f.f, f.size = opened, info.Size()
	return nil
}

// write appends b, all of it or nothing: what a full disk took of it is taken back.
func (f *file) write(b []byte) error {
	info, err := f.f.Stat()
	if err != nil {
		return fmt.Errorf("look at log file %q: %w", f.path, err)
	}
	n, err := f.f.Write(b)
	f.size = info.Size() + int64(n)
	if err == nil {
		return nil
	}
	if n > 0 && f.f.Truncate(info.Size()) == nil {
		f.size = info.Size()
	} // else the next attempt repeats what is there
	return fmt.Errorf("write to log file %q: %w", f.path, err)
}

// aside renames a full file, so that its name is free: the time stands in the new one. A file that would have to take the
// name of another stays what it is.
func (f *file) aside(full *lumberjack.Logger) error {
	free, err := f.stampIsFree(time.Now())
	if !free || err != nil {
		return err
	}
	full.Filename = f.path
	if err := full.Rotate(); err != nil {
		return fmt.Errorf("rotate log file %q: %w", f.path, err)
	}
	full.Close() // it would not append
	if err := f.open(false); err != nil {
		return err
	}
	if err := f.f.Chmod(f.mode); err != nil {
		return fmt.Errorf("set the mode of log file %q: %w", f.path, err)
	}
	return nil
}

// stampFormat is how lumberjack writes the time into a name, in UTC. It puts it before the name's ending and renames onto
// whatever is there.
const stampFormat = "2006-01-02T15-04-05.000"

// stampIsFree says whether the file can be renamed now or later without taking another's name: whether all others like it
// are older than now. Within a millisecond, or where the clock was set back, they are not; the directory is not read again
// until then.
func (f *file) stampIsFree(now time.Time) (bool, error) {
	stamp := now.UTC().Format(stampFormat)
	if stamp <= f.taken {
		return false, nil
	}
	entries, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil {
		return false, fmt.Errorf("list log files: %w", err)
	}
	name := filepath.Base(f.path)
	ending := filepath.Ext(name)
	prefix := strings.TrimSuffix(name, ending) + "-"
	for _, e := range entries {
		other := e.Name()
		if len(other) == len(prefix)+len(stamp)+len(ending) && strings.HasPrefix(other, prefix) &&
			strings.HasSuffix(other, ending) {
			f.taken = max(f.taken, other[len(prefix):len(prefix)+len(stamp)])
		}
	}
	return stamp > f.taken, nil
}

// close ends the use of the file.
func (f *file) close() {
	if f.f != nil {
		f.f.Close()
	}
}
