# Statements that PostgreSQL runs and the engine refuses, saying so: feature_not_supported.
select * from unnest(array[1,2], array['a','b'])
select has_table_privilege('x','select')
select to_char(1,'9')
select width_bucket(5,1,10,3)
select 2.0 ^ 0.5
select current_time
select max(1) over ()
select x, row_number() over w from generate_series(1,2) x window w as (order by x)
with recursive r as (select 1) select * from r
select 'upper(text)'::regprocedure
select t from (values (1,2)) t(a,b)
select 'a' similar to 'a|b'
select 1::bit(3)
select b'101'
select json '{}'
select array[array[1,2],array[3,4]]
select '{{1,2},{3,4}}'::int[]
select count(*) from generate_series(1,2) x group by rollup(x)
select x from generate_series(1,2) x order by x using <
select 1 for update
select percentile_cont(0.5) within group (order by x) from generate_series(1,3) x
select stddev(x) from generate_series(1,3) x
select 'ab' ~ '(a)\1'
select 'ab' ~ 'a(?=b)'
select regexp_replace('aab', 'a+?b*', 'x')
select x from generate_series(1,3) x order by x fetch first 1 rows with ties
select * from rows from (generate_series(1,2), generate_series(1,3)) as t
select xmlelement(name a)
select (row(1,2)).f1
select lastval()
select substring('abab' from 'a*?(?:(?:ab)??(?:a+?.[ab])??b)+?')
select 'Jan 5 2024'::date
select '5-Jan-2024 10:00'::timestamp
select '1/2/2024'::date
select now() at time zone 'FOO+3'
