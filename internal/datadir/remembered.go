package datadir

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/durable"
	"waypost/xlog"
)

// Remembered is what a node knows of its own WAL across a crash: up to Flushed, on Timeline, everything had been
// synced when this was written, and a record that was checked begins at CheckedStart.
type Remembered struct {
	SystemID     uint64
	Timeline     xlog.TimeLineID
	CheckedStart xlog.LSN // from where to walk at start; ≤ Flushed
	Flushed      xlog.LSN
	WrittenAt    time.Time // whole microseconds
	Distrust     bool      // a sync failed: nothing beyond Flushed on disk may be believed
}

// The file (RememberedFile) has two slots of 512 bytes, one disk sector each, 4096 bytes apart so that no disk
// writes both at one time. They are written in turn, and the valid one with the higher number counts: a torn
// write leaves the previous one. All numbers are little endian:
//
//	 0  "WPREMEMB"
//	 8  uint32 format, 1
//	12  uint32 CRC-32C of the 512 bytes with this field zero
//	16  uint64 number of this writing, from 1
//	24  uint64 system identifier
//	32  uint32 timeline
//	36  uint32 flags: 1 distrust
//	40  uint64 checked record's start
//	48  uint64 flushed
//	56  int64  written at, microseconds since 2000-01-01 UTC
//	64  zeros
const (
	slotSize     = 512
	slotDistance = 4096
	slotMagic    = "WPREMEMB"
	slotFormat   = 1
	flagDistrust = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrDistrusted says that another process has had a sync fail: what we would remember cannot be believed.
var ErrDistrusted = errors.New("a sync failed in another process")

// Memory is the open file of a node's remembered position. It is for one goroutine.
type Memory struct {
	f    *os.File
	seq  uint64 // number of the last good writing
	last Remembered
}

// OpenMemory opens dataDir's remembered position for writing, makes the file if it is not there, and syncs it, so
// that what Last gives is on disk.
func OpenMemory(dataDir string, perm os.FileMode) (*Memory, error) {
	path := filepath.Join(dataDir, RememberedFile)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err := durable.WriteFile(path, make([]byte, slotDistance+slotSize), perm); err != nil {
			return nil, fmt.Errorf("create remembered position: %w", err)
		}
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("open remembered position: %w", err)
	}
	m := &Memory{f: f}
	if err := m.load(); err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

func (m *Memory) load() (err error) {
	if err := durable.Sync(m.f); err != nil {
		return fmt.Errorf("open remembered position: %w", err)
	}
	m.last, m.seq, err = readSlots(m.f)
	return err
}

// ReadRemembered reads dataDir's remembered position without writing anything, while the node runs or not. ok is
// false if there is none.
func ReadRemembered(dataDir string) (r Remembered, ok bool, err error) {
	f, err := os.Open(filepath.Join(dataDir, RememberedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Remembered{}, false, nil
	}
	if err != nil {
		return Remembered{}, false, fmt.Errorf("open remembered position: %w", err)
	}
	defer f.Close()
	r, seq, err := readSlots(f)
	return r, seq > 0, err
}

// Last gives what was last stored; ok is false if nothing ever was, or nothing that can be read: then the node has
// to check its WAL from the start.
func (m *Memory) Last() (r Remembered, ok bool) { return m.last, m.seq > 0 }

// Store writes r over the older slot. When it returns nil, r is on disk. After an error the file holds what it held
// before, or r; a durable.SyncError is fatal as any other.
//
// Another process may store, too: each counts on from what the file says, under a flock, so that the last one to
// store has the last word; but a mark of distrust that was set since we last read or stored stays, and Store fails
// with ErrDistrusted. Who has seen the mark (Last) may take it away: startup does, once it has fetched again what
// cannot be believed.
func (m *Memory) Store(r Remembered) error {
	if err := m.store(r); err != nil {
		return fmt.Errorf("write remembered position: %w", err)
	}
	return nil
}

func (m *Memory) store(r Remembered) error {
	return m.locked(func(there Remembered, seq uint64) error {
		if there.Distrust && seq != m.seq {
			return ErrDistrusted
		}
		return m.write(r, seq+1)
	})
}

// Distrust marks dataDir's remembered position, in place of whoever has had a sync fail: from now on nothing beyond it is
// believed. Where nothing is remembered nothing will be believed anyway.
func Distrust(dataDir string) error {
	m, err := OpenMemory(dataDir, 0o600)
	if err != nil {
		return err
	}
	defer m.Close()
	err = m.locked(func(there Remembered, seq uint64) error {
		if seq == 0 || there.Distrust {
			return nil
		}
		there.Distrust = true
		return m.write(there, seq+1)
	})
	if err != nil {
		return fmt.Errorf("mark remembered position: %w", err)
	}
	return nil
}

// locked keeps other processes from storing while do looks at what is there.
func (m *Memory) locked(do func(there Remembered, seq uint64) error) error {
	fd := int(m.f.Fd())
	if err := ignoringEINTR(func() error { return unix.Flock(fd, unix.LOCK_EX) }); err != nil {
		return err
	}
	defer unix.Flock(fd, unix.LOCK_UN) // the descriptor is good
	there, seq, err := readSlots(m.f)
	if err != nil {
		return err
	}
	return do(there, seq)
}

func (m *Memory) write(r Remembered, seq uint64) error {
	slot := encodeSlot(r, seq)
	if _, err := m.f.WriteAt(slot[:], slotOffset(seq)); err != nil {
		return err
	}
	if err := durable.SyncData(m.f); err != nil {
		return err
	}
	m.last, m.seq = r, seq
	return nil
}

// Close closes the file.
func (m *Memory) Close() error { return m.f.Close() }

func slotOffset(seq uint64) int64 { return int64(seq%2) * slotDistance }

func readSlots(f io.ReaderAt) (best Remembered, bestSeq uint64, err error) {
	for i := range uint64(2) {
		var b [slotSize]byte
		if n, err := f.ReadAt(b[:], slotOffset(i)); err != nil && err != io.EOF {
			return Remembered{}, 0, fmt.Errorf("read remembered position: %w", err)
		} else if n < slotSize {
			continue
		}
		r, seq, err := decodeSlot(&b)
		if err != nil {
			return Remembered{}, 0, err
		}
		if seq > bestSeq {
			best, bestSeq = r, seq
		}
	}
	return best, bestSeq, nil
}

func encodeSlot(r Remembered, seq uint64) (b [slotSize]byte) {
	le := binary.LittleEndian
	copy(b[:], slotMagic)
	le.PutUint32(b[8:], slotFormat)
	le.PutUint64(b[16:], seq)
	le.PutUint64(b[24:], r.SystemID)
	le.PutUint32(b[32:], uint32(r.Timeline))
	if r.Distrust {
		le.PutUint32(b[36:], flagDistrust)
	}
	le.PutUint64(b[40:], uint64(r.CheckedStart))
	le.PutUint64(b[48:], uint64(r.Flushed))
	le.PutUint64(b[56:], uint64(xlog.FromTime(r.WrittenAt)))
	le.PutUint32(b[12:], crc32.Checksum(b[:], castagnoli))
	return b
}

// decodeSlot gives number 0 for a slot that was never written or is damaged, and an error for one that a later
// Waypost wrote.
func decodeSlot(b *[slotSize]byte) (Remembered, uint64, error) {
	le := binary.LittleEndian
	sum := le.Uint32(b[12:])
	le.PutUint32(b[12:], 0)
	if string(b[:8]) != slotMagic || sum != crc32.Checksum(b[:], castagnoli) {
		return Remembered{}, 0, nil
	}
	if format := le.Uint32(b[8:]); format != slotFormat {
		return Remembered{}, 0, fmt.Errorf("read remembered position: format %d is not known", format)
	}
	return Remembered{
		SystemID:     le.Uint64(b[24:]),
		Timeline:     xlog.TimeLineID(le.Uint32(b[32:])),
		Distrust:     le.Uint32(b[36:])&flagDistrust != 0,
		CheckedStart: xlog.LSN(le.Uint64(b[40:])),
		Flushed:      xlog.LSN(le.Uint64(b[48:])),
		WrittenAt:    xlog.TimestampTz(le.Uint64(b[56:])).Time(),
	}, le.Uint64(b[16:]), nil
}
