package waltest

import (
	"io"
	"io/fs"
	"maps"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/xlog"
)

// Segments has segment files in memory, to be damaged and read: it is a walfile.Source.
type Segments struct {
	SegSize xlog.SegSize
	Files   map[walfile.Segment][]byte
}

// Segments gives a copy of the log as files; what the last one has after the log's end is zeros.
func (l *Log) Segments() *Segments {
	s := &Segments{SegSize: l.opt.SegSize, Files: map[walfile.Segment][]byte{}}
	size := int(l.opt.SegSize)
	for at := 0; at < len(l.buf); at += size {
		file := make([]byte, size)
		copy(file, l.buf[at:])
		s.Files[walfile.Segment{TLI: l.opt.TLI, SegNo: l.opt.SegSize.SegNo(l.base + xlog.LSN(at))}] = file
	}
	return s
}

// Add puts other's files among these; where both have one of the same name, other's stays.
func (s *Segments) Add(other *Segments) *Segments {
	maps.Copy(s.Files, other.Files)
	return s
}

// At gives the bytes of timeline tli's file from l to the segment's end, to be changed in place.
func (s *Segments) At(tli xlog.TimeLineID, l xlog.LSN) []byte {
	return s.Files[walfile.Segment{TLI: tli, SegNo: s.SegSize.SegNo(l)}][s.SegSize.Offset(l):]
}

// Truncate makes the file that holds l end there.
func (s *Segments) Truncate(tli xlog.TimeLineID, l xlog.LSN) {
	key := walfile.Segment{TLI: tli, SegNo: s.SegSize.SegNo(l)}
	s.Files[key] = s.Files[key][:s.SegSize.Offset(l)]
}

// Remove takes away the file that holds l.
func (s *Segments) Remove(tli xlog.TimeLineID, l xlog.LSN) {
	delete(s.Files, walfile.Segment{TLI: tli, SegNo: s.SegSize.SegNo(l)})
}

// ReadAt is as walfile.Source wants it.
func (s *Segments) ReadAt(p []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error) {
	file, ok := s.Files[walfile.Segment{TLI: tli, SegNo: s.SegSize.SegNo(l)}]
	if !ok {
		return 0, fs.ErrNotExist
	}
	off := int(s.SegSize.Offset(l))
	if off > len(file) {
		return 0, io.EOF
	}
	n := copy(p, file[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteTo writes the files into a directory.
func (s *Segments) WriteTo(t testing.TB, dir string) walfile.Dir {
	d := walfile.Dir{Path: dir, SegSize: s.SegSize}
	for key, file := range s.Files {
		require.NoError(t, os.WriteFile(d.SegmentPath(key.TLI, key.SegNo), file, 0o600))
	}
	return d
}

// First is the start of the oldest segment of timeline tli.
func (s *Segments) First(tli xlog.TimeLineID) xlog.LSN {
	first := xlog.SegNo(1) << 63
	for key := range s.Files {
		if key.TLI == tli {
			first = min(first, key.SegNo)
		}
	}
	return s.SegSize.Start(first)
}

// Reader gives a reader of the files that follows a timeline without ancestors from its first record at l on.
func (s *Segments) Reader(tli xlog.TimeLineID, l xlog.LSN) *walfile.Reader {
	r := walfile.NewReader(s, walfile.ReaderOptions{SegSize: s.SegSize, History: walfile.NewHistory(tli)})
	r.Begin(l, 0)
	return r
}
