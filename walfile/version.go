package walfile

import "fmt"

// Version is a major version of PostgreSQL whose WAL this package reads: V15 to V18. Zero means "not known".
type Version int

// The versions whose WAL is supported.
const (
	V15 Version = 15
	V16 Version = 16
	V17 Version = 17
	V18 Version = 18

	OldestVersion = V15
	NewestVersion = V18
)

// Page magics (XLOG_PAGE_MAGIC in access/xlog_internal.h), which change with the WAL format of each version.
const (
	magic15 = 0xD110
	magic16 = 0xD113
	magic17 = 0xD116
	magic18 = 0xD118
)

// Magic is the version's XLOG_PAGE_MAGIC, or 0 for a version that is not supported.
func (v Version) Magic() uint16 {
	switch v {
	case V15:
		return magic15
	case V16:
		return magic16
	case V17:
		return magic17
	case V18:
		return magic18
	}
	return 0
}

// Supported says whether WAL of this version can be read.
func (v Version) Supported() bool { return v >= OldestVersion && v <= NewestVersion }

// VersionOfMagic gives the version that writes pages with this magic; false if it is none that is supported.
func VersionOfMagic(magic uint16) (Version, bool) {
	for v := OldestVersion; v <= NewestVersion; v++ {
		if v.Magic() == magic {
			return v, true
		}
	}
	return 0, false
}

// VersionOfServer gives the WAL version of a server from its server_version_num, such as 170004; an error for a
// server that is not supported.
func VersionOfServer(versionNum int) (Version, error) {
	v := Version(versionNum / 10000)
	if !v.Supported() {
		return 0, fmt.Errorf("server version %d is not supported: WAL of PostgreSQL %d to %d is", versionNum, OldestVersion, NewestVersion)
	}
	return v, nil
}
