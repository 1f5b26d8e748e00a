package parser

import (
	"strings"
	"testing"

	"github.com/sqlc-dev/oliphant"
	"github.com/stretchr/testify/require"

	"waypost/internal/sql/types"
)

// hiding are ways to write something in which a careless reader takes brackets for a part of a string.
var hiding = []string{
	`select date'\', `, `select e'a\'', `, "select e'a'\n'b\\'', ", "select e'a' -- x\n 'b\\'', ", `select _e'\', `, `select 1, $$($$, `,
	`select $a$ $b$ $a$, `, `select "e'" , `, `select /* ' /* */ */ `, `select '--', `, `select u&'\', `, `select a$b$, `, `select n'\', `,
	"select e'a' \f\n'b\\'', ", "select 'a'\n'b\\', ", `select e'0''\'', `,
}

func TestNoQuoteHidesNesting(t *testing.T) {
	for _, text := range hiding {
		err := bounded(text + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000))
		var e *types.Error
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, types.CodeStatementTooComplex, e.Code, text)
	}
}

// TestOnlyOneNameIsAChain: the names of a statement do not add up, however they are set apart, and nothing hides a long one.
func TestOnlyOneNameIsAChain(t *testing.T) {
	const many = 5 * maxChain
	for _, names := range []string{
		"a.rolsuper and ", "a.rolsuper\nand\t", "a.\"rol\" and ", "\"a\".\"rol\"and ", "a . rolsuper /* . */ or ", "a.r in(1)and ",
	} {
		require.NoError(t, bounded("select 1 from pg_roles a where "+strings.Repeat(names, many)+"true"), names)
	}
	require.NoError(t, bounded("select "+strings.Repeat("a.b as \"c\",a.* , 1.5,", many)+"1"))
	for _, part := range []string{
		".a", ". a", " .a", "\n.\n\"a\"", ".\"a\"\"b\"", ".\"a\"\"\"\"b\"", "./* . */a", "/**/.\"a\"", ".\"\"\"\"", ".a1$", ".\"a b\"",
		".U&\"a\"", ". u&\"a\"\"b\"",
	} {
		err := bounded("select a" + strings.Repeat(part, many))
		var e *types.Error
		require.ErrorAs(t, err, &e, part)
		require.Equal(t, types.CodeStatementTooComplex, e.Code, part)
	}
}

// FuzzBounds: whatever bounded lets pass, the library's own tokens are nested no deeper.
func FuzzBounds(f *testing.F) {
	for _, text := range hiding {
		f.Add(text + "((1))")
	}
	f.Fuzz(func(t *testing.T, piece string) {
		text := piece + strings.Repeat("(", maxNesting+1)
		if bounded(text) != nil {
			return
		}
		scanned, err := oliphant.Scan(text)
		if err != nil {
			return // nothing is parsed then
		}
		depth, most := 0, 0
		for _, token := range scanned.Tokens {
			switch text[token.Start:token.End] {
			case "(", "[":
				depth++
			case ")", "]":
				depth = max(0, depth-1)
			}
			most = max(most, depth)
		}
		require.LessOrEqualf(t, most, maxNesting, "%.200q", text)
	})
}
