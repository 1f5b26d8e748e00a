package shmem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"waypost/xlog"
)

// filePrefix begins every segment file's name, so that cleaning up after a crash never removes another's file.
const filePrefix = "waypost."

const indexEntryLength = 64

// Segment is a mapped shared-memory segment. Its areas' methods may be used by many goroutines and processes at
// once; the Segment itself belongs to the process that mapped it.
type Segment struct {
	mem  []byte
	file *os.File
	path string
}

// Create makes and maps a new segment for the areas in l. It lies in the first of dirs that takes it, in full: every
// page is allocated before Create returns, so a full /dev/shm is an error here and not a SIGBUS later. name tells
// nodes and generations apart in the directory.
func Create(dirs []string, name string, l *Layout, generation uint64) (*Segment, error) {
	var errs []error
	for _, dir := range dirs {
		s, err := createIn(dir, name, l, generation)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func createIn(dir, name string, l *Layout, generation uint64) (_ *Segment, err error) {
	path := filepath.Join(dir, filePrefix+name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create shared memory: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(path)
		}
	}()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(l.size)); err != nil {
		return nil, fmt.Errorf("allocate %d bytes of shared memory in %q: %w", l.size, dir, err)
	}
	s, err := mapFile(f, path, l.size, unix.PROT_READ|unix.PROT_WRITE)
	if err != nil {
		return nil, err
	}
	s.writeHeader(l, generation)
	return s, nil
}

// Attach maps the segment behind a descriptor that was inherited from the postmaster. The segment takes the
// descriptor over.
func Attach(fd uintptr) (*Segment, error) {
	f := os.NewFile(fd, "shared memory")
	if f == nil {
		return nil, fmt.Errorf("map shared memory: bad file descriptor %d", fd)
	}
	return attach(f, "", unix.PROT_READ|unix.PROT_WRITE)
}

// OpenReadOnly maps a segment by its file's name, for looking only. It takes no lock and needs no live node.
func OpenReadOnly(path string) (*Segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open shared memory: %w", err)
	}
	return attach(f, path, unix.PROT_READ)
}

func attach(f *os.File, path string, prot int) (*Segment, error) {
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("stat shared memory: %w", err)
	}
	if st.Size() < areaAlign {
		f.Close()
		return nil, fmt.Errorf("shared memory of %d bytes is too small: %w", st.Size(), ErrLayout)
	}
	s, err := mapFile(f, path, uint64(st.Size()), prot)
	if err != nil {
		f.Close()
		return nil, err
	}
	if err := s.checkHeader(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func mapFile(f *os.File, path string, size uint64, prot int) (*Segment, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, int(size), prot, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map shared memory: %w", err)
	}
	return &Segment{mem: mem, file: f, path: path}, nil
}

// File is the segment's descriptor, for children to inherit. The segment keeps ownership.
func (s *Segment) File() *os.File { return s.file }

// Path is the file's name; empty for an inherited segment.
func (s *Segment) Path() string { return s.path }

// Generation counts the segments that one postmaster has made, from 1.
func (s *Segment) Generation() uint64 { return s.word(24) }

// CreatedAt is when the postmaster made the segment.
func (s *Segment) CreatedAt() xlog.TimestampTz { return xlog.TimestampTz(s.word(32)) }

// PostmasterPID is the process id of the segment's maker.
func (s *Segment) PostmasterPID() int { return int(int32(binary.NativeEndian.Uint32(s.mem[40:]))) }

// Size is the segment's size in bytes.
func (s *Segment) Size() uint64 { return uint64(len(s.mem)) }

// AreaInfo describes one area for a reader of the segment.
type AreaInfo struct {
	Name     string
	Offset   uint64 // from the segment's start, bytes
	ElemSize uint32 // bytes
	Count    uint32
}

// Areas lists the segment's areas in the order they lie in.
func (s *Segment) Areas() []AreaInfo {
	list := make([]AreaInfo, 0, s.areaCount())
	for i := range s.areaCount() {
		e := s.entry(i)
		list = append(list, AreaInfo{e.name, e.offset, e.elemSize, e.count})
	}
	return list
}

// Close unmaps the segment. Pointers into it must not be used any more.
func (s *Segment) Close() error {
	err := unix.Munmap(s.mem)
	s.mem = nil
	return errors.Join(err, s.file.Close())
}

// Remove deletes the file. Processes that have it mapped keep it.
func (s *Segment) Remove() error { return os.Remove(s.path) }

// RemoveStale deletes the segment file that an earlier postmaster left behind, if path is one. A file that is not
// there is no error.
func RemoveStale(path string) error {
	if !strings.HasPrefix(filepath.Base(path), filePrefix) {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove stale shared memory: %w", err)
	}
	return nil
}

func (s *Segment) word(off int) uint64 { return binary.NativeEndian.Uint64(s.mem[off:]) }
func (s *Segment) areaCount() int      { return int(binary.NativeEndian.Uint32(s.mem[12:])) }

func (s *Segment) writeHeader(l *Layout, generation uint64) {
	ne, m := binary.NativeEndian, s.mem
	ne.PutUint32(m[8:], LayoutVersion)
	ne.PutUint32(m[12:], uint32(len(l.areas)))
	ne.PutUint64(m[16:], l.size)
	ne.PutUint64(m[24:], generation)
	ne.PutUint64(m[32:], uint64(xlog.Now()))
	ne.PutUint32(m[40:], uint32(os.Getpid()))
	for i, a := range l.areas {
		e := m[headerLength+i*indexEntryLength:]
		copy(e[:nameLen], a.name)
		ne.PutUint64(e[32:], a.offset)
		ne.PutUint32(e[40:], a.elemSize)
		ne.PutUint32(e[44:], a.count)
		ne.PutUint64(e[48:], a.fingerprint)
	}
	// The magic goes in last: a reader by name never sees half a header.
	copy(m, magic)
}

func (s *Segment) checkHeader() error {
	if string(s.mem[:len(magic)]) != magic || binary.NativeEndian.Uint32(s.mem[8:]) != LayoutVersion {
		return fmt.Errorf("not a Waypost segment of layout version %d: %w", LayoutVersion, ErrLayout)
	}
	if s.word(16) != uint64(len(s.mem)) || s.areaCount() > maxAreas {
		return fmt.Errorf("segment is %d bytes, header says %d: %w", len(s.mem), s.word(16), ErrLayout)
	}
	return nil
}

func (s *Segment) entry(i int) areaSpec {
	ne, e := binary.NativeEndian, s.mem[headerLength+i*indexEntryLength:]
	return areaSpec{String(e[:nameLen]), ne.Uint64(e[32:]), ne.Uint32(e[40:]), ne.Uint32(e[44:]), ne.Uint64(e[48:])}
}

func (s *Segment) find(name string) (areaSpec, error) {
	for i := range s.areaCount() {
		if e := s.entry(i); e.name == name {
			return e, nil
		}
	}
	return areaSpec{}, fmt.Errorf("area %q is missing: %w", name, ErrLayout)
}
