# Statements over copies of PostgreSQL's catalogs, most as monitoring programs and clients send them.
select name, setting, unit, short_desc, vartype, min_val, max_val, enumvals, boot_val from pg_settings order by name
SELECT name, setting, COALESCE(unit, ''), short_desc, vartype FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real') AND name != 'sync_commit_cancel_wait' order by name
select count(*) from pg_settings where setting::int > 100 and vartype = 'integer'
select vartype, count(*), count(*) filter (where source = 'default'), min(name), max(length(name)) from pg_settings group by vartype having count(*) > 1 order by 2 desc, 1
SELECT name,setting FROM pg_settings WHERE name ~ 'checkpoint' ORDER BY 1
SELECT name, context, unit, sum(case when vartype='integer' then setting::bigint else 0 end) over_ FROM pg_settings WHERE name LIKE 'max\_%' GROUP BY name, context, unit ORDER BY name
select category, array_agg(name order by name) from pg_settings where category ~* '^replication' group by 1 order by 1
SELECT d.datname as "Name", pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding", CASE d.datlocprovider WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END AS "Locale Provider", d.datcollate as "Collate", d.datctype as "Ctype", CASE WHEN pg_catalog.array_length(d.datacl, 1) = 0 THEN '(none)' ELSE pg_catalog.array_to_string(d.datacl, E'\n') END AS "Access privileges" FROM pg_catalog.pg_database d ORDER BY 1
SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname != current_database()
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof, r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1
select r.rolname, array(select m.member from pg_auth_members m where m.roleid = r.oid order by 1) from pg_roles r order by rolname limit 5
select r.oid, r.rolname from pg_roles r left join pg_auth_members m on m.roleid = r.oid where m.roleid is null order by r.oid
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' END as "Type" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_toast' ORDER BY 1,2 limit 50
SELECT nspname, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace GROUP BY 1 ORDER BY 2 DESC, 1
select relkind, count(*), sum(relpages), avg(reltuples) from pg_class group by relkind order by relkind
select c.relname, (select nspname from pg_namespace where oid = c.relnamespace) from pg_class c where c.relname = 'pg_class'
select relname from pg_class where oid in (select oid from pg_class where relname like 'pg_a%') order by relname desc limit 3
select s.name from pg_settings s where exists (select 1 from pg_settings t where t.name = s.name || '_ratio')
select pg_settings.name from pg_catalog.pg_settings where pg_settings.name = 'port'
select pg_catalog.pg_settings.name from pg_settings where name = 'port'
select name from pg_settings s where pg_settings.name = 'port'
select s.nosuch from pg_settings s
select nosuch from pg_settings
select * from pg_settings natural join (select 'port' as name) n
select oid from pg_class, pg_namespace
select count(*) from pg_class a, pg_class b where a.oid = b.oid and a.relkind = 'v'
select name from pg_settings group by vartype
select count(*), name from pg_settings
select vartype from pg_settings group by 1 order by name
select distinct vartype from pg_settings order by vartype
select distinct on (vartype) vartype, name from pg_settings order by vartype, name desc
select enumvals[1], array_length(enumvals,1) from pg_settings where name in ('wal_level','log_statement') order by name
select enumvals from pg_settings where 'replica' = any(enumvals) order by name
select name, setting::numeric * case unit when '8kB' then 8192 when 'kB' then 1024 when 'MB' then 1048576 end as bytes from pg_settings where unit in ('8kB','kB','MB') and setting::numeric > 0 order by bytes desc nulls last, name limit 20
select upper(left(vartype,1)) || substr(vartype,2) as t, string_agg(name, ', ' order by name) from pg_settings where name ~ '^wal_' group by vartype order by t
select datname, datfrozenxid from pg_database order by datfrozenxid
select datname::text, oid::int8, dattablespace::regclass from pg_database where datname = 'postgres'
select relname, relacl from pg_class where relname = 'pg_settings'
select sum(setting::int) from pg_settings where vartype = 'integer' and name in (select name from pg_settings where unit = 'ms')
select n.nspname, r.rolname from pg_namespace n inner join pg_roles r on r.oid = n.nspowner order by n.nspname using_
with big as (select * from pg_settings where vartype='integer'), m as (select max(setting::int8) x from big) select name from big, m where setting::int8 = m.x order by name
select 'a' as kind, count(*) from pg_settings union all select 'b', count(*) from pg_roles union all select 'c', count(*) from pg_database order by 1
select name, setting from pg_settings where (name, vartype) in (('port','integer'),('fsync','bool')) order by name
select row(name, setting) from pg_settings where name = 'port'
select coalesce(min_val, 'none'), nullif(max_val, ''), greatest(boot_val, reset_val) from pg_settings where name in ('port', 'fsync') order by 1
select s.name from pg_settings s join (values (100),(200)) t(x) on s.setting::int = t.x where s.vartype = 'integer' order by 1
select s.name, t.x from (values (100),(1)) t(x) left join pg_settings s on s.vartype = 'integer' and s.setting = t.x::text and s.name like 'max%' order by 1, 2
select t.x, s.name from (values (100),(1)) t(x) left join pg_settings s on s.setting = t.x::text where s.name is null or s.name = 'max_connections' order by 1
select s.name from (values (100),(1)) t(x) right join pg_settings s on s.setting = t.x::text and t.x > 50 where s.name like 'max_c%' order by 1
select a.name from pg_settings a join pg_settings b using (name) join pg_settings c using (name) where name = 'port' and b.vartype = 'integer' and c.setting::int > 0
select a.nspname, b.relname from pg_namespace a, pg_class b where b.relnamespace = a.oid and a.nspname = 'pg_catalog' and b.relname in ('pg_class','pg_type') order by 2
select a.x, b.x from (values (1),(2)) a(x) full join (values (2),(3)) b(x) on a.x = b.x where a.x is null or b.x is null order by 1, 2
select a.x, c.x from (values (1),(2)) a(x) left join ((values (2),(3)) b(x) join (values (2),(4)) c(x) on b.x = c.x) on a.x = b.x where a.x > 0 order by 1
select a.x, g from (values (1),(2)) a(x), lateral generate_series(1, a.x) g where g > 1 and a.x = 2
select a.x, g from (values (1),(2)) a(x) left join lateral generate_series(2, a.x) g on g > 1 order by 1
select r.rolname from pg_roles r group by r.oid
