import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { emptyCatalog } from '../support/catalog-contents.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { FlakyPool } from '../support/flaky-pool.ts';
import { projectOf } from '../support/project.ts';
import { IN_ORDER, RoutingPlay } from '../support/routing-play.ts';

/*
 * A service outside reports a label that a stage is just making. Whoever reads the label then has not read what the run
 * writes afterwards, although the report has the higher revision.
 */
const DAY = '20010105000000';
const PROJECT = projectOf([
  { name: 'source', period: '1d' },
  { name: 'made', period: '1d', reads: ['source'] },
  { name: 'below', period: '1d', reads: ['made'] },
]);

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('reported_meanwhile', PROJECT);
});
afterAll(async () => {
  await catalog.close();
});

function event(table: string): object {
  const named = { event_type: 'data', type: 'redshift', schema: 'main', table };
  return { ...named, timelabel: DAY, status: 'SUCCESS', rows: 1 };
}

interface Ended {
  /** How often the label was made. */
  readonly made: number;
  /** True when a run closed after the report. */
  readonly overtaken: boolean;
}

/** The report comes after so many turns of everybody. */
async function playWithReport(turns: number): Promise<Ended & { readonly play: RoutingPlay }> {
  await emptyCatalog(catalog.db);
  const configs = new ConfigStore();
  await storeConfig(catalog.db, PROJECT, 'test');
  const play = new RoutingPlay(new FlakyPool(catalog.db), configs);
  play.send('p', event('source'));
  await play.settle(IN_ORDER, turns);
  play.send('p', event('made'));
  await play.settle();
  const [first] = await catalog.values(
    `select exists (select 1 from reefline.stage_run r join reefline.data_event e using (dataset, timelabel)
      where r.stage = 'p.made' and e.stage is null and r.revision < e.revision and r.closed_at > e.received_at)`,
  );
  return {
    play,
    made: play.begun.filter((run) => run.startsWith('p.made')).length,
    overtaken: first === true,
  };
}

test('whatever moment a service reports a label at, the newest revision is what was written last, and is read', async () => {
  const seen = new Set<string>();
  let after = 0;
  for (let turns = 0; after < 3; turns += 1) {
    const { made, overtaken, play } = await playWithReport(turns);
    // Once more when a run wrote after the report, and only then.
    expect({ turns, made }).toEqual({ turns, made: overtaken ? 2 : 1 });
    seen.add(overtaken ? 'during' : 'before or after');
    const [newest] = await catalog.values(
      `select max(revision) from reefline.data_event where dataset = 'warehouse.main.made' and timelabel = $1`,
      DAY,
    );
    const [read] = await catalog.values(
      `select max(input_revision) from reefline.run_input where stage = 'p.below' and timelabel = $1`,
      DAY,
    );
    expect({ turns, read }).toEqual({ turns, read: newest });
    expect({ turns, failures: play.failures, open: play.openRuns() }).toEqual({
      turns,
      failures: [],
      open: [],
    });
    after = seen.has('during') && !overtaken ? after + 1 : 0;
  }
  expect(seen).toEqual(new Set(['during', 'before or after']));
});
