import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { sendBatch } from '../../connectors/sqs/send.ts';
import type { Probed } from '../../workers/probe-endpoint.ts';
import { consume } from '../../examples/customer-queue/consume.ts';
import { openCustomerAccount } from '../support/customer-account.ts';
import { eventually } from '../support/eventually.ts';
import { freshQueue } from '../support/local-cloud.ts';
import { SHOP_PROJECT, shopWith, withProject } from '../support/project-files.ts';
import { logEvent, openRunHistory, type RunHistory } from '../support/run-history.ts';

let history: RunHistory;

beforeAll(async () => {
  history = await openRunHistory('clievents');
});

beforeEach(async () => {
  await history.clear();
});

afterAll(async () => {
  await history.close();
});

/** Ids of the events that `--json` prints, one a line. */
function idsOf(stdout: string): string[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { eventId: string }).eventId);
}

describe('reefline events', () => {
  test('search finds by dataset, label, outcome and text', async () => {
    await history.addSmallHistory();
    const ids = async (...options: string[]): Promise<string[]> =>
      (await history.json<{ eventId: string }[]>('events', 'search', ...options)).map(
        ({ eventId }) => eventId,
      );
    expect(await ids()).toEqual([
      'p.hourly/20200303090000/r1',
      'p.loaded/20200303080000/r1',
      'p.hourly/20200303080000/r1',
    ]);
    expect(await ids('--dataset', 'warehouse.main.loaded')).toEqual(['p.loaded/20200303080000/r1']);
    expect(await ids('--outcome', 'FAILURE')).toEqual(['p.hourly/20200303090000/r1']);
    expect(await ids('--text', 'PERMISSION denied')).toEqual(['p.hourly/20200303090000/r1']);
    expect(await ids('--text', '%')).toEqual([]);
    expect(await ids('--stage', 'p.hourly', '--to', '2020-03-03T09:00')).toEqual([
      'p.hourly/20200303080000/r1',
    ]);
    expect(await ids('--limit', '1')).toEqual(['p.hourly/20200303090000/r1']);
  });

  test('show gives fields, verdicts, deliveries, causes up and runs down', async () => {
    await history.addSmallHistory();
    await history.db.query(
      `insert into reefline.verdict (event_id, stage, timelabel, verdict, reason, config_version) values ('p.hourly/20200303080000/r1', 'p.loaded', '20200303080000', 'started', 'opened revision 1', 1)`,
    );
    await history.db.query(
      `insert into reefline.delivery (endpoint, seq, event_id, dataset, status, attempts, last_error, next_attempt_at) values ('customers', 1, 'p.hourly/20200303080000/r1', 'a.b.c', 'owed', 3, 'queue is gone', '2020-03-03T13:06:00Z')`,
    );
    const { stdout } = await history.reefline(['events', 'show', 'p.hourly/20200303080000/r1']);
    expect(stdout).toMatch(/event_type +data\n/);
    expect(stdout).toContain('Dependents\n  p.loaded  20200303080000  started  opened revision 1\n');
    expect(stdout).toContain(
      'Deliveries\n  customers  owed  3 attempts  next attempt in 1 m 00 s; queue is gone\n',
    );
    expect(stdout).toContain('Caused by: No event led to it.\n');
    expect(stdout).toContain('Led to\n  p.loaded 20200303080000 r1  SUCCESS\n');
    const down = await history.reefline(['events', 'show', 'p.loaded/20200303080000/r1']);
    expect(down.stdout).toMatch(
      /Caused by\n {2}p.hourly\/20200303080000\/r1 {2}SUCCESS {2}its run was opened by schedule/,
    );
    const absent = await history.reefline(['events', 'show', 'nothing']);
    expect(absent).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('reefline events search') });
    expect(absent.stderr).not.toContain('retention');
  });

  test('tail begins with the last ones and follows each new one once, also one that commits late', async () => {
    await history.addSmallHistory();
    const two = await history.reefline(['events', 'tail', '-n', '2', '--json']);
    expect(idsOf(two.stdout)).toEqual(['p.loaded/20200303080000/r1', 'p.hourly/20200303090000/r1']);
    const event = (table: string) => ({
      event_type: 'data',
      eventId: table,
      dataset: `warehouse.main.${table}`,
      timelabel: '20200303080000',
      revision: 1,
      status: 'SUCCESS',
      stage: null,
      rows: 5,
      error: null,
    });
    const late = await history.db.connect();
    await late.query('begin');
    await logEvent(late, event('late'), 'SUCCESS');
    await logEvent(history.db, event('early'), 'SUCCESS');
    const ctrlC = new AbortController();
    let shown: string[] = [];
    const following = history.reefline(['events', 'tail', '--follow', '-n', '1', '--json'], {
      interruption: ctrlC.signal,
      seen: (stdout) => (shown = idsOf(stdout)),
    });
    await eventually(() => expect(shown).toEqual(['early']));
    await late.query('commit');
    late.release();
    await logEvent(history.db, event('new'), 'SUCCESS');
    await eventually(() => expect(shown).toContain('new'));
    // One more look, in which nothing may come again.
    await logEvent(history.db, event('last'), 'SUCCESS');
    await eventually(() => expect(shown).toContain('last'));
    ctrlC.abort();
    const seen = idsOf((await following).stdout);
    expect(seen).toEqual(['early', 'late', 'new', 'last']);
  });

  test('tail shows one event a line for people', async () => {
    await history.addSmallHistory();
    const { stdout } = await history.reefline([
      'events',
      'tail',
      '--outcome',
      'failure',
      '--type',
      'redshift',
    ]);
    expect(stdout).toMatch(
      /^\S+Z {2}warehouse.main.hourly {2}20200303090000 r1 {2}FAILURE {2}1,234 rows {2}unauthorized: permission denied for table orders\n$/,
    );
    expect((await history.reefline(['events', 'tail', '--outcome', 'fine'])).exitCode).toBe(2);
  });
});

describe('reefline deliveries', () => {
  test('lists dead letters, and gives up those that are named: once, with the name of who decided', async () => {
    await history.addSmallHistory();
    const ids = ['p.hourly/20200303080000/r1', 'p.loaded/20200303080000/r1'];
    await history.db.query(
      `insert into reefline.delivery (endpoint, seq, event_id, dataset, status, attempts, error_class, last_error)
       select 'customers', seq, event_id, dataset, 'dead', 3, 'rejected', 'too long' from reefline.data_event where event_id = any($1)`,
      [ids],
    );
    const list = async (...options: string[]): Promise<string[]> =>
      (await history.json<{ eventId: string }[]>('deliveries', 'list', ...options)).map(
        ({ eventId }) => eventId,
      );
    expect((await list('--status', 'dead')).sort()).toEqual(ids);
    const discarded = await history.reefline(['deliveries', 'discard', 'customers', ids[0] ?? '', 'nobody']);
    expect(discarded.stdout).toBe(
      '1 dead letter of customers will never be sent.\nnobody is no dead letter of customers.\n',
    );
    expect(discarded.exitCode).toBe(1);
    expect(await list('--status', 'dead')).toEqual([ids[1]]);
    const { stdout } = await history.reefline(['deliveries', 'list', '--status', 'discarded']);
    expect(stdout).toMatch(/p\.hourly\/20200303080000\/r1.*discarded by \S+; rejected: too long/);
    // Nothing of it is dead any more, so nobody has to be woken.
    expect((await history.reefline(['deliveries', 'redrive', 'customers', ids[0] ?? ''])).stdout).toBe(
      `0 dead letters of customers will be sent again.\n${ids[0] ?? ''} is no dead letter of customers.\n`,
    );
  });

  test('show gives one with its event, its attempts, its error, and what can be done about it', async () => {
    await history.addSmallHistory();
    const id = 'p.loaded/20200303080000/r1';
    await history.db.query(
      `insert into reefline.delivery (endpoint, seq, event_id, dataset, attempts, error_class, last_error, next_attempt_at)
       select 'customers', seq, event_id, dataset, 3, 'unauthorized', 'no access', '2020-03-03T13:06:00Z' from reefline.data_event where event_id = $1`,
      [id],
    );
    const show = async (): Promise<string> =>
      (await history.reefline(['deliveries', 'show', 'customers', id])).stdout;
    const owed = await show();
    expect(owed).toMatch(
      /dataset +warehouse\.main\.loaded\n.*20200303080000\n.*SUCCESS\nstatus +owed\nattempts +3\n/,
    );
    expect(owed).toMatch(
      /next attempt +2020-03-03T13:06:00.000Z, in 1 m 00 s\nlast error +unauthorized: no access\n/,
    );
    expect(owed).toMatch(/\n\nPermit what the error names to the role of the workers\.\n$/);
    await history.db.query(`update reefline.endpoint set paused_at = clock_timestamp()`);
    const paused = await show();
    await history.db.query(`update reefline.endpoint set paused_at = null`);
    expect(paused).toMatch(/next attempt +when the endpoint is resumed\n/);
    expect(paused).toContain(': reefline endpoint resume customers\n');
    await history.db.query(`update reefline.delivery set status = 'dead'`);
    const dead = await history.json<{ outcome: string; remedies: { command: string | null }[] }>(
      ...['deliveries', 'show', 'customers', id],
    );
    expect(dead).toMatchObject({
      status: 'dead',
      errorClass: 'unauthorized',
      lastError: 'no access',
      paused: false,
    });
    expect(dead.remedies.map(({ command }) => command)).toEqual([
      null,
      `reefline deliveries redrive customers ${id}`,
      `reefline deliveries discard customers ${id}`,
    ]);
    await history.reefline(['deliveries', 'discard', 'customers', id]);
    expect(await show()).toMatch(/decided +discard by \S+, \d{4}-\S+Z\n$/);
    const refusals = await Promise.all(
      [
        ['custmers', id],
        ['customers', 'nothing'],
        ['customers', 'p.hourly/20200303080000/r1'],
      ].map((words) => history.reefline(['deliveries', 'show', ...words])),
    );
    expect(refusals.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [2, expect.stringContaining('There is no endpoint "custmers"')],
      [2, expect.stringContaining('The log has no event "nothing"')],
      [2, expect.stringContaining('customers was never owed the event')],
    ]);
  });

  test('replay counts what it would send, by times of arrival and the filter in force, and owes nothing then', async () => {
    await history.addSmallHistory();
    const count = async (...options: string[]): Promise<unknown> =>
      history.json(...['endpoint', 'replay', 'customers', '--dry-run', ...options]);
    const day = ['--from', '2020-03-03', '--to', '2020-03-04'];
    const counted = await count(...day);
    expect(counted).toMatchObject({ endpoint: 'customers', events: 3, passed: 3 });
    expect(await count(...day)).toEqual(counted);
    expect(await count(...day, '--dataset', 'warehouse.main.loaded')).toMatchObject({ events: 1, passed: 1 });
    expect(await count('--from', '2020-03-03T12:04', '--to', '2020-03-03T12:05Z')).toMatchObject({
      events: 3,
    });
    expect(await count('--from', '2020-03-02', '--to', '2020-03-03T12:04Z')).toMatchObject({ events: 0 });
    await history.db.query(
      `update reefline.endpoint set definition = definition || '{"on": ["FAILURE"], "maxAgeSeconds": 36000}'`,
    );
    expect(await count(...day)).toMatchObject({ events: 3, passed: 1 });
    await history.db.query(`update reefline.endpoint set definition = definition - 'on' - 'maxAgeSeconds'`);
    const rows = await history.db.query(
      'select 1 from reefline.delivery union all select 1 from reefline.replay',
    );
    expect(rows.rowCount).toBe(0);
    const refusals = await Promise.all(
      [
        ['customers', '--from', '2020-03-04', '--to', '2020-03-03'],
        ['customers', '--from', 'yesterday', '--to', '2020-03-03'],
        ['customers', ...day, '--id', 'no name'],
        ['custmers', ...day],
      ].map((words) => history.reefline(['endpoint', 'replay', ...words])),
    );
    expect(refusals.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [2, expect.stringContaining('--from has to be before --to')],
      [2, expect.stringContaining('"yesterday" is no time')],
      [2, expect.stringContaining('"no name" is no name of a replay')],
      [2, expect.stringContaining('There is no endpoint "custmers"')],
    ]);
  });

  test('refuse an unknown endpoint, and a decision about nothing or everything at once', async () => {
    for (const words of [
      ['redrive', 'custmers', '--all'],
      ['discard', 'customers'],
      ['redrive', 'customers', 'x', '--all'],
    ]) {
      const { exitCode, stderr } = await history.reefline(['deliveries', ...words]);
      expect([words, exitCode]).toEqual([words, 2]);
      expect(stderr).toMatch(/There is no endpoint "custmers": .*customers|Name the events to/);
    }
  });
});

describe('reefline endpoint test', () => {
  const ROLE = { arn: 'arn:aws:iam::444455556666:role/reefline-events', externalId: 'acme-7f3a' };

  test('sends as the role of the endpoint, and says which statement is missing when it is refused', async () => {
    const queue = await freshQueue('probed');
    const account = await openCustomerAccount(ROLE);
    const before = { ...process.env };
    Object.assign(process.env, account.env);
    const run = async (
      extra: string,
      id = ROLE.externalId,
      words: string[] = [],
    ): ReturnType<typeof history.reefline> =>
      withProject(
        {
          ...SHOP_PROJECT,
          'reefline.yaml': (SHOP_PROJECT['reefline.yaml'] ?? '').replace(
            '_QUEUE_URL}"',
            `_QUEUE_URL}"${extra}`,
          ),
        },
        (dir) =>
          history.reefline(['endpoint', 'test', 'customers', dir, ...words], {
            env: { CUSTOMER_QUEUE_URL: queue.url, CUSTOMER_ROLE_ID: id },
          }),
      );
    const role = `, roleArn: "${ROLE.arn}", externalId: "\${env:CUSTOMER_ROLE_ID}"`;
    try {
      const sent = await run(role);
      expect(sent.stdout).toMatch(
        /^customers took the probe in the queue probed-\w+ of account 000000000000 in us-east-1, as arn:aws:iam::444455556666:role\/reefline-events: message [0-9a-f-]{36}\./,
      );
      expect(sent.exitCode).toBe(0);
      const inEvents = await run(`${role}, format: cloudevents`);
      expect(inEvents.exitCode).toBe(0);

      const asItself = await run('', ROLE.externalId, ['--json']);
      expect(asItself.exitCode).toBe(1);
      const { error } = JSON.parse(asItself.stdout) as Probed;
      expect(error).toMatchObject({ class: 'unauthorized', missing: [{ where: /policy of the queue/ }] });
      expect(error?.missing[0]?.statement).toMatchObject({
        Principal: { AWS: 'arn:aws:iam::111122223333:role/reefline-worker' },
        Action: 'sqs:SendMessage',
        Resource: `arn:aws:sqs:us-east-1:000000000000:${queue.name}`,
      });
      const stranger = await run(role, 'another');
      expect(stranger.exitCode).toBe(1);
      expect(stranger.stdout).toContain('"sts:ExternalId": "another"');
      expect(stranger.stdout).toContain('may not assume arn:aws:iam::444455556666:role/reefline-events');
      const inbound = async (extra: string): Promise<{ stdout: string; exitCode: number }> =>
        withProject(
          shopWith(
            `inbound: { fares: { kind: sqs, queueUrl: "\${env:IN_URL}", deadLetterQueueUrl: "\${env:DEAD_URL}", mapping: data-event${extra} } }`,
          ),
          (dir) =>
            history.reefline(['inbound', 'test', 'fares', dir], {
              env: { IN_URL: queue.url, DEAD_URL: `${queue.url}-gone`, CUSTOMER_ROLE_ID: ROLE.externalId },
            }),
        );
      const asked = await inbound(role);
      expect(asked.stdout).toMatch(
        /^queueUrl, the queue probed-\w+ .*answers, as arn:.* Messages waiting: 2, held: 0\.\nIts visibility timeout is 30 s/,
      );
      expect(asked.stdout).toMatch(
        /\n\ndeadLetterQueueUrl, .* does not answer.*\nThere is no queue probed-\w+-gone/,
      );
      expect(asked.exitCode).toBe(1);
      expect((await inbound('')).stdout).toMatch(/does not let \S+ read it\.[^]*"sqs:ReceiveMessage"/);

      account.refuseKey();
      const encrypted = await run(role);
      expect(encrypted.exitCode).toBe(1);
      expect(encrypted.stdout).toMatch(/KMS key .*kms:generatedatakey[^]*In the policy of the KMS key/);
    } finally {
      for (const name of Object.keys(account.env)) process.env[name] = before[name];
      await account.stop();
    }
    // The two probes that arrived are dropped by a consumer as the page for customers has it; an event is handled.
    const sqs = createSqsClient({});
    await sendBatch({ client: sqs, queueUrl: queue.url }, [
      { id: 'a', group: 'a.b.c', body: '{"rows":3}', attributes: { eventId: 'a', event_type: 'data' } },
    ]);
    const handled: unknown[] = [];
    const reading = consume(sqs, queue.url, (eventId, message) => {
      handled.push([eventId, message]);
      return Promise.reject(new Error('enough'));
    });
    await expect(reading).rejects.toThrow('enough');
    expect(handled).toEqual([['a', { rows: 3 }]]);
    sqs.destroy();
    await queue.drop();
  });
});
