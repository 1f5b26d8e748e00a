package guc

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ZoneDir is the system's database of time zones.
const ZoneDir = "/usr/share/zoneinfo"

// checkZone gives a time zone's name as the database spells it.
func (p *Param) checkZone(s string) (string, *Error) {
	name, _, ok := zone(ZoneDir, s)
	if !ok {
		e := p.invalid(s, "")
		if hours, rest, number := scanFloat(s); number && rest == "" && (hours <= -168 || hours >= 168) {
			e.Detail = "UTC timezone offset is out of range."
		}
		if strings.HasPrefix(strings.ToLower(s), "right/") {
			e.Message = "time zone " + quote(s) + " appears to use leap seconds"
			e.Detail = "PostgreSQL does not support leap seconds."
		}
		return s, e
	}
	return name, nil
}

// Location is what a value of TimeZone means. A name that SET would not take is UTC.
func Location(name string) *time.Location {
	if _, loc, ok := zone(ZoneDir, name); ok {
		return loc
	}
	return time.UTC
}

// zone finds a time zone: of the database by name in any case, by an offset in hours east of Greenwich (7, -3.5, INTERVAL
// '-08:00'), or in POSIX's form (EST5EDT, <+03>-3), whose offsets count west. Where there is no database any name will do,
// and stands for UTC: a node must start in a container, too, and Warnings tells of it.
func zone(dir, s string) (name string, loc *time.Location, ok bool) {
	if name, loc, ok = findZone(dir, s); !ok && plausibleZone(s) && !haveZones(dir) {
		return s, time.UTC, true
	}
	return name, loc, ok
}

func findZone(dir, s string) (name string, loc *time.Location, ok bool) {
	switch {
	case s == "" || len(s) > 255:
		return "", nil, false
	case strings.EqualFold(s, "gmt"):
		return "GMT", time.UTC, true
	case strings.EqualFold(s, "utc"): // drivers ask for it at every connection, also where no database is installed
		return "UTC", time.UTC, true
	case strings.EqualFold(s, "etc/utc"): // what most machines' zone is
		return "Etc/UTC", time.UTC, true
	}
	if seconds, ok := zoneOffset(s); ok {
		name, loc = offsetZone(seconds)
		return name, loc, true
	}
	if name, data, ok := zoneFile(dir, s); ok {
		loc, err := time.LoadLocationFromTZData(name, data)
		return name, loc, err == nil
	}
	if name, loc, ok := posixZone(strings.ToUpper(s)); ok {
		return name, loc, true
	}
	for _, name := range [...]string{"Etc/GMT", "Etc/UCT", "Etc/Zulu", "Etc/Universal", "UCT", "Zulu", "Universal"} {
		if compareFold(name, s) == 0 {
			return name, time.UTC, true
		}
	}
	return "", nil, false
}

// haveZones says whether there is a database.
func haveZones(dir string) bool {
	names, err := os.ReadDir(dir)
	return err == nil && len(names) > 0
}

// plausibleZone says whether s is of the form that the database's names have.
func plausibleZone(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || !isAlpha(part[0]) {
			return false
		}
		if n := span(part, func(c byte) bool { return isLetterOrDigit(c) || strings.IndexByte("_+-", c) >= 0 }); n < len(part) {
			return false
		}
	}
	return true
}

// zoneOffset reads hours, or INTERVAL 'hours:minutes', east of Greenwich.
func zoneOffset(s string) (seconds int, ok bool) {
	if len(s) > 8 && strings.EqualFold(s[:8], "interval") {
		return intervalOffset(trimSpace(s[8:]))
	}
	hours, rest, ok := scanFloat(s)
	if !ok || rest != "" || hours <= -168 || hours >= 168 {
		return 0, false
	}
	return int(hours * 3600), true
}

func intervalOffset(s string) (seconds int, ok bool) {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return 0, false
	}
	s = s[1 : len(s)-1]
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, false
	}
	scale := 3600
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || n > 167 {
			return 0, false
		}
		seconds += int(n) * scale
		scale /= 60
	}
	return sign * seconds, true
}

// offsetZone is a zone that is always the same seconds east of Greenwich; its name is PostgreSQL's: <+07>-07.
func offsetZone(seconds int) (string, *time.Location) {
	east, west := byte('+'), byte('-')
	n := seconds
	if n < 0 {
		n, east, west = -n, west, east
	}
	text := pad2(n / 3600)
	if n%3600 != 0 {
		text += ":" + pad2(n/60%60)
		if n%60 != 0 {
			text += ":" + pad2(n%60)
		}
	}
	return "<" + string(east) + text + ">" + string(west) + text, time.FixedZone(string(east)+text, seconds)
}

func pad2(n int) string {
	if n < 10 {
		return "0" + itoa(n)
	}
	return itoa(n)
}

// zoneFile finds a file of the database by its name in any case.
func zoneFile(dir, s string) (name string, data []byte, ok bool) {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || part[0] == '.' || len(name)+len(part) > 255 {
			return "", nil, false
		}
		found, ok := entryFold(filepath.Join(dir, name), part)
		if !ok {
			return "", nil, false
		}
		name = filepath.Join(name, found)
	}
	if strings.HasPrefix(name, "right/") || strings.HasPrefix(name, "posix") || name == "localtime" {
		return "", nil, false // with leap seconds, or another name of what is there by its own
	}
	path := filepath.Join(dir, name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return "", nil, false
	}
	data, err := os.ReadFile(path)
	return name, data, err == nil && strings.HasPrefix(string(data), "TZif")
}

// entryFold finds a directory's entry by its name in any case.
func entryFold(dir, name string) (string, bool) {
	if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
		return name, true
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", false
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return "", false
	}
	for _, n := range names {
		if compareFold(n, name) == 0 {
			return n, true
		}
	}
	return "", false
}

// posixZone reads a zone in POSIX's form: a name and its offset west of Greenwich, then, if there is a summer time, its
// name, offset and rules.
func posixZone(s string) (name string, loc *time.Location, ok bool) {
	rest, ok := cutZoneName(s)
	if !ok {
		return "", nil, false
	}
	std := s[:len(s)-len(rest)]
	seconds, rest, ok := cutZoneOffset(rest)
	if !ok {
		return "", nil, false
	}
	if rest == "" {
		return s, time.FixedZone(strings.Trim(std, "<>"), -seconds), true
	}
	after, ok := cutZoneName(rest)
	if !ok {
		return "", nil, false
	}
	if after != "" && after[0] != ',' {
		if _, after, ok = cutZoneOffset(after); !ok || after != "" && after[0] != ',' {
			return "", nil, false
		}
	}
	loc, err := time.LoadLocationFromTZData(s, zoneData(strings.Trim(std, "<>"), -seconds, s))
	return s, loc, err == nil
}

// cutZoneName takes three letters or more, or anything in angle brackets, off s.
func cutZoneName(s string) (rest string, ok bool) {
	if s != "" && s[0] == '<' {
		end := strings.IndexByte(s, '>')
		return s[end+1:], end > 1
	}
	n := span(s, isAlpha)
	return s[n:], n >= 3
}

// cutZoneOffset takes hours[:minutes[:seconds]] off s.
func cutZoneOffset(s string) (seconds int, rest string, ok bool) {
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	for scale := 3600; scale > 0; scale /= 60 {
		n := span(s, isDigit)
		v, err := strconv.Atoi(s[:n])
		if err != nil || scale == 3600 && v > 167 || scale < 3600 && v > 59 {
			return 0, "", false
		}
		seconds += v * scale
		s = s[n:]
		if s == "" || s[0] != ':' {
			break
		}
		s = s[1:]
	}
	return sign * seconds, s, true
}

// zoneData is a file of the database (TZif, version 2) with no changes but those of the rule at its end.
func zoneData(std string, seconds int, rule string) []byte {
	header := func() []byte {
		b := append([]byte("TZif2"), make([]byte, 15)...)
		return append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, byte(len(std)+1))
	}
	body := append([]byte{byte(seconds >> 24), byte(seconds >> 16), byte(seconds >> 8), byte(seconds), 0, 0}, std...)
	body = append(body, 0)
	b := append(header(), body...)
	b = append(append(b, header()...), body...)
	return append(append(append(b, '\n'), rule...), '\n')
}
