package controldata

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/xlog"
)

const pgControldata = "/usr/lib/postgresql/15/bin/pg_controldata"

func newDir(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "global"), 0o700))
	return dir
}

func TestFilesOfRealServersComeOutAsTheirPgControldataPrintsThem(t *testing.T) {
	for dir, want := range map[string]version{"pg15": versions[0], "pg17": versions[2], "pg18": versions[3]} {
		b, err := os.ReadFile(filepath.Join("testdata", dir, "pg_control"))
		require.NoError(t, err)
		text, err := os.ReadFile(filepath.Join("testdata", dir, "pg_controldata.txt"))
		require.NoError(t, err)
		c, err := Decode(b)
		require.NoError(t, err, dir)
		require.Equal(t, want.wal, c.Version)
		require.Equal(t, string(text), c.print(want.control))
		again, err := c.Encode()
		require.NoError(t, err)
		require.Equal(t, b, again, "%s: every byte is accounted for", dir)
	}
}

func TestRealPgControldataPrintsARelaysFile(t *testing.T) {
	relay, err := New(walfile.V15, 7710099792495901303, xlog.DefaultSegSize, 1)
	require.NoError(t, err)
	for _, c := range []*ControlFile{relay, busy(walfile.V15)} {
		dir := newDir(t)
		require.NoError(t, c.Write(dir, time.Unix(1_750_000_000, 0), 0o600))
		cmd := exec.Command(pgControldata, dir)
		cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Equal(t, c.print(1300), string(out))
		require.Contains(t, string(out), "Database cluster state:               in archive recovery\n")
	}
}

func TestWhatIsWrittenIsReadBackForEveryVersion(t *testing.T) {
	for _, v := range versions {
		dir := newDir(t)
		c := busy(v.wal)
		for try := range int64(2) { // made anew, then in place
			require.NoError(t, c.Write(dir, time.Unix(1_750_000_000+try, 0), 0o640))
			require.Equal(t, 1_750_000_000+try, c.Time)
			back, err := Read(dir)
			require.NoError(t, err)
			require.Equal(t, c, back)
			info, err := os.Stat(filepath.Join(dir, FileName))
			require.NoError(t, err)
			require.Equal(t, int64(Size), info.Size())
		}
		require.Less(t, offCRC(v.wal)+4, sectorSize)
	}
}

func TestDamageAndUnknownVersionsAreRefused(t *testing.T) {
	good, err := busy(walfile.V17).Encode()
	require.NoError(t, err)
	for i := range offCRC(walfile.V17) + 4 {
		b := append([]byte(nil), good...)
		b[i] ^= 0x10
		_, err := Decode(b)
		require.Error(t, err, "byte %d", i)
	}
	_, err = Decode(good[:511])
	require.ErrorContains(t, err, "511 bytes")
	_, err = New(14, 1, xlog.DefaultSegSize, 1)
	require.Error(t, err)
	_, err = (&ControlFile{Version: 19}).Encode()
	require.Error(t, err)

	dir := newDir(t)
	_, err = Read(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	good[100]++
	require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), good, 0o600))
	_, err = Read(dir)
	require.ErrorIs(t, err, ErrChecksum)
	require.ErrorContains(t, err, FileName)
}

func TestReadWhileWritingNeverSeesATornFile(t *testing.T) {
	dir := newDir(t)
	c := busy(walfile.V18)
	require.NoError(t, c.Write(dir, time.Unix(1, 0), 0o600))
	done := make(chan error)
	go func() {
		w := *c
		for i := range int64(200) {
			if err := w.Write(dir, time.Unix(i, 0), 0o600); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
			_, err := Read(dir)
			require.NoError(t, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range versions {
		b, err := busy(v.wal).Encode()
		require.NoError(f, err)
		f.Add(b[:sectorSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Decode(b)
		if err != nil {
			return
		}
		again, err := c.Encode()
		require.NoError(t, err)
		back, err := Decode(again)
		require.NoError(t, err)
		require.Equal(t, c, back)
	})
}
