package types

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// samples are values as text, in the form in which PostgreSQL shows them.
var samples = []struct {
	t    OID
	text []string
}{
	{Bool, []string{"t", "f"}},
	{Int2, []string{"0", "-32768", "32767"}},
	{Int4, []string{"0", "-2147483648", "2147483647"}},
	{Int8, []string{"0", "-9223372036854775808", "9223372036854775807"}},
	{Oid, []string{"0", "4294967295"}},
	{Xid, []string{"3", "4294967295"}},
	{Xid8, []string{"0", "18446744073709551615"}},
	{Float4, []string{"0", "-0", "1.5", "1e+06", "3.4028235e+38", "NaN", "Infinity", "-Infinity", "0.1"}},
	{Float8, []string{"0", "-0", "1.5", "1e+15", "123456.789", "1e-07", "NaN", "Infinity", "-Infinity"}},
	{Numeric, []string{"0", "0.00", "1", "-1", "10000", "100000000", "0.0001", "-123456789.123456789", "NaN", "Infinity", "-Infinity", "0.10", "99990000.00010"}},
	{Text, []string{"", "a", "日本"}},
	{Name, []string{"pg_catalog"}},
	{Char, []string{"a", ""}},
	{Bytea, []string{`\x`, `\x00ff41`}},
	{LSN, []string{"0/0", "1/23456789", "FFFFFFFF/FFFFFFFF"}},
	{TimestampTz, []string{"2024-05-05 10:11:12.345678+00", "2000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC", "infinity", "-infinity"}},
	{Timestamp, []string{"2024-05-05 10:11:12.3", "294276-12-31 23:59:59.999999", "4713-11-24 00:00:00 BC"}},
	{Date, []string{"2024-02-29", "0001-01-01", "0001-12-31 BC", "infinity", "5874897-12-31"}},
	{Time, []string{"00:00:00", "23:59:59.999999", "24:00:00"}},
	{Interval, []string{"00:00:00", "1 year 2 mons 3 days 04:05:06.7", "-1 days +02:03:00", "-00:00:00.000001", "1 mon -1 days", "infinity", "-infinity"}},
	{Inet, []string{"10.0.0.1", "10.0.0.1/8", "::1", "fe80::1/64"}},
	{Cidr, []string{"10.0.0.0/8", "10.0.0.1/32", "::/0"}},
	{TextArray, []string{"{}", "{a,b}", `{"a b",NULL,"","null","\"\\"}`}},
	{Int4Array, []string{"{1,NULL,3}"}},
	{OidVector, []string{"1 2 3"}},
}

// shown is a value's text.
func shown(t *testing.T, env *Env, v Value, of OID) string {
	t.Helper()
	text, err := env.Text(v, of)
	require.NoError(t, err)
	return text
}

func TestValuesComeBackFromTextAndBinary(t *testing.T) {
	env := &Env{}
	for _, s := range samples {
		for _, text := range s.text {
			v, err := env.ParseText(text, s.t, -1)
			require.NoErrorf(t, err, "%d %q", s.t, text)
			require.Equalf(t, text, shown(t, env, v, s.t), "type %d", s.t)
			if s.t == OidVector {
				continue // its lower bound is not one that input takes
			}
			wire, err := AppendBinary(nil, v, s.t)
			require.NoErrorf(t, err, "%d %q", s.t, text)
			back, err := env.ParseBinary(wire, s.t, -1)
			require.NoErrorf(t, err, "%d %q", s.t, text)
			require.Equalf(t, text, shown(t, env, back, s.t), "type %d from binary", s.t)
			require.Zerof(t, Compare(v, back), "type %d %q", s.t, text)
			require.Equal(t, AppendKey(nil, v), AppendKey(nil, back), "type %d %q", s.t, text)
		}
	}
}

// TestKeysAreEqualWhereValuesAre: grouping and DISTINCT go by keys, joins and
// ORDER BY by Compare.
func TestKeysAreEqualWhereValuesAre(t *testing.T) {
	env := &Env{}
	for _, pair := range []struct {
		t    OID
		a, b string
	}{
		{Numeric, "1", "1.000"}, {Numeric, "0", "-0.0"}, {Numeric, "NaN", "nan"}, {Numeric, "100", "1e2"}, {Float8, "0", "-0"}, {Float8, "NaN", "nan"},
		{Interval, "1 month", "30 days"}, {Interval, "1 day", "24:00:00"}, {Interval, "1 day", "1 day"}, {Interval, "-1 day", "-24:00"}, {Inet, "10.0.0.1", "10.0.0.1/32"},
	} {
		a, err := env.ParseText(pair.a, pair.t, -1)
		require.NoError(t, err)
		b, err := env.ParseText(pair.b, pair.t, -1)
		require.NoError(t, err)
		require.Zero(t, Compare(a, b), "%+v", pair)
		require.Equal(t, AppendKey(nil, a), AppendKey(nil, b), "%+v", pair)
	}
	n1, _ := ParseNum("1.10")
	n2, _ := ParseNum("1.01")
	require.NotEqual(t, AppendKey(nil, n1), AppendKey(nil, n2))
}

// TestLocalTimesAtChangesOfClocks: a time that clocks show twice is the later
// one, a time that they never show is read by the offset before the change.
func TestLocalTimesAtChangesOfClocks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	env := &Env{Location: berlin}
	for local, utc := range map[string]string{
		"2024-03-31 01:59": "2024-03-31 00:59:00+00", "2024-03-31 02:30": "2024-03-31 01:30:00+00", "2024-03-31 03:00": "2024-03-31 01:00:00+00",
		"2024-10-27 01:59": "2024-10-26 23:59:00+00", "2024-10-27 02:30": "2024-10-27 01:30:00+00", "2024-10-27 03:00": "2024-10-27 02:00:00+00",
		"2024-07-01 12:00": "2024-07-01 10:00:00+00", "2024-01-01 12:00": "2024-01-01 11:00:00+00",
	} {
		v, err := env.ParseText(local, TimestampTz, -1)
		require.NoError(t, err)
		require.Equal(t, utc, shown(t, &Env{}, v, TimestampTz), local)
	}
}

// hugeArrays are arrays of two million elements, as a client may send them.
func hugeArrays() (text string, vector string, binary []byte) {
	const count = 2000000
	binary = make([]byte, 20, 20+8*count)
	be.PutUint32(binary, 1)
	be.PutUint32(binary[8:], uint32(Int4))
	be.PutUint32(binary[12:], count)
	be.PutUint32(binary[16:], 1)
	for range count {
		binary = append(binary, 0, 0, 0, 4, 0, 0, 0, 7)
	}
	return "{7" + strings.Repeat(",7", count-1) + "}", strings.Repeat("7 ", count), binary
}

// TestArraysThatAreReadAreBounded: one that is too big is not made first.
func TestArraysThatAreReadAreBounded(t *testing.T) {
	text, vector, binary := hugeArrays()
	read := map[string]func(e *Env) (Value, error){
		"text":   func(e *Env) (Value, error) { return e.ParseText(text, Int4Array, -1) },
		"vector": func(e *Env) (Value, error) { return e.ParseText(vector, OidVector, -1) },
		"binary": func(e *Env) (Value, error) { return e.ParseBinary(binary, Int4Array, -1) },
	}
	for form, read := range read {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(&Env{})
		runtime.ReadMemStats(&after)
		var told *Error
		require.ErrorAs(t, err, &told, form)
		require.Equal(t, CodeProgramLimit, told.Code, form)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*MaxSize), form)

		steps, cancelled := 0, Errorf(CodeQueryCanceled, "canceling statement due to user request")
		_, err = read(&Env{Step: func() error {
			if steps++; steps == 1000 {
				return cancelled
			}
			return nil
		}})
		require.Equal(t, cancelled, err, form)
		require.Equal(t, 1000, steps, form)
	}
}

// FuzzInput: whatever comes as a value, text or binary, is a value or an
// error, and a value can be shown, sent, compared and counted.
func FuzzInput(f *testing.F) {
	env := &Env{Now: time.Unix(1700000000, 0)}
	for _, s := range samples {
		for _, text := range s.text {
			f.Add([]byte(text), uint32(s.t), false)
			v, err := env.ParseText(text, s.t, -1)
			require.NoError(f, err)
			wire, err := AppendBinary(nil, v, s.t)
			require.NoError(f, err)
			f.Add(wire, uint32(s.t), true)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, oid uint32, binary bool) {
		var v Value
		var err error
		if binary {
			v, err = env.ParseBinary(data, OID(oid), -1)
		} else {
			v, err = env.ReadText(data, OID(oid))
		}
		if err != nil {
			var told *Error
			require.ErrorAs(t, err, &told)
			return
		}
		text := shown(t, env, v, OID(oid))
		if _, err := AppendBinary(nil, v, OID(oid)); err != nil {
			require.ErrorContains(t, err, "binary output")
		}
		require.Zero(t, Compare(v, v), shown)
		require.Positive(t, Size(v))
		require.NotEmpty(t, AppendKey(nil, v))
		if !binary && OID(oid) != Char {
			again, err := env.ParseText(text, OID(oid), -1)
			require.NoErrorf(t, err, "%q of type %d", shown, oid)
			require.Equal(t, text, shown(t, env, again, OID(oid)))
		}
	})
}
