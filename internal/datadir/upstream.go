package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"waypost/internal/durable"
)

// UpstreamVersion is what the upstream said of itself when the node last connected: towards its clients the node says the
// same, also while the upstream is away.
type UpstreamVersion struct {
	Num  int    // server_version_num: 150018
	Text string // server_version: "15.18 (Debian 15.18-0+deb12u1)"
}

// The file (UpstreamVersionFile) is the two on a line each. It may be missing, or lost: then the major version is known
// from the control file, and the rest comes with the next connection.

// StoreUpstreamVersion writes it for dataDir, durably, unless it says the same already.
func StoreUpstreamVersion(dataDir string, v UpstreamVersion, perm os.FileMode) error {
	if was, ok, err := ReadUpstreamVersion(dataDir); err == nil && ok && was == v {
		return nil
	}
	text := fmt.Sprintf("%d\n%s\n", v.Num, v.Text)
	if err := durable.WriteFile(filepath.Join(dataDir, UpstreamVersionFile), []byte(text), perm); err != nil {
		return fmt.Errorf("remember the upstream's version: %w", err)
	}
	return nil
}

// ReadUpstreamVersion reads it; ok is false where there is none, or none that can be read.
func ReadUpstreamVersion(dataDir string) (v UpstreamVersion, ok bool, err error) {
	b, err := os.ReadFile(filepath.Join(dataDir, UpstreamVersionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("read the upstream's version: %w", err)
	}
	lines := strings.Split(string(b), "\n")
	if len(lines) != 3 || lines[1] == "" || lines[2] != "" {
		return v, false, nil
	}
	if v.Num, err = strconv.Atoi(lines[0]); err != nil {
		return UpstreamVersion{}, false, nil
	}
	v.Text = lines[1]
	return v, true, nil
}
