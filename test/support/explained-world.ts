import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { type CliOutcome, type CliSetting, runReefline } from './cli-terminal.ts';
import { openLedgerWorld, type LedgerWorld } from './ledger-world.ts';
import { fromEnvironment } from './local-cloud.ts';
import { OUTSIDE, projectOf, type StageSketch } from './project.ts';

const CHECK: Partial<StageDefinition> = {
  work: { kind: 'check', from: 'warehouse.main.goods', blocking: true, assertions: [] },
};
const HOUR = { seconds: 3600 } as const;

/** Stages that stand for everything that `reefline why` explains. */
export const SKETCHES: readonly StageSketch[] = [
  { name: 'fetch', period: '1h', cron: '10 * * * *', pipeline: 'orders' },
  { name: 'load', period: '1h', reads: ['fetch'], pipeline: 'orders' },
  { name: 'revenue', period: '1d', reads: ['load'], pipeline: 'orders' },
  { name: 'top', period: '1d' },
  { name: 'left', period: '1d', reads: ['top'] },
  { name: 'right', period: '1d', reads: ['top'] },
  { name: 'bottom', period: '1d', reads: ['left', 'right'] },
  { name: 'priced', period: '1d', reads: [OUTSIDE] },
  { name: 'tap', period: '1d' },
  { name: 'bucket', period: '1d', reads: ['tap'] },
  { name: 'limited', period: '1d', reads: ['tap'], also: { maxRestatedLabels: 1 } },
  { name: 'quick', period: '1d', reads: ['tap'], also: { onRestatement: 'cancel' } },
  { name: 'goods', period: '1d' },
  { name: 'customs', period: '1d', reads: ['goods'], also: CHECK },
  {
    name: 'shop',
    period: '1d',
    reads: ['goods', 'customs'],
    inputs: { customs: { gate: 'warehouse.main.goods' } },
  },
  { name: 'early', period: '1d' },
  { name: 'tardy', period: '1d' },
  { name: 'waits', period: '1d', reads: ['early', 'tardy'], also: { deadline: { ...HOUR, then: 'wait' } } },
  {
    name: 'partly',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { ...HOUR, then: 'partial' } },
  },
  {
    name: 'gives_up',
    period: '1d',
    reads: ['early', 'tardy'],
    also: { deadline: { ...HOUR, then: 'fail' } },
  },
  { name: 'passing', period: '1d', reads: ['top'] },
];
const PROJECT = projectOf(SKETCHES);
/** Nobody listens there, so that Temporal says nothing. */
const NOWHERE = '127.0.0.1:9';

/** What `reefline why` printed, taken apart; instants are T. */
export interface Explained {
  /** The first paragraph on one line. */
  readonly answer: string;
  /** The sentences of the timeline, the mark `now` in front of those that hold now. */
  readonly timeline: readonly string[];
  /** Commands below "Next:". */
  readonly commands: readonly string[];
  /** Everything, on one line. */
  readonly text: string;
}

/** A ledger that the activities write, and the command that explains it. */
export interface ExplainedWorld extends LedgerWorld {
  readonly temporalAddress: string;
  reefline(argv: readonly string[]): Promise<CliOutcome>;
  why(words: string, setting?: CliSetting): Promise<Explained>;
  /** While the work lasts, the command asks the real Temporal server. */
  withTemporal(work: () => Promise<void>): Promise<void>;
  /** Expects that docs/why.md shows, below the headings, what this world printed; instants and ids apart. */
  expectDocumented(isMeant: (heading: string) => boolean): number;
}

/** The command gets a connection that may not write, so whatever it explains also proves that it only looks. */
export async function openExplainedWorld(name: string): Promise<ExplainedWorld> {
  const world = await openLedgerWorld(name, PROJECT);
  const temporalAddress = fromEnvironment('TEMPORAL_ADDRESS');
  process.env['TEMPORAL_ADDRESS'] = NOWHERE;
  const printed = new Map<string, string[]>();
  const url = new URL(world.url);
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  const reefline = (argv: readonly string[], setting: CliSetting = {}): Promise<CliOutcome> =>
    runReefline(argv, { ...setting, env: { REEFLINE_CATALOG_URL: url.href } });
  return {
    ...world,
    temporalAddress,
    reefline,
    why: async (words, setting = {}) => {
      const { exitCode, stdout, stderr } = await reefline(['why', ...words.split(' ')], setting);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expectNarrow(stdout);
      const command = `reefline why ${words}`;
      printed.set(command, [...(printed.get(command) ?? []), withoutTimes(stdout).trimEnd()]);
      return takenApart(withoutTimes(stdout));
    },
    withTemporal: async (work) => {
      process.env['TEMPORAL_ADDRESS'] = temporalAddress;
      try {
        await work();
      } finally {
        process.env['TEMPORAL_ADDRESS'] = NOWHERE;
      }
    },
    expectDocumented: (isMeant) => {
      const page = readFileSync(new URL('../../docs/why.md', import.meta.url), 'utf8');
      const meant = page.split(/^## /m).filter((section) => isMeant(section.split('\n')[0] ?? ''));
      const blocks = meant.flatMap((section) => [
        ...section.matchAll(/^```\n\$ (reefline why [^\n]+)\n([^]*?)\n```$/gm),
      ]);
      for (const [, command = '', text = ''] of blocks)
        expect({ command, printed: printed.get(command) }).toEqual({
          command,
          printed: expect.arrayContaining([withoutTimes(text)]),
        });
      return blocks.length;
    },
    close: async () => {
      process.env['TEMPORAL_ADDRESS'] = temporalAddress;
      await world.close();
    },
  };
}

/** Text is at most 100 characters wide; commands are never broken. */
function expectNarrow(stdout: string): void {
  for (const line of stdout.split('\n'))
    if (!/^ {4}(reefline|temporal) /.test(line)) expect(line.length).toBeLessThanOrEqual(100);
}

function withoutTimes(text: string): string {
  return text
    .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z/g, 'T'.padEnd(17, '.'))
    .replaceAll(/outside\/[0-9a-f]{32}/g, 'outside/ID');
}

function takenApart(text: string): Explained {
  const [head = '', next = ''] = text.split('\n\nNext:\n');
  const [answer = '', timeline = ''] = head.split('\n\n');
  const short = (part: string): string =>
    part
      .replaceAll(/\s+/g, ' ')
      .trim()
      .replaceAll(/T\.{16}/g, 'T');
  return {
    answer: short(answer),
    timeline: timeline.split(/\n {2}(?=T|now|…)/).map((line) => short(line).replace(/^T /, '')),
    commands: next.split('\n').flatMap((line) => (line.startsWith('    ') ? [line.trim()] : [])),
    text: short(text),
  };
}

/** A stage of the project. */
export function explainedStage(id: string): StageDefinition {
  const found = PROJECT.stages.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`There is no stage ${id}.`);
  return found;
}

/** An event of a service outside, with the six fields. */
export function fares(timelabel: string, more: object = {}): object {
  const address = { event_type: 'data', type: 'redshift', schema: 'partners', table: 'fares' };
  return { ...address, timelabel, status: 'SUCCESS', ...more };
}

/** What a person asks for who wants another revision. */
export function again(by: string, reason: string): object {
  return { trigger: 'manual', rerun: `${by} ${reason}`, by, reason };
}
