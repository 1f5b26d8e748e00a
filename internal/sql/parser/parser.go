// Package parser turns a query string into our own tree, by way of a
// library's parser of PostgreSQL's grammar. No other package knows which one.
//
// The library parses by recursive descent and is young: the length of a query
// string and its nesting are bounded before it sees it, and a panic in it is
// an error of the one statement.
package parser

import (
	"errors"
	"strings"
	"unicode/utf8"

	pg "github.com/sqlc-dev/oliphant/ast"
	"github.com/sqlc-dev/oliphant/parser"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
)

// MaxLength is the longest query string, in bytes.
const MaxLength = 128 << 10

// Parse parses a query string into its statements. Errors are *types.Error.
func Parse(text string) (parsed []*ast.Parsed, err error) {
	defer func() {
		if r := recover(); r != nil {
			parsed, err = nil, types.Errorf(types.CodeInternal, "parser failed: %v", r)
		}
	}()
	if err := bounded(text); err != nil {
		return nil, err
	}
	tree, err := parser.ParseToTree(text)
	if err != nil {
		return nil, parseError(text, err)
	}
	for _, raw := range tree.GetStmts() {
		c := &converter{text: text}
		stmt := c.statement(raw.GetStmt())
		if c.err != nil {
			return nil, c.err
		}
		parsed = append(parsed, &ast.Parsed{Text: text, Stmt: stmt})
	}
	return parsed, nil
}

// codes are the SQLSTATEs of the scanner's and grammar's errors that are not
// syntax_error, by a part of their messages.
var codes = [...]struct{ part, code string }{
	{"invalid byte sequence", types.CodeNotInRepertoire},
	{"not implemented", types.CodeFeatureNotSupported},
	{"not supported", types.CodeFeatureNotSupported},
	{"not yet supported", types.CodeFeatureNotSupported},
	{"invalid hexadecimal digit", types.CodeInvalidText},
	{"invalid Unicode escape", "22025"},
	{"nonstandard use", "22P06"},
	{"role name \"", "42939"},
	{"cannot be used as a role name here", "42939"},
}

func parseError(text string, err error) error {
	var told *parser.Error
	if !errors.As(err, &told) {
		return types.Errorf(types.CodeSyntax, "%v", err)
	}
	e := types.Errorf(types.CodeSyntax, "%s", told.Message)
	for _, c := range codes {
		if strings.Contains(told.Message, c.part) {
			e.Code = c.code
		}
	}
	e.Position = min(told.Cursorpos, utf8.RuneCountInString(text)+1)
	return e
}

// converter makes our tree of the library's. The first error stays in err;
// what is returned after it is of no meaning.
type converter struct {
	text  string
	err   error
	depth int
}

// maxDepth bounds the depth of the tree.
const maxDepth = 1000

// enter goes one level deeper, if it may.
func (c *converter) enter() bool {
	if c.err != nil {
		return false
	}
	if c.depth >= maxDepth {
		c.err = tooComplex()
		return false
	}
	c.depth++
	return true
}

func (c *converter) leave() { c.depth-- }

// unsupported notes that a part of the statement cannot be run.
func (c *converter) unsupported(what string, at int32) {
	if c.err != nil {
		return
	}
	e := types.Errorf(types.CodeFeatureNotSupported, "%s is not supported", what)
	e.Position = Position(c.text, int(at))
	c.err = e
}

// Position turns a byte offset into the position that an error tells.
func Position(text string, at int) int {
	if at < 0 || at > len(text) {
		return 0
	}
	return utf8.RuneCountInString(text[:at]) + 1
}

func (c *converter) names(nodes []*pg.Node) []string {
	names := make([]string, 0, len(nodes))
	for _, n := range nodes {
		names = append(names, n.GetString_().GetSval())
	}
	return names
}

// qualified splits a name into its schema and itself.
func (c *converter) qualified(nodes []*pg.Node) (schema, name string) {
	names := c.names(nodes)
	switch len(names) {
	case 0:
		return "", ""
	case 1:
		return "", names[0]
	}
	return names[len(names)-2], names[len(names)-1]
}
