package datadir

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"waypost/internal/durable"
)

// Line is a line of postmaster.pid, from 1.
type Line int

// The lines that are filled in while the postmaster starts.
const (
	LinePid        Line = 1 + iota // LOCK_FILE_LINE_PID
	LineDataDir                    // LOCK_FILE_LINE_DATA_DIR
	LineStartTime                  // LOCK_FILE_LINE_START_TIME
	LinePort                       // LOCK_FILE_LINE_PORT
	LineSocketDir                  // LOCK_FILE_LINE_SOCKET_DIR
	LineListenAddr                 // LOCK_FILE_LINE_LISTEN_ADDR
	LineShmemKey                   // LOCK_FILE_LINE_SHMEM_KEY
	LineStatus                     // LOCK_FILE_LINE_PM_STATUS
	LineShmemPath                  // Waypost's own
)

// Status is the postmaster's status as tools read it, eight characters.
type Status string

// The statuses (PM_STATUS_…).
const (
	StatusStarting Status = "starting" // still starting up
	StatusStopping Status = "stopping" // shutting down
	StatusReady    Status = "ready   " // lets clients in
	StatusStandby  Status = "standby " // up, lets no clients in
)

// PidInfo is what postmaster.pid says.
type PidInfo struct {
	Pid        int
	DataDir    string // absolute
	Start      time.Time
	Port       int
	SocketDir  string
	ListenAddr string
	ShmemKey   uint64
	ShmemID    uint64
	Status     Status
	ShmemPath  string
}

// ReadPidFile reads dir's postmaster.pid. Lines that are not there yet leave their fields zero. The error of a
// missing file is fs.ErrNotExist.
func ReadPidFile(dir string) (PidInfo, error) {
	text, err := os.ReadFile(filepath.Join(dir, PidFile))
	if err != nil {
		return PidInfo{}, fmt.Errorf("read %s: %w", PidFile, err)
	}
	return parsePidFile(string(text))
}

func parsePidFile(text string) (PidInfo, error) {
	lines := strings.Split(text, "\n")
	line := func(n Line) string {
		if int(n) <= len(lines) {
			return lines[n-1]
		}
		return ""
	}
	var info PidInfo
	pid, err := parsePid(text)
	if err != nil {
		return info, err
	}
	info.Pid, info.DataDir = pid, line(LineDataDir)
	if sec, err := strconv.ParseInt(line(LineStartTime), 10, 64); err == nil {
		info.Start = time.Unix(sec, 0)
	}
	info.Port, _ = strconv.Atoi(line(LinePort)) // not written yet: 0
	info.SocketDir, info.ListenAddr = line(LineSocketDir), line(LineListenAddr)
	if f := strings.Fields(line(LineShmemKey)); len(f) == 2 {
		info.ShmemKey, _ = strconv.ParseUint(f[0], 10, 64)
		info.ShmemID, _ = strconv.ParseUint(f[1], 10, 64)
	}
	info.Status, info.ShmemPath = Status(line(LineStatus)), line(LineShmemPath)
	return info, nil
}

var errEmptyLockFile = errors.New("lock file is empty")

// parsePid reads a lock file's first line. A stand-alone backend of PostgreSQL writes its pid negative.
func parsePid(text string) (int, error) {
	if text == "" {
		return 0, errEmptyLockFile
	}
	first, _, _ := strings.Cut(text, "\n")
	pid, err := strconv.ParseInt(strings.TrimSpace(first), 10, 32)
	if err != nil || pid == 0 || pid == math.MinInt32 {
		return 0, fmt.Errorf("bogus data in lock file: %q", first)
	}
	return int(max(pid, -pid)), nil
}

// head gives the lines that stand in a lock file from the beginning.
func (info PidInfo) head() []byte {
	return fmt.Appendf(nil, "%d\n%s\n%d\n%d\n%s\n", info.Pid, info.DataDir, info.Start.Unix(), info.Port, info.SocketDir)
}

// setLine replaces line n of the file at path, filling missing lines before it, in one write: a reader sees the
// old line or the new one.
func setLine(path string, n Line, text string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fileError(fmt.Sprintf("could not open file %q", path), err)
	}
	defer f.Close()
	was := make([]byte, maxLockFile)
	size, err := f.ReadAt(was, 0)
	if size == 0 && err != nil {
		return fileError(fmt.Sprintf("could not read from file %q", path), err)
	}
	is := replaceLine(was[:size], n, text)
	if _, err := f.WriteAt(is, 0); err != nil {
		return fileError(fmt.Sprintf("could not write to file %q", path), err)
	}
	if len(is) < size {
		if err := f.Truncate(int64(len(is))); err != nil {
			return fileError(fmt.Sprintf("could not write to file %q", path), err)
		}
	}
	if err := durable.Sync(f); err != nil {
		return fileError(fmt.Sprintf("could not write to file %q", path), err)
	}
	return nil
}

// maxLockFile is more than nine lines with two paths come to.
const maxLockFile = 16 << 10

func replaceLine(text []byte, n Line, line string) []byte {
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	for len(lines) < int(n) {
		lines = append(lines, nil)
	}
	lines[n-1] = []byte(line)
	return append(bytes.Join(lines, []byte("\n")), '\n')
}

// WriteOpts writes postmaster.opts: how the postmaster was started, for "pg_ctl restart" and for people.
func WriteOpts(dir, program string, args []string, perm os.FileMode) error {
	var b strings.Builder
	b.WriteString(program)
	for _, arg := range args {
		b.WriteString(` "` + arg + `"`)
	}
	b.WriteByte('\n')
	path := filepath.Join(dir, OptsFile)
	if err := os.WriteFile(path, []byte(b.String()), perm); err != nil {
		return fileError(fmt.Sprintf("could not write file %q", path), err)
	}
	return nil
}
