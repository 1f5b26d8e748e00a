package postmaster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/layout"
)

// fact is a setting's value that nobody sets.
type fact struct {
	id    guc.ID
	value string
}

// setComputed gives the settings that follow from others, and from the data directory, their values. What only
// global/pg_control knows is not among them: the postmaster reads no format of PostgreSQL's but its own files'.
func setComputed(s *guc.Settings) error {
	size := layout.New(childSlots(s), s.Int(guc.MaxWalSenders)).Size()
	const mb = 1 << 20
	computed := []fact{
		{guc.SharedMemorySize, strconv.FormatUint((size+mb-1)/mb, 10)},
		{guc.HugePagesStatus, "off"},
		{guc.NumOsSemaphores, "0"},
	}
	if page, ok := hugePageSize(); ok {
		computed = append(computed, fact{guc.SharedMemorySizeInHugePages, strconv.FormatUint((size+page-1)/page, 10)})
	}
	dir := s.String(guc.DataDirectory)
	if info, err := os.Stat(dir); err == nil { // if there is none, its check will say so
		mode := strconv.FormatUint(uint64(datadir.ModeFor(info.Mode().Perm()).Dir), 8)
		computed = append(computed, fact{guc.DataDirectoryMode, "0" + mode})
	}
	if segment, ok := segmentSize(dir); ok {
		computed = append(computed, fact{guc.WalSegmentSize, strconv.FormatInt(segment, 10)})
	}
	for _, c := range computed {
		if err := s.SetID(c.id, c.value, guc.SourceDynamicDefault); err != nil {
			return err
		}
	}
	return nil
}

// hugePageSize is that of the system's usual huge pages, bytes.
func hugePageSize() (uint64, bool) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Hugepagesize:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 32)
			return kb << 10, err == nil && kb > 0
		}
	}
	return 0, false
}

// segmentSize is the size of the WAL files that are there: each is as long as all.
func segmentSize(dir string) (int64, bool) {
	const nameLen = 24
	entries, err := os.ReadDir(filepath.Join(dir, "pg_wal"))
	if err != nil {
		return 0, false
	}
	for _, e := range entries {
		if len(e.Name()) != nameLen || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && info.Size() >= 1<<20 && info.Size()&(info.Size()-1) == 0 {
			return info.Size(), true
		}
	}
	return 0, false
}

// childSlots is how many children there can be.
func childSlots(s *guc.Settings) int {
	return 2*maxClients(s) + s.Int(guc.WalsenderPrelaunch) + deadEndSlots + auxiliarySlots
}

// maxClients is how many clients can be served at once. Twice as many processes may exist, since some are still in
// their handshake and some are refused.
func maxClients(s *guc.Settings) int { return s.Int(guc.MaxConnections) + s.Int(guc.MaxWalSenders) }
