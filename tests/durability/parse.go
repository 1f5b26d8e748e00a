package durability

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// never is later than any moment of a trace.
const never = math.MaxInt

// call is one system call. Moments are numbers of lines: strace writes each in the order in which it let the traced
// threads go on, so what has returned before something else began is on an earlier line, or on the same for one thread.
type call struct {
	pid        int // the thread
	name       string
	args       []arg
	ret        int64 // of a call that has returned; -1 for any error
	begin, end int   // end is never for a call that did not return
}

// arg is one argument of a call.
type arg struct {
	raw  string
	fd   string // what a descriptor is open on: a path, or "TCP:[...]"
	gone bool   // the descriptor's file has no name any more
	data []byte // of a string: a path or what was written; of a vector, all its strings
	cut  bool   // strace left some of it out
}

func (a arg) text() string { return string(a.data) }

func (a arg) number() (int64, error) { return strconv.ParseInt(strings.TrimSpace(a.raw), 0, 64) }

// parse reads the text of a trace in full form. first is the moment of its first line; next is that after its last.
// What had not returned when the traced processes ended has returned then, if ended: to be killed cuts no call of a file
// off, and no later process sees it undone.
func parse(text string, first int, ended bool) (calls []*call, next int, err error) {
	pending := map[int]*call{}
	heads := map[int]string{}
	at := first
	for line := range strings.Lines(text) {
		at++
		pid, rest, err := splitLine(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", at-first, err)
		}
		switch {
		case strings.HasPrefix(rest, "+++ ") || strings.HasPrefix(rest, "--- "):
			continue
		case strings.HasPrefix(rest, "<... "):
			c := pending[pid]
			if c == nil {
				return nil, 0, fmt.Errorf("line %d: %d goes on with a call that it has not begun", at-first, pid)
			}
			_, tail, _ := strings.Cut(rest, " resumed>")
			if err := c.finish(heads[pid]+tail, at); err != nil {
				return nil, 0, fmt.Errorf("line %d: %w", at-first, err)
			}
			delete(pending, pid)
		default:
			c := &call{pid: pid, begin: at, end: never, ret: -1}
			calls = append(calls, c)
			if head, unfinished := strings.CutSuffix(rest, " <unfinished ...>"); unfinished {
				pending[pid], heads[pid] = c, head
				continue
			}
			if err := c.finish(rest, at); err != nil {
				return nil, 0, fmt.Errorf("line %d: %w", at-first, err)
			}
		}
	}
	at++
	for pid, c := range pending {
		end := never
		if ended {
			end = at
		}
		if err := c.finish(heads[pid]+") = ?", end); err != nil {
			return nil, 0, fmt.Errorf("unfinished call: %w", err)
		}
	}
	return calls, at, nil
}

// splitLine takes the thread and the time off.
func splitLine(line string) (pid int, rest string, err error) {
	id, rest, ok := strings.Cut(line, " ")
	rest = strings.TrimLeft(rest, " ")
	_, rest, timed := strings.Cut(rest, " ")
	pid, err = strconv.Atoi(id)
	if !ok || !timed || err != nil {
		return 0, "", fmt.Errorf("not a line of strace -f -ttt: %.80q", line)
	}
	return pid, rest, nil
}

// finish reads a call's whole text.
func (c *call) finish(text string, end int) error {
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return fmt.Errorf("not a call: %.80q", text)
	}
	c.name, c.end = name, end
	for {
		var a arg
		n, err := a.read(rest)
		if err != nil {
			return err
		}
		if strings.TrimSpace(a.raw) != "" {
			c.args = append(c.args, a)
		}
		if n >= len(rest) {
			return fmt.Errorf("call without an end: %.80q", text)
		}
		closed := rest[n] == ')'
		rest = rest[n+1:]
		if closed {
			break
		}
	}
	_, result, _ := strings.Cut(rest, "= ")
	word, _, _ := strings.Cut(strings.TrimSpace(result), " ")
	word, _, _ = strings.Cut(word, "<")
	if word == "?" { // killed meanwhile: it is taken to have done all it was to do
		c.ret = c.intended()
		return nil
	}
	ret, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		return fmt.Errorf("result of %.80q: %w", text, err)
	}
	c.ret = ret
	return nil
}

// intended is what a call would have given had it gone well.
func (c *call) intended() int64 {
	switch c.name {
	case "write", "pwrite64", "sendto", "writev", "sendmsg":
		if len(c.args) > 1 {
			return int64(len(c.args[1].data))
		}
	}
	return 0
}

// read reads an argument and gives how long it is, up to the comma or parenthesis that ends it.
func (a *arg) read(s string) (int, error) {
	depth := 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '"':
			n := strings.IndexByte(s[i+1:], '"')
			if n < 0 {
				return 0, fmt.Errorf("string without an end: %.80q", s)
			}
			b, err := unhex(s[i+1 : i+1+n])
			if err != nil {
				return 0, err
			}
			a.data = append(a.data, b...)
			i += n + 2
			if strings.HasPrefix(s[i:], "...") {
				a.cut = true
			}
			continue
		case '<':
			n, err := a.readDescriptor(s[i+1:])
			if err != nil {
				return 0, err
			}
			i += n + 1
			continue
		case '(', '[', '{':
			depth++
		case ']', '}':
			depth--
		case ')':
			if depth == 0 {
				a.raw = s[:i]
				return i, nil
			}
			depth--
		case ',':
			if depth == 0 {
				a.raw = s[:i]
				return i, nil
			}
		}
		i++
	}
	a.raw = s
	return len(s), nil
}

// readDescriptor reads what stands after a descriptor, from after "<": a path in hexadecimal, or "kind:[...]".
func (a *arg) readDescriptor(s string) (int, error) {
	end := ">"
	if !strings.HasPrefix(s, `\x`) {
		end = "]>"
	}
	n := strings.Index(s, end)
	if n < 0 {
		return 0, fmt.Errorf("descriptor without an end: %.80q", s)
	}
	n += len(end)
	a.fd = s[:n-1]
	if end == ">" {
		b, err := unhex(a.fd)
		if err != nil {
			return 0, err
		}
		a.fd = string(b)
	}
	if strings.HasPrefix(s[n:], "(deleted)") {
		a.gone = true
		n += len("(deleted)")
	}
	return n, nil
}

// unhex reads \x41\x42.
func unhex(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	if err != nil || len(b)*4 != len(s) {
		return nil, fmt.Errorf("not all in hexadecimal: %.80q", s)
	}
	return b, nil
}
