import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DrainReport, DrainRequest } from './drain-mover.ts';
import { atMost, rounded, type Figure } from './figure.ts';
import { OwedCatalog } from './owed-catalog.ts';
import type { Stack } from './stack.ts';

const ROUNDS = 2;
const LARGE = 200_000;
const SMALL = 2_000;
/** Messages that are drained of either. */
const DRAINED = 10_000;
const MOVER = fileURLToPath(new URL('./drain-mover.ts', import.meta.url));
/** Nothing is sent there. */
const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/none';

interface Sizes {
  readonly large: readonly DrainReport[];
  readonly small: readonly DrainReport[];
}

/**
 * What a message costs the catalog while its endpoint is owed 200,000, against what it costs while 2,000 are owed: CPU of the sessions
 * that claim and settle, the smallest of two rounds. Once for queues that keep an order and once for the others; the larger ratio.
 */
export async function drain(stack: Stack): Promise<Figure[]> {
  const catalog = await OwedCatalog.open(stack.postgresUrl, 'bench_drain', LARGE);
  const move = async (endpoints: readonly string[], ordered: boolean): Promise<DrainReport> => {
    const enough = DRAINED / endpoints.length;
    const request: DrainRequest = { catalogUrl: catalog.url, endpoints, enough, ordered };
    const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(request)]);
    return JSON.parse(stdout) as DrainReport;
  };
  const owe = (events: number, names: readonly string[]): Promise<void> =>
    catalog.owe(events, ...names.map((name) => ({ name, queueUrl: QUEUE })));
  const few = Array.from({ length: DRAINED / SMALL }, (_, at) => `few-${String(at)}`);
  const standard = { large: [] as DrainReport[], small: [] as DrainReport[] };
  const fifo = { large: [] as DrainReport[], small: [] as DrainReport[] };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const kind of [standard, fifo]) {
        await owe(SMALL, few);
        kind.small.push(await move(few, kind === fifo));
        await owe(LARGE, ['many']);
        kind.large.push(await move(['many'], kind === fifo));
      }
    }
  } finally {
    await catalog.close();
  }
  const ratio = ({ large, small }: Sizes): number => least(large) / least(small);
  return [
    atMost('sqs_drain_growth_ratio', Math.max(ratio(standard), ratio(fifo)), 1.3, {
      standard: described(standard),
      fifo: described(fifo),
      rssMb: Math.max(...[...standard.large, ...fifo.large].map(({ rss }) => rss)),
      loadAverage: rounded(loadavg()[0] ?? 0),
    }),
  ];
}

function least(reports: readonly DrainReport[]): number {
  return Math.min(...reports.map(({ catalogCpu }) => catalogCpu));
}

/** Microseconds of the catalog for each message, in each round. */
function described({ large, small }: Sizes): Record<string, readonly number[]> {
  const costs = (reports: readonly DrainReport[]): number[] =>
    reports.map(({ catalogCpu }) => Math.round(catalogCpu));
  return { catalogCpuOf200000: costs(large), catalogCpuOf2000: costs(small) };
}
