// Prints what node-postgres makes of a server's answers; nothing of it may depend on the moment.
const { Client, Pool } = require(process.argv[2] + '/node_modules/pg');

async function failure(client, statement) {
  try { await client.query(statement); } catch (e) { console.log(e.code, e.severity, e.message, e.position); }
}

(async () => {
  const c = new Client({
    application_name: 'node', statement_timeout: 5000, query_timeout: 6000, lock_timeout: 3000,
    idle_in_transaction_session_timeout: 60000, keepAlive: true,
  });
  await c.connect();
  console.log((await c.query("SHOW statement_timeout")).rows, (await c.query('SHOW application_name')).rows);
  const r = await c.query('SELECT application_name, client_addr, state, sent_lsn, write_lag IS NULL AS lag FROM pg_stat_replication WHERE application_name = $1', ['consumer']);
  console.log(r.rows, r.fields.map((f) => [f.name, f.dataTypeID, f.dataTypeSize, f.dataTypeModifier]), r.command, r.rowCount);
  for (let i = 0; i < 3; i++) {
    console.log((await c.query({ name: 'named', text: "SELECT $1::int + 1 AS n, $2::text AS x, timestamptz '2026-01-02 03:04:05+00' AS t", values: [i, 'y'] })).rows);
  }
  console.log((await c.query({ text: 'SELECT 1 AS a, 2 AS a', rowMode: 'array' })).rows);
  await failure(c, 'SELECT 1/0');
  await failure(c, 'SELECT * FROM nosuch');
  await failure(c, { text: 'SELECT $1::int', values: ['many'] });
  console.log((await c.query('SELECT 1 AS a; SELECT 2 AS b')).map((x) => x.rows));
  await c.query('BEGIN');
  await c.query('SELECT 1');
  await c.query('COMMIT');
  await c.end();
  const pool = new Pool({ max: 4 });
  console.log(await Promise.all([1, 2, 3, 4, 5, 6].map((i) => pool.query('SELECT $1::int AS i, pg_is_in_recovery() AS r', [i]).then((x) => x.rows[0]))));
  await pool.end();
})().catch((e) => { console.error('failed', e); process.exit(1); });
