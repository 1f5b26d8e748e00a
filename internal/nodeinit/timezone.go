package nodeinit

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"waypost/internal/guc"
)

// localtime is where a Unix system keeps its zone: a link to a file of the database of zones, or a copy of one.
const localtime = "/etc/localtime"

// systemZone finds the system's time zone, as initdb does: what TZ says, else what localtime is in the database of zones
// below dir. "" where neither is known.
func systemZone(tz, localtime, dir string) string {
	if zone, ok := validZone(tz); ok {
		return zone
	}
	if target, err := filepath.EvalSymlinks(localtime); err == nil {
		if base, err := filepath.EvalSymlinks(dir); err == nil {
			if name, err := filepath.Rel(base, target); err == nil {
				if zone, ok := validZone(name); ok {
					return zone
				}
			}
		}
	}
	return sameZone(localtime, dir)
}

// validZone gives a zone's name as the database spells it.
func validZone(name string) (string, bool) {
	s := guc.New()
	if name == "" || s.Set(guc.TimeZone.String(), name, guc.SourceFile) != nil {
		return "", false
	}
	return s.String(guc.TimeZone), true
}

// sameZone finds the zone that a file is a copy of. Of several names the shortest is taken, then the first.
func sameZone(path, dir string) (zone string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return ""
	}
	want, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	// What cannot be read is no candidate.
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		name, ok := validZone(strings.TrimPrefix(strings.TrimPrefix(path, dir), "/"))
		if !ok || zone != "" && (len(name) > len(zone) || len(name) == len(zone) && name >= zone) {
			return nil
		}
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, want) {
			zone = name
		}
		return nil
	})
	return zone
}

// setZone has the log and the sessions tell the time of the system's zone.
func (s *settings) setZone(zone string) error {
	if zone == "" {
		return nil
	}
	if err := s.setDefault(guc.LogTimezone, zone); err != nil {
		return err
	}
	return s.setDefault(guc.TimeZone, zone)
}
