package waltest

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/xlog"
)

// FixtureVersions are the versions that there is real WAL of.
var FixtureVersions = [...]walfile.Version{walfile.V15, walfile.V17, walfile.V18}

// FixtureSegSize is the segment size of that WAL.
const FixtureSegSize = xlog.MinSegSize

// FixturePath is the path of one of the files that walfile/testdata/README.md lists.
func FixturePath(t testing.TB, v walfile.Version, name string) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "walfile", "testdata", "pg"+strconv.Itoa(int(v)), name)
		}
		up := filepath.Dir(dir)
		require.NotEqual(t, dir, up, "no go.mod above the test's directory")
		dir = up
	}
}

// Fixture unpacks the segments that a server of version v wrote into a directory that the test may change.
func Fixture(t testing.TB, v walfile.Version) walfile.Dir {
	d := walfile.Dir{Path: t.TempDir(), SegSize: FixtureSegSize}
	return FixtureSegments(t, v).WriteTo(t, d.Path)
}

// FixtureSegments is Fixture in memory.
func FixtureSegments(t testing.TB, v walfile.Version) *Segments {
	path := FixturePath(t, v, "pg_wal.tar.bz2")
	once, _ := unpacked.LoadOrStore(path, sync.OnceValues(func() (map[walfile.Segment][]byte, error) { return unpack(path) }))
	files, err := once.(func() (map[walfile.Segment][]byte, error))()
	require.NoError(t, err)
	s := &Segments{SegSize: FixtureSegSize, Files: map[walfile.Segment][]byte{}}
	for key, file := range files {
		s.Files[key] = bytes.Clone(file)
	}
	return s
}

// unpacked has what unpack gave, by path: unpacking takes longer than most tests.
var unpacked sync.Map

func unpack(path string) (map[walfile.Segment][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	files := map[walfile.Segment][]byte{}
	for in := tar.NewReader(bzip2.NewReader(f)); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		tli, n, err := walfile.ParseSegmentName(filepath.Base(h.Name), FixtureSegSize)
		if err != nil {
			return nil, err
		}
		if files[walfile.Segment{TLI: tli, SegNo: n}], err = io.ReadAll(in); err != nil {
			return nil, err
		}
	}
}

// FixtureText gives the text of one of the files, unpacked if its name ends in ".gz".
func FixtureText(t testing.TB, v walfile.Version, name string) string {
	f, err := os.Open(FixturePath(t, v, name))
	require.NoError(t, err)
	defer f.Close()
	in := io.Reader(f)
	if filepath.Ext(name) == ".gz" {
		in, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	b, err := io.ReadAll(in)
	require.NoError(t, err)
	return string(b)
}
