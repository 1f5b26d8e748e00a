package backend

import (
	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// scrolling is where a cursor stands, and the rows that it has seen, where it may go back to them.
type scrolling struct {
	forwardOnly bool
	rows        [][]types.Value // from the first one on, unless forwardOnly
	at          int64           // the current row, from 1; 0 before the first
	end         bool            // it stands behind the last: at is the last one's number + 1
	ended       bool            // the source has no more
	memory      int             // of rows, in bytes
}

// declareCursor makes a cursor (PostgreSQL: PerformCursorOpen).
func (t *tcop) declareCursor(p *portal, s *ast.DeclareCursor) error {
	if s.Name == "" {
		return errNoCursorName()
	}
	if !s.Hold {
		if err := t.requireBlock("DECLARE CURSOR"); err != nil {
			return err
		}
	}
	st, err := t.analyze(&sql.Parsed{Text: p.st.text, Stmt: s.Query}, nil, true)
	if err != nil {
		return err
	}
	c, err := t.makePortal(s.Name, st)
	if err != nil {
		return err
	}
	c.cursor, c.binary, c.held, c.holdNew = true, s.Binary, s.Hold, s.Hold
	c.scroll.forwardOnly = s.NoScroll
	if err := t.plan(c); err != nil {
		t.dropPortal(c)
		return err
	}
	if err := t.checkMemory(0); err != nil {
		t.dropPortal(c)
		return err
	}
	return nil
}

func errNoCursorName() *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidCursorName, "invalid cursor name: must not be empty")
}

// findCursor gives a portal that FETCH and CLOSE may name: any, whoever made it.
func (t *tcop) findCursor(name string) (*portal, error) {
	if name == "" {
		return nil, errNoCursorName()
	}
	if p := t.portals[name]; p != nil {
		return p, nil
	}
	return nil, protocol.Errorf(protocol.CodeInvalidCursorName, "cursor \"%s\" does not exist", name)
}

func (t *tcop) closeCursor(name string, running *portal) error {
	if name == "" {
		t.dropPortals(func(p *portal) bool { return p != running })
		return nil
	}
	p, err := t.findCursor(name)
	if err != nil {
		return err
	}
	if p == running {
		return protocol.Errorf(protocol.CodeInvalidCursorName, "cannot drop active portal \"%s\"", name)
	}
	t.dropPortal(p)
	return nil
}

// fetch runs FETCH or MOVE and gives the rows.
func (t *tcop) fetch(s *ast.Fetch, running *portal) ([][]types.Value, int64, error) {
	c, err := t.findCursor(s.Name)
	if err != nil {
		return nil, 0, err
	}
	if c == running || c.failed || c.done || c.st.statement == nil || c.st.utility() != nil {
		return nil, 0, errCannotRun(c)
	}
	if c.source == nil {
		if err := t.open(c); err != nil {
			c.fail()
			return nil, 0, err
		}
	}
	f := &fetching{t: t, c: c, keep: !s.Move}
	if err := f.fetch(s); err != nil {
		c.fail()
		return nil, 0, err
	}
	return f.out, f.count, nil
}

// fetching is one FETCH or MOVE.
type fetching struct {
	t     *tcop
	c     *portal
	keep  bool // gather the rows, not only their number
	out   [][]types.Value
	bytes int
	count int64
}

// fetch goes where s says (PostgreSQL: DoPortalRunFetch).
func (f *fetching) fetch(s *ast.Fetch) error {
	n := s.Count
	switch s.Direction {
	case ast.FetchAbsolute:
		return f.absolute(n)
	case ast.FetchRelative:
		if n == 0 {
			return f.again()
		}
		return f.one(f.c.scroll.at + n)
	case ast.FetchBackward:
		if n == 0 && f.keep && f.c.scroll.forwardOnly {
			return errForwardOnly()
		}
		n = -n
	}
	switch {
	case n == 0:
		return f.again()
	case n > 0:
		return f.forward(n, s.All)
	}
	return f.backward(-n, s.All)
}

// again gives the current row once more.
func (f *fetching) again() error {
	c := &f.c.scroll
	if c.at == 0 || c.end {
		return nil
	}
	if !f.keep {
		f.count = 1
		return nil
	}
	if c.forwardOnly {
		return errForwardOnly()
	}
	return f.give(c.rows[c.at-1])
}

func (f *fetching) absolute(n int64) error {
	c := &f.c.scroll
	if n < 0 {
		for !c.ended {
			if _, err := f.read(); err != nil {
				return err
			}
		}
		if c.forwardOnly {
			return errForwardOnly() // from the end it would go back
		}
		n += c.at // behind the last row
		if !c.end {
			n = int64(len(c.rows)) + 1 + (n - c.at)
		}
	}
	return f.one(max(n, 0))
}

// one goes to a row and gives it, if it is there.
func (f *fetching) one(n int64) error {
	c := &f.c.scroll
	if c.forwardOnly && (n <= c.at) && !(n == 0 && c.at == 0) {
		return errForwardOnly()
	}
	if n <= 0 {
		c.at, c.end = 0, false
		return nil
	}
	if n <= c.at || c.end {
		if n > int64(len(c.rows)) {
			return nil // behind the last it stands already
		}
		c.at, c.end = n, false
		return f.give(c.rows[n-1])
	}
	for c.at < n-1 {
		if row, err := f.next(); row == nil || err != nil {
			return err
		}
	}
	row, err := f.next()
	if row == nil || err != nil {
		return err
	}
	return f.give(row)
}

func (f *fetching) forward(n int64, all bool) error {
	for ; n > 0 || all; n-- {
		row, err := f.next()
		if row == nil || err != nil {
			return err
		}
		if err := f.give(row); err != nil {
			return err
		}
	}
	return nil
}

func (f *fetching) backward(n int64, all bool) error {
	c := &f.c.scroll
	if c.forwardOnly && (!all || f.keep || c.at > 0) {
		return errForwardOnly()
	}
	for ; n > 0 || all; n-- {
		if c.at <= 1 {
			c.at, c.end = 0, false
			return nil
		}
		c.at, c.end = c.at-1, false
		if err := f.give(c.rows[c.at-1]); err != nil {
			return err
		}
	}
	return nil
}

// next moves to the next row, nil behind the last.
func (f *fetching) next() ([]types.Value, error) {
	c := &f.c.scroll
	if c.end {
		return nil, nil
	}
	if !c.forwardOnly && c.at < int64(len(c.rows)) {
		c.at++
		return c.rows[c.at-1], nil
	}
	row, err := f.read()
	if err != nil {
		return nil, err
	}
	c.at++
	c.end = row == nil
	return row, nil
}

// read takes a row from the source.
func (f *fetching) read() ([]types.Value, error) {
	c := &f.c.scroll
	if c.ended {
		return nil, nil
	}
	row, err := f.c.source.NextValues()
	if err != nil {
		return nil, f.t.interrupted(err)
	}
	if row == nil {
		c.ended = true
		return nil, nil
	}
	if !c.forwardOnly {
		c.rows = append(c.rows, row)
		c.memory += sizeOf(row)
	}
	return row, f.t.checkMemory(f.bytes)
}

func (f *fetching) give(row []types.Value) error {
	f.count++
	if !f.keep {
		return nil
	}
	f.out = append(f.out, row)
	f.bytes += sizeOf(row)
	return f.t.checkMemory(f.bytes)
}

// checkMemory fails where the portals, and more bytes besides, are too much to keep.
func (t *tcop) checkMemory(more int) error {
	if t.memory()+more <= maxPortalMemory {
		return nil
	}
	return protocol.Errorf(protocol.CodeOutOfMemory, "out of memory").
		WithDetail("The portals of a session can keep %d MB.", maxPortalMemory>>20)
}

// sizeOf is about what a row takes in memory, in bytes.
func sizeOf(row []types.Value) int {
	n := 24 + 16*len(row)
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += 16 + len(v)
		case []byte:
			n += 24 + len(v)
		case nil:
		default:
			n += 32
		}
	}
	return n
}

func errForwardOnly() *protocol.Error {
	return protocol.Errorf(protocol.CodeObjectNotInPrerequisiteState, "cursor can only scan forward").
		WithHint("Declare it with SCROLL option to enable backward scan.")
}

// holdCursors has the cursors WITH HOLD that the transaction has made take all their rows, so that they live on
// (PostgreSQL: PersistHoldablePortal).
func (t *tcop) holdCursors() error {
	for _, c := range t.portals {
		if !c.holdNew || c.failed {
			continue
		}
		if c.source == nil {
			if err := t.open(c); err != nil {
				return err
			}
		}
		f := &fetching{t: t, c: c}
		var rest [][]types.Value
		for !c.scroll.ended {
			row, err := f.read()
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
			if c.scroll.forwardOnly {
				rest = append(rest, row)
				c.scroll.memory += sizeOf(row)
			}
		}
		if c.scroll.forwardOnly {
			c.scroll.ended = false
			c.source = &rowsThere{rest}
		}
		c.bound = nil
	}
	return nil
}
