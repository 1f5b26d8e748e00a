// Package controldata reads and writes global/pg_control in the layouts of PostgreSQL 15 to 18, so that its own
// pg_controldata prints a Waypost data directory. It never logs.
//
// The file is 8192 bytes, zeros after the content; numbers are little endian, in the alignment of 64-bit C:
//
//	  0 uint64 system identifier          176 bool   wal_log_hints
//	  8 uint32 pg_control_version         180 int32  max_connections
//	 12 uint32 catalog_version_no         184 int32  max_worker_processes
//	 16 int32  state                      188 int32  max_wal_senders
//	 24 int64  time of last update        192 int32  max_prepared_transactions
//	 32 uint64 latest checkpoint's LSN    196 int32  max_locks_per_transaction
//	 40 88 bytes, its body (walfile)      200 bool   track_commit_timestamp
//	128 uint64 fake LSN counter           204 uint32 maximum alignment
//	136 uint64 minimum recovery point     208 double 1234567.0
//	144 uint32 its timeline               216 uint32 block size; 220 blocks per relation segment
//	152 uint64 backup start               224 uint32 WAL block size; 228 WAL segment size
//	160 uint64 backup end                 232 uint32 NAMEDATALEN; 236 INDEX_MAX_KEYS
//	168 bool   backup end required        240 uint32 TOAST chunk; 244 large-object chunk
//	172 int32  wal_level                  248 bool   float8 by value; 252 uint32 checksum version
//
// Then, up to 17: 256 nonce (32 bytes), 288 uint32 CRC-32C of all before it. In 18: 256 bool char is signed,
// 257 nonce, 292 CRC. 15 and 16 have one layout (1300) and are told apart by the catalog version; 17 (1700) gave
// the checkpoint's body wal_level, where padding had been. (PostgreSQL: catalog/pg_control.h.)
package controldata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"

	"waypost/internal/durable"
	"waypost/walfile"
	"waypost/xlog"
)

// FileName is the control file's path below the data directory.
const FileName = "global/pg_control"

// State is the cluster's state (DBState).
type State int32

// The states.
const (
	Startup            State = iota // never seen on disk
	ShutDown                        // ended in order
	ShutDownInRecovery              // ended in order, while in recovery
	ShuttingDown
	InCrashRecovery
	InArchiveRecovery // a relay or standby at work, or one that was killed
	InProduction
)

// String gives the state as pg_controldata prints it.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "unrecognized status code"
	}
	return stateNames[s]
}

var stateNames = [...]string{"starting up", "shut down", "shut down in recovery", "shutting down",
	"in crash recovery", "in archive recovery", "in production"}

// ControlFile is the content of pg_control (ControlFileData). pg_control_version follows from Version.
type ControlFile struct {
	Version              walfile.Version // the major version whose layout it has
	SystemID             uint64
	CatalogVersion       uint32
	State                State
	Time                 int64 // of the last update, seconds since 1970
	CheckPoint           xlog.LSN
	CheckPointCopy       walfile.CheckPoint
	UnloggedLSN          xlog.LSN
	MinRecoveryPoint     xlog.LSN
	MinRecoveryPointTLI  xlog.TimeLineID
	BackupStartPoint     xlog.LSN
	BackupEndPoint       xlog.LSN
	BackupEndRequired    bool
	WALLevel             walfile.WALLevel
	WalLogHints          bool
	MaxConnections       int32
	MaxWorkerProcesses   int32
	MaxWalSenders        int32
	MaxPreparedXacts     int32
	MaxLocksPerXact      int32
	TrackCommitTimestamp bool
	MaxAlign             uint32
	BlockSize            uint32
	RelSegSize           uint32
	WALBlockSize         uint32
	WALSegSize           xlog.SegSize
	NameDataLen          uint32
	IndexMaxKeys         uint32
	ToastMaxChunkSize    uint32
	LOBlockSize          uint32
	Float8ByVal          bool
	DataChecksumVersion  uint32
	DefaultCharSigned    bool     // 18 and later
	MockAuthNonce        [32]byte // random, secret
}

// New gives the control file of a relay that holds no WAL yet: in archive recovery, the settings at PostgreSQL's
// defaults, the sizes those of a default build. The caller fills in MockAuthNonce, and the checkpoint when it has
// seen one.
func New(v walfile.Version, systemID uint64, segSize xlog.SegSize, tli xlog.TimeLineID) (*ControlFile, error) {
	known, err := byWAL(v)
	if err != nil {
		return nil, err
	}
	unknown := walfile.UnknownWALLevel
	if v >= walfile.V17 {
		unknown = walfile.Replica
	}
	return &ControlFile{
		Version: v, SystemID: systemID, CatalogVersion: known.catalog,
		State:          InArchiveRecovery,
		CheckPointCopy: walfile.CheckPoint{TLI: tli, PrevTLI: tli, FullPageWrites: true, WALLevel: unknown},
		WALLevel:       walfile.Replica,
		MaxConnections: 100, MaxWorkerProcesses: 8, MaxWalSenders: 10, MaxLocksPerXact: 64,
		MaxAlign: 8, BlockSize: 8192, RelSegSize: 131072, WALBlockSize: xlog.PageSize, WALSegSize: segSize,
		NameDataLen: 64, IndexMaxKeys: 32, ToastMaxChunkSize: 1996, LOBlockSize: 2048,
		Float8ByVal: true, DefaultCharSigned: v >= walfile.V18,
	}, nil
}

func byWAL(v walfile.Version) (version, error) {
	for _, known := range versions {
		if known.wal == v {
			return known, nil
		}
	}
	return version{}, fmt.Errorf("no control file is known for WAL version %v", v)
}

// ControlVersion is pg_control_version, 0 where Version is not known.
func (c *ControlFile) ControlVersion() uint32 {
	known, err := byWAL(c.Version)
	if err != nil {
		return 0
	}
	return known.control
}

// ErrChecksum says that a control file is damaged.
var ErrChecksum = errors.New("incorrect checksum in control file")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Decode takes a control file apart. Errors: one that names the version where it is not known, ErrChecksum.
func Decode(b []byte) (*ControlFile, error) {
	if len(b) < sectorSize {
		return nil, fmt.Errorf("control file has %d bytes, expected %d", len(b), Size)
	}
	d := field(b)
	control, catalog := d.u32(offControlVersion), d.u32(offCatalogVersion)
	for _, v := range versions {
		if v.control != control || v.catalog != catalog {
			continue
		}
		crc := offCRC(v.wal)
		if crc32.Checksum(b[:crc], castagnoli) != d.u32(crc) {
			return nil, ErrChecksum
		}
		c := &ControlFile{Version: v.wal}
		c.decode(b)
		return c, nil
	}
	return nil, fmt.Errorf("control file has pg_control_version %d and catalog version %d, which no supported PostgreSQL release has", control, catalog)
}

// Encode gives the Size bytes of the file.
func (c *ControlFile) Encode() ([]byte, error) {
	v, err := byWAL(c.Version)
	if err != nil {
		return nil, err
	}
	b := make([]byte, Size)
	c.encode(b, v)
	crc := offCRC(c.Version)
	binary.LittleEndian.PutUint32(b[crc:], crc32.Checksum(b[:crc], castagnoli))
	return b, nil
}

// Read reads the control file of a data directory. A writer may be at work: a checksum that is wrong is looked at
// again for a moment before it is believed.
func Read(dataDir string) (*ControlFile, error) {
	const tries, pause = 10, 10 * time.Millisecond
	path := filepath.Join(dataDir, FileName)
	for try := 1; ; try++ {
		b, err := readSector(path)
		if err != nil {
			return nil, fmt.Errorf("read control file: %w", err)
		}
		c, err := Decode(b)
		if errors.Is(err, ErrChecksum) && try < tries {
			time.Sleep(pause)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read control file %q: %w", path, err)
		}
		return c, nil
	}
}

// readSector reads what is in use of the file.
func readSector(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, sectorSize)
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	return b[:n], nil
}

// Write sets Time to now and puts c on disk. One sector is written in place, which no power cut tears; only a file
// that is not there yet, or not whole, is made anew, with permissions perm. One process may write at a time.
func (c *ControlFile) Write(dataDir string, now time.Time, perm os.FileMode) error {
	c.Time = now.Unix()
	b, err := c.Encode()
	if err != nil {
		return err
	}
	path := filepath.Join(dataDir, FileName)
	if info, err := os.Stat(path); err != nil || info.Size() != Size {
		if err := durable.WriteFile(path, b, perm); err != nil {
			return fmt.Errorf("write control file: %w", err)
		}
		return nil
	}
	if err := overwrite(path, b[:sectorSize]); err != nil {
		return fmt.Errorf("write control file: %w", err)
	}
	return nil
}

func overwrite(path string, sector []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(sector, 0); err != nil {
		return err
	}
	return durable.Sync(f)
}
