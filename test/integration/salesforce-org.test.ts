import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from 'jsforce';
import { upsertRecords } from '../../connectors/salesforce/publish.ts';
import { JobLog } from '../../connectors/salesforce/resume.ts';
import { openOrg } from '../../connectors/salesforce/session.ts';
import { describeTarget } from '../../connectors/salesforce/target.ts';
import type { Column } from '../../pipeline/column.ts';
import { openTestOrg, type TestOrg } from '../support/salesforce-org.ts';

let crm: TestOrg;
let api: Connection;
beforeEach(async () => {
  crm = await openTestOrg({ uploadBytes: 10_000 });
  api = await crm.client();
});
afterEach(() => crm.close());

const request = (
  method: 'POST' | 'PUT' | 'PATCH' | 'GET',
  path: string,
  body?: string,
  type = 'application/json',
) =>
  api.request<Record<string, unknown>>({
    method,
    url: `/services/data/v62.0/${path}`,
    ...(body === undefined ? {} : { body, headers: { 'Content-Type': type } }),
  });
const newJob = async (more: object = {}): Promise<string> => {
  const body = {
    operation: 'upsert',
    object: 'Account',
    externalIdFieldName: 'Shop_Id__c',
    lineEnding: 'LF',
    ...more,
  };
  const { id } = await request('POST', 'jobs/ingest', JSON.stringify(body));
  return String(id);
};
const upload = (id: string, csv: string) => request('PUT', `jobs/ingest/${id}/batches`, csv, 'text/csv');
const setState = (id: string, state: string) =>
  request('PATCH', `jobs/ingest/${id}`, JSON.stringify({ state }));
const ended = async (csv: string, more: object = {}) => {
  const id = await newJob(more);
  await upload(id, csv);
  await setState(id, 'UploadComplete');
  const job = api.bulk2.job('ingest', { id });
  await job.poll(5, 5_000).catch(() => undefined);
  return { id, job, info: await job.check() };
};

describe('the local org refuses what Salesforce refuses', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['an unknown resource', () => request('GET', 'nothing'), 'NOT_FOUND'],
    ['an unknown object', () => api.describe('Nothing__c'), 'NOT_FOUND'],
    ['a query of an unknown object', () => crm.query('SELECT Id FROM Nothing__c'), 'INVALID_TYPE'],
    ['a query of an unknown field', () => crm.query('SELECT Nothing FROM Account'), 'INVALID_FIELD'],
    ['a query that is none', () => crm.query('SELECT FROM'), 'MALFORMED_QUERY'],
    ['a job for an unknown object', () => newJob({ object: 'Nothing__c' }), 'INVALIDJOB'],
    ['a job without external id', () => newJob({ externalIdFieldName: '' }), 'INVALIDJOB'],
    ['a job by a field that is no external id', () => newJob({ externalIdFieldName: 'Name' }), 'INVALIDJOB'],
    [
      'an upload that is too large',
      async () => upload(await newJob(), 'x'.repeat(10_001)),
      'REQUEST_ENTITY_TOO_LARGE',
    ],
  ])('%s', async (_what, ask, errorCode) => {
    await expect(ask()).rejects.toMatchObject({ errorCode });
  });

  test('a second upload, an upload to a closed job, and a state that cannot follow', async () => {
    const id = await newJob();
    await expect(setState(id, 'UploadComplete')).rejects.toMatchObject({ errorCode: 'INVALIDJOBSTATE' });
    await upload(id, 'Shop_Id__c,Name\n1,a\n');
    await expect(upload(id, 'Shop_Id__c,Name\n2,b\n')).rejects.toMatchObject({ errorCode: 'API_ERROR' });
    await setState(id, 'UploadComplete');
    await expect(upload(id, 'Shop_Id__c,Name\n2,b\n')).rejects.toMatchObject({
      errorCode: 'INVALIDJOBSTATE',
    });
    await api.bulk2.job('ingest', { id }).poll(5, 5_000);
    await expect(setState(id, 'Aborted')).rejects.toMatchObject({ errorCode: 'INVALIDJOBSTATE' });
    expect(await crm.query('SELECT Name FROM Account')).toEqual([{ Name: 'a' }]);
  });

  test.each([
    [
      'other line ends than it says',
      'Shop_Id__c,Name\r\n1,a\r\n',
      /^ClientInputError : LineEnding is invalid/,
    ],
    ['an unknown field', 'Shop_Id__c,Nothing\n1,a\n', /^InvalidBatch : Field name not found : Nothing/],
    ['a read-only field', 'Shop_Id__c,Score__c\n1,1\n', /^InvalidBatch : Field name not found : Score__c/],
    ['no external id', 'Name\na\n', /^InvalidBatch : External id/],
  ])('a job whose CSV has %s fails as a whole', async (_what, csv, errorMessage) => {
    const { info, job } = await ended(csv);
    expect(info.state).toBe('Failed');
    expect(info.errorMessage).toMatch(errorMessage);
    expect(await job.getUnprocessedRecords(true)).toBe(csv);
    expect(await crm.query('SELECT Id FROM Account')).toEqual([]);
  });

  test.each([
    ['a required field that is missing', 'Shop_Id__c,Name\n1,#N/A\n', 'REQUIRED_FIELD_MISSING:'],
    [
      'an external id twice',
      'Shop_Id__c,Name\na,a\nA,b\n',
      'DUPLICATE_VALUE:Duplicate external id specified',
    ],
    ['a text that is too long', `Shop_Id__c,Name\n1,${'x'.repeat(81)}\n`, 'STRING_TOO_LONG:'],
    ['a word for a number', 'Shop_Id__c,Name,Orders__c\n1,a,many\n', 'INVALID_TYPE_ON_FIELD_IN_RECORD:'],
    [
      'a number that is too large',
      'Shop_Id__c,Name,Orders__c\n1,a,123456789\n',
      'NUMBER_OUTSIDE_VALID_RANGE:',
    ],
    [
      'a time without zone',
      'Shop_Id__c,Name,Seen__c\n1,a,2024-01-01T00:00:00\n',
      'INVALID_TYPE_ON_FIELD_IN_RECORD:',
    ],
    ['no checkbox', 'Shop_Id__c,Name,Active__c\n1,a,#N/A\n', 'INVALID_TYPE_ON_FIELD_IN_RECORD:'],
    ['no address', 'Shop_Id__c,Name,Email__c\n1,a,nobody\n', 'INVALID_EMAIL_ADDRESS:'],
  ])('a row with %s, and only that row', async (_what, csv, error) => {
    // An empty value leaves its field alone.
    const empty = ','.repeat((csv.split('\n')[0]?.split(',').length ?? 2) - 2);
    const { info, job } = await ended(`${csv}good,good${empty}\n`);
    expect(info).toMatchObject({ state: 'JobComplete', numberRecordsFailed: 1 });
    expect((await job.getFailedResults())[0]?.sf__Error).toMatch(error);
    expect(await crm.query("SELECT Name FROM Account WHERE Shop_Id__c = 'good'")).toEqual([{ Name: 'good' }]);
  });

  test('changes silently what Salesforce changes silently', async () => {
    await ended('Shop_Id__c,Name,Revenue__c,Seen__c\n1," a\nb ",1.005,2024-01-01T00:00:00.999Z\n');
    expect(await crm.query('SELECT Name, Revenue__c, Seen__c FROM Account')).toEqual([
      { Name: 'a b', Revenue__c: 1, Seen__c: '2024-01-01T00:00:00.000+0000' },
    ]);
  });
});

test('the local org deletes a record once, and refuses the second time', async () => {
  await ended('Shop_Id__c,Name\n1,a\n2,b\n');
  const { records } = await api.query<{ Id: string }>("SELECT Id FROM Account WHERE Shop_Id__c = '1'");
  const id = records[0]?.Id ?? '';
  await api.sobject('Account').destroy(id);
  expect(await crm.query('SELECT Shop_Id__c FROM Account')).toEqual([{ Shop_Id__c: '2' }]);
  await expect(api.sobject('Account').destroy(id)).rejects.toMatchObject({ errorCode: 'NOT_FOUND' });
});

describe('sending in several jobs', () => {
  const text = (name: string): Column => ({ name, type: { kind: 'text' }, nullable: true });
  const rows = Array.from({ length: 10 }, (_, at) => [String(at), `name ${String(at)}`]);
  const send = async (
    bounds: { bytes: number; rows: number },
    lastHeartbeat?: unknown,
    atEnd?: () => void,
  ) => {
    const org = await openOrg('crm', crm.connection, new AbortController().signal);
    const request = {
      object: 'account',
      columns: [text('shop_id__c'), text('name')],
      key: 'shop_id__c',
      fields: {},
    };
    const target = await describeTarget(org, request);
    const beats: unknown[] = [];
    const ends: number[] = [];
    const log = new JobLog({
      lastHeartbeat,
      heartbeat: (details) => beats.push(structuredClone(details)),
      signal: new AbortController().signal,
    });
    const done = upsertRecords(
      org,
      {
        target,
        pages: pages(),
        bounds,
        ended: (_job, sent) => {
          ends.push(sent);
          atEnd?.();
          return Promise.resolve();
        },
      },
      log,
    );
    return { done, beats, ends };
  };
  async function* pages() {
    yield rows.slice(0, 7);
    yield rows.slice(7);
  }
  const made = () => crm.org.requests.filter((each) => each === 'POST jobs/ingest').length;

  test.each([
    ['rows', { bytes: 1_000_000, rows: 4 }, [4, 4, 2]],
    ['bytes', { bytes: 60, rows: 1_000 }, [3, 3, 3, 1]],
  ])('keeps the bound of %s, and all rows arrive', async (_what, bounds, sizes) => {
    const { done, ends } = await send(bounds);
    await done;
    expect(ends).toEqual(sizes);
    expect(await crm.query('SELECT Shop_Id__c, Name FROM Account ORDER BY Shop_Id__c')).toEqual(
      rows.map(([id, name]) => ({ Shop_Id__c: id, Name: name })),
    );
  });

  test('no row has a file that a killed worker would leave behind', async () => {
    const spooled = () => readdirSync(tmpdir()).filter((name) => /^reefline-salesforce-[^-]*$/.test(name));
    const before = spooled();
    const during: string[] = [];
    const { done } = await send(
      { bytes: 1_000_000, rows: 4 },
      undefined,
      () => void during.push(...spooled()),
    );
    await done;
    expect(during.filter((name) => !before.includes(name))).toEqual([]);
  });

  test('an attempt after one that died between two jobs sends only the rest', async () => {
    const bounds = { bytes: 1_000_000, rows: 4 };
    // The end of the first job is told; the request for the second one breaks.
    const first = await send(bounds, undefined, () => {
      crm.org.interrupt('before', /^POST .*ingest$/);
    });
    await expect(first.done).rejects.toMatchObject({ failureClass: 'unavailable' });
    expect(made()).toBe(1);
    const second = await send(bounds, first.beats.at(-1));
    await second.done;
    expect(second.ends).toEqual([4, 4, 2]);
    expect(made()).toBe(3);
  });

  test('stops between two jobs when the org reports that requests run out, and the next attempt goes on from there', async () => {
    const { allocation } = crm.org;
    const bounds = { bytes: 1_000_000, rows: 4 };
    const first = await send(bounds, undefined, () => {
      if (made() === 1) allocation.allow({ requests: allocation.used().requests + 9 });
    });
    await expect(first.done).rejects.toMatchObject({
      failureClass: 'throttled',
      facts: { limit: 'DailyApiRequests', needed: 10 },
    });
    expect(first.ends).toEqual([4, 4]);
    allocation.allow({ requests: 15_000 });
    await (
      await send(bounds, first.beats.at(-1))
    ).done;
    expect(made()).toBe(3);
    expect(await crm.query('SELECT Id FROM Account')).toHaveLength(10);
  });
});

describe('an org that gives no answer', () => {
  const server = createServer(() => undefined);
  const original = globalThis.setTimeout;
  beforeEach(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    Object.assign(globalThis, { setTimeout: original });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const signIn = (signal: AbortSignal): Promise<unknown> => {
    const loginUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    return openOrg('crm', { ...crm.connection, loginUrl }, signal).catch((error: unknown) => error);
  };

  test('is given up after the time that the documentation states', async () => {
    // The limit passes in a tenth of a second, and that of jsforce, which is a second longer, in two.
    const hurried = (work: () => void, delay = 0): unknown =>
      original(work, delay < 599_000 ? delay : (delay - 599_000) / 10);
    Object.assign(globalThis, { setTimeout: hurried });
    const outcome = signIn(new AbortController().signal);
    expect(await outcome).toMatchObject({
      failureClass: 'timeout',
      message: expect.stringContaining('it gave no complete answer within 600 seconds'),
    });
  });

  test('does not hold an attempt that is told to stop', async () => {
    const stop = new AbortController();
    const asked = once(server, 'request');
    const outcome = signIn(stop.signal);
    await asked;
    stop.abort();
    expect(await outcome).toMatchObject({ message: expect.stringContaining('told to stop') });
  });
});
