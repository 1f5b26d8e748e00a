package walsender

import (
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"waypost/internal/walsnd"
	"waypost/walfile"
	"waypost/xlog"
)

// segment is the segment file that is open for sending, by its bare descriptor: an os.File would start the network
// poller for nothing.
type segment struct {
	fd      int // -1: none is open
	tli     xlog.TimeLineID
	no      xlog.SegNo
	changes uint64 // SegmentsChanged when it was opened
}

func (g *segment) close() {
	if g.fd >= 0 {
		unix.Close(g.fd)
		g.fd = -1
	}
}

// open makes the segment with the byte at l the one that is open. A file that was replaced by a better one under its name
// is opened anew.
func (st *stream) open(l xlog.LSN) error {
	w, g := st.w, &st.seg
	no := w.wal.SegSize.SegNo(l)
	tli := st.line.file(no, w.wal.SegSize)
	changes := w.p.XLog.SegmentsChanged.Load()
	reload := w.takeReload()
	if g.fd >= 0 && g.no == no && g.tli == tli && g.changes == changes && !reload {
		return nil
	}
	g.close()
	fd, err := unix.Open(w.wal.SegmentPath(tli, no), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	name := filepath.Join(walDirectory, walfile.SegmentName(tli, no, w.wal.SegSize))
	if err == unix.ENOENT {
		return removed(tli, no, w.wal.SegSize)
	}
	if err != nil {
		return fileError("could not open file", name, &fs.PathError{Op: "open", Path: name, Err: err})
	}
	// A message that was begun must be finished, so a file that is too short is found out here.
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		unix.Close(fd)
		return fileError("could not stat file", name, os.NewSyscallError("fstat", err))
	}
	if stat.Size < int64(w.wal.SegSize) {
		unix.Close(fd)
		return internalErrorf("WAL file \"%s\" is too short: %d bytes of %d", name, stat.Size, w.wal.SegSize)
	}
	*g = segment{fd: fd, tli: tli, no: no, changes: changes}
	return nil
}

// takeReload says whether somebody has asked for the open file to be given up, and clears the request.
func (w *WalSender) takeReload() bool {
	var reload bool
	w.update(func(f *walsnd.Fields) {
		reload = f.NeedReload != 0
		f.NeedReload = 0
	})
	return reload
}

// checkNotRemoved fails if the segment being sent has been let go. Asked after WAL was read into memory, or after
// inFlight was announced: then its file was not yet put to another use, or never will be.
func (st *stream) checkNotRemoved() error {
	if uint64(st.seg.no) < st.w.p.Ckpt.RemovedUpto.Load() {
		return removed(st.seg.tli, st.seg.no, st.w.wal.SegSize)
	}
	return nil
}
