import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { storeConfig } from '../../catalog/config-store.ts';
import type { Period } from '../../pipeline/period.ts';
import { CatalogPlay } from '../support/catalog-play.ts';
import { openTestCatalog, type TestCatalog } from '../support/catalog.ts';
import { projectOf, type StageSketch } from '../support/project.ts';

/*
 * The query that finds what is settled, against generated graphs: after everything has run, one label of a source is
 * restated, and each label below runs once more, whatever the interleaving. test/unit/settled.test.ts proves the rule itself.
 */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  '12h': ['20010105000000', '20010105120000'],
  '1d': ['20010105000000'],
};
const SOURCES = ['s0', 's1'];

const graphs: fc.Arbitrary<readonly StageSketch[]> = fc
  .array(
    fc.record({
      period: fc.constantFrom<Period>('12h', '12h', '1d'),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 3, maxLength: 5 },
  )
  .map((drawn) => {
    const graph: StageSketch[] = SOURCES.map((name) => ({ name, period: '12h' }));
    for (const [at, { period, picks }] of drawn.entries()) {
      const fitting = graph.filter((one) => one.period === '12h' || period === '1d');
      const reads = [...new Set(picks.map((pick) => fitting[pick % fitting.length]?.name ?? ''))];
      graph.push({ name: `d${String(at)}`, period, reads });
    }
    return graph;
  });

let catalog: TestCatalog;

beforeAll(async () => {
  catalog = await openTestCatalog('settled', projectOf([{ name: 's0', period: '12h' }]));
});
afterAll(async () => {
  await catalog.close();
});

function sourceEvent(name: string, timelabel: string, rows: number): object {
  const event = { event_type: 'data', type: 'redshift', schema: 'main', table: name };
  return { ...event, timelabel, status: 'SUCCESS', rows };
}

async function settle(play: CatalogPlay, picks: readonly number[]): Promise<void> {
  for (let step = 0; play.pending.length + play.running.length > 0; step += 1) {
    const pick = (picks[step % Math.max(1, picks.length)] ?? 0) + step * 5;
    const at = pick % (play.pending.length + play.running.length);
    const run = play.running[at - play.pending.length];
    if (run !== undefined) await play.end(run);
    else {
      const twice = pick % 6 === 0 && step < 100;
      const [event] = twice ? play.pending.slice(at, at + 1) : play.pending.splice(at, 1);
      await play.deliver(event);
    }
  }
}

/** `p.stage label` of everything below the label of a source. */
function below(graph: readonly StageSketch[], source: string, timelabel: string): readonly string[] {
  const found = new Set<string>();
  const walk = (name: string, at: string): void => {
    for (const next of graph) {
      if (next.reads?.includes(name) !== true) continue;
      const label = next.period === '1d' ? '20010105000000' : at;
      const key = `p.${next.name} ${label}`;
      if (found.has(key)) continue;
      found.add(key);
      walk(next.name, label);
    }
  };
  walk(source, timelabel);
  return [...found].sort();
}

describe('on a real catalog, one restatement at the top', () => {
  test('runs each label below exactly once and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.nat(1), fc.array(fc.nat(), { maxLength: 30 }), async (graph, at, picks) => {
        await catalog.db.query(
          `truncate reefline.data_event, reefline.verdict, reefline.stage_run, reefline.run_input, reefline.run_note, reefline.held_run`,
        );
        await storeConfig(catalog.db, projectOf(graph), 'test');
        const play = new CatalogPlay(catalog, () => false);
        for (const name of SOURCES)
          for (const label of LABELS['12h'] ?? []) play.pending.push(sourceEvent(name, label, 1));
        await settle(play, picks);
        const derived = graph.filter(({ reads }) => reads !== undefined);
        const all = derived.flatMap(({ name, period }) =>
          (LABELS[period] ?? []).map((label) => `p.${name} ${label} r1`),
        );
        expect([...play.begun].sort()).toEqual(all.sort());
        play.begun.length = 0;
        const label = LABELS['12h']?.[at] ?? '';
        play.pending.push(sourceEvent('s0', label, 2));
        await settle(play, [...picks].reverse());
        expect([...play.begun].sort()).toEqual(below(graph, 's0', label).map((key) => `${key} r2`));
      }),
      { numRuns: 25 },
    );
  }, 540_000);

  test('of which a branch fails makes no join of old and new', async () => {
    await fc.assert(
      fc.asyncProperty(
        graphs,
        fc.nat(4),
        fc.array(fc.nat(), { maxLength: 30 }),
        async (graph, broken, picks) => {
          await catalog.db.query(
            `truncate reefline.data_event, reefline.verdict, reefline.stage_run, reefline.run_input, reefline.run_note, reefline.held_run`,
          );
          await storeConfig(catalog.db, projectOf(graph), 'test');
          let failing = '';
          const play = new CatalogPlay(catalog, (stage) => stage === failing);
          for (const name of SOURCES)
            for (const label of LABELS['12h'] ?? []) play.pending.push(sourceEvent(name, label, 1));
          await settle(play, picks);
          failing = `p.d${String(broken)}`;
          play.pending.push(sourceEvent('s0', '20010105000000', 2));
          await settle(play, picks);
          // Up to the sources, a run reads one revision of s0's restated label, never two.
          const mixed = await catalog.values(
            `with recursive up (stage, timelabel, revision, dataset, input_label, input_revision) as (
               select stage, timelabel, revision, dataset, input_label, input_revision from reefline.run_input
               union
               select u.stage, u.timelabel, u.revision, i.dataset, i.input_label, i.input_revision
                 from up u join reefline.stage_run r on r.dataset = u.dataset and r.timelabel = u.input_label and r.revision = u.input_revision
                 join reefline.run_input i on i.stage = r.stage and i.timelabel = r.timelabel and i.revision = r.revision)
             select stage || ' ' || timelabel || ' r' || revision from up
              where dataset = 'warehouse.main.s0' and input_label = '20010105000000'
              group by stage, timelabel, revision having count(distinct input_revision) > 1`,
          );
          expect(mixed).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  }, 540_000);
});
