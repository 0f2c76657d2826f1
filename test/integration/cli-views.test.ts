import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openRunHistory, type RunHistory } from '../support/run-history.ts';

let history: RunHistory;

beforeAll(async () => {
  history = await openRunHistory('cliviews');
});

beforeEach(async () => {
  await history.clear();
});

afterAll(async () => {
  await history.close();
});

describe('reefline status', () => {
  test('shows each stage in the order of the data with a mark a label, and what the oldest waiting run lacks', async () => {
    await history.addSmallHistory();
    const { exitCode, stdout } = await history.reefline(['status']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`p
  hourly  1h  ●✗??  2020-03-03T11:00Z
  loaded  1h     ●  2020-03-03T08:00Z
  daily   1d     ○  2020-03-03T00:00Z
  2 done, 1 waiting, 1 failed, 2 missing
  1 waiting, the oldest for 1 h 05 m: p.daily 20200303000000, lacks warehouse.main.loaded 20200303100000

● done  ○ waiting  ✗ failed  ? missing   (one mark a label, the newest at the right; its start in UTC beside it)
`);
  });

  test('uses letters where the terminal shows no UTF-8, colours on a terminal, and fits into it', async () => {
    for (let hour = 0; hour < 10; hour += 1)
      await history.add({ stage: 'loaded', timelabel: `202003030${String(hour)}0000`, status: 'SUCCESS' });
    const ascii = await history.reefline(['status'], { env: { LANG: 'C' } });
    expect(ascii.stdout).toContain('  loaded  1h  **********  2020-03-03T09:00Z\n');
    const narrow = await history.reefline(['status'], { columns: 40, env: { NO_COLOR: '1' } });
    expect(narrow.stdout).toContain('  loaded  1h  ●●●●●●●  2020-03-03T09:00Z\n');
    expect((await history.reefline(['status'], { columns: 40 })).stdout).toContain('\u001b[32m●\u001b[39m');
  });

  test('shows every state that a label can have, and what is paused by whom', async () => {
    await history.add({ stage: 'loaded', timelabel: '20200303000000', status: 'SUCCESS' });
    await history.add({ stage: 'loaded', timelabel: '20200303000000', status: 'RUNNING', revision: 2 });
    await history.add({ stage: 'loaded', timelabel: '20200303010000', status: 'RUNNING' });
    await history.add({ stage: 'loaded', timelabel: '20200303020000', status: 'WAITING', late: true });
    await history.add({ stage: 'loaded', timelabel: '20200303030000', status: 'SKIPPED' });
    await history.add({ stage: 'loaded', timelabel: '20200303050000', status: 'SUPERSEDED' });
    await history.add({
      stage: 'loaded',
      timelabel: '20200303060000',
      status: 'FAILURE',
      outcome: 'QUARANTINED',
    });
    await history.db.query(
      `insert into reefline.held_run (stage, timelabel, cause, trigger) values ('p.loaded', '20200303070000', 'paused', 'event'), ('p.loaded', '20200303080000', 'storm', 'event')`,
    );
    await history.db.query(
      `insert into reefline.pause (scope, paused_by, reason, paused_at) values ('p', 'ada', 'the source moves', '2020-03-03T12:00:00Z'), ('p.loaded', 'bob', 'vacuum', '2020-03-03T12:35:00Z')`,
    );
    const { stdout } = await history.reefline(['status', '--stage', 'p.loaded']);
    expect(stdout).toContain('p paused\n');
    expect(stdout).toContain('  loaded  1h  ↻▶◷–·×⊘‖◫  2020-03-03T08:00Z paused\n');
    expect(stdout).toContain('  p was paused by ada 1 h 05 m ago: the source moves\n');
    expect(stdout).toContain('  p.loaded was paused by bob 30 m 00 s ago: vacuum\n');
    const { pipelines } = await history.json<{ pipelines: { stages: { labels: unknown[] }[] }[] }>(
      'status',
      '-s',
      'p.loaded',
    );
    expect(pipelines).toMatchObject([
      { pipeline: 'p', pause: { scope: 'p' }, counts: { restating: 1, late: 1 } },
    ]);
    expect(pipelines[0]?.stages[0]?.labels[0]).toEqual({
      timelabel: '20200303000000',
      state: 'restating',
      revision: 2,
    });
  });

  test('names the stage that was probably meant', async () => {
    const { exitCode, stderr } = await history.reefline(['status', '--stage', 'p.houry']);
    expect(exitCode).toBe(2);
    expect(stderr).toBe('error: There is no stage "p.houry": did you mean p.hourly?\n');
  });

  test('draws again and again until it is interrupted', async () => {
    const ctrlC = new AbortController();
    await history.addSmallHistory();
    const linesOf = (stdout: string): string[] => stdout.trim().split('\n');
    const { exitCode, stdout } = await history.reefline(['status', '--watch', '--json'], {
      interruption: ctrlC.signal,
      seen: (shown) => {
        if (linesOf(shown).length >= 2) ctrlC.abort();
      },
    });
    expect(exitCode).toBe(0);
    expect(linesOf(stdout)).toHaveLength(2);
    for (const line of linesOf(stdout)) expect(JSON.parse(line)).toHaveProperty('pipelines');
  });
});

describe('reefline runs', () => {
  test('list shows the runs that fit', async () => {
    await history.addSmallHistory();
    expect(await history.json('runs', 'list')).toHaveLength(4);
    const failed = await history.reefline(['runs', 'list', '--status', 'failure']);
    expect(failed.stdout).toBe(
      `stage     label           rev  outcome  trigger   opened                 took   rows  error
p.hourly  20200303090000    1  FAILURE  schedule  2020-03-03T12:00Z  3 m 05 s  1,234  unauthorized: permission denied for table orders
`,
    );
    expect(
      await history.json('runs', 'list', '--from', '2020-03-03T08:00', '--to', '2020-03-03T09:00'),
    ).toMatchObject([{ stage: 'p.hourly' }, { stage: 'p.loaded' }]);
    expect((await history.reefline(['runs', 'list', '--stage', 'p.loded'])).exitCode).toBe(2);
    expect(
      (await history.reefline(['runs', 'list', '--pipeline', 'p', '--label', '20200303000000'])).stdout,
    ).toContain('WAITING');
  });

  test('show gives inputs, error with cure, the temporal line, and the decisions', async () => {
    await history.addSmallHistory();
    await history.db.query(
      `insert into reefline.run_note (stage, timelabel, revision, decision, reason, actor, noted_at) values ('p.hourly', '20200303090000', 1, 'opened', 'schedule, with all its inputs', 'clock', '2020-03-03T12:00:00Z')`,
    );
    const loaded = await history.reefline(['runs', 'show', 'p.loaded', '20200303080000']);
    expect(loaded.stdout).toContain('p.loaded 20200303080000 revision 1  SUCCESS\n');
    expect(loaded.stdout).toMatch(/inputs +warehouse.main.hourly 20200303080000 r1\n/);
    expect(loaded.stdout).toMatch(
      /temporal workflow show --workflow-id run\/p.loaded\/20200303080000 --run-id temporal-run\n/,
    );
    const failed = await history.reefline(['runs', 'show', 'p.hourly', '20200303090000']);
    expect(failed.stdout).toMatch(/error +unauthorized: permission denied for table orders\n/);
    expect(failed.stdout).toMatch(/cure +Permit what .*: reefline run p.hourly 20200303090000\n/);
    expect(failed.stdout).toMatch(
      /Decisions\n.*\n2020-03-03T12:00Z +r1 +opened +clock +schedule, with all its inputs\n/,
    );
    const waiting = await history.reefline(['runs', 'show', 'p.daily', '20200303000000']);
    expect(waiting.stdout).toMatch(/lacks +warehouse.main.loaded 20200303100000\n/);
  });

  test('show tells apart a label without a run, a label that is none of the stage, and a missing revision', async () => {
    await history.addSmallHistory();
    const absent = await history.reefline(['runs', 'show', 'p.loaded', '20200303070000']);
    expect(absent).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('reefline run p.loaded 20200303070000'),
    });
    const offGrid = await history.reefline(['runs', 'show', 'p.daily', '20200303070000']);
    expect(offGrid).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('the interval of 20200303000000'),
    });
    const revision = await history.reefline([
      'runs',
      'show',
      'p.loaded',
      '20200303080000',
      '--revision',
      '3',
      '--json',
    ]);
    expect(JSON.parse(revision.stderr)).toEqual({
      error: { message: 'p.loaded 20200303080000 has no revision 3. There are 1.', exitCode: 2 },
    });
  });
});

describe('reefline schema history', () => {
  const dataset = 'warehouse.main.loaded';
  const int = { kind: 'int64' };
  const at = '2020-03-03T08:11:00Z';

  beforeAll(async () => {
    await history.db.query(
      `insert into reefline.dataset_schema (dataset, version, columns, timelabel, revision, seen_at) values
         ($1, 1, $2, '20200303080000', 1, $4), ($1, 2, $3, '20200303090000', 2, $4)`,
      [
        dataset,
        JSON.stringify([
          { name: 'id', type: int, nullable: false },
          { name: 'note', type: { kind: 'text' }, nullable: true },
          { name: 'price', type: { kind: 'float64' }, nullable: true },
        ]),
        JSON.stringify([
          { name: 'id', type: int, nullable: false },
          { name: 'price', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
          { name: 'seen', type: { kind: 'timestamp', zoned: true }, nullable: true },
        ]),
        at,
      ],
    );
  });

  test('shows what each version added, took away and retyped, the newest first, and the run that saw it', async () => {
    const all = await history.reefline(['schema', 'history', dataset]);
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.stdout).toBe(`Version 2, seen 2020-03-03T08:11Z by the run of 20200303090000, revision 2
  +  seen   timestamp with time zone
  -  note   text
  ~  price  float64 -> decimal(12,2), incompatible

Version 1, seen 2020-03-03T08:11Z by the run of 20200303080000, revision 1
  +  id     int64, never NULL
  +  note   text
  +  price  float64
`);
    // The newest alone still says what it changed.
    const newest = await history.json<{ version: number; changes: { change: string }[] }[]>(
      'schema',
      'history',
      dataset,
      '--limit',
      '1',
    );
    expect(newest.map(({ version, changes }) => [version, changes.map(({ change }) => change)])).toEqual([
      [2, ['COLUMN_ADDED', 'COLUMN_REMOVED', 'COLUMN_TYPE_CHANGED']],
    ]);
  });

  test('tells apart a dataset whose columns no run has seen, a stage, and a name that is none', async () => {
    const refused = async (name: string): Promise<string> => {
      const { exitCode, stderr } = await history.reefline(['schema', 'history', name]);
      expect(exitCode).toBe(2);
      return stderr;
    };
    expect(await refused('warehouse.main.daily')).toContain('reefline runs list --stage p.daily');
    expect(await refused('p.daily')).toContain('ask for the dataset that it produces, warehouse.main.daily');
    expect(await refused('warehouse.main.loadd')).toContain('warehouse.main.loaded');
  });
});

describe('the retention of the event log', () => {
  test('is told of by events show and endpoint replay: what it may have removed, and how the run of an event stands', async () => {
    await history.addSmallHistory();
    await history.db.query(`delete from reefline.data_event where event_id = 'p.loaded/20200303080000/r1'`);
    const absent = async (...words: string[]): Promise<string> => (await history.reefline([...words])).stderr;
    const removed = ['events', 'show', 'p.loaded/20200303080000/r1'];
    const standing =
      'The log has no event "p.loaded/20200303080000/r1". The ledger has the run (SUCCESS, since 2020-03-03T12:03Z): reefline runs show p.loaded 20200303080000 --revision 1.';
    expect(await absent(...removed)).toMatch(new RegExp(`${standing.replaceAll(/[().]/g, '.')}\\s*$`));
    const retention = { retention: { eventSeconds: 3_000 } };
    const plain = await history.db.query<{ project: unknown }>(
      'update reefline.config_version set project = project || $1 returning project',
      [retention],
    );
    expect(plain.rowCount).toBe(1);
    const range = ['--from', '2020-03-03T12:00Z', '--to', '2020-03-03T13:00Z', '--dry-run'];
    const late = ['--from', '2020-03-03T12:20Z', '--to', '2020-03-03T13:00Z', '--dry-run'];
    try {
      const kept = 'The event log keeps what came since 2020-03-03T12:15Z (retention in reefline.yaml)';
      expect(await absent(...removed)).toContain(`${standing} ${kept}`);
      expect(await absent('events', 'show', 'outside/0123')).toContain(kept);
      expect(await absent('deliveries', 'show', 'customers', 'outside/0123')).toContain(kept);
      // What has not been at all cannot have been removed.
      expect(await absent('events', 'show', 'p.hourly/20200303130000/r1')).not.toContain(kept);
      const replay = await history.reefline(['endpoint', 'replay', 'customers', ...range]);
      expect(replay.stdout).toContain('events arrived in that time');
      expect(replay.stdout).toContain(
        `${kept}: verdicts, deliveries and events of before may have been removed.`,
      );
      expect(replay.stdout).toMatch(/What was removed is not sent\.\n$/);
      expect(await history.json('endpoint', 'replay', 'customers', ...range)).toMatchObject({
        purgedBefore: '2020-03-03T12:15:00.000Z',
      });
      expect(await history.json('endpoint', 'replay', 'customers', ...late)).not.toHaveProperty(
        'purgedBefore',
      );
    } finally {
      await history.db.query(`update reefline.config_version set project = project - 'retention'`);
    }
  });
});
