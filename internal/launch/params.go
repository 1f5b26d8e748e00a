// Package launch starts child processes and tells them what they inherit. The postmaster's half forks and execs; the
// child's half reads the parameter record. Both are here so that the two cannot drift apart.
//
// A child finds in fixed descriptors:
//
//	3  the shared-memory segment
//	4  the read end of the postmaster-death pipe: end of file means that the postmaster is gone
//	5  the data directory's lock, held as long as any process of the node lives
//	6  the parameter record
//	7  the control socket, for a process that serves a client
//
// The logger process has the read end of the log's pipe at 3, and nothing at 4 and 5.
//
// All signals are blocked between fork and the moment the child's handlers stand.
package launch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"waypost/internal/procsignal"
)

// The descriptors that a child inherits.
const (
	FDShmem   = 3
	FDLog     = 3 // the logger's
	FDDeath   = 4
	FDLock    = 5
	FDParams  = 6
	FDControl = 7
)

// paramsVersion changes with every change of the record.
const paramsVersion = 4

// Params is the record that a child starts from.
type Params struct {
	Kind            procsignal.Kind
	ChildSlot       int    // its number in the PMSignal array and in ProcSignal
	DataDir         string // absolute; also the working directory
	PMState         string // the postmaster's state when it launched the child, for who looks on
	PostmasterStart int64  // xlog.TimestampTz
	ConfigLoaded    int64  // xlog.TimestampTz of the postmaster's last (re)load
	SyncFailed      bool   // an earlier generation of this postmaster ended by a failed fsync
	Settings        []byte // guc.Settings, encoded
	// For processes that serve clients; empty for others.
	HBA    string // the rules of pg_hba.conf as last read without an error (hba.Rules.Text)
	Ident  string // the maps of pg_ident.conf, likewise
	TLS    []byte // certificate, key and CA files as last read without an error, encoded by who reads them; empty: no TLS
	Secret []byte // random, this postmaster's own: cancel keys are made from it. Never in shared memory
}

// encode lays the record out: version, then each field, integers in 8 bytes, byte strings behind their length.
func (p *Params) encode() []byte {
	b := binary.LittleEndian.AppendUint64(nil, paramsVersion)
	for _, v := range []int64{int64(p.Kind), int64(p.ChildSlot), p.PostmasterStart, p.ConfigLoaded, boolInt(p.SyncFailed)} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	for _, s := range [][]byte{[]byte(p.DataDir), []byte(p.PMState), p.Settings, []byte(p.HBA), []byte(p.Ident), p.TLS, p.Secret} {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func decode(b []byte) (*Params, error) {
	bad := false
	number := func() int64 {
		if len(b) < 8 {
			bad = true
			return 0
		}
		v := binary.LittleEndian.Uint64(b)
		b = b[8:]
		return int64(v)
	}
	text := func() []byte {
		n := number()
		if n < 0 || n > int64(len(b)) {
			bad = true
			return nil
		}
		s := b[:n]
		b = b[n:]
		return s
	}
	if v := number(); v != paramsVersion {
		return nil, fmt.Errorf("parameter record has version %d, this executable reads %d", v, paramsVersion)
	}
	p := &Params{Kind: procsignal.Kind(number()), ChildSlot: int(number()), PostmasterStart: number(), ConfigLoaded: number()}
	p.SyncFailed = number() != 0
	p.DataDir = string(text())
	p.PMState = string(text())
	p.Settings = text()
	p.HBA = string(text())
	p.Ident = string(text())
	p.TLS = text()
	p.Secret = bytes.Clone(text()) // it is kept to the end, and the record need not be
	if bad || len(b) != 0 {
		return nil, errors.New("parameter record is damaged")
	}
	return p, nil
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ReadParams reads the record that the calling process was started with, once.
func ReadParams() (*Params, error) {
	f := os.NewFile(FDParams, "parameter record")
	if f == nil {
		return nil, errors.New("no parameter record: this program is started by the postmaster, not by hand")
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read the parameter record (this program is started by the postmaster, not by hand): %w", err)
	}
	return decode(b)
}
