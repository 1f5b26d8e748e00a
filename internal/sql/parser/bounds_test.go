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
