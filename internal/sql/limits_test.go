package sql_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

// requireCode runs a statement that must fail with an SQLSTATE.
func requireCode(t *testing.T, ctx context.Context, code, text string) {
	t.Helper()
	err := runAll(ctx, text, "1", false)
	var e *sql.Error
	require.Truef(t, errors.As(err, &e), "%.100s: %v", text, err)
	require.Equal(t, code, e.Code, "%.100s: %v", text, err)
}

func TestDeepOrLongStatementsAreRefused(t *testing.T) {
	nested := func(open, middle, end string, n int) string {
		return "select " + strings.Repeat(open, n) + middle + strings.Repeat(end, n)
	}
	begun := time.Now()
	for _, text := range []string{
		nested("(", "1", ")", 5000),
		nested("- ", "1", "", 20000),
		nested("not ", "true", "", 20000),
		nested("(select ", "1", ")", 5000),
		nested("case when true then ", "1", " end", 5000),
		nested("array[", "1", "]", 5000),
		nested("abs(", "1", ")", 5000),
		"select 1" + strings.Repeat(" + 1", 20000),
		"select 1" + strings.Repeat(" union select 1", 5000),
		"select 1 from generate_series(1,1) a" + strings.Repeat(" join generate_series(1,1) b on true", 3000),
		"select " + strings.Repeat("(", 150) + "1" + strings.Repeat(" between 1 and 2)::int", 150),
		"select " + strings.Repeat("(", 150) + "x" + strings.Repeat(" in (x, 1))::int", 150) + " from generate_series(1, 1) x",
	} {
		requireCode(t, context.Background(), types.CodeStatementTooComplex, text)
	}
	requireCode(t, context.Background(), types.CodeProgramLimit, "select '"+strings.Repeat("x", 1<<20)+"'")
	requireCode(t, context.Background(), "54011", "select 1"+strings.Repeat(",1", 1664))
	require.Less(t, time.Since(begun), 20*time.Second)
}

// TestNestingThatIsAllowedTakesNoTime: no form takes exponential time.
func TestNestingThatIsAllowedTakesNoTime(t *testing.T) {
	for _, form := range [][2]string{
		{"(", ")"}, {"(select ", ")"}, {"abs(", ")"}, {"case when true then ", " end"}, {"case ", " when 1 then 1 end"},
		{"case 1 when 1 then 1 else ", " end"}, {"coalesce(", ", 2)"}, {"greatest(", ", 2)"}, {"nullif(", ", 2)"},
		{"(", " is distinct from 2)::int"}, {"(", " is null)::int"}, {"(", " + 1)"}, {"(", ")::int8::int4"},
		{"(select max(x) from (values (", ")) v(x))"}, {"(select ", " union select 1 limit 1)"}, {"(", " = any(array[1,2]))::int"},
	} {
		text := "select " + strings.Repeat(form[0], 90) + "1" + strings.Repeat(form[1], 90)
		for _, tail := range []string{"", " as a order by a", " from generate_series(1, 2) group by 1"} {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			begun := time.Now()
			requireForClient(t, text, runAll(ctx, text+tail, "", false))
			require.Less(t, time.Since(begun), 3*time.Second, text+tail)
			cancel()
		}
	}
}

// numbered repeats a part of a statement, # being its number.
func numbered(part, sep string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.ReplaceAll(part, "#", fmt.Sprint(i))
	}
	return strings.Join(list, sep)
}

// TestWideStatementsAreAnalysedOrRefusedSoon: statements that are long rather
// than deep take no time beyond their context's, nor memory.
func TestWideStatementsAreAnalysedOrRefusedSoon(t *testing.T) {
	wide := "(select " + numbered("1 as c#", ",", 1600) + ")"
	for _, text := range []string{
		"select 1 from " + numbered("generate_series(1,1) a#", ",", 3000),
		"select 1 from " + numbered("generate_series(1,1) a#", ",", 1000) + " where " + numbered("a#=1", " and ", 1000),
		"select 1 from " + numbered("lateral (select 1) a#", ",", 3000),
		"select a" + strings.Repeat(".a", 60000),
		"select a" + strings.Repeat(" . /* */ a", 10000),
		"select x" + strings.Repeat("[1]", 40000) + " from (select array[1] as x) s",
		"select (array[1])" + strings.Repeat(" [1 ]", 20000),
		"select x" + strings.Repeat("[1].a", 20000) + " from (select array[1] as x) s",
		"with c as " + wide + " select 1 from " + numbered("c a#", ",", 900),
		"with c as " + wide + " select 1 from " + numbered("c a#", ",", 20) + " where " + numbered("nosuch=1", " or ", 1900),
		"with c as " + wide + " select 1 from c" + numbered(" natural join c a#", "", 190),
		"select 1 from " + strings.Repeat("(select * from ", 180) + wide + " s" + strings.Repeat(") s", 180),
		"select 1 where 1 in (" + numbered("#", ",", 20000) + ")",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		requireForClient(t, text, runAll(ctx, text, "", false))
		require.Less(t, time.Since(begun), 2*time.Second, "%.100s", text)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16*sql.MaxMemory), "%.100s", text)
		cancel()
	}
}

// TestBracketsWithinQuotesDoNotNest: what is in strings and comments does not
// count against the bounds.
func TestBracketsWithinQuotesDoNotNest(t *testing.T) {
	many := strings.Repeat("(((([[[", 500)
	for _, text := range []string{
		"select '" + many + "'", "select $a$" + many + "$a$", "select 1 as \"" + strings.Repeat("(", 60) + "\"",
		"select 1 /* " + many + " */", "select 1 -- " + many, "select e'\\'" + many + "'",
	} {
		require.NoError(t, runAll(context.Background(), text, "", false), "%.40s", text)
	}
}

func TestEndlessStatementsEndWhenCancelled(t *testing.T) {
	for _, text := range []string{
		"select count(*) from generate_series(1, 1000000000) x, generate_series(1, 1000000000) y",
		"select x from generate_series(1, 9000000000000000000) x where x < 0",
		"select count(*) from generate_series(1, 1000) a, generate_series(1, 1000) b, generate_series(1, 1000) c where a + b + c = 0",
		"select 1 from generate_series(1, 1000000000) x offset 999999999",
		"select pg_sleep(1000)",
		"select exists (select 1 from generate_series(1, 1000000000) x where x < 0)",
		"select repeat('a', 1000000) like '" + "%" + strings.Repeat("a", 60000) + "b'",
		"select x from generate_series(1, 3) x where x = any (array(select 0 from generate_series(1, 9000) y, generate_series(1, 9000) z where y + z < 0))",
		"select " + numbered("repeat('9', 130000+#)::numeric", "+", 900),
		"select count(*) from generate_series(now() - interval '1000 years', now(), '1 us')",
	} {
		ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond,
			types.Errorf(types.CodeQueryCanceled, "canceling statement due to user request"))
		begun := time.Now()
		requireCode(t, ctx, types.CodeQueryCanceled, text)
		require.Less(t, time.Since(begun), patience, text)
		cancel()
	}
}

// TestGroupsOfManyMatchesAreFoundSoonOrNot: all matches of one call share what taking them apart may cost, and it ends
// when the statement is cancelled.
func TestGroupsOfManyMatchesAreFoundSoonOrNot(t *testing.T) {
	heavy := "select regexp_replace(repeat('a',100000),'(a|x)(|y)(|y)(|y)(|y)(|y)(|y)(|y)','','g')"
	requireCode(t, context.Background(), types.CodeProgramLimit, heavy)
	ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond,
		types.Errorf(types.CodeQueryCanceled, "canceling statement due to statement timeout"))
	defer cancel()
	begun := time.Now()
	requireCode(t, ctx, types.CodeQueryCanceled, heavy)
	require.Less(t, time.Since(begun), patience)
	usual := "select 1 / (regexp_replace(repeat('ab', 100000), '(a)(b)', '\\2\\1', 'g') = repeat('ba', 100000))::int"
	require.NoError(t, runAll(context.Background(), usual, "", false))
}

// watchHeap gives the most that the heap has had in use, in bytes, until it is called.
func watchHeap() func() uint64 {
	var most uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(time.Millisecond); ; {
			sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(stop); <-done; return most }
}

// limitHeap is LimitHeap for a test, and what the heap has before it.
func limitHeap(t *testing.T) {
	t.Helper()
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	runtime.GC()
	sql.LimitHeap()
}

// TestRowsOnTheirWayAreBounded: what each level of a plan has in hand is not
// counted one by one, but cannot fill the process.
func TestRowsOnTheirWayAreBounded(t *testing.T) {
	limitHeap(t)
	from := "(select " + numbered("repeat('x', 1000000) as a#", ",", 20) + ") s"
	for i := range 100 {
		from = "(select " + numbered("concat(a#,'x') as a#", ",", 20) + " from " + from + ") s" + fmt.Sprint(i)
	}
	lateral := "generate_series(1, 2) a, " + numbered("lateral (select repeat('x', 1000000 + a) as b#) s#", ",", 900)
	for _, text := range []string{
		"select length(a0) from " + from, "select 1 from " + lateral, "select 1 from " + lateral + " where s1.b1 = s2.b2",
	} {
		most := watchHeap()
		err := runAll(context.Background(), text, "1", false)
		require.Less(t, most(), uint64(10*sql.MaxMemory), "%.100s", text)
		var e *sql.Error
		require.ErrorAs(t, err, &e, "%.100s", text)
		require.Equal(t, types.CodeOutOfMemory, e.Code, "%.100s: %v", text, err)
	}
}

func TestStatementsKeepNoMoreThanTheirBudget(t *testing.T) {
	limitHeap(t)
	doubling := "c0 as (select 1 as x)"
	for i := range 25 {
		doubling += fmt.Sprintf(", c%d as (select * from c%d union all select * from c%d)", i+1, i, i)
	}
	for _, text := range []string{
		"with " + doubling + " select count(*) from c25",
		"select string_agg('', repeat('x', 100000)) from generate_series(1, 100000) x",
		"select count(*) from (select max(repeat('x', 100000 + x)) from generate_series(1, 100000) x group by x) s",
		"select count(*) from (select sum(repeat('9', 2000)::numeric) from generate_series(1, 1000000) x group by x) s",
		"select x from generate_series(1, 100000000) x order by x desc",
		"select distinct x from generate_series(1, 100000000) x offset 90000000",
		"select x, count(*) from generate_series(1, 100000000) x group by x",
		"select array_agg(x) from generate_series(1, 100000000) x",
		"select string_agg(x::text, ',') from generate_series(1, 100000000) x",
		"select count(distinct x) from generate_series(1, 100000000) x",
		"select array(select x from generate_series(1, 100000000) x)",
		"select count(*) from (values (1)) a, (select x from generate_series(1, 100000000) x) b, (select x from generate_series(1, 100000000) x) c",
	} {
		most := watchHeap()
		requireCode(t, context.Background(), types.CodeOutOfMemory, text)
		require.Less(t, most(), uint64(4*sql.MaxMemory), text)
	}
	for _, text := range []string{"select repeat('x', 1000000000)", "select lpad('', 1000000000, 'x')", "select replace(repeat('a', 1000000), 'a', 'bbbb')",
		"select ('a' ~ '(x{1000}){1000}')", "select string_to_array(repeat('a,', 400000), ',')"} {
		requireCode(t, context.Background(), types.CodeProgramLimit, text)
	}
}

// TestValuesThatGrowWithEachLevelAreRefused: quotes double with each level of
// a record, and so do parts that are used twice.
func TestValuesThatGrowWithEachLevelAreRefused(t *testing.T) {
	nested := func(open, middle, end string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(end, n)
	}
	doubled := func(part string, n int) string {
		from := "(select row(1, 2) as x) t0"
		for i := range n {
			from = fmt.Sprintf("(select %s as x from %s) t%d", part, from, i+1)
		}
		return from
	}
	texts := nested("row(", "'\"'", ")", 60)
	rows := doubled("row(x, x)", 40)
	for _, text := range []string{
		"select " + texts, "select " + texts + "::text", "select concat(" + texts + ")", "select format('%s', " + texts + ")",
		"select array[" + texts + "]", "select quote_literal(" + texts + ")",
		"select 'a' || " + texts, "select x from " + rows, "select x = x from " + rows, "select distinct x from " + rows,
		"select count(*) from " + rows + " group by x", "select 1 from " + rows + " order by x",
		"select " + strings.TrimSuffix(strings.Repeat(nested("row(", "1", ")", 20)+",", 1000), ","),
	} {
		for _, binary := range []bool{false, true} {
			requireRefused(t, text, binary)
		}
	}
}

// TestValuesThatAreHeldTogetherAreCounted: each is small enough, all of them are not.
func TestValuesThatAreHeldTogetherAreCounted(t *testing.T) {
	million := "repeat('x', 1000000)"
	many := strings.TrimSuffix(strings.Repeat(million+",", 1500), ",")
	args := strings.TrimSuffix(strings.Repeat(million+",", 50), ",")
	for _, text := range []string{
		"select " + many, "select array[" + many + "]", "select row(" + many + ")", "values (" + many + ")",
		"select concat(" + args + ")", "select " + strings.Repeat("length(concat("+million+",", 60) + "1" + strings.Repeat("))", 60),
		"select length(" + strings.Repeat("greatest("+million+",", 60) + "'1'" + strings.Repeat(")", 60) + ")",
		"select " + strings.TrimSuffix(strings.Repeat("v,", 1500), ",") + " from (select " + million + " as v) s",
	} {
		requireRefused(t, text, false)
	}
}

// TestArraysAreNotCountedAgainForEachRow: a function that takes no time takes none for a big array, either.
func TestArraysAreNotCountedAgainForEachRow(t *testing.T) {
	big := "{1" + strings.Repeat(",1", 300000) + "}"
	for _, text := range []string{
		"select count(*) from generate_series(1, 100000) x where cardinality($1::int[]) = x",
		"select count(cardinality(a)) from (select $1::int[] as a) s, generate_series(1, 100000) x",
		"select count(*) from generate_series(1, 100000) x where cardinality('" + big[:120000] + "}'::int[]) = x",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		require.NoError(t, runAll(ctx, text, big, false), "%.100s", text)
		cancel()
	}
}

// requireRefused runs a statement that must be refused for its memory, having used little.
func requireRefused(t *testing.T, text string, binary bool) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	err := runAll(context.Background(), text, "1", binary)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16*sql.MaxMemory), "%.100s", text)
	require.Less(t, time.Since(begun), patience, "%.100s", text)
	if err == nil && binary {
		return // what has no quotes need not grow
	}
	var e *sql.Error
	require.ErrorAs(t, err, &e, "%.100s", text)
	require.Contains(t, []string{types.CodeProgramLimit, types.CodeOutOfMemory}, e.Code, "%.100s: %v", text, err)
}

// TestParametersAreBoundedTogether: each is small enough, all of them are not; and reading one ends when the statement
// is cancelled.
func TestParametersAreBoundedTogether(t *testing.T) {
	list, err := sql.Parse("select length($1), length($2), length($3), length($4), cardinality($5::int[])")
	require.NoError(t, err)
	s, c := newSession(), emptyCatalog()
	st, err := sql.Prepare(context.Background(), s, c, list[0], nil)
	require.NoError(t, err)
	big := sql.Param{Data: []byte(strings.Repeat("x", 9<<20))}
	bound := st.Bound(context.Background(), s, c)
	for range 3 {
		require.NoError(t, bound.Add(big))
	}
	require.Greater(t, bound.Memory(), 27<<20)
	var e *sql.Error
	require.ErrorAs(t, bound.Add(big), &e)
	require.Equal(t, types.CodeOutOfMemory, e.Code)

	ctx, cancel := context.WithCancel(context.Background())
	bound = st.Bound(ctx, s, c)
	for range 4 {
		require.NoError(t, bound.Add(sql.Param{Data: []byte("x")}))
	}
	cancel()
	require.ErrorAs(t, bound.Add(sql.Param{Data: []byte("{1" + strings.Repeat(",1", 1000) + "}")}), &e)
	require.Equal(t, types.CodeQueryCanceled, e.Code)
}

// TestMemoryOfSubSelectsIsGivenBack: a sub-select that is run for each row
// takes its memory once.
func TestMemoryOfSubSelectsIsGivenBack(t *testing.T) {
	text := "select count(*) from generate_series(1, 150) x where (select max(z) from (select y as z from generate_series(1, 5000) y where y <> x order by y desc) s) > 0"
	require.NoError(t, runAll(context.Background(), text, "", false))
}

func TestErrorOfTheContextIsPassedOn(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(types.Errorf("57P01", "terminating connection due to administrator command"))
	requireCode(t, ctx, "57P01", "select count(*) from generate_series(1, 1000000)")
}

func TestPanicOfAFunctionIsAnErrorOfTheStatement(t *testing.T) {
	c := sql.NewCatalog(nil, []*sql.Function{{
		Name: "waypost_broken", Result: types.Int4, Args: []sql.OID{},
		Eval: func(*sql.Call, []sql.Value) (sql.Value, error) { var none []int; return int64(none[1]), nil },
	}})
	list, err := sql.Parse("select waypost_broken()")
	require.NoError(t, err)
	st, err := sql.Prepare(context.Background(), newSession(), c, list[0], nil)
	require.NoError(t, err)
	rows, err := st.Execute(context.Background(), newSession(), c, nil, nil)
	require.NoError(t, err)
	_, ok, err := rows.Next(nil)
	require.False(t, ok)
	var e *sql.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, types.CodeInternal, e.Code)
}

// TestPrepareAndExecuteAsStatements: the session keeps the statement, the
// engine types and evaluates the parameters.
func TestPrepareAndExecuteAsStatements(t *testing.T) {
	ctx, s, c := context.Background(), newSession(), emptyCatalog()
	list, err := sql.Parse("prepare p(int, text) as select $1 + 1, $2 || $3; execute p(1 + 1, 'a', upper('b')); execute p(1); execute p(1, now(), true); execute p('x', 'a', 'b')")
	require.NoError(t, err)
	st, err := sql.PrepareNamed(ctx, s, c, list[0])
	require.NoError(t, err)
	require.Equal(t, []sql.OID{types.Int4, types.Text, types.Text}, st.Params)
	rows, err := st.ExecuteNamed(ctx, s, c, list[1], nil)
	require.NoError(t, err)
	vals, err := rows.NextValues()
	require.NoError(t, err)
	require.Equal(t, []sql.Value{int64(3), "aB"}, vals)
	for i, code := range []string{types.CodeSyntax, "", types.CodeInvalidText} {
		_, err = st.ExecuteNamed(ctx, s, c, list[2+i], nil)
		var e *sql.Error
		if code == "" {
			require.NoError(t, err) // any type goes to text by assignment
			continue
		}
		require.ErrorAs(t, err, &e)
		require.Equal(t, code, e.Code)
	}
}

// TestRowsComeAsTheyAreAskedFor: a result without an order is not worked out
// as a whole.
func TestRowsComeAsTheyAreAskedFor(t *testing.T) {
	list, err := sql.Parse("select x, 'a' from generate_series(1, 9000000000000) x")
	require.NoError(t, err)
	st, err := sql.Prepare(context.Background(), newSession(), emptyCatalog(), list[0], nil)
	require.NoError(t, err)
	rows, err := st.Execute(context.Background(), newSession(), emptyCatalog(), nil, nil)
	require.NoError(t, err)
	for i := range 1000 {
		vals, err := rows.NextValues()
		require.NoError(t, err)
		require.Equal(t, []sql.Value{int64(i + 1), "a"}, vals)
	}
	require.Equal(t, "SELECT 1000", rows.Tag())
}

func ExampleStatement() {
	ctx, s := context.Background(), newSession()
	c := sql.NewCatalog([]*sql.Relation{{
		Name: "pg_stat_wal", Columns: []sql.Column{{Name: "wal_records", Type: types.Int8}, {Name: "stats_reset", Type: types.TimestampTz}},
		Rows: func(*sql.Call, sql.Need) (sql.Cursor, error) {
			return sql.Slice([]sql.Row{{int64(42), types.FromTime(s.now)}}), nil
		},
	}}, []*sql.Function{{
		Name: "pg_is_in_recovery", // PostgreSQL's own signature
		Eval: func(*sql.Call, []sql.Value) (sql.Value, error) { return true, nil },
	}})
	list, _ := sql.Parse("SELECT wal_records, now() - stats_reset AS age, pg_is_in_recovery() FROM pg_stat_wal")
	st, _ := sql.Prepare(ctx, s, c, list[0], nil)
	rows, _ := st.Execute(ctx, s, c, nil, nil)
	for {
		row, ok, err := rows.Next(nil)
		if err != nil || !ok {
			break
		}
		fmt.Printf("%q\n", row)
	}
	fmt.Println(st.Columns[1].Name, st.Columns[1].Type, rows.Tag())
	// Output:
	// "\x00\x03\x00\x00\x00\x0242\x00\x00\x00\b00:00:00\x00\x00\x00\x01t"
	// age 1186 SELECT 1
}

// TestColumnsThatAGroupedOidDeterminesAreRefused: PostgreSQL knows the primary
// keys of its catalogs; here such a statement is not an error of the user's.
func TestColumnsThatAGroupedOidDeterminesAreRefused(t *testing.T) {
	columns := []sql.Column{{Name: "oid", Type: types.Oid}, {Name: "datname", Type: types.Name}}
	none := func(*sql.Call, sql.Need) (sql.Cursor, error) { return sql.Slice(nil), nil }
	c := sql.NewCatalog([]*sql.Relation{
		{Name: "pg_database", Table: true, Columns: columns, Rows: none}, {Name: "pg_roles", Columns: columns, Rows: none},
	}, nil)
	for text, code := range map[string]string{
		"select datname from pg_database group by oid":                                          types.CodeFeatureNotSupported,
		"select b.datname from pg_database a, pg_database b where a.oid = b.oid group by b.oid": types.CodeFeatureNotSupported,
		"select b.datname from pg_database a, pg_database b where a.oid = b.oid group by a.oid": types.CodeGrouping,
		"select datname from pg_roles group by oid":                                             types.CodeGrouping,
	} {
		list, err := sql.Parse(text)
		require.NoError(t, err)
		_, err = sql.Prepare(context.Background(), newSession(), c, list[0], nil)
		var e *sql.Error
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, code, e.Code, text)
	}
}
