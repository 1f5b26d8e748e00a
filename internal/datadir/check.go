package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Oldest and newest major version whose WAL Waypost handles.
const (
	MinVersion = 15
	MaxVersion = 18
)

// CheckNotRoot refuses to run with root's rights.
func CheckNotRoot() error {
	if os.Geteuid() != 0 {
		return nil
	}
	return &Error{SQLSTATE: codeDenied, Message: `"root" execution of the server is not permitted`,
		Hint: "Start it as an unprivileged user, the one that owns the data directory."}
}

// Check says whether dir can be a data directory of the calling user: it exists, is the user's own, and lets in
// nobody else but, at most, the group's readers. It gives the permissions that new files in it should have
// (FileMode) and the directory's own (data_directory_mode).
func Check(dir string) (Mode, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Mode{}, &Error{SQLSTATE: codeUndefinedFile, Message: fmt.Sprintf("data directory %q does not exist", dir), Err: err}
	}
	if err != nil {
		return Mode{}, fileError(fmt.Sprintf("could not read permissions of directory %q", dir), err)
	}
	if !info.IsDir() {
		return Mode{}, &Error{SQLSTATE: codeNotReady, Message: fmt.Sprintf("specified data directory %q is not a directory", dir)}
	}
	if int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		return Mode{}, &Error{SQLSTATE: codeNotReady, Message: fmt.Sprintf("data directory %q has wrong ownership", dir),
			Hint: "The server must be started by the user that owns the data directory."}
	}
	perm := info.Mode().Perm()
	if perm&^0o750 != 0 {
		return Mode{}, &Error{SQLSTATE: codeNotReady, Message: fmt.Sprintf("data directory %q has invalid permissions", dir),
			Detail: "Permissions should be u=rwx (0700) or u=rwx,g=rx (0750)."}
	}
	return ModeFor(perm), nil
}

// CheckRoles says whether dir has roles: without any nobody could come in, and nobody could make one. dir is the data
// directory.
func CheckRoles(dir string) error {
	_, err := os.Stat(filepath.Join(dir, RolesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{SQLSTATE: codeNotReady, Message: fmt.Sprintf("data directory %q has no roles", dir),
			Detail: fmt.Sprintf("There is no file %q: the directory was made by a build that had no roles.", RolesFile),
			Hint:   fmt.Sprintf("Make the first one, a superuser, with \"waypost init-roles -D %s\", and start the node again.", dir),
			Err:    err}
	}
	if err != nil {
		return fileError(fmt.Sprintf("could not look for file %q", RolesFile), err)
	}
	return nil
}

// Mode is what a data directory's own permissions make of those of everything in it.
type Mode struct {
	Dir   os.FileMode // 0700 or 0750: new directories, and data_directory_mode
	File  os.FileMode // 0600 or 0640: new files
	Umask int         // 0077 or 0027
}

// ModeFor gives the mode that goes with a data directory of these permissions.
func ModeFor(perm os.FileMode) Mode {
	if perm&0o050 == 0o050 {
		return Mode{0o750, 0o640, 0o027}
	}
	return Mode{0o700, 0o600, 0o077}
}

// Version reads PG_VERSION: the major version of the WAL that the directory holds.
func Version(dir string) (int, error) {
	path := filepath.Join(dir, VersionFile)
	invalid := fmt.Sprintf("%q is not a valid data directory", dir)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, &Error{SQLSTATE: codeInvalidValue, Message: invalid, Detail: fmt.Sprintf("File %q is missing.", path), Err: err}
	}
	if err != nil {
		return 0, fileError(fmt.Sprintf("could not open file %q", path), err)
	}
	word := strings.TrimSpace(string(text))
	major, err := strconv.Atoi(word)
	if err != nil || major <= 0 {
		return 0, &Error{SQLSTATE: codeInvalidValue, Message: invalid, Detail: fmt.Sprintf("File %q does not contain valid data.", path),
			Hint: "You might need to run waypost init."}
	}
	if major < MinVersion || major > MaxVersion {
		return 0, &Error{SQLSTATE: codeInvalidValue, Message: "database files are incompatible with server",
			Detail: fmt.Sprintf("The data directory was initialized for PostgreSQL version %s; this server handles versions %d to %d.", word, MinVersion, MaxVersion)}
	}
	return major, nil
}
