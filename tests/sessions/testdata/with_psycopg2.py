# Prints what psycopg2 makes of a server's answers; nothing of it may depend on the moment.
import psycopg2
import psycopg2.extensions
import psycopg2.extras


def failure(cursor, statement):
    try:
        cursor.execute(statement)
    except psycopg2.Error as e:
        print(type(e).__name__, e.pgcode, str(e).strip())


c = psycopg2.connect("")
print(c.server_version, c.encoding, c.get_parameter_status("standard_conforming_strings"))
cur = c.cursor()
cur.execute("SELECT application_name, client_addr, state, sent_lsn, write_lag IS NULL AS lag FROM pg_stat_replication"
            " WHERE application_name LIKE %s", ("con%",))
print(cur.fetchall(), [(d.name, d.type_code, d.internal_size) for d in cur.description])
cur.execute("SELECT name, setting FROM pg_settings WHERE name = %(name)s", {"name": "wal_segment_size"})
print(cur.fetchall())
cur.execute("SELECT 1.5::numeric, true, array[1, 2], interval '1 day', NULL, date '2026-01-02', timestamptz '2026-01-02 03:04:05+00'")
print(cur.fetchall())
cur.execute("SELECT now() - backend_start < interval '1 day' FROM pg_stat_replication")
print(cur.fetchall())
failure(cur, "SELECT 1/0")
failure(cur, "SELECT 1")
c.rollback()
failure(cur, "SELECT * FROM nosuch")
c.rollback()
cur.execute("SELECT 1")
c.commit()
with c.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as d:
    d.execute("SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()")
    print(d.fetchall())
c.rollback()
named = c.cursor("named")
named.execute("SELECT n FROM (VALUES (1), (2), (3)) v(n) ORDER BY n DESC")
print(named.fetchmany(2), named.fetchmany(2))
c.rollback()
c.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_SERIALIZABLE)
failure(cur, "SELECT 1")
c.rollback()
c.set_session(isolation_level="DEFAULT", readonly=True, autocommit=True)
cur.execute("SHOW server_version")
print(cur.fetchone())
c.cancel()
c.reset()
c.close()
