package backend

import (
	"time"

	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
	"waypost/protocol"
)

// portal is a statement that is being run, or about to be (PostgreSQL: src/include/utils/portal.h). A cursor is one, too.
type portal struct {
	name    string
	st      *prepared
	simple  bool               // of a simple query: RowDescription is told with the rows
	columns []sql.ResultColumn // of the result, nil for none; the statement's own, but for FETCH and EXECUTE
	formats []int16
	at      time.Time
	level   int // how many savepoints there were

	bound  *sql.Bound // of a statement of the engine's, nil for one without parameters that was not bound
	source source     // nil: has not begun
	tag    string     // of a statement that returns rows and is no SELECT
	done   bool       // it was run and cannot be again
	failed bool

	cursor  bool // DECLARE has made it
	binary  bool
	scroll  scrolling
	held    bool // WITH HOLD: lives on after its transaction
	holdNew bool // and was made in this one
}

// source gives a portal's rows, one after another, then nil.
type source interface {
	NextValues() ([]types.Value, error)
}

// rowsThere is a source of rows that are there.
type rowsThere struct{ rows [][]types.Value }

func (r *rowsThere) NextValues() ([]types.Value, error) {
	if len(r.rows) == 0 {
		return nil, nil
	}
	row := r.rows[0]
	r.rows = r.rows[1:]
	return row, nil
}

// makePortal makes a portal. An unnamed one takes the place of the one before.
func (t *tcop) makePortal(name string, st *prepared) (*portal, error) {
	if old := t.portals[name]; old != nil {
		if name != "" {
			return nil, protocol.Errorf(protocol.CodeDuplicateCursor, "cursor \"%s\" already exists", name)
		}
		t.dropPortal(old)
	}
	if len(t.portals) >= maxPortals {
		return nil, protocol.Errorf(protocol.CodeProgramLimitExceeded, "too many portals").
			WithDetail("A session can have %d.", maxPortals).WithHint("Close those that are not needed any more.")
	}
	if len(name) > maxName {
		return nil, errLongName()
	}
	if name != "" { // what ends the others must go on working
		if err := t.checkMemory(len(name) + st.size()); err != nil {
			return nil, err
		}
	}
	p := &portal{name: name, st: st, columns: st.columns, at: t.statementAt, level: len(t.xact.savepoints)}
	t.portals[name] = p
	return p, nil
}

func (t *tcop) dropPortal(p *portal) {
	if t.portals[p.name] == p {
		delete(t.portals, p.name)
	}
	p.source, p.bound, p.done = nil, nil, true
}

func (t *tcop) dropPortals(which func(p *portal) bool) {
	for _, p := range t.portals {
		if which(p) {
			t.dropPortal(p)
		}
	}
}

// failPortals gives the portals up that were made since a number of savepoints: nothing can be fetched from them.
func (t *tcop) failPortals(level int) {
	for _, p := range t.portals {
		if p.level >= level && (!p.held || p.holdNew) {
			p.fail()
		}
	}
}

// memory is what the portals keep, in bytes: also the statements that nobody else keeps any more.
func (t *tcop) memory() int {
	n := 0
	for _, p := range t.portals {
		n += len(p.name) + 2*len(p.formats)
		if t.prepared[p.st.name] != p.st {
			n += p.st.size()
		}
		if p.bound != nil {
			n += p.bound.Memory()
		}
		n += p.scroll.memory
	}
	return n
}

// fail gives a portal up: it is there, but nothing more can be had of it.
func (p *portal) fail() {
	p.failed, p.source, p.bound = true, nil, nil
	p.scroll = scrolling{forwardOnly: p.scroll.forwardOnly}
}

func errCannotRun(p *portal) *protocol.Error {
	return protocol.Errorf(protocol.CodeObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", p.name)
}

// run runs a portal: all of it, or up to limit rows if that is not 0. completed says that there are no more rows; tag is
// the command tag then. (PostgreSQL: PortalRun)
func (t *tcop) run(p *portal, limit int64) (completed bool, tag string, err error) {
	if p.done || p.failed {
		return false, "", errCannotRun(p)
	}
	completed, tag, err = t.runPortal(p, limit)
	if err != nil {
		p.fail()
	}
	return completed, tag, err
}

func (t *tcop) runPortal(p *portal, limit int64) (completed bool, tag string, err error) {
	if u := p.st.utility(); u != nil && p.source == nil {
		res, err := t.utility(p, u)
		if err != nil {
			return false, "", err
		}
		if res.source == nil {
			p.done = true
			return true, res.tag, nil
		}
		p.source, p.tag = res.source, res.tag
	}
	if p.bound == nil && p.source == nil {
		if err := t.plan(p); err != nil {
			return false, "", err
		}
	}
	if p.simple && p.columns != nil {
		t.describeResult(p.columns, p.formats)
	}
	if p.source == nil {
		if err := t.open(p); err != nil {
			return false, "", err
		}
	}
	n, more, err := t.sendRows(p.source, p.columns, p.formats, limit)
	if err != nil {
		return false, "", err
	}
	if more {
		if err := t.checkMemory(0); err != nil {
			return false, "", err
		}
	}
	return !more, p.tagOf(n), nil
}

// tagOf is the command tag after so many rows.
func (p *portal) tagOf(n int64) string {
	switch p.st.utility().(type) {
	case nil:
		return "SELECT " + itoa(int(n))
	case *ast.Fetch:
		return "FETCH " + itoa(int(n))
	case *ast.Execute:
		if p.tag == "SELECT" {
			return "SELECT " + itoa(int(n))
		}
	}
	return p.tag
}

// plan makes a statement of the engine's that has no parameters ready to run.
func (t *tcop) plan(p *portal) error {
	p.bound = p.st.statement.Bound(&t.interrupt, t.views, t.cat())
	return t.interrupted(p.bound.Plan())
}

// open begins to run a statement of the engine's.
func (t *tcop) open(p *portal) error {
	if p.bound == nil {
		if err := t.plan(p); err != nil {
			return err
		}
	}
	p.st.executions++
	rows, err := p.bound.Start(nil)
	if err != nil {
		return t.interrupted(err)
	}
	p.source = rows
	return nil
}

// sendAt is how much a session gathers before it sends, in bytes (PostgreSQL: PQ_SEND_BUFFER_SIZE).
const sendAt = 8192

// sendRows sends rows as DataRows, up to limit if that is not 0; more says that the limit was reached.
func (t *tcop) sendRows(rows source, columns []sql.ResultColumn, formats []int16, limit int64) (
	n int64, more bool, err error,
) {
	enc := rowEncoder{t: t, columns: columns, formats: formats, env: t.env(), converts: t.page() != nil}
	for limit == 0 || n < limit {
		row, err := rows.NextValues()
		if err != nil {
			return n, false, t.interrupted(err)
		}
		if row == nil {
			return n, false, nil
		}
		if err := enc.append(row); err != nil {
			return n, false, err
		}
		n++
		t.P.Stats.Database.TupReturned.Add(1)
		if len(t.out) >= sendAt {
			if err := t.Flush(); err != nil {
				return n, false, err
			}
			if err := t.interrupt.raised(); err != nil {
				return n, false, err
			}
		}
	}
	return n, true, nil
}

// env is what the text of values depends on.
func (t *tcop) env() *sql.Env { return catalogEnv(t) }

// rowEncoder makes DataRows of values.
type rowEncoder struct {
	t        *tcop
	columns  []sql.ResultColumn
	formats  []int16
	env      *sql.Env
	converts bool // the client's encoding is another one
}

func (e *rowEncoder) append(row []types.Value) error {
	before := len(e.t.out)
	dst, at := protocol.BeginMessage(e.t.out, protocol.MsgDataRow)
	dst = append(dst, byte(len(row)>>8), byte(len(row)))
	for i, v := range row {
		var err error
		field := len(dst)
		format := formatOf(e.formats, i)
		if dst, err = sql.AppendField(dst, e.env, v, e.columns[i].Type, format); err != nil {
			e.t.out = e.t.out[:before]
			return err
		}
		if format == 0 && e.converts && v != nil {
			if dst, err = e.t.encodeField(dst, field); err != nil {
				e.t.out = e.t.out[:before]
				return err
			}
		}
	}
	e.t.out = protocol.EndMessage(dst, at)
	return nil
}
