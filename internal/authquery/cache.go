package authquery

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"waypost/internal/durable"
)

// The files, relative to the data directory.
const (
	cacheFile = "global/waypost_auth_cache"
	lockFile  = cacheFile + ".lock"
	perm      = 0o600
)

// Bounds of the cache: the oldest entries go first.
const (
	maxEntries = 500
	maxCache   = 1 << 20 // bytes
)

const cacheHeader = "waypost auth cache 1\n"

// entry is one answer and when it came.
type entry struct {
	name    string
	fetched time.Time
	answer  Answer
}

// cache is the file, for the answers of one source.
type cache struct {
	source  string    // what was asked whom; answers of another source do not count
	failed  time.Time // of the last attempt, if that was later than every answer; zero for none
	entries []entry
}

// sourceOf tells sources apart without telling what they are.
func sourceOf(conninfo, query string) string {
	sum := sha256.Sum256([]byte(strconv.Quote(conninfo) + query))
	return hex.EncodeToString(sum[:])
}

// loadCache reads the file. One that is not there, is damaged or of another source is an empty cache.
func loadCache(dataDir, source string) *cache {
	empty := &cache{source: source}
	f, err := os.Open(filepath.Join(dataDir, cacheFile))
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
	b := fmt.Appendf(nil, "%ssource %s\nfailed %d\n", cacheHeader, c.source, c.failed.UnixMicro())
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
	var failed int64
	if n, err := fmt.Sscanf(parts[0], "source %s\nfailed %d", &c.source, &failed); !ok || n != 2 || err != nil {
		return nil, false
	}
	c.failed = time.UnixMicro(failed)
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

// store notes an answer.
func (c *cache) store(e entry) {
	c.failed = time.Time{}
	c.entries = slices.DeleteFunc(c.entries, func(old entry) bool { return old.name == e.name })
	c.entries = append(c.entries, e)
	slices.SortStableFunc(c.entries, func(a, b entry) int { return cmp.Compare(b.fetched.UnixMicro(), a.fetched.UnixMicro()) })
	c.entries = c.entries[:min(len(c.entries), maxEntries)]
}

// write replaces the file.
func (c *cache) write(dataDir string) error {
	b := c.encode()
	for len(b) > maxCache && len(c.entries) > 0 {
		c.entries = c.entries[:len(c.entries)/2]
		b = c.encode()
	}
	return durable.WriteFile(filepath.Join(dataDir, cacheFile), b, perm)
}
