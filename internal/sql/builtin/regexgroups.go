package builtin

import (
	"regexp"
	"regexp/syntax"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// Go and PostgreSQL agree on what an expression matches, not on what its
// groups do: in PostgreSQL each part of a sequence takes the longest (for
// non-greedy expressions the shortest) piece that lets the rest match, earlier
// parts first; of alternatives, the first that matches the whole piece counts
// (cdissect() in regexec.c). A dissection takes the matches in a text apart
// that way, one after the other: what it has compiled serves all of them, and
// all of them together may take maxWork.
type dissection struct {
	call  *catalog.Call
	s     string
	real  []int // the group's number by the tree's, 0 for those that are not told
	lazy  bool
	m     []int // the match that is taken apart
	known map[string]exact
	work  int // done so far, to be held against maxWork
}

// regex is an expression with what it takes to find out its groups.
type regex struct {
	*regexp.Regexp
	tree *syntax.Regexp // nil where there is nothing to find out
	real []int
	lazy bool
}

// newTree parses an expression in which every bracket makes a group, those
// that are to be told numbered by real.
func (re *regex) newTree(text string, real []int) error {
	if re.NumSubexp() == 0 && !re.lazy {
		return nil
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	re.tree, re.real = tree, real
	return err
}

// match finds the first match and its groups, as FindStringSubmatchIndex does.
func (re *regex) match(c *catalog.Call, s string) ([]int, error) {
	m := re.FindStringSubmatchIndex(s)
	return m, re.dissect(re.dissection(c, s), m)
}

// matches finds up to n matches, -1 for all.
func (re *regex) matches(c *catalog.Call, s string, n int) ([][]int, error) {
	all := re.FindAllStringSubmatchIndex(s, n)
	d := re.dissection(c, s)
	for _, m := range all {
		if err := c.Step(); err != nil {
			return nil, err
		}
		if err := re.dissect(d, m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (re *regex) dissection(c *catalog.Call, s string) *dissection {
	return &dissection{call: c, s: s, real: re.real, lazy: re.lazy, known: map[string]exact{}}
}

// dissect works out the groups of a match.
func (re *regex) dissect(d *dissection, m []int) error {
	if re.tree == nil || m == nil {
		return nil
	}
	for i := 2; i < len(m); i++ {
		m[i] = -1
	}
	d.m = m
	parts := []*syntax.Regexp{re.tree}
	if re.tree.Op == syntax.OpConcat {
		parts = re.tree.Sub
	}
	// What the ends of the whole require is known to hold.
	for len(parts) > 0 && constrains(parts[0]) {
		parts = parts[1:]
	}
	ends := false
	for len(parts) > 0 && constrains(parts[len(parts)-1]) {
		parts, ends = parts[:len(parts)-1], true
	}
	if re.lazy && !ends {
		if err := d.isShortest(parts, m[0], m[1]); err != nil {
			return err
		}
	}
	return d.sequence(parts, m[0], m[1])
}

// isShortest refuses a match that is not the shortest one there. Go lets the
// first non-greedy part of an expression be short, PostgreSQL the whole.
func (d *dissection) isShortest(parts []*syntax.Regexp, from, to int) error {
	if len(parts) == 0 {
		return nil
	}
	re, err := d.exactly(parts)
	if err != nil {
		return err
	}
	for end := from; end < to; end++ {
		if ok, err := d.fits(re, from, end); err != nil {
			return err
		} else if ok {
			return d.unable()
		}
	}
	return nil
}

// constrains reports whether a part matches nothing but asks for something
// around it.
func constrains(t *syntax.Regexp) bool {
	switch t.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary,
		syntax.OpNoWordBoundary:
		return true
	}
	return false
}

// tells reports whether there is a group in a part that is to be told.
func (d *dissection) tells(t *syntax.Regexp) bool {
	if t.Op == syntax.OpCapture && d.real[t.Cap] > 0 {
		return true
	}
	for _, sub := range t.Sub {
		if d.tells(sub) {
			return true
		}
	}
	return false
}

func (d *dissection) part(t *syntax.Regexp, from, to int) error {
	if !d.tells(t) {
		return nil
	}
	switch t.Op {
	case syntax.OpCapture:
		if k := 2 * d.real[t.Cap]; k > 0 {
			d.m[k], d.m[k+1] = from, to
		}
		return d.part(t.Sub[0], from, to)
	case syntax.OpConcat:
		return d.sequence(t.Sub, from, to)
	case syntax.OpAlternate:
		for _, sub := range t.Sub {
			re, err := d.exactly([]*syntax.Regexp{sub})
			if err != nil {
				return err
			}
			ok, err := d.fits(re, from, to)
			if err != nil {
				return err
			}
			if ok {
				return d.part(sub, from, to)
			}
		}
		return d.unable()
	case syntax.OpQuest:
		return d.repeated(t.Sub[0], 0, 1, from, to)
	case syntax.OpStar:
		return d.repeated(t.Sub[0], 0, -1, from, to)
	case syntax.OpPlus:
		return d.repeated(t.Sub[0], 1, -1, from, to)
	case syntax.OpRepeat:
		return d.repeated(t.Sub[0], t.Min, t.Max, from, to)
	}
	return d.unable()
}

func (d *dissection) unable() error {
	return types.Errorf(types.CodeFeatureNotSupported, "this regular expression is not supported")
}

// sequence takes apart what parts match one after the other. Those without
// groups that stand side by side are one part.
func (d *dissection) sequence(parts []*syntax.Regexp, from, to int) error {
	for len(parts) > 0 {
		n := 1
		if !d.tells(parts[0]) {
			for n < len(parts) && !d.tells(parts[n]) {
				n++
			}
		}
		if n == len(parts) {
			if n == 1 {
				return d.part(parts[0], from, to)
			}
			return nil
		}
		middle, err := d.split(parts[:n], parts[n:], from, to, 0)
		if err != nil {
			return err
		}
		if n == 1 {
			if err := d.part(parts[0], from, middle); err != nil {
				return err
			}
		}
		from, parts = middle, parts[n:]
	}
	return nil
}

// split finds where the first parts end, with a length of at least least, so
// that the others match the rest.
func (d *dissection) split(first, rest []*syntax.Regexp, from, to, least int) (int, error) {
	left, err := d.exactly(first)
	if err != nil {
		return 0, err
	}
	right, err := d.exactly(rest)
	if err != nil {
		return 0, err
	}
	for i := range to - from + 1 - least {
		middle := to - i
		if d.lazy {
			middle = from + least + i
		}
		ok, err := d.fits(left, from, middle)
		if ok && err == nil {
			ok, err = d.fits(right, middle, to)
		}
		if ok || err != nil {
			return middle, err
		}
	}
	return 0, d.unable()
}

// repeated finds the last repetition: its groups are those that are told.
// Where there must be one, it is what those before it leave, as these take as
// much as they can; otherwise each takes as much as it can, and an empty one
// counts only where there is no other, of a greedy quantifier.
func (d *dissection) repeated(t *syntax.Regexp, least, most, from, to int) error {
	one := []*syntax.Regexp{t}
	if least > 0 {
		middle, err := d.split([]*syntax.Regexp{d.repetition(t, least-1, most-1)}, one, from, to, 0)
		if err != nil {
			return err
		}
		return d.part(t, middle, to)
	}
	if from == to && d.lazy {
		return nil
	}
	if from == to {
		re, err := d.exactly(one)
		if err != nil {
			return err
		}
		if empty, err := d.fits(re, from, from); err != nil || !empty {
			return err
		}
		return d.part(t, from, to)
	}
	for {
		most--
		middle, err := d.split(one, []*syntax.Regexp{d.repetition(t, 0, most)}, from, to, 1)
		if err != nil {
			return err
		}
		if middle == to {
			return d.part(t, from, to)
		}
		from = middle
	}
}

// repetition makes an expression of repetitions, without end where most is negative.
func (d *dissection) repetition(t *syntax.Regexp, least, most int) *syntax.Regexp {
	re := &syntax.Regexp{Op: syntax.OpRepeat, Min: least, Max: max(most, -1), Sub: []*syntax.Regexp{t}, Flags: t.Flags}
	if d.lazy {
		re.Flags |= syntax.NonGreedy
	}
	return re
}

// exact matches a piece of the text as a whole.
type exact struct {
	*regexp.Regexp
	weight int
}

// exactly makes an exact of parts, one after the other.
func (d *dissection) exactly(parts []*syntax.Regexp) (exact, error) {
	t := parts[0]
	if len(parts) > 1 {
		t = &syntax.Regexp{Op: syntax.OpConcat, Sub: parts}
	}
	text := t.String()
	if re, ok := d.known[text]; ok {
		return re, nil
	}
	if asks(t) {
		return exact{}, d.unable()
	}
	if err := d.call.Cancelled(); err != nil {
		return exact{}, err
	}
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return exact{}, d.unable()
	}
	d.known[text] = exact{re, weight(text)}
	return d.known[text], nil
}

// fits reports whether a piece of the text is matched as a whole.
func (d *dissection) fits(re exact, from, to int) (bool, error) {
	if d.work += (to - from + 8) * re.weight; d.work > maxWork {
		return false, tooMuchWork()
	}
	if err := d.call.Step(); err != nil {
		return false, err
	}
	return re.MatchString(d.s[from:to]), nil
}

// asks reports whether a part asks for something around it, which a piece of
// the text does not show.
func asks(t *syntax.Regexp) bool {
	if constrains(t) {
		return true
	}
	for _, sub := range t.Sub {
		if asks(sub) {
			return true
		}
	}
	return false
}
