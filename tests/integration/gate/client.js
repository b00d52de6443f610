// What node's `pg` does, against the server whose URL is the first argument; prints "done" when all was as it should be.
const assert = require('assert');
const { Client, Pool } = require('pg');

const url = process.argv[2];

async function single() {
  const client = new Client(url);
  await client.connect();
  assert.strictEqual((await client.query('SELECT 1 AS one')).rows[0].one, 1);
  assert.strictEqual((await client.query('SELECT $1::int AS n', [7])).rows[0].n, 7);
  const named = { name: 'twice', text: 'SELECT $1::int * 2 AS n' };
  for (const n of [1, 2, 3]) assert.strictEqual((await client.query({ ...named, values: [n] })).rows[0].n, n * 2);
  await client.query('CREATE TEMP TABLE note (id int PRIMARY KEY, body text)');
  await client.query('BEGIN');
  await client.query('INSERT INTO note VALUES ($1, $2)', [1, 'x'.repeat(100000)]);
  await assert.rejects(client.query('INSERT INTO note VALUES ($1, $2)', [1, 'twice']), { code: '23505' });
  await assert.rejects(client.query('SELECT 1'), { code: '25P02' });
  await client.query('ROLLBACK');
  assert.strictEqual((await client.query('SELECT count(*)::int AS n FROM note')).rows[0].n, 0);
  const heard = new Promise((resolve) => client.on('notification', (note) => resolve(note.payload)));
  await client.query('LISTEN news');
  await client.query("SELECT pg_notify('news', 'hello')");
  assert.strictEqual(await heard, 'hello');
  await client.end();
}

async function pooled() {
  const pool = new Pool({ connectionString: url, max: 3 });
  const found = await Promise.all([...Array(20).keys()].map((n) => pool.query('SELECT $1::int AS n', [n])));
  assert.deepStrictEqual(found.map((result) => result.rows[0].n), [...Array(20).keys()]);
  await pool.end();
}

single().then(pooled).then(() => console.log('done'), (problem) => { console.error(problem); process.exit(1); });
