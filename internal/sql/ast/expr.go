package ast

// Expr is an expression. Where tells its place in the query string.
type Expr interface{ Where() Pos }

// ConstKind says what a constant is.
type ConstKind int

// The kinds of constants.
const (
	NullConst ConstKind = iota
	BoolConst
	IntConst   // fits an int4
	FloatConst // any other number, as written
	StringConst
	BitConst
)

// BoolOpKind is AND, OR or NOT.
type BoolOpKind int

// The boolean operations.
const (
	And BoolOpKind = iota
	Or
	Not
)

// String gives the operation's name as it stands in messages.
func (k BoolOpKind) String() string { return [...]string{"AND", "OR", "NOT"}[k] }

// OpKind is the form in which an operator stands.
type OpKind int

// The forms of operators.
const (
	PlainOp OpKind = iota
	AnyOp          // l op ANY (array)
	AllOp          // l op ALL (array)
	LikeOp
	ILikeOp
	SimilarOp
	DistinctOp
	NotDistinctOp
	NullIfOp
)

// SubLinkKind is the form in which a sub-select stands in an expression.
type SubLinkKind int

// The forms of sub-selects.
const (
	ScalarSubLink SubLinkKind = iota
	ExistsSubLink
	AnySubLink
	AllSubLink
	ArraySubLink
)

// TruthTest is one of IS TRUE and its like.
type TruthTest int

// The tests of a boolean.
const (
	IsTrue TruthTest = iota
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// SQLValueKind is one of CURRENT_DATE and its like.
type SQLValueKind int

// The functions that are written without parentheses.
const (
	CurrentDate SQLValueKind = iota
	CurrentTime
	CurrentTimestamp
	LocalTime
	LocalTimestamp
	CurrentRole
	CurrentUser
	UserKeyword
	SessionUser
	CurrentCatalog
	CurrentSchema
)

// Expressions.
type (
	// Const is a literal.
	Const struct {
		Kind ConstKind
		Bool bool
		Int  int32
		Text string // FloatConst, StringConst, BitConst
		At   Pos
	}
	// ColumnRef is a name, with qualifiers before it; Star is "*" at its end.
	ColumnRef struct {
		Names []string
		Star  bool
		At    Pos
	}
	// Param is $Number.
	Param struct {
		Number int
		At     Pos
	}
	// TypeCast is a cast by :: or CAST, or a literal with its type before it.
	TypeCast struct {
		Arg  Expr
		Type TypeName
		At   Pos
	}
	// Collate is COLLATE.
	Collate struct {
		Arg  Expr
		Name []string
		At   Pos
	}
	// BoolOp is AND, OR or NOT.
	BoolOp struct {
		Kind BoolOpKind
		Args []Expr
		At   Pos
	}
	// Op is an operator; Left is nil for a prefix one.
	Op struct {
		Kind        OpKind
		Schema      string
		Name        string
		Left, Right Expr
		At          Pos
	}
	// In is IN with a list.
	In struct {
		Not  bool
		Left Expr
		List []Expr
		At   Pos
	}
	// Between is BETWEEN.
	Between struct {
		Not, Symmetric bool
		Arg, Low, High Expr
		At             Pos
	}
	// Call is a function call.
	Call struct {
		Schema, Name string
		Args         []Arg
		Star         bool // count(*)
		Distinct     bool
		Variadic     bool
		OrderBy      []SortKey
		Filter       Expr
		// SQLSyntax says that it was written by the standard's own syntax,
		// as EXTRACT(… FROM …) or TRIM(…).
		SQLSyntax bool
		At        Pos
	}
	// Arg is an argument of a call; Name is set for a named one.
	Arg struct {
		Name string
		Expr Expr
	}
	// Case is CASE.
	Case struct {
		Arg   Expr
		Whens []When
		Else  Expr
		At    Pos
	}
	// When is one arm of CASE.
	When struct {
		Cond, Result Expr
		At           Pos
	}
	// Coalesce is COALESCE.
	Coalesce struct {
		Args []Expr
		At   Pos
	}
	// MinMax is GREATEST or LEAST.
	MinMax struct {
		Least bool
		Args  []Expr
		At    Pos
	}
	// SQLValue is CURRENT_USER and its like.
	SQLValue struct {
		Kind      SQLValueKind
		Precision int32 // -1 if not given
		At        Pos
	}
	// SubLink is a sub-select. Test and Op are there for ANY and ALL.
	SubLink struct {
		Kind  SubLinkKind
		Test  Expr
		Op    string // "" is IN's =
		Query *Select
		At    Pos
	}
	// NullTest is IS [NOT] NULL.
	NullTest struct {
		Not bool
		Arg Expr
		At  Pos
	}
	// BooleanTest is IS [NOT] TRUE, FALSE or UNKNOWN.
	BooleanTest struct {
		Test TruthTest
		Arg  Expr
		At   Pos
	}
	// ArrayExpr is ARRAY[…].
	ArrayExpr struct {
		Elems []Expr
		At    Pos
	}
	// Subscript is Arg[Index], or Arg[Index:Upper] if Slice.
	Subscript struct {
		Arg          Expr
		Slice        bool
		Index, Upper Expr
		At           Pos
	}
	// Field is (Arg).Name, or (Arg).* with an empty Name.
	Field struct {
		Arg  Expr
		Name string
		At   Pos
	}
	// RowExpr is ROW(…) or (…, …).
	RowExpr struct {
		Args []Expr
		At   Pos
	}
)

// Where tells where an expression begins: the leftmost of its own place and
// its parts'.
func (e *Const) Where() Pos       { return e.At }
func (e *ColumnRef) Where() Pos   { return e.At }
func (e *Param) Where() Pos       { return e.At }
func (e *TypeCast) Where() Pos    { return leftmost(leftmost(e.At, e.Type.At), begin(e.Arg)) }
func (e *Collate) Where() Pos     { return begin(e.Arg) }
func (e *BoolOp) Where() Pos      { return leftmost(e.At, begin(e.Args[0])) }
func (e *Op) Where() Pos          { return leftmost(e.At, begin(e.Left)) }
func (e *In) Where() Pos          { return leftmost(e.At, begin(e.Left)) }
func (e *Between) Where() Pos     { return leftmost(e.At, begin(e.Arg)) }
func (e *Case) Where() Pos        { return e.At }
func (e *Coalesce) Where() Pos    { return e.At }
func (e *MinMax) Where() Pos      { return e.At }
func (e *SQLValue) Where() Pos    { return e.At }
func (e *SubLink) Where() Pos     { return leftmost(e.At, begin(e.Test)) }
func (e *NullTest) Where() Pos    { return leftmost(e.At, begin(e.Arg)) }
func (e *BooleanTest) Where() Pos { return leftmost(e.At, begin(e.Arg)) }
func (e *ArrayExpr) Where() Pos   { return e.At }
func (e *Subscript) Where() Pos   { return begin(e.Arg) }
func (e *Field) Where() Pos       { return begin(e.Arg) }
func (e *RowExpr) Where() Pos     { return e.At }

// Where tells where the call begins; by SQL's own syntax an argument may
// stand before the function.
func (e *Call) Where() Pos {
	at := e.At
	for _, a := range e.Args {
		at = leftmost(at, begin(a.Expr))
	}
	return at
}

func begin(e Expr) Pos {
	if e == nil {
		return -1
	}
	return e.Where()
}

func leftmost(a, b Pos) Pos {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}
