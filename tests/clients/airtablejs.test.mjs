// The real airtable.js against the sandbox at SANDBOX_URL.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import Airtable from 'airtable';

const endpointUrl = process.env.SANDBOX_URL;
const connect = (apiKey) => new Airtable({ apiKey, endpointUrl, noRetryIfRateLimited: false });
const base = connect('patSandbox00000000.sandbox').base('appaPqizdsNHDvlEm');
const table = base('TEST_TABLE');

async function empty() {
  const all = await table.select().all();
  while (all.length > 0) {
    await table.destroy(all.splice(0, 10).map((record) => record.id));
  }
}
beforeEach(empty);
after(empty);

const control = (path, body) =>
  fetch(`${endpointUrl}/_sandbox/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('a record is created, read, changed, replaced and destroyed', async () => {
  const made = await table.create({ text: 'A', number: 1, boolean: true });
  assert.equal((await table.find(made.id)).get('text'), 'A');
  const changed = await table.update(made.id, { text: 'B' });
  assert.deepEqual(changed.fields, { text: 'B', number: 1, boolean: true });
  const replaced = await table.replace(made.id, { number: 2 });
  assert.deepEqual(replaced.fields, { number: 2 });
  assert.equal((await table.destroy(made.id)).id, made.id);
  await assert.rejects(table.find(made.id), { statusCode: 403 });
});

test('batches of ten go through and eleven are refused', async () => {
  const rows = (n) => Array.from({ length: n }, (_, i) => ({ fields: { number: i } }));
  const made = await table.create(rows(10));
  assert.equal(made.length, 10);
  const changed = await table.update(made.map(({ id }) => ({ id, fields: { text: 'x' } })));
  assert.ok(changed.every((record) => record.get('text') === 'x'));
  await assert.rejects(table.create(rows(11)), { statusCode: 422 });
});

test('select walks every page in order', async () => {
  for (let i = 0; i < 3; i += 1) {
    await table.create(Array.from({ length: 4 }, (_, j) => ({ fields: { number: i * 4 + j } })));
  }
  const sizes = [];
  await table
    .select({ pageSize: 5, sort: [{ field: 'number', direction: 'desc' }], fields: ['number'] })
    .eachPage((records, next) => {
      sizes.push(records.length);
      next();
    });
  assert.deepEqual(sizes, [5, 5, 2]);
  const first = await table.select({ maxRecords: 2, sort: [{ field: 'number' }] }).firstPage();
  assert.deepEqual(first.map((record) => record.get('number')), [0, 1]);
  const filtered = await table.select({ filterByFormula: '{number} >= 10', view: 'view' }).all();
  assert.equal(filtered.length, 2);
});

test('an address too long becomes a body', async () => {
  await table.create({ text: 'kept' });
  const filterByFormula = `{text} != '${'x'.repeat(16_000)}'`;
  assert.equal((await table.select({ filterByFormula }).all()).length, 1);
});

test('fields come back by id, and values are cast', async () => {
  const [made] = await table.create([{ fields: { number: '7' } }], { typecast: true });
  const [record] = await table.select({ returnFieldsByFieldId: true }).all();
  assert.equal(record.id, made.id);
  assert.deepEqual(record.fields, { fldFLyuxGuWobyMV2: 7 });
});

test('errors carry their name, message and status', async () => {
  await assert.rejects(table.select({ filterByFormula: 'NOPE(' }).all(), {
    error: 'INVALID_FILTER_BY_FORMULA',
    statusCode: 422,
  });
  await assert.rejects(table.create({ nope: 1 }), { error: 'UNKNOWN_FIELD_NAME' });
  await assert.rejects(connect('patWrong').base('appaPqizdsNHDvlEm')('TEST_TABLE').select().all(), {
    statusCode: 401,
  });
  await assert.rejects(connect('patSandbox00000000.sandbox').base('appNope')('T').select().all(), {
    statusCode: 404,
  });
});

test('a page cut short by a gateway is an error, not rows', async () => {
  await control('faults', { fault: { kind: 'html', status: 502 }, path: '/v0/*', times: 1 });
  await assert.rejects(table.select().all(), { statusCode: 502 });
  await control('faults', {
    fault: { kind: 'status', status: 503, type: 'SERVICE_UNAVAILABLE' },
    path: '/v0/*',
    times: 1,
  });
  await assert.rejects(table.select().all(), { statusCode: 503 });
});
