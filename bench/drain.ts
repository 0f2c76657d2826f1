import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DrainReport, DrainRequest } from './drain-mover.ts';
import { atMost, percentile, rounded, type Figure } from './figure.ts';
import { OwedCatalog } from './owed-catalog.ts';
import type { Stack } from './stack.ts';

/** One round of a machine that others share is off by a fifth, and the smallest of two by as much. */
const ROUNDS = 5;
const LARGE = 200_000;
const SMALL = 2_000;
/** Messages that are drained of either. */
const DRAINED = 10_000;
const MOVER = fileURLToPath(new URL('./drain-mover.ts', import.meta.url));
/** Nothing is sent there. */
const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/none';

interface Drained extends DrainReport {
  /** Blocks of tables and indexes that the catalog looked at for each message, in memory or not. */
  readonly blocks: number;
}

interface Sizes {
  readonly large: readonly Drained[];
  readonly small: readonly Drained[];
}

/**
 * What a message costs the catalog while its endpoint is owed 200,000, against what it costs while 2,000 are owed: CPU of the sessions
 * that claim and settle, medians of the rounds. What is drained was read just before, since most of 200,000 is not in memory. Once for
 * queues that keep an order and once for the others; the larger ratio. Beside it stand the blocks that the catalog looked at, which
 * do not depend on what other programs do.
 */
export async function drain(stack: Stack): Promise<Figure[]> {
  const catalog = await OwedCatalog.open(stack.postgresUrl, 'bench_drain', LARGE);
  const move = async (endpoints: readonly string[], ordered: boolean): Promise<Drained> => {
    const enough = DRAINED / endpoints.length;
    const request: DrainRequest = { catalogUrl: catalog.url, endpoints, enough, ordered };
    await catalog.warm(endpoints, enough);
    const before = await catalog.blocksRead();
    const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(request)]);
    const report = JSON.parse(stdout) as DrainReport;
    return { ...report, blocks: ((await catalog.blocksRead()) - before) / report.messages };
  };
  const owe = (events: number, names: readonly string[]): Promise<void> =>
    catalog.owe(events, ...names.map((name) => ({ name, queueUrl: QUEUE })));
  const few = Array.from({ length: DRAINED / SMALL }, (_, at) => `few-${String(at)}`);
  const standard = { large: [] as Drained[], small: [] as Drained[] };
  const fifo = { large: [] as Drained[], small: [] as Drained[] };
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
  const ratio = ({ large, small }: Sizes): number =>
    median(large, 'catalogCpu') / median(small, 'catalogCpu');
  return [
    atMost('sqs_drain_growth_ratio', Math.max(ratio(standard), ratio(fifo)), 1.3, {
      standard: described(standard),
      fifo: described(fifo),
      rssMb: Math.max(...[...standard.large, ...fifo.large].map(({ rss }) => rss)),
      loadAverage: rounded(loadavg()[0] ?? 0),
    }),
  ];
}

function median(drained: readonly Drained[], of: 'catalogCpu' | 'blocks'): number {
  return percentile(
    drained.map((round) => round[of]),
    0.5,
  );
}

/** Microseconds of the catalog for each message in each round, and the blocks that it looked at in the middle one. */
function described({ large, small }: Sizes): Record<string, unknown> {
  const costs = (drained: readonly Drained[]): number[] =>
    drained.map(({ catalogCpu }) => Math.round(catalogCpu));
  return {
    catalogCpuOf200000: costs(large),
    catalogCpuOf2000: costs(small),
    blocksOf200000: rounded(median(large, 'blocks')),
    blocksOf2000: rounded(median(small, 'blocks')),
  };
}
