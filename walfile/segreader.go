package walfile

import (
	"io"
	"os"

	"waypost/xlog"
)

// SegmentReader reads from the segment files of a directory. It keeps the file that it read from last open, so that
// reading on costs one pread. A file that was replaced or removed goes on being read until Forget, or another segment
// is.
//
// It is not for concurrent use.
type SegmentReader struct {
	dir Dir
	f   *os.File
	tli xlog.TimeLineID
	seg xlog.SegNo
}

// NewSegmentReader makes a reader of the segments in d. Close frees it.
func NewSegmentReader(d Dir) *SegmentReader { return &SegmentReader{dir: d} }

// ReadAt reads len(p) bytes at l from the files of timeline tli; they may lie in several segments. See Source.
func (s *SegmentReader) ReadAt(p []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error) {
	got := 0
	for got < len(p) {
		at := l + xlog.LSN(got)
		f, err := s.Open(tli, s.dir.SegSize.SegNo(at))
		if err != nil {
			return got, err
		}
		off := s.dir.SegSize.Offset(at)
		part := p[got:]
		if left := uint32(s.dir.SegSize) - off; uint64(len(part)) > uint64(left) {
			part = part[:left]
		}
		n, err := f.ReadAt(part, int64(off))
		got += n
		if n == len(part) {
			continue
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return got, err
	}
	return got, nil
}

// Open gives the open file of timeline tli's segment n, which stays the SegmentReader's and open until its next call.
// An error is fs.ErrNotExist if there is no such file.
func (s *SegmentReader) Open(tli xlog.TimeLineID, n xlog.SegNo) (*os.File, error) {
	if s.f != nil && s.tli == tli && s.seg == n {
		return s.f, nil
	}
	f, err := os.Open(s.dir.SegmentPath(tli, n))
	if err != nil {
		return nil, err
	}
	s.Forget()
	s.f, s.tli, s.seg = f, tli, n
	return f, nil
}

// Forget closes the file that is open; the next read opens its file anew.
func (s *SegmentReader) Forget() {
	if s.f != nil {
		s.f.Close() // read only: nothing can be lost
		s.f = nil
	}
}

// Close frees the reader.
func (s *SegmentReader) Close() error {
	s.Forget()
	return nil
}

var _ Source = (*SegmentReader)(nil)
