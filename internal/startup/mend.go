package startup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"waypost/internal/durable"
	"waypost/walfile"
)

// asStop gives the Stop in a reader's error. A file that cannot be read for an error of the disk is as damaged as one
// with bad bytes; any other error is returned.
func (s *Startup) asStop(r *walfile.Reader, err error) (*walfile.Stop, error) {
	if stop := walfile.AsStop(err); stop != nil {
		return stop, nil
	}
	var read *walfile.ReadError
	if errors.As(err, &read) && errors.Is(err, unix.EIO) {
		record := r.Pos()
		return &walfile.Stop{Kind: walfile.Corrupt, LSN: max(record, read.LSN), Record: record, Held: record,
			Segment: s.dir.SegSize.SegNo(read.LSN), Detail: "the disk cannot read it", Err: read.Err}, nil
	}
	return nil, err
}

// keepDamaged keeps a copy, for the DBA, of a segment in which WAL is going to be fetched again. That is a service, no
// condition: a full disk, which damage may have come with, must not keep the node from mending itself.
func (s *Startup) keepDamaged(found *endOfWAL) error {
	err := s.copyDamaged(found)
	if err != nil && (durable.IsNoSpace(err) || !durable.IsSyncError(err)) {
		s.Log.Warn().Err(err).Msg("could not keep damaged WAL segment")
		return nil
	}
	return err
}

func (s *Startup) copyDamaged(found *endOfWAL) error {
	if found.damage == nil || found.damage.TLI == 0 || found.resume != found.end {
		return nil // no damage, no file, or it is mended later, by a file beside it
	}
	path := s.dir.SegmentPath(found.damage.TLI, found.damage.Segment)
	to, err := s.damagedName(path)
	if err != nil {
		return err
	}
	temp := s.tempPath()
	defer os.Remove(temp) // gone already if all went well
	if err := copyFile(path, temp, s.Perm); errors.Is(err, unix.EIO) || errors.Is(err, fs.ErrNotExist) {
		return nil // what cannot be read cannot be kept
	} else if err != nil {
		return fmt.Errorf("keep damaged WAL segment: %w", err)
	}
	if err := durable.Rename(temp, to); err != nil {
		return fmt.Errorf("keep damaged WAL segment: %w", err)
	}
	s.Log.Info().Msgf("damaged WAL segment is kept as %q", filepath.Base(to))
	return nil
}

// damagedName is a name beside path, not taken, that says what is wrong with the file.
func (s *Startup) damagedName(path string) (string, error) {
	name := path + ".damaged"
	for n := 2; ; n++ {
		_, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", fmt.Errorf("choose a name for a damaged WAL segment: %w", err)
		}
		name = fmt.Sprintf("%s.damaged.%d", path, n)
	}
}

// tempPath is a name in pg_wal that counts as a temporary file's, here and in PostgreSQL.
func (s *Startup) tempPath() string {
	return filepath.Join(s.dir.Path, fmt.Sprintf("xlogtemp.%d", os.Getpid()))
}

func copyFile(from, to string, perm os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// mendSize gives a segment's file, of which nothing beyond the resume position is believed, the length that it must have
// to be written on.
func (s *Startup) mendSize(seg walfile.Segment) error {
	path := s.dir.SegmentPath(seg.TLI, seg.SegNo)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at WAL segment: %w", err)
	}
	if info.Size() == int64(s.dir.SegSize) {
		return nil
	}
	s.Log.Warn().Msgf("WAL segment %q has %d bytes, setting its length to %d", filepath.Base(path), info.Size(), s.dir.SegSize)
	if err := os.Truncate(path, int64(s.dir.SegSize)); err != nil {
		return fmt.Errorf("mend length of WAL segment: %w", err)
	}
	return durable.SyncPath(path)
}

func (s *Startup) syncHistories() error {
	entries, err := os.ReadDir(s.dir.Path)
	if err != nil {
		return fmt.Errorf("list timeline histories: %w", err)
	}
	for _, e := range entries {
		if walfile.IsHistoryName(e.Name()) {
			if err := durable.SyncPath(filepath.Join(s.dir.Path, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
