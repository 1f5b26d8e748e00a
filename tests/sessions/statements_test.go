package sessions

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// statement is one entry of testdata/alike.sql, whose head says what the marks mean.
type statement struct {
	line   int
	sql    string
	mark   string   // same, shape or error
	same   []string // with mark "same": the columns whose values are compared; all if empty
	params []string
	asText bool   // through the simple protocol alone
	role   string // who asks; postgres if empty
}

// compares says whether the values of a column are compared.
func (s *statement) compares(column string) bool {
	return s.mark == "same" && (len(s.same) == 0 || slices.Contains(s.same, column))
}

// simple says that only the simple protocol takes it: where there is more than one statement in it.
func (s *statement) simple() bool {
	return s.asText || strings.Contains(strings.TrimSuffix(s.sql, ";"), ";")
}

func readStatements(t *testing.T, path string) []statement {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var list []statement
	var next statement
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line := in.Text()
		switch {
		case strings.HasPrefix(line, "--! "):
			require.NoErrorf(t, next.take(line), "%s:%d", path, n)
		case line == "" || strings.HasPrefix(line, "--"):
		default:
			require.NotEmptyf(t, next.mark, "%s:%d: a statement without a mark", path, n)
			next.line, next.sql = n, line
			list = append(list, next)
			next = statement{}
		}
	}
	require.NoError(t, in.Err())
	return list
}

// take takes in a line of marks.
func (s *statement) take(line string) error {
	word, rest, _ := strings.Cut(strings.TrimPrefix(line, "--! "), " ")
	switch word {
	case "same", "shape", "error":
		s.mark = word
		for _, column := range strings.Split(rest, ",") {
			if column = strings.Trim(column, ` "`); column != "" {
				s.same = append(s.same, column)
			}
		}
	case "text":
		s.asText = true
	case "as":
		s.role = rest
	case "with":
		for _, p := range strings.Split(rest, "|") {
			s.params = append(s.params, strings.TrimSpace(p))
		}
	default:
		return fmt.Errorf("no such mark: %q", word)
	}
	return nil
}
