package authquery

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"waypost/internal/durable"
)

// The files, relative to the data directory.
const (
	knownFile  = "global/waypost_auth_cache"
	absentFile = "global/waypost_auth_absent"
	lockFile   = knownFile + ".lock"
	turnFile   = absentFile + ".lock"
	perm       = 0o600
)

// Bounds of each file: the oldest entries go first.
const (
	maxKnown  = 500
	maxAbsent = 100
	maxCache  = 1 << 20 // bytes
)

const cacheHeader = "waypost auth cache 2\n"

// entry is one answer and when it came.
type entry struct {
	name    string
	fetched time.Time
	answer  Answer
}

// cache is one of the files, for the answers of one source.
type cache struct {
	source  string    // what was asked whom; answers of another source do not count
	last    uint32    // the OID given last; in knownFile
	failed  time.Time // of the last attempt, if the upstream was away; zero for none; in absentFile
	spent   time.Time // up to here the time for questions about new names is used up; in absentFile
	entries []entry
}

// sourceOf tells sources apart without telling what they are.
func sourceOf(conninfo, query string) string {
	sum := sha256.Sum256([]byte(strconv.Quote(conninfo) + query))
	return hex.EncodeToString(sum[:])
}

// loadCache reads a file. One that is not there, is damaged or of another source is an empty cache.
func loadCache(path, source string) *cache {
	empty := &cache{source: source}
	f, err := os.Open(path)
	if err != nil {
		return empty
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCache+1))
	if err != nil {
		return empty
	}
	c, ok := decodeCache(b)
	if !ok || c.source != source {
		return empty
	}
	return c
}

func (c *cache) encode() []byte {
	b := fmt.Appendf(nil, "%ssource %s\nlast %d\nfailed %d\nspent %d\n", cacheHeader, c.source, c.last,
		c.failed.UnixMicro(), c.spent.UnixMicro())
	for _, e := range c.entries {
		b = fmt.Appendf(b, "entry %d %s\n", e.fetched.UnixMicro(), strconv.Quote(e.name))
		b = append(b, e.answer.Encode()...)
	}
	return fmt.Appendf(b, "sha256 %x\n", sha256.Sum256(b))
}

func decodeCache(b []byte) (*cache, bool) {
	at := strings.LastIndex(string(b), "sha256 ")
	if len(b) > maxCache || at < 0 || string(b[at:]) != fmt.Sprintf("sha256 %x\n", sha256.Sum256(b[:at])) {
		return nil, false
	}
	text, ok := strings.CutPrefix(string(b[:at]), cacheHeader)
	parts := strings.Split(strings.TrimSuffix(text, "\n"), "\nentry ")
	c := &cache{}
	var failed, spent int64
	n, err := fmt.Sscanf(parts[0], "source %s\nlast %d\nfailed %d\nspent %d", &c.source, &c.last, &failed, &spent)
	if !ok || n != 4 || err != nil {
		return nil, false
	}
	c.failed, c.spent = time.UnixMicro(failed), time.UnixMicro(spent)
	for _, part := range parts[1:] {
		head, answer, ok1 := strings.Cut(part, "\n")
		micros, name, ok2 := strings.Cut(head, " ")
		n, err1 := strconv.ParseInt(micros, 10, 64)
		name, err2 := strconv.Unquote(name)
		a, err3 := decodeAnswer([]byte(answer + "\n"))
		if !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil {
			return nil, false
		}
		c.entries = append(c.entries, entry{name, time.UnixMicro(n), a})
	}
	return c, true
}

// find gives the entry of a name, or nil.
func (c *cache) find(name string) *entry {
	for i := range c.entries {
		if c.entries[i].name == name {
			return &c.entries[i]
		}
	}
	return nil
}

// store notes an answer, and forgets the oldest of more than limit.
func (c *cache) store(e entry, limit int) {
	c.remove(e.name)
	c.entries = append(c.entries, e)
	slices.SortStableFunc(c.entries, func(a, b entry) int { return cmp.Compare(b.fetched.UnixMicro(), a.fetched.UnixMicro()) })
	c.entries = c.entries[:min(len(c.entries), limit)]
}

// remove forgets a name, and says whether it was there.
func (c *cache) remove(name string) bool {
	before := len(c.entries)
	c.entries = slices.DeleteFunc(c.entries, func(e entry) bool { return e.name == name })
	return len(c.entries) < before
}

// fit gives the file's content, with as many of the latest entries as there is room for.
func (c *cache) fit() []byte {
	b := c.encode()
	for len(b) > maxCache && len(c.entries) > 0 {
		c.entries = c.entries[:len(c.entries)/2]
		b = c.encode()
	}
	return b
}

// write replaces the file.
func (c *cache) write(path string) error { return durable.WriteFile(path, c.fit(), perm) }

// writeUnsynced replaces a file that may be lost in a power cut.
func (c *cache) writeUnsynced(path string) error {
	temp := path + ".tmp"
	if err := os.WriteFile(temp, c.fit(), perm); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
