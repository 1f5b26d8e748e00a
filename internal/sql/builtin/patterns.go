package builtin

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"waypost/internal/sql/catalog"
	"waypost/internal/sql/types"
)

// like matches a string with a LIKE pattern. It goes back to the last % only,
// so that it takes at most len(s) × len(pattern) steps.
func like(c *catalog.Call, s, pattern string) (bool, error) {
	star, again := -1, 0
	i, p := 0, 0
	for i < len(s) {
		if err := c.Step(); err != nil {
			return false, err
		}
		matched := false
		if p < len(pattern) {
			switch pattern[p] {
			case '%':
				star, again = p, i
				p++
				continue
			case '_':
				_, n := utf8.DecodeRuneInString(s[i:])
				i, p, matched = i+n, p+1, true
			case '\\':
				if p+1 == len(pattern) {
					return false, types.Errorf(types.CodeInvalidEscape, "LIKE pattern must not end with escape character")
				}
				if pattern[p+1] == s[i] {
					i, p, matched = i+1, p+2, true
				}
			default:
				if pattern[p] == s[i] {
					i, p, matched = i+1, p+1, true
				}
			}
		}
		if matched {
			continue
		}
		if star < 0 {
			return false, nil
		}
		_, n := utf8.DecodeRuneInString(s[again:])
		again += n
		i, p = again, star+1
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern), nil
}

func likeBody(fold, not bool) Body {
	return func(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		s, p := v[0].(string), v[1].(string)
		if fold {
			s, p = strings.ToLower(s), strings.ToLower(p)
		}
		ok, err := like(c, s, p)
		if err != nil {
			return nil, err
		}
		return ok != not, nil
	}
}

// likeEscape is like_escape(): a pattern with another escape character as
// one with the backslash.
func likeEscape(pattern, escape string) (types.Value, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, types.Errorf(types.CodeInvalidEscape,
			"invalid escape string").WithHint("Escape string must be empty or one character.")
	}
	if escape == `\` {
		return pattern, nil
	}
	var b strings.Builder
	after := false
	for _, r := range pattern {
		switch {
		case escape != "" && string(r) == escape && !after:
			b.WriteByte('\\')
			after = true
			continue
		case r == '\\' && !after:
			b.WriteString(`\\`)
		default:
			b.WriteRune(r)
		}
		after = false
	}
	return b.String(), nil
}

// maxWork bounds what matching takes: Go's matcher is linear in the text
// times the size of the expression, with its repetitions written out.
const maxWork = 1 << 26

func tooMuchWork() error {
	return types.Errorf(types.CodeProgramLimit, "regular expression is too complex")
}

// weight estimates the size of a regular expression: its length times all
// the numbers in braces.
func weight(pattern string) int {
	w := len(pattern)
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '{' {
			continue
		}
		most, n := 1, 0
		for i++; i < len(pattern) && pattern[i] != '}'; i++ {
			if n = n*10 + int(pattern[i]-'0'); pattern[i] < '0' || pattern[i] > '9' {
				n = 0
			}
			if most = max(most, n); most > maxWork {
				return most
			}
		}
		if w *= most; w > maxWork {
			return w
		}
	}
	return w
}

// compile turns one of PostgreSQL's advanced regular expressions into Go's,
// as far as the two can mean the same, to match texts of the length of s.
func compile(s, pattern, flags string) (re *regex, global bool, err error) {
	if (len(s)+1000)*weight(pattern) > maxWork {
		return nil, false, tooMuchWork()
	}
	options := "s"
	for _, f := range flags {
		switch f {
		case 'g':
			global = true
		case 'i':
			options += "i"
		case 'c':
			options = strings.ReplaceAll(options, "i", "")
		case 's':
		case 'n', 'm':
			options = strings.ReplaceAll(options, "s", "") + "m"
		default:
			if strings.ContainsRune("bepqtwx", f) {
				return nil, false, types.Errorf(types.CodeFeatureNotSupported, "regular expression option \"%c\" is not supported", f)
			}
			return nil, false, types.Errorf(types.CodeInvalidParameter, "invalid regular expression option: \"%c\"", f)
		}
	}
	are, err := translateARE(pattern)
	if err != nil {
		return nil, false, err
	}
	options = "(?" + options + ")"
	compiled, goErr := regexp.Compile(options + are.out.String())
	if goErr != nil {
		return nil, false, invalidRegexp(goErr)
	}
	if !are.lazy {
		compiled.Longest()
	}
	re = &regex{Regexp: compiled, lazy: are.lazy}
	if err := re.newTree(options+are.grouped.String(), are.groups); err != nil {
		return nil, false, invalidRegexp(err)
	}
	return re, global, nil
}

func invalidRegexp(err error) error {
	text := err.Error()
	for _, known := range [...]struct{ part, message string }{
		{"missing closing )", "parentheses () not balanced"},
		{"unexpected )", "parentheses () not balanced"},
		{"missing closing ]", "brackets [] not balanced"},
		{"missing argument to repetition", "quantifier operand invalid"},
		{"invalid nested repetition", "quantifier operand invalid"},
		{"invalid character class range", "invalid character range"},
		{"trailing backslash", "invalid escape \\ sequence"},
		{"invalid escape", "invalid escape \\ sequence"},
	} {
		if strings.Contains(text, known.part) {
			return types.Errorf(types.CodeInvalidRegexp, "invalid regular expression: %s", known.message)
		}
	}
	return types.Errorf(types.CodeFeatureNotSupported, "this regular expression is not supported")
}

// translated is an expression as Go writes it. In grouped every bracket makes
// a group; groups has, by their numbers, the numbers that these have in out.
type translated struct {
	out, grouped strings.Builder
	groups       []int
	told         int
	lazy         bool // quantifiers prefer few repetitions
}

func (t *translated) write(s string) {
	t.out.WriteString(s)
	t.grouped.WriteString(s)
}

// open writes an opening bracket, and tells how long it was.
func (t *translated) open(rest string) int {
	if strings.HasPrefix(rest, "(?:") {
		t.out.WriteString("(?:")
		t.grouped.WriteByte('(')
		t.groups = append(t.groups, 0)
		return len("(?:")
	}
	t.told++
	t.write("(")
	t.groups = append(t.groups, t.told)
	return 1
}

// translateARE rewrites what the two dialects write differently, and refuses
// what only PostgreSQL has.
func translateARE(p string) (*translated, error) {
	refuse := func(what string) (*translated, error) {
		return nil, types.Errorf(types.CodeFeatureNotSupported, "%s in a regular expression is not supported", what)
	}
	if strings.HasPrefix(p, "***") || strings.HasPrefix(p, "(?") && !strings.HasPrefix(p, "(?:") {
		return refuse("an option")
	}
	b := &translated{groups: []int{0}}
	greedy, alternatives := false, false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case '\\':
			if i++; i == len(p) {
				return nil, types.Errorf(types.CodeInvalidRegexp, "invalid regular expression: invalid escape \\ sequence")
			}
			switch e := p[i]; {
			case strings.IndexByte("dDsSwWtnrfva", e) >= 0:
				b.write(`\` + string(e))
			case e == 'A':
				b.write(`\A`)
			case e == 'Z':
				b.write(`\z`)
			case e == 'y':
				b.write(`\b`)
			case e == 'Y':
				b.write(`\B`)
			case e < 0x80 && !isAlnum(e):
				b.write(`\` + string(e))
			default:
				return refuse("an escape")
			}
		case '(':
			if strings.HasPrefix(p[i:], "(?") && !strings.HasPrefix(p[i:], "(?:") {
				return refuse("a constraint")
			}
			i += b.open(p[i:]) - 1
		case '|':
			alternatives = true
			b.write(p[i : i+1])
		case '[':
			end, ok := bracket(p, i)
			if !ok {
				return nil, types.Errorf(types.CodeInvalidRegexp, "invalid regular expression: brackets [] not balanced")
			}
			set := p[i:end]
			if strings.Contains(set, "[.") || strings.Contains(set, "[=") || strings.Contains(set, "[:<:]") || strings.Contains(set, "[:>:]") {
				return refuse("a collating element")
			}
			b.write(set)
			i = end - 1
		case '*', '+', '?', '}':
			b.write(p[i : i+1])
			if i+1 < len(p) && p[i+1] == '?' {
				b.lazy = true
				b.write("?")
				i++
			} else {
				greedy = true
			}
			if i+1 < len(p) && strings.IndexByte("*+", p[i+1]) >= 0 {
				return nil, types.Errorf(types.CodeInvalidRegexp, "invalid regular expression: quantifier operand invalid")
			}
		default:
			b.write(p[i : i+1])
		}
	}
	if b.lazy && (greedy || alternatives) {
		return refuse("a mix of greedy and non-greedy quantifiers")
	}
	return b, nil
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// bracket finds the end of a bracket expression.
func bracket(p string, i int) (end int, ok bool) {
	j := i + 1
	if j < len(p) && p[j] == '^' {
		j++
	}
	if j < len(p) && p[j] == ']' {
		j++
	}
	for ; j < len(p); j++ {
		switch {
		case p[j] == '\\':
			j++
		case p[j] == '[' && j+1 < len(p) && strings.IndexByte(".:=", p[j+1]) >= 0:
			n := strings.Index(p[j+2:], string(p[j+1])+"]")
			if n < 0 {
				return 0, false
			}
			j += n + 3
		case p[j] == ']':
			return j + 1, true
		}
	}
	return 0, false
}

func regexBody(fold, not bool) Body {
	flags := ""
	if fold {
		flags = "i"
	}
	// One pattern is often matched with many rows.
	var last string
	var re *regex
	longest := 0
	return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
		s, p := v[0].(string), v[1].(string)
		if re == nil || p != last || len(s) > longest {
			compiled, _, err := compile(s, p, flags)
			if err != nil {
				return nil, err
			}
			last, re, longest = p, compiled, len(s)
		}
		return re.MatchString(s) != not, nil
	}
}

// regexSubstring is substring(s from pattern): the first group, or all.
func regexSubstring(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	re, _, err := compile(v[0].(string), v[1].(string), "")
	if err != nil {
		return nil, err
	}
	m, err := re.match(c, v[0].(string))
	if m == nil || err != nil {
		return nil, err
	}
	if len(m) > 2 {
		if m[2] < 0 {
			return nil, nil
		}
		return v[0].(string)[m[2]:m[3]], nil
	}
	return v[0].(string)[m[0]:m[1]], nil
}

func optional(v []types.Value, i int) string {
	if i < len(v) {
		return v[i].(string)
	}
	return ""
}

func regexReplace(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	re, global, err := compile(v[0].(string), v[1].(string), optional(v, 3))
	if err != nil {
		return nil, err
	}
	s, with := v[0].(string), v[2].(string)
	n := 1
	if global {
		n = -1
	}
	var b strings.Builder
	at := 0
	all, err := re.matches(c, s, n)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		b.WriteString(s[at:m[0]])
		expand(&b, with, s, m)
		at = m[1]
		if b.Len() > maxText {
			return nil, tooLong()
		}
	}
	return bounded(b.String() + s[at:])
}

// expand writes a replacement with \1 to \9 and \& filled in.
func expand(b *strings.Builder, with, s string, m []int) {
	for i := 0; i < len(with); i++ {
		if with[i] != '\\' || i+1 == len(with) {
			b.WriteByte(with[i])
			continue
		}
		i++
		switch c := with[i]; {
		case c == '&':
			b.WriteString(s[m[0]:m[1]])
		case c >= '1' && c <= '9':
			if k := 2 * int(c-'0'); k < len(m) && m[k] >= 0 {
				b.WriteString(s[m[k]:m[k+1]])
			}
		case c == '\\':
			b.WriteByte('\\')
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
}

func regexMatch(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	re, global, err := compile(v[0].(string), v[1].(string), optional(v, 2))
	if err != nil {
		return nil, err
	}
	if global {
		return nil, types.Errorf(types.CodeInvalidParameter, "regexp_match() does not support the \"global\" option").
			WithHint("Use the regexp_matches function instead.")
	}
	m, err := re.match(c, v[0].(string))
	if m == nil || err != nil {
		return nil, err
	}
	return groups(v[0].(string), m), nil
}

// groups makes an array of a match's groups, or of the match if it has none.
func groups(s string, m []int) *types.Array {
	a := &types.Array{Elem: types.Text}
	from := 2
	if len(m) == 2 {
		from = 0
	}
	for i := from; i < len(m); i += 2 {
		if m[i] < 0 {
			a.Vals = append(a.Vals, nil)
			continue
		}
		a.Vals = append(a.Vals, s[m[i]:m[i+1]])
	}
	return a
}

func regexSplit(c *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
	re, _, err := compile(v[0].(string), v[1].(string), optional(v, 2))
	if err != nil {
		return nil, err
	}
	return types.FromStrings(types.Text, re.Split(v[0].(string), -1)), nil
}

func patterns(source string) Body {
	switch source {
	case "textlike", "namelike", "bpcharlike":
		return likeBody(false, false)
	case "textnlike", "namenlike", "bpcharnlike":
		return likeBody(false, true)
	case "texticlike", "nameiclike", "bpchariclike":
		return likeBody(true, false)
	case "texticnlike", "nameicnlike", "bpcharicnlike":
		return likeBody(true, true)
	case "like_escape":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			return likeEscape(v[0].(string), v[1].(string))
		}
	case "textregexeq", "nameregexeq", "bpcharregexeq":
		return regexBody(false, false)
	case "textregexne", "nameregexne", "bpcharregexne":
		return regexBody(false, true)
	case "texticregexeq", "nameicregexeq", "bpcharicregexeq":
		return regexBody(true, false)
	case "texticregexne", "nameicregexne", "bpcharicregexne":
		return regexBody(true, true)
	case "textregexsubstr":
		return regexSubstring
	case "textregexreplace", "textregexreplace_noopt":
		return regexReplace
	case "regexp_match", "regexp_match_no_flags":
		return regexMatch
	case "regexp_split_to_array", "regexp_split_to_array_no_flags":
		return regexSplit
	case "regexp_like", "regexp_like_no_flags":
		return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
			re, _, err := compile(v[0].(string), v[1].(string), optional(v, 2))
			if err != nil {
				return nil, err
			}
			return re.MatchString(v[0].(string)), nil
		}
	case "regexp_count_no_start", "regexp_count_no_flags":
		if source == "regexp_count_no_start" {
			return func(_ *catalog.Call, _ *Info, v []types.Value) (types.Value, error) {
				re, _, err := compile(v[0].(string), v[1].(string), "")
				if err != nil {
					return nil, err
				}
				return int64(len(re.FindAllStringIndex(v[0].(string), -1))), nil
			}
		}
	}
	return nil
}
