package authquery

import (
	"errors"
	"path/filepath"
	"time"

	"waypost/internal/roles"
)

// Questions about names that no known role has: whoever can connect can have them asked.
const (
	newNameEvery = 100 * time.Millisecond
	newNameBurst = 100
)

var (
	errPaused  = errors.New("the upstream has not answered a moment ago")
	errTooMany = errors.New("too many names are asked for that no known role has")
)

// memory is what is known of one source. Strangers can fill absent as they like, so nothing of theirs is in known, and what
// they cause is not synced.
type memory struct {
	dir    string
	known  *cache // the roles that the upstream has
	absent *cache // the names that it has no role for, and how it has fared
}

func (s *Source) recall() *memory {
	source := sourceOf(s.Conninfo, s.Query)
	return &memory{s.DataDir, loadCache(filepath.Join(s.DataDir, knownFile), source),
		loadCache(filepath.Join(s.DataDir, absentFile), source)}
}

// find gives the entry of a name, or nil.
func (m *memory) find(name string) *entry {
	if e := m.known.find(name); e != nil {
		return e
	}
	return m.absent.find(name)
}

// mayAsk says why the upstream is not to be asked for a name now.
func (m *memory) mayAsk(name string, now time.Time) error {
	if since := now.Sub(m.absent.failed); since >= 0 && since < pause {
		return errPaused
	}
	if since := now.Sub(m.absent.spent); since >= 0 && since < newNameEvery && m.known.find(name) == nil {
		return errTooMany
	}
	return nil
}

// spend counts a question.
func (m *memory) spend(name string, now time.Time) {
	if m.known.find(name) != nil {
		return
	}
	c := m.absent
	if since := now.Sub(c.spent); since < 0 || since > newNameBurst*newNameEvery {
		c.spent = now.Add(-newNameBurst * newNameEvery)
	}
	c.spent = c.spent.Add(newNameEvery)
}

// learn takes an answer in; it gives it with the role's OID. A role gets an OID only once that is on disk, since the
// same one must not be another's later.
func (m *memory) learn(name string, a Answer, now time.Time) (Answer, error) {
	path := filepath.Join(m.dir, knownFile)
	old := m.known.find(name)
	if a.Role == nil {
		m.absent.store(entry{name, now, a}, maxAbsent)
		if old == nil {
			return a, nil
		}
		m.known.remove(name)
		return a, m.known.write(path)
	}
	m.absent.remove(name)
	own := *a.Role
	a.Role = &own
	if old != nil {
		own.OID = old.answer.Role.OID
	} else {
		own.OID = m.known.number(now)
	}
	m.known.store(entry{name, now, a}, maxKnown)
	if err := m.known.write(path); err != nil && old == nil {
		m.known.remove(name)
		return Answer{}, err
	}
	return a, nil // what cannot be kept is asked for again
}

// number gives an OID that none of the source's roles has had. A file that is lost, or another source's, begins where the
// clock stands, far from what sessions may still have.
func (c *cache) number(now time.Time) uint32 {
	if c.last == 0 {
		c.last = uint32(now.Unix())
	}
	for {
		c.last = roles.FirstUpstreamOID | (c.last + 1)
		if !c.has(c.last) {
			return c.last
		}
	}
}

func (c *cache) has(oid uint32) bool {
	for i := range c.entries {
		if c.entries[i].answer.Role.OID == oid {
			return true
		}
	}
	return false
}
