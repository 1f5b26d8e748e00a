package types

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Limits of numeric (src/backend/utils/adt/numeric.c).
const (
	numMaxScale      = 16383  // digits after the point
	numMaxDigits     = 131072 // digits before it
	numMaxDisplay    = 1000
	numMinSigDigits  = 16
	numDigitsPerWord = 4
)

var (
	bigZero = new(big.Int)
	bigOne  = big.NewInt(1)
)

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// NumInt makes a numeric of an integer.
func NumInt(n int64) Num { return Num{Int: big.NewInt(n)} }

// NumBig makes a numeric of a big integer, which it keeps.
func NumBig(n *big.Int) Num { return Num{Int: n} }

func (n Num) i() *big.Int {
	if n.Int == nil {
		return bigZero
	}
	return n.Int
}

// Sign is -1, 0 or 1; NaN's is 1.
func (n Num) Sign() int {
	switch n.Special {
	case NumFinite:
		return n.i().Sign()
	case NumMinusInf:
		return -1
	}
	return 1
}

// String writes the number as PostgreSQL does.
func (n Num) String() string {
	switch n.Special {
	case NumNaN:
		return "NaN"
	case NumPlusInf:
		return "Infinity"
	case NumMinusInf:
		return "-Infinity"
	}
	s := new(big.Int).Abs(n.i()).String()
	if n.Scale > 0 {
		if len(s) <= n.Scale {
			s = strings.Repeat("0", n.Scale-len(s)+1) + s
		}
		s = s[:len(s)-n.Scale] + "." + s[len(s)-n.Scale:]
	}
	if n.Sign() < 0 {
		return "-" + s
	}
	return s
}

// Rescale gives n with scale digits after the point, rounded half away from
// zero. A negative scale rounds before the point and shows none after it.
func (n Num) Rescale(scale int) Num { return n.rescale(scale, true) }

// Trunc is like Rescale but cuts digits off.
func (n Num) Trunc(scale int) Num { return n.rescale(scale, false) }

func (n Num) rescale(scale int, round bool) Num {
	if n.Special != NumFinite || scale == n.Scale {
		return n
	}
	if scale > n.Scale {
		return Num{Int: new(big.Int).Mul(n.i(), pow10(scale-n.Scale)), Scale: scale}
	}
	q := new(big.Int)
	if drop := n.Scale - scale; drop <= len(n.i().Text(10))+1 {
		unit := pow10(drop)
		rest := new(big.Int)
		q.QuoRem(n.i(), unit, rest)
		if round && rest.Abs(rest).Lsh(rest, 1).Cmp(unit) >= 0 {
			q.Add(q, big.NewInt(int64(n.i().Sign())))
		}
	}
	if scale < 0 {
		return Num{Int: q.Mul(q, pow10(-scale))}
	}
	return Num{Int: q, Scale: scale}
}

// align gives the integers of two finite numbers at their larger scale.
func align(a, b Num) (x, y *big.Int, scale int) {
	scale = max(a.Scale, b.Scale)
	return a.Rescale(scale).i(), b.Rescale(scale).i(), scale
}

// Cmp compares; NaN is the largest and equals itself.
func (n Num) Cmp(m Num) int {
	if n.Special != NumFinite || m.Special != NumFinite {
		return order(n.Special) - order(m.Special)
	}
	x, y, _ := align(n, m)
	return x.Cmp(y)
}

func order(s NumSpecial) int {
	switch s {
	case NumMinusInf:
		return -1
	case NumPlusInf:
		return 1
	case NumNaN:
		return 2
	}
	return 0
}

// Neg is -n.
func (n Num) Neg() Num {
	switch n.Special {
	case NumPlusInf:
		return Num{Special: NumMinusInf}
	case NumMinusInf:
		return Num{Special: NumPlusInf}
	case NumNaN:
		return n
	}
	return Num{Int: new(big.Int).Neg(n.i()), Scale: n.Scale}
}

func numOverflow() error { return Errorf(CodeOutOfRange, "value overflows numeric format") }

// checked refuses a number with too many digits.
func (n Num) checked() (Num, error) {
	if n.Special == NumFinite && n.i().BitLen() > (numMaxDigits+n.Scale)*10/3+4 {
		return Num{}, numOverflow()
	}
	return n, nil
}

// Add is n + m.
func (n Num) Add(m Num) (Num, error) {
	if n.Special != NumFinite || m.Special != NumFinite {
		return addSpecial(n, m), nil
	}
	x, y, scale := align(n, m)
	return Num{Int: new(big.Int).Add(x, y), Scale: scale}.checked()
}

func addSpecial(n, m Num) Num {
	switch {
	case n.Special == NumNaN || m.Special == NumNaN:
		return Num{Special: NumNaN}
	case n.Special == NumFinite:
		return m
	case m.Special == NumFinite || n.Special == m.Special:
		return n
	}
	return Num{Special: NumNaN}
}

// Sub is n - m.
func (n Num) Sub(m Num) (Num, error) { return n.Add(m.Neg()) }

// Mul is n × m.
func (n Num) Mul(m Num) (Num, error) {
	if n.Special != NumFinite || m.Special != NumFinite {
		return signed(n, m), nil
	}
	p := Num{Int: new(big.Int).Mul(n.i(), m.i()), Scale: n.Scale + m.Scale}
	if p.Scale > numMaxScale {
		p = p.Rescale(numMaxScale)
	}
	return p.checked()
}

// signed is a product or quotient that is not finite, of two numbers one of
// which is not.
func signed(n, m Num) Num {
	switch s := n.Sign() * m.Sign(); {
	case n.Special == NumNaN || m.Special == NumNaN || s == 0:
		return Num{Special: NumNaN}
	case s < 0:
		return Num{Special: NumMinusInf}
	}
	return Num{Special: NumPlusInf}
}

// weight gives the position of n's first digit in base 10000, and that digit.
func (n Num) weight() (weight, first int) {
	if n.i().Sign() == 0 {
		return 0, 0
	}
	digits := new(big.Int).Abs(n.i()).String()
	before := len(digits) - n.Scale // decimal digits before the point; may be negative
	weight = floorDiv(before-1, numDigitsPerWord)
	take := before - weight*numDigitsPerWord
	for len(digits) < take {
		digits += "0"
	}
	first, _ = strconv.Atoi(digits[:take])
	return weight, first
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// divScale is select_div_scale(): how many digits a quotient shows.
func divScale(n, m Num) int {
	w1, f1 := n.weight()
	w2, f2 := m.weight()
	w := w1 - w2
	if f1 <= f2 {
		w--
	}
	return min(max(numMinSigDigits-w*numDigitsPerWord, n.Scale, m.Scale, 0), numMaxDisplay)
}

// Div is n / m.
func (n Num) Div(m Num) (Num, error) {
	if n.Special != NumFinite || m.Special != NumFinite {
		return divSpecial(n, m)
	}
	if m.i().Sign() == 0 {
		return Num{}, DivisionByZero()
	}
	return n.quotient(m, divScale(n, m), true).checked()
}

// DivisionByZero is the error of a division by zero.
func DivisionByZero() error { return Errorf(CodeDivisionByZero, "division by zero") }

func divSpecial(n, m Num) (Num, error) {
	switch {
	case n.Special == NumNaN || m.Special == NumNaN:
		return Num{Special: NumNaN}, nil
	case n.Special != NumFinite && m.Special != NumFinite:
		return Num{Special: NumNaN}, nil
	case m.Special != NumFinite:
		return Num{}, nil
	case m.i().Sign() == 0:
		return Num{}, DivisionByZero()
	}
	return signed(n, m), nil
}

// quotient is n / m at a scale, rounded or cut.
func (n Num) quotient(m Num, scale int, round bool) Num {
	x, y := new(big.Int).Set(n.i()), m.i()
	if up := scale + m.Scale - n.Scale; up >= 0 {
		x.Mul(x, pow10(up))
	} else {
		y = new(big.Int).Mul(y, pow10(-up))
	}
	rest := new(big.Int)
	sign := x.Sign() * y.Sign()
	x.QuoRem(x, y, rest)
	if round && rest.Abs(rest).Lsh(rest, 1).Cmp(new(big.Int).Abs(y)) >= 0 {
		x.Add(x, big.NewInt(int64(sign)))
	}
	return Num{Int: x, Scale: scale}
}

// DivTrunc is n / m cut to an integer, PostgreSQL's div().
func (n Num) DivTrunc(m Num) (Num, error) {
	if n.Special != NumFinite || m.Special != NumFinite {
		return divSpecial(n, m)
	}
	if m.i().Sign() == 0 {
		return Num{}, DivisionByZero()
	}
	return n.quotient(m, 0, false), nil
}

// Mod is the rest of n / m, with n's sign.
func (n Num) Mod(m Num) (Num, error) {
	switch {
	case n.Special == NumNaN || m.Special == NumNaN:
		return Num{Special: NumNaN}, nil
	case m.Special == NumFinite && m.i().Sign() == 0:
		return Num{}, DivisionByZero()
	case n.Special != NumFinite:
		return Num{Special: NumNaN}, nil
	case m.Special != NumFinite:
		return n, nil
	}
	x, y, scale := align(n, m)
	return Num{Int: new(big.Int).Rem(x, y), Scale: scale}, nil
}

// Floor rounds down.
func (n Num) Floor() Num {
	t := n.Trunc(0)
	if n.Special == NumFinite && n.Sign() < 0 && t.Cmp(n) != 0 {
		t.Int = new(big.Int).Sub(t.i(), bigOne)
	}
	return t
}

// Ceil rounds up.
func (n Num) Ceil() Num { return n.Neg().Floor().Neg() }

// Sqrt is the square root, with as many digits as PostgreSQL shows.
func (n Num) Sqrt() (Num, error) {
	switch {
	case n.Special == NumMinusInf || n.Special == NumFinite && n.Sign() < 0:
		return Num{}, Errorf(CodeInvalidArgumentPower, "cannot take square root of a negative number")
	case n.Special != NumFinite:
		return n, nil
	}
	w, _ := n.weight()
	half := w*numDigitsPerWord/2 + 1
	if w < 0 {
		half = 1 - (1-w*numDigitsPerWord)/2
	}
	scale := min(max(numMinSigDigits-half, n.Scale, 0), numMaxDisplay)
	// One digit more than is shown, cut off; that never changes how the
	// root rounds, as it is not a tie unless it is exact.
	x := new(big.Int).Sqrt(n.Rescale(2 * (scale + 1)).i())
	if n.Scale > 2*(scale+1) {
		x = new(big.Int).Sqrt(n.Trunc(2 * (scale + 1)).i())
	}
	return Num{Int: x, Scale: scale + 1}.Rescale(scale), nil
}

// Float is the float8 nearest to n.
func (n Num) Float() float64 {
	switch n.Special {
	case NumNaN:
		return math.NaN()
	case NumPlusInf:
		return math.Inf(1)
	case NumMinusInf:
		return math.Inf(-1)
	}
	f, _ := strconv.ParseFloat(n.String(), 64)
	return f
}

// Int64 rounds to an integer; false if it does not fit.
func (n Num) Int64() (int64, bool) {
	r := n.Rescale(0)
	return r.i().Int64(), n.Special == NumFinite && r.i().IsInt64()
}

// NumFloat makes a numeric of a float, with so many significant digits as
// PostgreSQL keeps: 15 of a float8, 6 of a float4.
func NumFloat(f float64, digits int) Num {
	switch {
	case math.IsNaN(f):
		return Num{Special: NumNaN}
	case math.IsInf(f, 1):
		return Num{Special: NumPlusInf}
	case math.IsInf(f, -1):
		return Num{Special: NumMinusInf}
	}
	n, err := ParseNum(strconv.FormatFloat(f, 'e', digits-1, 64))
	if err != nil {
		return Num{}
	}
	// %g drops zeros at the end.
	for n.Scale > 0 {
		q, r := new(big.Int).QuoRem(n.i(), big.NewInt(10), new(big.Int))
		if r.Sign() != 0 {
			break
		}
		n = Num{Int: q, Scale: n.Scale - 1}
	}
	return n
}

// ParseNum reads a numeric.
func ParseNum(s string) (Num, error) {
	t := strings.Trim(s, " \t\n\r\v\f")
	bad := func() (Num, error) {
		return Num{}, Errorf(CodeInvalidText, "invalid input syntax for type numeric: \"%s\"", s)
	}
	switch strings.ToLower(t) {
	case "nan":
		return Num{Special: NumNaN}, nil
	case "inf", "infinity", "+inf", "+infinity":
		return Num{Special: NumPlusInf}, nil
	case "-inf", "-infinity":
		return Num{Special: NumMinusInf}, nil
	}
	sign, rest := "", t
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		sign, rest = rest[:1], rest[1:]
	}
	if len(rest) > 2 && rest[0] == '0' && strings.ContainsRune("xXoObB", rune(rest[1])) {
		i, ok := new(big.Int).SetString(sign+rest, 0)
		if !ok {
			return bad()
		}
		return Num{Int: i}, nil
	}
	mantissa, exponent := rest, 0
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		e, err := strconv.Atoi(rest[i+1:])
		if err != nil || i == 0 {
			return bad()
		}
		mantissa, exponent = rest[:i], e
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	if whole+frac == "" || !digitsOnly(whole) || !digitsOnly(frac) {
		return bad()
	}
	digits := strings.ReplaceAll(whole+frac, "_", "")
	scale := len(strings.ReplaceAll(frac, "_", "")) - exponent
	if exponent > numMaxDigits || exponent < -numMaxScale || scale > numMaxScale || len(digits)-scale > numMaxDigits {
		return Num{}, numOverflow()
	}
	i, ok := new(big.Int).SetString(sign+digits, 10)
	if !ok {
		return bad()
	}
	if scale < 0 {
		return Num{Int: i.Mul(i, pow10(-scale))}, nil
	}
	return Num{Int: i, Scale: scale}, nil
}

// digitsOnly reports whether s is digits with single underscores between them.
func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] == '_' && i > 0 && i < len(s)-1 && s[i-1] != '_' {
			continue
		}
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Fit applies a numeric's type modifier, -1 for none.
func (n Num) Fit(typmod int32) (Num, error) {
	if typmod < 4 || n.Special == NumNaN {
		return n, nil
	}
	precision, scale := int(typmod-4)>>16&0xffff, int(typmod-4)&0x7ff
	if scale > 1023 {
		scale -= 2048
	}
	if n.Special == NumFinite {
		r := n.Rescale(scale)
		if r.i().Sign() == 0 || new(big.Int).Abs(r.i()).Cmp(pow10(precision-scale+r.Scale)) < 0 {
			return r, nil
		}
	}
	e := Errorf(CodeOutOfRange, "numeric field overflow")
	if n.Special != NumFinite {
		return Num{}, e.WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	one := "10^" + strconv.Itoa(precision-scale)
	if precision == scale {
		one = "1"
	}
	return Num{}, e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s.", precision, scale, one)
}
