# Statements that PostgreSQL 17 and the engine answer alike: names, types, values, errors and their positions.
select 1
select 1+1, 'a', null, true, 1.5, 10000000000, 1e3
select 'a' || 'b' as x, 1 || 'x', 'x' || 1.50
select 2147483647 + 1
select 1/0
select 1.0/3, 10/4, 10.0/4, 2.5*2.50, 7 % 3, -7/2, -7 % 3
select 1::text
select '1'::int
select 'abc'::int
select cast('2' as bigint)
select '99999999999'::int
select now() - now()
select '2024-01-31 10:00:00+00'::timestamptz + interval '1 month'
select extract(epoch from '2024-01-31 10:00:00.25+00'::timestamptz), date_part('epoch', interval '1 day 2 hours')
select '0/3000148'::pg_lsn - '0/3000000'::pg_lsn, pg_wal_lsn_diff('1/0','0/FF000000')
select '0/3000148'::pg_lsn + 16, '0/3000148'::pg_lsn > '0/1', '0/10'::pg_lsn - 1
select case when 1=1 then 'a' else 'b' end, case 3 when 1 then 'x' when 3 then 'y' end
select coalesce(null, 1, 2), nullif(1,1), nullif('a','b'), greatest(1,2.5,3), least('a','b')
select count(*), sum(x), avg(x), min(x), max(x) from generate_series(1,10) x
select x % 3 as m, count(*) filter (where x > 5), string_agg(x::text, ',' order by x desc) from generate_series(1,10) x group by 1 order by m
select * from (values (1,'a'),(2,'b'),(3,null)) v(id, name) order by id desc nulls last
select a.id, b.name from (values (1),(2),(4)) a(id) left join (values (1,'x'),(3,'y')) b(id,name) using (id) order by 1
select * from (values (1),(2)) a(x) full join (values (2),(3)) b(x) using (x) order by x
select * from (values (1),(2)) a(x) natural join (values (2),(3)) b(x)
select x from generate_series(1,5) x where x in (1,3,9) or x = any(array[5]) order by x limit 2 offset 1
select exists(select 1 where false), (select 5), array(select generate_series(1,3)), 3 in (select 3)
select 'abc' like 'a%', 'abc' ~ 'b', 'ABC' ~* 'b', 'abc' !~ 'x', 'abc' ilike 'A_C'
select substring('foobar' from 2 for 3), substring('foobar' from 'o(.)b'), position('b' in 'foobar'), trim(' x '), trim(leading 'x' from 'xxy'), upper('a'), length('héé')
select distinct x % 2 from generate_series(1,10) x order by 1
select distinct on (x%2) x%2, x from generate_series(1,10) x order by x%2, x desc
select 1 union select 2 union all select 2 order by 1
select 1 union select 'a'
select 1 except select 2
with t as (select 1 as a), u(b) as (select a+1 from t) select * from t, u
select * from generate_series(1,3) with ordinality
select * from nosuch
select nosuch
select x.y from (select 1 as y) z
select count(*) from generate_series(1,3) group by nosuch
select x from generate_series(1,3) x group by x%2
select sum(x), x from generate_series(1,3) x
select foo(1)
select lower(1)
select 1 + 'a'
select 1 = 'a'::text
select ''::int
select 1 where 'x'
select current_user, session_user, current_database(), current_catalog, user
select pg_typeof(1), pg_typeof('a'), pg_typeof(1.5), pg_typeof(now()), pg_typeof(array[1,2])
select '{1,2,3}'::int[], array['a','b,c',null,'"'], (array[1,2,3])[2], array_length(array[1,2],1)
select true and null, true or null, not null, null is null, 1 is distinct from null, true is not false
select interval '1 year 2 months 3 days 04:05:06.789', interval '-1 day', interval '90 minutes', '1 mon -1 day'::interval
select '192.168.1.0/24'::cidr, '10.0.0.1'::inet, host('10.0.0.1/8'::inet), '::1'::inet
select round(2.5), round(3.5::float8), round(2.567, 2), trunc(2.567, 1), ceil(1.2), floor(-1.2), abs(-5), sign(-2.0), sqrt(2), sqrt(2.0), power(2,10), mod(10,3), 2^3
select quote_ident('Foo'), quote_literal('a''b'), format('%s-%I-%L', 1, 'Ab', 'x'), split_part('a,b,c', ',', 2), replace('abc','b','x'), left('abc',2), right('abc',2), lpad('5',3,'0'), repeat('ab',3), concat('a',1,null,true), concat_ws(',', 'a', null, 'b'), reverse('abc'), md5('a'), initcap('hello world'), to_hex(255), ascii('a'), chr(65), strpos('abc','c')
select pg_size_pretty(123456789::bigint), pg_size_pretty(10::bigint), pg_size_pretty(-5000000::bigint), pg_size_pretty(1e15::numeric)
select date_trunc('hour', '2024-05-05 10:11:12'::timestamp), date_trunc('month', '2024-05-05'::timestamp), '2024-05-05'::date + 1, '2024-05-05'::date - '2024-01-01'::date
select to_timestamp(1700000000.5), age('2024-05-05'::timestamp, '2023-01-31'::timestamp), justify_interval('35 days 25:00'::interval)
select 1::bool, 'yes'::bool, 't'::boolean::int, true::text, 0::bool
select 1.5::int
select 2.5::int
select -1.5::int
select 2.5::float8::int
select 1e10::int
select '1.10'::numeric
select 1.10::numeric(5,1)
select 123.456::numeric(4,2)
select 'NaN'::numeric
select 'infinity'::float8
select 1e-7::float8
select 1e20::float8
select 0.1::float4
select 123456789::float4
select 'abc'::varchar(2), 'abc'::char(5), 'abc'::char(5) = 'abc', 'a'::"char", 'abc'::name
select row(1,'a'), (1,2) = (1,2), (1,2) < (1,3), (1,2) in ((1,2),(3,4))
select x, y from generate_series(1,2) x, lateral (select x*10 as y) s
select unnest(array[1,2,3]), unnest(array['a','b'])
select format_type(23,null), format_type(1043, 14), format_type(1700, 655366), 'integer'::regtype, 23::regtype, 'text'::regtype::oid
select count(distinct x%3), array_agg(x order by x desc), bool_and(x>0), bool_or(x>4), every(x<9) from generate_series(1,5) x
select array_agg(x) from generate_series(1,0) x
select sum(x::float8), avg(x::float8), sum(x::numeric), avg(x::bigint), sum(x::bigint), sum(x::int2) from generate_series(1,4) x
select avg('1 day'::interval * x), sum('1 hour'::interval*x) from generate_series(1,3) x
select * from generate_series('2024-01-01'::timestamp, '2024-01-03', '1 day')
select 1 as a, 2 as b order by c
select 1 limit -1
select 'x'::bytea, '\x4142'::bytea, length('\x4142'::bytea), encode('\x4142','base64'), decode('4142','hex')
select 5 between 1 and 10, 5 not between 1 and 3, 'b' between 'a' and 'c'
select all_ from (select 1 as all_) q where all_ = '1'
select E'a\nb\\c', U&'\0041', $$dollar$$
values (1,'a'),(2,'b')
values (1),('a')
table nosuch
select 'a' as "A b", 1 "select"
select max(x) from (values ('a'),('b')) v(x)
select x::text::int from (values ('1'),('2')) v(x)
select now()::date = current_date, localtimestamp - now()::timestamp
select cast(null as int), null::text, coalesce(null,null)
select -5, - 5.5, +3, -(-3), @ -5, |/ 16.0, ~5, 5 # 3, 5 & 3, 5 | 3, 1 << 4, 256 >> 2
select string_to_array('a,b,c', ','), array_to_string(array[1,2,null,3], ',', '*'), array_position(array['a','b'],'b'), array_append(array[1],2), array_cat(array[1],array[2]), cardinality(array[1,2,3])
select regexp_replace('foobar', 'o+', 'X'), regexp_replace('aXbX', 'X', '-', 'g'), regexp_match('abc123', '([a-z]+)(\d+)'), regexp_split_to_array('a b c', '\s')
select 1 from (select 1) x, (select 2) x
select oid '5', xid '7', '12'::xid8, 5::oid > 3
select '00:00:10'::interval > '5 sec'::interval, extract(second from interval '65.5 sec'), extract(dow from date '2024-05-05'), extract(week from date '2024-01-01'), extract(year from now()) > 2000
select n.nspname from (values ('a'),('b')) n(nspname) where n.nspname !~ '^pg_' and n.nspname operator(pg_catalog.=) 'a' collate pg_catalog.default
select a.x, (select count(*) from generate_series(1,5) y where y > a.x) from generate_series(1,3) a(x)
select a.x, array(select y from generate_series(1,a.x) y) from generate_series(1,3) a(x) order by 1 desc
select x, count(*) from (values ('a'),('b'),('a')) v(x) group by x having count(*) > 1
select x+1, sum(x) from generate_series(1,3) x group by x+1 order by x+1
select x as y from generate_series(1,3) x group by y order by y
select x as y, count(*) from generate_series(1,3) x group by 1 order by count(*), y desc
select case when x > 2 then 'big' else 'small' end as size, count(*) from generate_series(1,4) x group by size order by size
select (select max(y) from generate_series(1,x) y) from generate_series(1,3) x group by x order by x
select sum(x) from generate_series(1,3) x where x > (select avg(y) from generate_series(1,3) y)
select count(*) from generate_series(1,3) a, generate_series(1,4) b where a = b
select sum(sum(x)) from generate_series(1,3) x
select x from generate_series(1,3) x where sum(x) > 1
select count(*) filter (where count(*) > 1) from generate_series(1,3) x
select 1 from generate_series(1,2) x join generate_series(1,2) y on count(*) = 1
select 1 limit 'a'
select 1 limit null
select 1 offset 1
select 'a' union select 1
select 1.5 union select 2 order by 1
select 'a'::text, 'b'::varchar(10) union all select 'c', 'd'
select 1 as a union select 2 order by a desc limit 1
select 1 as a union select 2 order by a+1
(select 1 order by 1) union all (select 3 limit 1) order by 1 desc
select 1, 2 union select 1
select 2 intersect select 2
select * from (values (1),(2),(2),(3)) a(x) except all select 2 order by 1
select a.* , b.x as bx from (values (1,2)) a(x,y) cross join (values (5)) b(x)
select * from (values (1,2)) a(x,y) join (values (1,3)) b(x,z) on a.x = b.x
select x from (values (1)) a(x), (values (2)) b(x)
select a.x from (values (1)) a(x) right join (values (1),(2)) b(y) on a.x = b.y order by b.y
select x from (values (1)) a(x) join (values (2)) b(x) using (y)
select v.* from (values (1)) v(a,b)
select 1 from (values (1)) v join (values (2)) v on true
select t.a from (select 1 as a) as t(b)
select generate_series(1,2) as g, 'x' order by g desc
select generate_series(1,3) limit 2
select count(*) from (select generate_series(1,3)) s
select case when true then generate_series(1,2) end
select * from generate_series(1,3) where generate_series = 2
select g from generate_series(1,3) as g(g) where g.g = 2
select * from unnest(array['x','y']) with ordinality as t(e, n) order by n desc
select e from regexp_split_to_table('a,b', ',') e
select (regexp_match('abc','b'))[1], (array['a','b'])[5], (array[1,2,3])[2:3]
select array[1,2] || 3, array[1] || array[2], 0 || array[1], array['a'] || 'b'::text
select array[1,2] = array[1,2], array[1,2] < array[1,3], array[1,2] @> array[1], array[1] && array[2,1]
select '{}'::text[]
select '{"a b",NULL,"NULL"}'::text[]
select '{a'::text[]
select array[]::int[]
select array[]
select 1 = any('{1,2}'), 'a' = any('{a,b}'), 1 = all(array[1,1]), 1 <> all('{2,3}'), null = any('{1}'::int[])
select 3 = any(select x from generate_series(1,2) x), 3 > all(select x from generate_series(1,2) x)
select (1,'a') in (select 1, 'a'), not exists(select 1)
select 1 in (1, null), 2 in (1, null), 2 not in (1, null), 1 in (1.0, 2), '1' in (1,2), 'a' in ('a','b')
select 1 in ('x')
select current_setting('server_version') is not null, current_setting('nosuch', true), current_setting('max_connections')
select current_setting('nosuch')
select current_schema, current_schema(), current_schemas(true), current_schemas(false)
select 9223372036854775807 + 1
select -9223372036854775808, -2147483648, 9223372036854775808
select 32767::int2 + 1::int2
select (-32768)::int2
select -32768::int2
select abs((-2147483648)::int)
select 1::int8 / 0
select 5.0 / 0
select 5::float8 / 0
select 1e308::float8 * 10
select 10::numeric(3,2)
select sqrt(-1)
select ln(0)
select ln(2::float8), exp(1::float8), log(100::float8), pi(), degrees(pi()), random() < 1
select 7.0 / 3, 1/3.0, 100000.0/3, 0.00001/3, 1.0/300000, 2::numeric/3, 12345678901234567890.0/7, 1.000/1
select 1.5 * 1.50, 1.1 + 1.22, 3 - 1.5, 5.5 % 2, 1.0::numeric(10,4) * 2
select avg(x) from (values (1.5),(2.25)) v(x)
select avg(x), sum(x) from generate_series(1,3) x
select round(1234.567, -2), round(-2.5), round(0.5), round(-0.5::float8), trunc(-1.9), ceil(-0.5), floor(1.99)
select div(7,2), gcd(12,18), lcm(4,6), mod(-7,2)
select power(2.0, 3), power(2::numeric, -1)
select 1::float8::text, 0.1::float8, 1e15::float8, 1e14::float8, 123456789012345678::float8, 1e-5::float8, 0.0001::float8, 'nan'::float8, '-inf'::float8, 1.5::float4, 1e6::float4, 1e5::float4, 0::float8 * -1
select 0.1::float4::float8, 0.1::float4 + 0.2::float8, 1.1::float8::numeric, 1.1::float4::numeric, 1e20::float8::numeric
select '1e3'::numeric, '.5'::numeric, '5.'::numeric, '-0.00'::numeric, '1_000'::int, '0x1F'::int, '0b11'::int, 1_000, 0x1F
select ' 5 '::int
select '5x'::int
select '3000000000'::int4
select 3000000000::int4
select 40000::int2
select 'tru'::bool
select 'on'::bool
select 'of'::bool
select 'o'::bool
select '2024-02-30'::date
select '2024-02-29 25:00'::timestamp
select 'garbage'::timestamptz
select 'epoch'::timestamptz, 'infinity'::timestamptz, '-infinity'::date, 'now'::timestamptz is not null, 'today'::date = current_date
select '2024-01-01 12:00:00 PM'::timestamp, '20240101'::date, '2024-01-01T10:00:00Z'::timestamptz, '2024-01-01 10:00+02'::timestamptz, '2024-01-01 10:00:00.123456789'::timestamp, '0044-03-15 BC'::date
select '2024-07-01 12:00'::timestamptz at time zone 'Europe/Berlin', '2024-07-01 12:00'::timestamp at time zone 'America/New_York', timezone('UTC', '2024-01-01'::timestamp)
select '2024-07-01 12:00 Europe/Berlin'::timestamptz
select '2024-01-31'::timestamp + '1 month', '2024-03-31'::date - interval '1 month', '2024-01-31'::timestamptz - interval '1 day 2:00', interval '1 day' + '2024-01-01'::date
select '2024-03-01'::timestamp - '2024-02-01 12:00'::timestamp, '2024-02-01'::timestamptz - '2024-03-01 12:00'::timestamptz
select '2024-01-01'::date > '2023-12-31 23:00'::timestamptz, '2024-01-01'::timestamp = '2024-01-01'::date
select interval '1 day' * 1.5, interval '1 month' * 0.5, interval '1 day' / 3, interval '1 year' / 7, 2 * interval '3 hours', - interval '1 day 2 hours'
select interval '1-2', interval 'P1Y2M3DT4H5M6.5S', interval '1 week 2 days', interval '1.5 days', interval '1.5 months', interval '2 years ago', interval '5' minute, interval '1 day 2 hours' hour, interval '@ 1 minute', interval '100:00:00', interval '-1:30', interval '1 day -1 hour'
select interval '1 foo'
select interval '1 month' = interval '30 days', interval '1 day' > interval '23 hours', interval '0', interval '1 us', interval '-0.5 sec'
select extract(hour from interval '25:30'), extract(day from interval '40 days'), extract(epoch from interval '1 month 1 day'), extract(epoch from interval '1 year'), extract(milliseconds from interval '1.5 s'), extract(year from interval '13 months')
select extract(quarter from date '2024-05-05'), extract(isodow from date '2024-05-05'), extract(doy from date '2024-05-05'), extract(century from date '2024-05-05'), extract(isoyear from date '2024-12-30'), extract(julian from date '2024-01-01'), extract(decade from date '2024-01-01'), extract(millennium from date '2024-01-01')
select extract(epoch from date '2024-05-05'), extract(microseconds from timestamp '2024-05-05 10:11:12.5'), extract(minute from timestamp '2024-05-05 10:11:12.5'), extract(timezone from timestamptz '2024-05-05 10:11:12.5+02')
select extract(foo from now())
select extract(timezone from timestamp '2024-05-05')
select date_part('second', timestamp '2024-05-05 10:11:12.5'), date_part('year', date '2024-05-05'), date_part('hour', time '10:20')
select date_trunc('week', timestamp '2024-05-05'), date_trunc('quarter', timestamptz '2024-05-05 10:00+00'), date_trunc('day', timestamptz '2024-05-05 10:00+00', 'Europe/Berlin'), date_trunc('hour', interval '1 day 2:30'), date_trunc('century', timestamp '2024-05-05')
select date_trunc('foo', now())
select age('2024-01-01'::timestamp, '2024-03-31 12:00'::timestamp), age(timestamp '2001-04-10', timestamp '1957-06-13'), age(current_date::timestamp)
select time '10:20:30.5', '10:20'::time + interval '1 hour', time '23:00' > '22:00'
select make_interval(days => 10, hours => 2), make_interval(1,2,3)
select justify_hours('27 hours'::interval), justify_days('35 days'::interval)
select now() at time zone 'utc' is not null, clock_timestamp() >= now(), statement_timestamp() >= now()
select now()::timestamptz(0) is not null, '2024-01-01 00:00:00.6'::timestamp(0), '1.2345 sec'::interval(2), current_timestamp(3) is not null
select '1/0'::pg_lsn
select '0/0'::pg_lsn = '0/0'
select '1'::pg_lsn
select 'FFFFFFFF/FFFFFFFF'::pg_lsn + 1
select '0/5'::pg_lsn - 6::numeric
select pg_wal_lsn_diff('0/0','0/10'), max(l), min(l), '0/10'::pg_lsn + 1.5 from (values ('0/1'::pg_lsn),('1/0')) v(l)
select 12345678901::numeric::pg_lsn
select '10.0.0.1/8'::inet
select '10/8'::cidr
select '10.0.0.1/8'::cidr
select inet '10.0.0.1' << inet '10.0.0.0/8', masklen('10.0.0.0/8'), family('::1'), text(inet '10.0.0.1'), '10.0.0.1'::inet::text, '10.0.0.1'::inet = '10.0.0.1/32', network('10.1.2.3/8'::inet), inet '10.0.0.1' < inet '10.0.0.2'
select 'x.y'::inet
select 'abc' < 'abd', 'a' < 'B', 'Z' < 'a', '' = '', 'é' > 'z'
select 'abc' like 'a\%', 'a%' like 'a\%', 'abc' like 'a_c', 'abc' not like 'b%', 'aXbc' like 'a!Xb_' escape '!', 'a' like 'a\'
select 'foo' ~ '^f.*o$', 'foo' ~ '(', 'a.b' ~ 'a\.b', 'abc' ~ '[[:alpha:]]+', 'x1' ~ '\d', 'a b' ~ '\mb\M'
select substring('abc' from '^(a)(b)')
select substring('abc' from 'z')
select substring('abcdef', 2)
select substring('abcdef', -1, 3)
select substring('abc' for 2)
select substr('abc',2,1)
select substring('abc', 1, -1)
select regexp_replace('abc', '(b)', '[\1]'), regexp_replace('aaa','a','b','g'), regexp_replace('Hello','l','L'), regexp_match('abc','x'), regexp_matches('a1b2','[a-z]\d','g')
select trim(both 'xy' from 'xyaxy'), ltrim('  a'), rtrim('a  '), btrim('xxaxx','x'), trim(trailing from 'a '), overlay('abcdef' placing 'X' from 2 for 3)
select char_length('abc'), octet_length('é'), bit_length('a'), length('abc'::char(10)), 'a'::char(3) || 'b', translate('abc','ab','x'), starts_with('abc','ab'), 'abc' ^@ 'a'
select 'a' 'b'
select 'a'
select nullif(1, 2.0), nullif('a'::text, null), nullif(null, 1), coalesce('a', 'b'), greatest('a', null, 'b'), least(null, null)
select coalesce(1, 'x')
select case when 1 then 2 end
select case when true then 1 else 'a' end
select case 'a' when 1 then 2 end
select case when true then 1.5 else 2 end, case when false then 1 end
select not 1
select 1 and true
select 'a' and true
select 1 is true
select 't' is true, null is unknown, (1 = null) is not true
select 1 is null, null is null, row(1,null) is null, row(null,null) is null, row(1,2) is not null
select 1 || 2
select 1 + true
select -'a'
select -'5'
select '5' + 3
select 3 + '5'
select '5' * 2.5
select '1' + '2'
select now() + 1
select now() - '1 day'
select now() > '2020-01-01'
select now() - '2020-01-01' > '1 day'
select length(5)
select upper(null)
select sum('a')
select count()
select count(1, 2)
select nosuch.count(*)
select pg_catalog.count(*), pg_catalog.upper('a')
select upper(distinct 'a')
select string_agg('a', ',' order by 1), string_agg(distinct x, ',') from (values ('b'),('a'),('b')) v(x)
select array_agg(distinct x order by x desc), count(distinct x) from (values (1),(2),(1)) v(x)
select bool_and(null), sum(null::int), max(null::text), count(null), count(*), avg(null::int)
select min(x), max(x), min(y), max(y) from (values ('a'::name, now()::date), ('b', null)) v(x,y)
select distinct x, y from (values (1,'a'),(1,'a'),(2,null),(2,null)) v(x,y) order by x desc, y
select distinct x from generate_series(1,3) x order by x+1
select x from generate_series(1,3) x order by -x
select x, -x as y from generate_series(1,3) x order by y
select x from generate_series(1,3) x order by 2
select x from generate_series(1,3) x order by 'a'
select x from generate_series(1,3) x order by random() limit 0
select x from (values (1),(null),(3)) v(x) order by x desc
select x from (values (1),(null),(3)) v(x) order by x nulls first
select 1 as "Mixed", 2 AS Upper
select "a" from (select 1 as "A") x
select 1 as x where x = 1
select * from
selec 1
select 1 +
select (1
select 'unterminated
select "unterminated
select * from generate_series(1,2) g(a), lateral (select a*2) l(b), lateral generate_series(1,b) c
select * from (select a*2 from generate_series(1,2) g(a)) x, (select g.a) y
select (select 1, 2)
select (select x from generate_series(1,2) x)
select (select 1 where false) is null
with a as (select 1 x), b as (select x+1 y from a) select * from b, a
with a as (select 1 x) select * from a a1 join a a2 using (x)
with a(p,q) as (values (1,2)) select q,p from a
select xmin from (select 1) x
select 1::regclass
select 0::regclass
select 'int4'::regtype
select 'nosuch'::regtype
select 23::oid::regtype::text
select 1::xid
select '5'::xid = 5
select 3::oid = 3
select '10'::oid
select (-1)::oid
select 4294967295::oid
select '1'::xid8 < '2'
select 'a'::nosuch
select cast('a' as varchar(3))
select cast(1 as numeric(5,2))
select cast('abc' as char)
select 'abc'::bpchar
select 'x'::char(0)
select 1::int4(3)
select pg_encoding_to_char(6), pg_char_to_encoding('UTF8'), pg_client_encoding()
select obj_description(1,'pg_class'), pg_table_is_visible(0)
select int4('5'), text(5), date('2024-01-01'), float8(3), numeric '1.5', bool 'true', int8(5.5)
select interval '1 day'::text, now()::text is not null, 1.0::text || 'a', true || 'x'
select quote_literal(5), quote_nullable(null), quote_ident('select'), quote_ident('a b')
select format('%s %% %I', 'a', 'b c')
select format('%L', null)
select format('%s')
select chr(0)
select repeat('x', -1)
select repeat('ab', 2)
select lpad('abc', 2)
select rpad('a', 3, 'xy')
select split_part('a.b.c','.',-1)
select split_part('a','.',0)
select sha256('a'), md5('a'::bytea)
select 5 % 0
select null + 1, null || 'a', null::int + null
select array_to_string(array['a',null,'b'], ',')
select array_to_string(null, ',')
select string_to_array('a', null)
select string_to_array(null, ',')
select string_to_array('','x')
select num_nulls(1,null)
select num_nonnulls(1,null,'a')
select pg_typeof(null)
select pg_typeof(array['a'])
select pg_typeof(1::xid8)
select row(1,2)
select (select row(1,2)) is not null
select sum(x) from (select unnest(array[1,2]) x) s
select * from generate_series(1,3) x where x = 2 or (x = 3 and exists (select 1 from generate_series(1,x) y where y = 3))
select 1 where 1 in (select 1 where false) or 2 = any (array(select 2))
select to_timestamp('infinity'::float8), to_timestamp(0)
select '1.2.3.4/33'::inet
select x, count(*) over_ from (values (1),(1)) v(x) group by x
select case x when 1 then 'one' when 2 then 'two' else 'many' end from generate_series(1,3) x
select count(*) from generate_series(1,3) x where case when x > 1 then 6/x > 2 else true end
select '5'::int2 + '6'::int8
select 5::int2 * 1.5
select 2::float4 * 2::int4
select 3::oid::int8
select 3::int8::oid
select 1::int2::bool
select 1::int4 = 1::int8, 1::int2 < 2.5, 1.0 = 1::float8, 'a'::name = 'a'::text, 'a'::varchar = 'a'::name, 'a'::"char" = 'a'
select length('abc'::varchar)
select 'abc'::varchar || 1
select 'abc'::varchar like 'a%'
select upper('a'::name)
select 'x'::name || 'y'
select 'x'::"char" || 'y'
select max('a'::varchar), min(1::int2), sum(1::int2), avg(1::int2), max(now()) is not null, max('1'::oid), max(interval '1 day'), min('{1}'::int[])
select coalesce(null::int, 1.5), coalesce(1::int2, 2::int8), greatest(1::int2, 2.5::float8), case when true then 1::int2 else 2::int8 end
select array[1, 2.5, null], array[1::int2, 2::int8], array['a'::varchar, 'b'::text], array[now()] is null, array[null]
select 1 where null, 2 where true
select 1 where null
select -(-5), - -5, +5 - -5, 2 * -3, -2 ^ 2, 2 ^ 3 ^ 2, 10 - 5 - 2, 2 + 3 * 4, (2 + 3) * 4, not true = false, 5 between 1 and 2 + 4
select 1 < 2 and 2 < 3 or false, 1 = 1 is true, 1 in (1) is null, 'a' || 'b' = 'ab', 'a' || 1 + 2
select 'a' || 'b' like 'ab'
select 1 + 2 in (3)
select not 1 > 2
select not null is null
select 3 > 2 = true
select date '2024-02-29' + interval '1 year', timestamp '2024-02-29' - interval '4 years', date '2024-12-31' + 1, date '2024-01-01' - 1
select timestamptz '2024-03-31 00:30:00 Europe/Berlin' + interval '3 hours'
select interval '1 day' < '25 hours', interval '1 month' > '29 days', interval '1 year' = '12 months', '1 day'::interval + '1 month'
select sum(interval '1 mon 1 day'), min(interval '1 day'), max(interval '-1 day') from generate_series(1,3)
select to_timestamp(1.5) - to_timestamp(1), to_timestamp(1700000000) > '2023-01-01', extract(epoch from to_timestamp(1700000000.123))
select round(extract(epoch from interval '1.23456 sec'), 2), round(extract(epoch from interval '90 min') / 60), extract(epoch from interval '1 day')::int
select round(100 * 1.0 / 3, 2), round(1.5), round(-1.5), round(12345.678, -2), trunc(12345.678, -2), round(1e10::numeric, 3)
select 0.1 + 0.2, 0.1::float8 + 0.2::float8, 1e-20::numeric, 1.23e5, 1e3::int, 5e-1, .5, 5.
select 100::numeric / 7, 1::numeric / 3 * 3, 22.0 / 7::int, 1e10 / 3, 1e-10 / 3, 12345.6789 / 0.001, 0 / 5.0, -7.0 / 2, 1 / 1e30
select sqrt(2::numeric), sqrt(0.0001), sqrt(1e20::numeric), sqrt(123456789.123), abs(-1.50), -1.50, sign(0), sign(-3::float8)
select '12'::numeric(4,2)
select '123.456'::numeric(6,1)
select 1.005::numeric(10,2)
select '99.99'::numeric(3,1)
select sum(x) / count(*), sum(x) * 1.0 / count(*), avg(x)::numeric(10,2), avg(x)::int from generate_series(1,4) x
select sum(x::numeric / 3), avg(x / 3.0), max(x * 1.10) from generate_series(1,3) x
select pg_size_pretty(10240::bigint), pg_size_pretty(10239::bigint), pg_size_pretty(20480000::bigint), pg_size_pretty(0::bigint), pg_size_pretty(1023::numeric), pg_size_pretty(9223372036854775807)
select string_agg(x::text, '') , string_agg(case when x > 1 then x::text end, ',') from generate_series(1,3) x
select x, y from (values (1, 'b'), (1, 'a'), (null, 'c')) v(x, y) order by x desc nulls last, y limit all
select count(*), count(x), count(distinct x), sum(distinct x) from (values (1),(1),(null)) v(x)
select distinct x is null as n, count(*) from (values (1),(1),(null)) v(x) group by x order by n
select a.x, b.y from generate_series(1,2) a(x), lateral (values (a.x * 10), (a.x * 100)) b(y) order by 1, 2
select a.x, b.y from generate_series(1,3) a(x) left join lateral (select a.x * 2 as y where a.x > 1) b on true order by 1
select a.x from generate_series(1,3) a(x) join generate_series(2,4) b(x) on a.x = b.x where b.x <> 3
select * from generate_series(1,2) a join generate_series(2,3) b on a.a = b.b
select (select x from (values (1),(2)) v(x) where v.x = g.y) from generate_series(1,3) g(y) order by 1 nulls first
select g.y from generate_series(1,5) g(y) where g.y in (select x * 2 from generate_series(1,2) x) order by 1
select g.y from generate_series(1,5) g(y) where not exists (select 1 from generate_series(1,3) x where x = g.y) order by 1
select g.y from generate_series(1,5) g(y) where g.y > all (select x from generate_series(1,3) x) order by 1
select g.y, exists (select 1 from generate_series(1,3) x where x = g.y) as e, count(*) from generate_series(1,5) g(y) group by g.y order by 1
select y % 2, (select count(*) from generate_series(1,5) x where x > y % 2) from generate_series(1,4) y group by y % 2
select y, (select max(x) from generate_series(1,5) x where x < z) from (values (1,2)) v(y,z) group by y
select 1 from generate_series(1,3) x having count(*) > 2
select count(*) from generate_series(1,3) x having sum(x) > 100
select x from generate_series(1,3) x union select 10 except select 2 order by 1
select x from generate_series(1,3) x intersect all select 2
(select 1 union all select 2) intersect select 2
select 'a'::name union all select 'b' order by 1
select null::int union all select 2.5 order by 1
select * from (select 1 union all select 2) u(n) where n > 1
with a as (select 1 as x) select (select x from a), exists (select 1 from a where x = 2)
with a as (select generate_series(1,3) as x), b as (select sum(x) as s from a) select a.x, b.s, a.x::numeric / b.s from a, b order by 1
select * from (with a as (select 5 as v) select v + 1 as w from a) t
select a.x, a."x", "a".x from (select 1 as x) a
select "X" from (select 1 as x) a
select 1 as "Ünïcode", 'é' || 'ü', length('日本'), upper('é'), lower('ABC'), initcap('aBC dEF')
select /* comment /* nested */ */ 1 -- tail
select 1 as select_, 2 as "group", 3 value, 4 as name, 5 as type
select e'\x41\u0042\t', 'it''s', $a$x'y$a$, E'\'', 'a\b'
select 'a' 
select trim('  a  ') || '|', ltrim('xxa', 'x'), substring('hello', 2, 3), substring('hello' from '(l+)'), position('l' in 'hello'), position('z' in 'hello'), position('' in 'a')
select replace('aaa', 'a', 'bb'), replace('abc', '', 'x'), translate('hello', 'el', 'ip'), left('abc', -1), right('abc', -1), left('abc', 10), repeat('x', 3), reverse('abc')
select split_part('a,b', ',', 1)
select split_part('a,b', ',', 3)
select split_part('a,b', '', 1)
select split_part('', ',', 1)
select concat()
select concat(null)
select concat_ws(null, 'a')
select concat('a', 1.50, now() is null)
select 'foobar' ~ 'o{2}', 'foobar' ~ '^(foo|bar)', regexp_replace('a.b.c', '\.', '-', 'g'), regexp_replace('abc', '^', 'x'), substring('v17.2' from '[0-9]+'), 'a' ~ '', regexp_replace('abc', 'B', 'x', 'gi')
select substring('PostgreSQL 17.10 on x' from 'PostgreSQL ([0-9.]+)'), (regexp_match('17.10', '^(\d+)\.(\d+)$'))[2]::int, regexp_split_to_array('a1b2c', '\d'), 'abc' !~* 'B', 'x' ~ '[^a-w]', 'a-b' ~ '^[\w-]+$', regexp_replace('  a  b ', '\s+', ' ', 'g')
select array_length('{}'::int[], 1), array_upper(array[1,2], 1), array_lower(array[1], 1), array_ndims(array[1]), cardinality('{}'::int[]), array_remove(array[1,2,1], 1), array_prepend(0, array[1]), array_position(array[1,2], 3)
select (array['a','b','c'])[1:2], (array[1,2,3])[:2], (array[1,2,3])[2:], ('{a,b}'::text[])[1], (string_to_array('a.b', '.'))[2]
select '{"a\"b","c\\d",""}'::text[], '{ a , b }'::text[], '{null,"null"}'::text[], '{1.50,2}'::numeric[], '{t,f}'::bool[], '{2024-01-01}'::date[]
select '1 2 3'::oidvector, ('1 2'::int2vector)[0], '1 2'::int2vector::text
select unnest('{a,b}'::text[]) as u, generate_series(1,3) as g
select count(*) from unnest('{1,2,3}'::int[]) as t where t > 1
select x from unnest(array[3,1,2]) with ordinality as u(x, i) order by i desc
select sum(n) from (select generate_series(1,10) as n) s where n % 2 = 0
select * from generate_series(5, 1, -2), generate_series(1, 0)
select * from generate_series(1, 3, 0)
select * from generate_series(1.0, 2.0, 0.5)
select * from generate_series(timestamptz '2024-01-01', '2024-01-02', '12 hours') t
select generate_series(1,2) + 1, 'x'
select count(generate_series(1,2))
select 1 from generate_series(1,2) where generate_series(1,2) > 1
select abs(generate_series(-1,1)), 2
select row(1, null)::text, row('a b', 'c"d')::text, row()::text, (1, 'x')::text
select array_agg(row(x, 'a')::text) from generate_series(1,2) x
select '2024-01-01'::timestamp::date, '2024-01-01 10:00'::timestamp::time, now()::date - current_date, '10:00'::time - '09:30'::time, date '2024-01-01' + time '10:00'
select to_timestamp('2024')
select now()::time is not null, now()::timestamp::text is not null, localtime is not null, localtimestamp is not null, transaction_timestamp() = now()
select '2024-06-01 00:00'::timestamptz, timestamptz '2024-06-01 00:00+05:30', '2024-06-01 00:00:00-08'::timestamptz at time zone 'UTC', '2024-06-01'::timestamp at time zone interval '2 hours'
select '2024-01-01 00:00:00.1'::timestamp, '2024-01-01 00:00:00.123456'::timestamp, '0001-01-01'::timestamp, '9999-12-31 23:59:59.999999'::timestamp, '2024-01-01 24:00'::timestamp
select '294277-01-01'::timestamp
select interval '1 year' + interval '-1 month', interval '1 day' - interval '25 hours', interval '1.5 years', interval '0.1 day', interval '1 century', interval '3 weeks 2 days', '1 year 2 mons -3 days +04:05:06'::interval
select interval '10' second, interval '1:30' minute to second, interval '2' day, interval '3' month, interval '1 2' day to hour, interval '1-6' year to month
select date_trunc('second', interval '1.5 sec'), date_trunc('minute', timestamptz '2024-01-01 10:20:30.5+00'), date_trunc('year', date '2024-05-05'), date_trunc('day', now()) <= now()
select '0/16B3748'::pg_lsn - '0/16B3700', '0/16B3748'::pg_lsn = '0/16b3748', ('1/0'::pg_lsn - '0/0'::pg_lsn) / 1024, pg_size_pretty('1/0'::pg_lsn - '0/0'::pg_lsn), '0/1'::pg_lsn < '0/A', '0/1'::pg_lsn::text, greatest('0/1'::pg_lsn, '0/2')
select '10.0.0.5'::inet <<= '10.0.0.0/24', host(inet '10.0.0.5/24'), inet '::ffff:1.2.3.4', abbrev(inet '10.0.0.1/32'), inet 'fe80::1/64', '10.0.0.1'::inet::cidr, cidr '10.0.0.0/8' >> inet '10.1.1.1'
select quote_literal('a\b'), quote_literal(null), quote_ident('a"b'), quote_ident('user'), quote_ident('_x1'), quote_nullable(1.5), format('%I.%I', 'a', 'B'), format('%L', 'it''s')
select encode('\x00ff'::bytea, 'hex')
select encode('a\\b'::bytea, 'escape')
select '\x'::bytea
select 'ab\000c'::bytea
select '\xZZ'::bytea
select md5('abc'), to_hex(-1), to_hex(255::bigint), ascii('é'), chr(233), octet_length('\x0102'::bytea), encode(sha256('abc'::bytea), 'hex')
select current_setting('max_connections')::int, current_setting('Server_Version') is null
select pg_catalog.current_setting('nosuch.x')
select format_type(1184, 3), format_type(1186, -1), format_type(1009, -1), format_type(1042, 9), format_type(19, null), format_type(18, null), format_type(0, null), format_type(99999999, null)
select 'pg_catalog.int4'::regtype
select 'timestamp with time zone'::regtype
select 'text[]'::regtype
select 'double precision'::regtype
select 'varchar'::regtype::oid
select 'upper'::regproc
select 'now'::regproc
select 1299::regproc
select pg_typeof(1::int2), pg_typeof('1'::interval), pg_typeof(1.5::float4), pg_typeof('{a}'::text[]), pg_typeof(row(1)), pg_typeof(1 < 2), pg_typeof('0/0'::pg_lsn - '0/0'), pg_typeof(sum(1)), pg_typeof(avg(1.5::float4)), pg_typeof(count(*))
select int2(5.5)
select int8('7')
select float4(1)
select numeric(5)
select text(1)
select varchar(1)
select bool(1)
select date(timestamp '2024-01-01')
select timestamptz(date '2024-01-01')
select name('a')
select oid(5)
select nosuch(1)
select upper()
select upper('a', 'b')
select length(1.5)
select 1 ~ 'a'
select 1 like 2
select now() = 1
select '{1}'::int[] = '{1}'::text[]
select array[1] || 'a'
select 1 = any(1)
select 1 = any('x')
select true + true
select 'a'::text + 1
select 1 <> 'x'
select interval '1 day' * 'x'
select sum('a'::text)
select avg(true)
select max(true)
select min(row(1))
select count(*)(1)
select coalesce()
select greatest(1, 'x')
select nullif(1)
select case end
select array[1, 'a']
select array[1, true]
select 1 union select true
select 1 in ('a', 2)
select 1 in (true)
select (1, 2) = (1, 2, 3)
select (1, 2) in (select 1)
select 1 in (select 1, 2)
select x.* from generate_series(1,2) y
select *
select * from generate_series(1,2) x, generate_series(1,2) x
select y.x from (select 1 as x) y, (select 2 as x) y
select x from (select 1 as x) a, (select 2 as x) b
select 1 from (select 1 as x) a join (select 2 as x) b using (x, x)
select a.nosuch from (select 1 as x) a
select nosuch.x from (select 1 as x) a
select 1 group by 2
select 1 as x group by nosuch
select x from generate_series(1,3) x group by 1.5
select count(*) from generate_series(1,3) x group by count(*)
select x from generate_series(1,3) x limit x
select 1 limit 1.5
select 1 limit 'x'
select 1 offset -1
select 1 limit (select 1)
select distinct on (x) y from (values (1,2)) v(x,y) order by y
select 1 as a, 2 as a order by a
select 1 from nosuch.t
select 1 from nosuch()
select nosuch.f(1)
select 'x'::nosuch.t
select 1::nosuch[]
select $0
select 1 $1
select 'a' collate "nosuch"
select 1 collate "C"
select 'b' collate "C" > 'a'
select from
select 
select 1 from generate_series(1,2) where
select 1)
select 'a
select 1 as 1
with a as (select 1), a as (select 2) select 1
with a(x, y) as (select 1) select 1
select * from (values (1, 2), (3)) v
values (1), (2) order by 1 desc
values (1, 'x') limit 1
select 2147483648, -2147483648, 2147483647 + 0, 9223372036854775807, 1 - 2147483648
select 2147483647 * 2
select -(-2147483648)
select (-9223372036854775808) / -1
select -9223372036854775808 % -1
select 32767::int2 * 2::int2
select abs(-32768::int2)
select (-32768)::int2 / (-1)::int2
select 1e400::float8
select 1e39::float4
select 1e-400::float8
select 1e200::float8 * 1e200::float8
select 0::float8 / 0
select 'nan'::float8 > 'inf', 'nan'::float8 = 'nan', 'nan'::numeric > 1, '-inf'::numeric < 0, 'inf'::numeric - 'inf', 0 * 'inf'::numeric, 1 / 'inf'::numeric
select ln(-1)
select power(0, -1)
select power(-1, 0.5)
select (-8) ^ (1.0/3)
select chr(-1)
select substring('abc' from 2 for -1)
select 'a' ~ '*'
select 'a' ~ '[a'
select 'a' ~ 'a\'
select regexp_replace('a', 'a', 'b', 'z')
select regexp_match('a', 'a', 'g')
select 'abc' like 'a\'
select 'a' like 'b' escape 'xy'
select substring('aaa' from '(a|aa)(a|aa)'), regexp_match('aaa', '(a|aa)(a|aa)'), regexp_match('abcd', '(a|ab)(c|bcd)(d*)'), regexp_match('abcd', '(?:(a|ab)(c|bcd)?)(d*)')
select regexp_match('abcd', '(?:a|ab)(?:c|bcd)?(d*)'), regexp_match('aaaa', 'a*(a*)(a*)'), regexp_match('ababa', '(ab|aba|a)*'), regexp_match('aaa', '(a?)(a*)'), regexp_match('aaa', '(a|aa)+')
select regexp_match('', '(a*)+'), regexp_match('b', '(a*)*'), regexp_match('b', '(a)?b'), regexp_match('ab', '(a|b)?(b)'), regexp_match('xyz', '(x|xy)(z|yz)?'), regexp_match('aabb', '(a{1,2})(a*)(b+)')
select regexp_match('aaab', '(a+?)(a*?)b'), regexp_match('aaab', '(a+?)(b)'), regexp_match('a1b22', '([a-z])(\d+)$'), regexp_match('abab', '((a)|(b))*'), regexp_match('abab', '((a)|b)*'), regexp_match('abc', '(a(b)?)+c?')
select regexp_replace('aaa', '(a|aa)(a|aa)', '<\1,\2>'), regexp_replace('aaaaaa', '(a|aa)(a|aa)', '<\1,\2>', 'g'), regexp_match('aaaaa', '(a|aa){2,3}'), regexp_match('aaaaa', '((a)|(aa)){2,3}(a*)'), regexp_match('héé-é', '(é|h)+-(.)')
select regexp_match('a.b.c', '^(?:(.*)\.)?(.*)$'), regexp_match('host=h port=5432', 'port=(\d+)'), regexp_match('PostgreSQL 17.2 (Debian 17.2-1)', '^PostgreSQL (\d+)\.(\d+)(?:\.(\d+))?'), regexp_match('a,b', '([^,]*),([^,]*)'), substring('/usr/lib/x.so' from '([^/]+)$')
select m from regexp_matches('aabaab', '(a|aa)(a|b)', 'g') m
select regexp_match('b', '(a*?)*?b'), regexp_match('aab', '(a??)*?b'), regexp_match('a,b,c', '^(.*?),')
select 2 between symmetric 3 and 1, 2 not between symmetric 3 and 1, 2 between symmetric 1 and null, 5 between symmetric 3 and null, 0 not between symmetric 3 and 1
select 'not 1 date'::date
