package logger

import (
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/natefinch/lumberjack.v2"
)

// never is a file size, in megabytes, at which lumberjack would rotate by itself: log_rotation_size is in kilobytes and
// may change while a file is open, so the writer decides.
const never = 1 << 30

// file is one open log file.
type file struct {
	path string
	mode os.FileMode
	size int64
	lj   *lumberjack.Logger
}

// openFile opens the file at path, for appending unless truncate is set, and makes it with its directory if need be.
func openFile(path string, mode, dirMode os.FileMode, truncate bool) (*file, error) {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return nil, fmt.Errorf("make log directory %q: %w", filepath.Dir(path), err)
	}
	f := &file{path: path, mode: mode, lj: &lumberjack.Logger{Filename: path, MaxSize: never}}
	return f, f.touch(truncate)
}

// touch has the file be there with its mode: lumberjack, which opens it, would give it one of its own.
func (f *file) touch(truncate bool) error {
	flags := os.O_CREATE | os.O_WRONLY
	if truncate {
		flags |= os.O_TRUNC
	}
	made, err := os.OpenFile(f.path, flags, f.mode)
	if err != nil {
		return fmt.Errorf("open log file %q: %w", f.path, err)
	}
	defer made.Close()
	if err := made.Chmod(f.mode); err != nil {
		return fmt.Errorf("set the mode of log file %q: %w", f.path, err)
	}
	info, err := made.Stat()
	if err != nil {
		return fmt.Errorf("look at log file %q: %w", f.path, err)
	}
	f.size = info.Size()
	return nil
}

// write appends b, all of it or nothing: what a full disk took of it is taken back.
func (f *file) write(b []byte) error {
	n, err := f.lj.Write(b)
	if err == nil {
		f.size += int64(n)
		return nil
	}
	f.lj.Close()
	if n > 0 {
		// If this fails, too, the next attempt repeats what is there.
		_ = os.Truncate(f.path, f.size)
	}
	return fmt.Errorf("write to log file %q: %w", f.path, err)
}

// aside renames a full file, so that its name is free: the time stands in the new one.
func (f *file) aside() error {
	if err := f.lj.Rotate(); err != nil {
		return fmt.Errorf("rotate log file %q: %w", f.path, err)
	}
	f.lj.Close() // lumberjack appends to a file that it opens, but not to one that it has just made
	return f.touch(false)
}

// close ends the use of the file.
func (f *file) close() { f.lj.Close() }
