-- Statements that a standby of PostgreSQL 17 and a relay answer alike. Before each statement stands what is compared
-- beside the columns' names, types and typmods:
--
--   --! same            every value
--   --! same a, b       the values of these columns, and how many rows there are
--   --! shape           nothing more: what they see differs
--   --! error           it fails on both: SQLSTATE, message, detail, hint and position
--   --! text            further: in text alone, for there are types that have no binary form
--   --! as visitor      further: as one who is neither superuser nor member of anything; monitor has pg_monitor
--   --! with x | y      further: the parameters $1, $2, ... as text; such a statement goes through the extended protocol only
--
-- Both servers follow one primary, on which nothing happens meanwhile. A consumer named "consumer" streams from each.

-- ---- Columns of the views

--! shape
SELECT * FROM pg_stat_replication;
--! shape
SELECT * FROM pg_stat_wal_receiver;
--! same
SELECT * FROM pg_replication_slots;
--! same
SELECT * FROM pg_stat_replication_slots;
--! shape
SELECT * FROM pg_stat_activity;
--! same archived_count, last_archived_wal, last_archived_time, failed_count, last_failed_wal, last_failed_time
SELECT * FROM pg_stat_archiver;
--! shape
SELECT * FROM pg_stat_wal;
--! shape
SELECT * FROM pg_stat_checkpointer;
--! shape
SELECT * FROM pg_stat_bgwriter;
--! shape
SELECT * FROM pg_stat_io;
--! shape
SELECT * FROM pg_stat_ssl;
--! shape
SELECT * FROM pg_stat_gssapi;
--! same rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolconnlimit, rolpassword, rolvaliduntil, rolbypassrls, rolconfig
SELECT * FROM pg_roles WHERE rolname = 'postgres';
--! same usename, usecreatedb, usesuper, userepl, usebypassrls, passwd, valuntil, useconfig
SELECT * FROM pg_user ORDER BY usename;
--! shape
--! text
SELECT * FROM pg_database;
--! shape
SELECT * FROM pg_stat_database;
--! same datid, datname, confl_tablespace, confl_lock, confl_snapshot, confl_bufferpin, confl_deadlock, confl_active_logicalslot
SELECT * FROM pg_stat_database_conflicts WHERE datname = 'postgres';
--! shape
SELECT * FROM pg_locks;
--! shape
SELECT * FROM pg_settings;
--! shape
SELECT * FROM pg_file_settings;
--! shape
SELECT * FROM pg_hba_file_rules;
--! same
SELECT * FROM pg_ident_file_mappings;
--! same
SELECT * FROM pg_auth_members WHERE member = 10;
--! shape
--! text
SELECT * FROM pg_tablespace;
--! same nspname, nspowner
--! text
SELECT * FROM pg_namespace WHERE nspname = 'pg_catalog';
--! shape
--! text
SELECT * FROM pg_class LIMIT 1;
--! shape
--! text
SELECT * FROM pg_attribute LIMIT 1;
--! same oid, typname, typlen, typbyval, typtype, typcategory, typarray, typelem
SELECT * FROM pg_type WHERE typname = 'pg_lsn';

-- ---- What monitoring asks of replication

--! same application_name, client_addr, client_hostname, state, sync_priority, sync_state, usename, sent_lsn, write_lsn
SELECT application_name, usename, client_addr, client_hostname, state, sync_priority, sync_state, sent_lsn, write_lsn FROM pg_stat_replication WHERE application_name = 'consumer';
--! same
SELECT count(*), count(*) FILTER (WHERE state = 'streaming') AS streaming, max(sync_state) FROM pg_stat_replication;
--! same
SELECT application_name, pg_wal_lsn_diff(sent_lsn, write_lsn) AS unwritten, sent_lsn - write_lsn AS minus FROM pg_stat_replication ORDER BY 1;
--! same
SELECT application_name, coalesce(write_lag, '0'::interval) < interval '1 hour' AS quick, coalesce(extract(epoch FROM replay_lag), 0) >= 0 AS sane FROM pg_stat_replication;
--! same
SELECT now() - backend_start < interval '1 day' AS young, reply_time <= now() + interval '1 minute' AS not_from_the_future FROM pg_stat_replication;
--! same
SELECT client_port > 0, pid > 0, usesysid, backend_xmin FROM pg_stat_replication;
--! same
SELECT r.application_name, s.ssl, s.version, s.cipher, s.bits FROM pg_stat_replication r JOIN pg_stat_ssl s USING (pid);
--! same
SELECT r.application_name, a.backend_type, a.state, a.usename, a.datname, a.wait_event_type, a.wait_event FROM pg_stat_replication r JOIN pg_stat_activity a ON a.pid = r.pid;
--! same
SELECT status, written_lsn, flushed_lsn, received_tli, receive_start_tli, slot_name, sender_host, latest_end_lsn FROM pg_stat_wal_receiver;
--! same
SELECT sender_port > 0 AS port, conninfo LIKE '%application_name=%' AS conninfo, last_msg_send_time <= last_msg_receipt_time + interval '1 s' AS sane FROM pg_stat_wal_receiver;
--! same
SELECT count(*) AS receivers FROM pg_stat_wal_receiver WHERE status = 'streaming' AND last_msg_receipt_time > now() - interval '1 minute';
--! same
SELECT slot_name, database, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots;
--! same
SELECT count(*) AS slots, coalesce(max(safe_wal_size), 0) AS safe FROM pg_replication_slots WHERE NOT active;
--! same
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0 ELSE greatest(0, extract(epoch FROM (now() - now()))) END AS lag;
--! same
SELECT (CASE pg_is_in_recovery() WHEN 't' THEN NULL ELSE pg_current_wal_lsn() END) AS pg_current_wal_lsn;

-- ---- Positions and WAL files

--! same
SELECT pg_is_in_recovery(), pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn();
--! same
SELECT pg_last_xact_replay_timestamp();
--! same
SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AS level, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) AS behind;
--! same
SELECT location, NULL AS file_name FROM pg_last_wal_replay_lsn() AS location;
--! same
SELECT round(extract(epoch FROM now() - pg_last_xact_replay_timestamp())) >= 0 AS seconds;
--! error
SELECT pg_current_wal_lsn();
--! error
SELECT pg_current_wal_insert_lsn();
--! error
SELECT pg_current_wal_flush_lsn();
--! error
SELECT pg_walfile_name('0/3000148');
--! error
SELECT * FROM pg_walfile_name_offset('0/3000148');
--! error
SELECT pg_switch_wal();
--! error
SELECT pg_create_restore_point('here');
--! same
SELECT pg_wal_lsn_diff('16/B374D848', '16/B374D800'), pg_wal_lsn_diff('0/0', '1/0');
--! same
SELECT * FROM pg_split_walfile_name('000000010000000A00000003');
--! same
SELECT (pg_split_walfile_name('000000020000000000000001')).*;
--! error
SELECT * FROM pg_split_walfile_name('nonsense');
--! same
SELECT name, size FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' ORDER BY name DESC LIMIT 1 OFFSET 500;
--! same
SELECT count(*) > 0 AS any, min(size) AS smallest, bool_and(modification <= now() + interval '1 min') AS past FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$';
--! shape
SELECT * FROM pg_ls_waldir();
--! shape
SELECT * FROM pg_ls_archive_statusdir();
--! same system_identifier, pg_control_version, catalog_version_no
SELECT * FROM pg_control_system();
--! shape
SELECT * FROM pg_control_checkpoint();
--! same timeline_id, prev_timeline_id, full_page_writes, wal_segment
SELECT timeline_id, prev_timeline_id, full_page_writes, redo_wal_file ~ '^[0-9A-F]{24}$' AS wal_segment FROM pg_control_checkpoint();
--! shape
SELECT * FROM pg_control_recovery();
--! same
SELECT * FROM pg_control_init();
--! same
SELECT system_identifier::text FROM pg_control_system();

-- ---- The server and the session

--! same
SELECT substring(version() FROM '^PostgreSQL 17\.[0-9]+') AS version;
--! same
SELECT current_database(), current_user, session_user, user, current_catalog, current_schema;
--! same
SELECT current_setting('server_version_num'), current_setting('server_encoding'), current_setting('block_size');
--! same
SELECT pg_postmaster_start_time() < now(), pg_conf_load_time() <= now(), pg_postmaster_start_time() <= pg_conf_load_time() + interval '1 min';
--! shape
SELECT version(), pg_postmaster_start_time(), pg_conf_load_time(), pg_backend_pid(), inet_server_port(), inet_client_port();
--! same
SELECT inet_server_addr(), inet_client_addr(), inet_server_port() > 0;
--! same
SELECT pid = pg_backend_pid() AS me, backend_type, state, datname, usename, application_name, wait_event_type, wait_event, leader_pid, backend_xid FROM pg_stat_activity WHERE pid = pg_backend_pid();
--! same
SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();
--! same
SELECT ssl, version, cipher, bits, client_dn, client_serial, issuer_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid();
--! same
SELECT backend_type, state FROM pg_stat_activity WHERE backend_type IN ('walsender', 'walreceiver') ORDER BY 1;
--! same
SELECT backend_type, datid, datname, usesysid, usename, state, query FROM pg_stat_activity WHERE backend_type IN ('startup', 'checkpointer', 'walreceiver') ORDER BY 1;
--! same
SELECT count(*) AS of_clients FROM pg_stat_activity WHERE datname IS NULL AND backend_type = 'client backend';
--! same
SELECT state, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid = pg_backend_pid() GROUP BY state HAVING count(*) > 0;
--! same
SELECT pg_backend_pid() > 0, pg_is_wal_replay_paused(), pg_get_wal_replay_pause_state();
--! error
SELECT pg_terminate_backend();
--! same
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = -1;
--! same
SELECT pg_database_size('postgres') >= 0 AS a_size, pg_size_pretty(7708007::bigint), pg_size_pretty(123456789012::numeric);
--! error
SELECT pg_database_size('nosuch');
--! error
SELECT current_setting('no_such_setting');
--! same
SELECT current_setting('no_such_setting', true), current_setting('application_name', true);
--! same
SELECT set_config('application_name', 'set by a function', false), current_setting('application_name');
--! same
SELECT pg_encoding_to_char(6), pg_get_userbyid(10), pg_has_role('postgres', 'pg_monitor', 'MEMBER'), has_database_privilege('postgres', 'CONNECT');
--! same
SELECT has_function_privilege(current_user, 'pg_switch_wal()', 'EXECUTE'), has_function_privilege(current_user, 'pg_backup_stop(bool)', 'EXECUTE');
--! same
SELECT usesuper OR pg_has_role(CURRENT_USER, 'pg_monitor', 'MEMBER') FROM pg_user WHERE usename = CURRENT_USER;
--! same
SELECT rolname FROM pg_roles WHERE rolname ~ '^pg_' AND rolname IN ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_signal_backend', 'pg_checkpoint', 'pg_use_reserved_connections') ORDER BY rolname;
--! same
SELECT oid, rolname, rolcanlogin, rolsuper, rolreplication FROM pg_roles WHERE rolname IN ('pg_monitor', 'pg_checkpoint', 'postgres') ORDER BY oid;

-- ---- Settings

--! same
SELECT name, unit, context, vartype, min_val, max_val, enumvals FROM pg_settings WHERE name IN ('wal_keep_size', 'wal_sender_timeout', 'wal_receiver_timeout', 'wal_receiver_status_interval', 'max_wal_senders', 'max_connections', 'port', 'listen_addresses', 'primary_conninfo', 'authentication_timeout', 'statement_timeout', 'log_min_messages', 'hot_standby', 'archive_mode', 'password_encryption', 'ssl_min_protocol_version') ORDER BY name;
--! same name, category
SELECT name, short_desc, extra_desc, category FROM pg_settings WHERE name IN ('wal_keep_size', 'wal_sender_timeout', 'wal_receiver_timeout', 'max_wal_senders', 'max_connections', 'port', 'authentication_timeout', 'statement_timeout', 'ssl', 'client_encoding', 'DateStyle', 'TimeZone') ORDER BY name COLLATE "C";
--! same
SELECT name, boot_val FROM pg_settings WHERE name IN ('wal_keep_size', 'wal_sender_timeout', 'wal_receiver_timeout', 'max_connections', 'max_wal_senders', 'superuser_reserved_connections', 'reserved_connections', 'authentication_timeout', 'idle_session_timeout', 'wal_retrieve_retry_interval', 'log_connections', 'log_min_messages') ORDER BY 1;
--! same
SELECT name, setting, unit, source, pending_restart FROM pg_settings WHERE name IN ('wal_segment_size', 'wal_block_size', 'block_size', 'server_encoding', 'server_version_num', 'data_checksums', 'in_hot_standby', 'integer_datetimes', 'segment_size', 'max_identifier_length') ORDER BY name;
--! same
SELECT name, setting FROM pg_settings WHERE name IN ('wal_retrieve_retry_interval', 'wal_receiver_status_interval', 'listen_addresses') ORDER BY name;
--! same
SELECT setting::bigint * 1024 > 0 AS big FROM pg_settings WHERE name = 'wal_segment_size';
--! same
SELECT count(*) FROM pg_settings WHERE vartype NOT IN ('bool', 'integer', 'real', 'string', 'enum');
--! same
SELECT name, setting, coalesce(unit, ''), vartype FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real') AND name = 'wal_receiver_status_interval';
--! same
SELECT name, setting, source, sourcefile IS NOT NULL AS from_file, sourceline > 0 AS line FROM pg_settings WHERE name IN ('wal_receiver_status_interval', 'client_encoding', 'log_min_messages') ORDER BY 1;
--! same
SHOW server_version_num;
--! same
SHOW "wal_segment_size";
--! same
SHOW wal_receiver_status_interval;
--! same
SHOW TIME ZONE;
--! same
SHOW TRANSACTION ISOLATION LEVEL;
--! shape
SHOW ALL;
--! error
SHOW no_such_setting;
--! same
SET statement_timeout = '30s';
--! same
SET application_name TO DEFAULT;
--! same
RESET statement_timeout;
--! same
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
--! error
SET statement_timeout = 'much';
--! error
SET statement_timeout = -5;
--! error
SET port = 1;
--! error
SET wal_sender_timeout TO 'x y';
--! error
SET wal_segment_size = 1;
--! error
SET no_such_setting = 1;
--! error
SET "wal_keep_size" = '1GB';
--! error
SET client_min_messages = loud;
--! error
SET TIME ZONE 'Nowhere/Land';
--! same
RESET ALL;
--! same
DISCARD ALL;

-- ---- Transactions

--! same
BEGIN;
--! same
COMMIT;
--! same
ROLLBACK;
--! same
BEGIN; SELECT 1; COMMIT;
--! error
BEGIN; SELECT 1/0; SELECT 1; COMMIT;
--! error
BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; ROLLBACK;
--! same
BEGIN TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ; SELECT 1 AS a; SELECT 2 AS b; END;
--! same
BEGIN;SET statement_timeout=30000;COMMIT;SELECT pg_is_in_recovery() AS recovery;
--! error
SELECT 1; SELECT 2; SELECT nosuch; SELECT 3;
--! error
SAVEPOINT a;
--! same
BEGIN; SAVEPOINT a; SELECT 1; RELEASE a; SAVEPOINT b; ROLLBACK TO b; COMMIT;

-- ---- What is not there, and what may not be done in recovery

--! error
SELECT * FROM nosuch;
--! error
SELECT * FROM pg_catalog.nosuch;
--! error
SELECT * FROM nosuch.pg_stat_replication;
--! error
SELECT nosuch FROM pg_stat_replication;
--! error
SELECT r.nosuch FROM pg_stat_replication r;
--! error
SELECT pid FROM pg_stat_replication JOIN pg_stat_ssl ON true;
--! error
SELECT application_name, count(*) FROM pg_stat_replication;
--! error
SELECT pg_wal_lsn_diff('0/0', 5);
--! error
SELECT pg_wal_lsn_diff('nonsense', '0/0');
--! error
SELECT nosuch(1);
--! error
SELECT 'x'::pg_lsn;
--! error
SELECT pid + 'a' FROM pg_stat_replication;
--! error
SELEC 1;
--! error
SELECT FROM WHERE;
--! error
SELECT 'open;
--! error
SELECT 1 FROM pg_stat_replication WHERE state;
--! error
SELECT pid FROM pg_stat_replication ORDER BY 2;
--! error
CREATE TABLE t (a int);
--! error
DROP DATABASE postgres;
--! error
SELECT pg_promote(true, 0);
--! error
SELECT pg_wal_replay_pause(1);
--! error
DEALLOCATE nosuch;
--! error
EXECUTE nosuch;

-- ---- Catalogs, as psql asks them

--! same
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1;
--! same
SELECT m.rolname AS "Role name", r.rolname AS "Member of", pg_catalog.concat_ws(', ', CASE WHEN pam.admin_option THEN 'ADMIN' END, CASE WHEN pam.inherit_option THEN 'INHERIT' END, CASE WHEN pam.set_option THEN 'SET' END) AS "Options", g.rolname AS "Grantor" FROM pg_catalog.pg_roles m JOIN pg_catalog.pg_auth_members pam ON (pam.member = m.oid) LEFT JOIN pg_catalog.pg_roles r ON (pam.roleid = r.oid) LEFT JOIN pg_catalog.pg_roles g ON (pam.grantor = g.oid) WHERE m.rolname !~ '^pg_' ORDER BY 1, 2, 4;
--! same "Name", "Owner", "Encoding"
SELECT d.datname AS "Name", pg_catalog.pg_get_userbyid(d.datdba) AS "Owner", pg_catalog.pg_encoding_to_char(d.encoding) AS "Encoding", CASE d.datlocprovider WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' END AS "Locale Provider", d.datcollate AS "Collate", d.datctype AS "Ctype", d.datlocale AS "Locale", d.daticurules AS "ICU Rules", CASE WHEN pg_catalog.array_length(d.datacl, 1) = 0 THEN '(none)' ELSE pg_catalog.array_to_string(d.datacl, E'\n') END AS "Access privileges" FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.~) '^(postgres)$' COLLATE pg_catalog.default ORDER BY 1;
--! same
SELECT name AS "Column", pg_catalog.format_type(tp, tpm) AS "Type" FROM (VALUES ('a', '23'::pg_catalog.oid, -1), ('b', '1184'::pg_catalog.oid, -1), ('c', '3220'::pg_catalog.oid, -1)) s(name, tp, tpm);
--! same
SELECT s.name AS "Parameter", pg_catalog.current_setting(s.name) AS "Value" FROM pg_catalog.pg_settings s WHERE pg_catalog.lower(s.name) OPERATOR(pg_catalog.~) '^(wal_r.*)$' COLLATE pg_catalog.default AND s.name NOT IN ('wal_recycle', 'wal_receiver_library') ORDER BY 1;
--! same
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'pg_stat_replication'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
--! same
SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(pg_stat_replication)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1, 2;
--! same
SELECT typname, oid, typarray, oid::regtype::text AS regtype, typdelim FROM pg_type t WHERE t.oid = 'timestamptz'::regtype ORDER BY t.oid;
--! same
SELECT p.proname, pg_catalog.pg_get_function_result(p.oid), pg_catalog.pg_get_function_arguments(p.oid), p.prokind FROM pg_catalog.pg_proc p WHERE p.proname = 'pg_is_in_recovery';

-- ---- Parameters

--! same
--! with consumer
SELECT application_name, state FROM pg_stat_replication WHERE application_name = $1;
--! same
--! with 0/3000148 | 0/3000000
SELECT pg_wal_lsn_diff($1, $2), $1::pg_lsn > $2 AS more;
--! same
--! with {walsender,walreceiver}
SELECT backend_type FROM pg_stat_activity WHERE backend_type = any($1) ORDER BY 1;
--! same
--! with wal_segment_size
SELECT name, setting, unit FROM pg_settings WHERE name = $1;
--! same
--! with 41 | x | 1.5
SELECT $1::int + 1, $2::text, $3::numeric * 2;
--! same
--! with con%
SELECT count(*) FROM pg_stat_replication WHERE application_name LIKE $1;
--! same
--! with 2
SELECT name FROM pg_settings WHERE name LIKE 'wal\_re%' AND name NOT IN ('wal_recycle', 'wal_receiver_library') ORDER BY name LIMIT $1;
--! error
--! with many
SELECT $1::int;
--! error
SELECT $1;
--! error
SELECT $1 + $3;

-- ---- Who may see what, and do what

--! same
--! as visitor
SELECT application_name, usename, client_addr, client_port, backend_start, state, sent_lsn, write_lag, sync_state, reply_time FROM pg_stat_replication;
--! same
--! as visitor
SELECT DISTINCT query, backend_type, state, client_addr, wait_event, backend_start IS NULL AS hidden FROM pg_stat_activity WHERE usename IS NULL OR usename = 'postgres';
--! same
--! as visitor
SELECT backend_type, usename, state, client_addr FROM pg_stat_activity WHERE pid = pg_backend_pid();
--! same
--! as visitor
SELECT status, receive_start_lsn, written_lsn, flushed_lsn, latest_end_lsn, last_msg_send_time, slot_name, sender_host, sender_port, conninfo FROM pg_stat_wal_receiver;
--! same
--! as visitor
SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_replication USING (pid);
--! same
--! as visitor
SELECT name FROM pg_settings WHERE name IN ('data_directory', 'config_file', 'hba_file', 'primary_conninfo', 'port', 'unix_socket_directories') ORDER BY name;
--! same
--! as visitor
SELECT pg_is_in_recovery(), pg_last_wal_receive_lsn() IS NOT NULL, pg_last_wal_replay_lsn() IS NOT NULL;
--! same
--! as visitor
SELECT count(*) FROM pg_roles WHERE rolpassword <> '********';
--! error
--! as visitor
SHOW data_directory;
--! error
--! as visitor
SHOW primary_conninfo;
--! error
--! as visitor
SELECT current_setting('hba_file');
--! error
--! as visitor
SELECT * FROM pg_ls_waldir();
--! error
--! as visitor
SELECT * FROM pg_hba_file_rules;
--! error
--! as visitor
SELECT * FROM pg_ident_file_mappings;
--! error
--! as visitor
SELECT * FROM pg_file_settings;
--! error
--! as visitor
SELECT pg_reload_conf();
--! error
--! as visitor
SELECT pg_wal_replay_pause();
--! error
--! as visitor
SELECT pg_promote();
--! error
--! as visitor
SELECT pg_stat_reset_shared('wal');
--! error
--! as visitor
CHECKPOINT;
--! error
--! as visitor
ALTER SYSTEM SET wal_keep_size = '1GB';
--! error
--! as visitor
SET log_min_messages = debug1;
--! error
--! as visitor
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' ORDER BY pid LIMIT 1;
--! error
--! as visitor
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' ORDER BY pid LIMIT 1;
--! same
--! as visitor
SELECT pg_has_role('pg_monitor', 'USAGE'), has_function_privilege('pg_reload_conf()', 'EXECUTE'), has_database_privilege('postgres', 'CONNECT');
--! same
--! as monitor
SELECT application_name, usename, client_addr, state, sent_lsn, write_lsn, sync_state, client_port > 0 AS port FROM pg_stat_replication;
--! same
--! as monitor
SELECT backend_type, state FROM pg_stat_activity WHERE backend_type IN ('walreceiver', 'walsender', 'startup', 'checkpointer') ORDER BY 1;
--! same
--! as monitor
SELECT status, written_lsn, flushed_lsn, sender_host, sender_port > 0 AS port FROM pg_stat_wal_receiver;
--! same
--! as monitor
SELECT count(*) > 0 AS any FROM pg_ls_waldir();
--! same
--! as monitor
SELECT count(*) FROM pg_settings WHERE name IN ('data_directory', 'config_file', 'hba_file');
--! shape
--! as monitor
SHOW data_directory;
--! error
--! as monitor
SELECT * FROM pg_hba_file_rules;
--! error
--! as monitor
SELECT pg_reload_conf();
--! error
--! as monitor
CHECKPOINT;
