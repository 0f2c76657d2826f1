import { loadavg } from 'node:os';
import { atLeast, percentile, rounded, type Figure } from './figure.ts';
import { ForwardBench, perSecond } from './forward-bench.ts';
import type { ForwardReport } from './forward-mover.ts';
import { OwedCatalog } from './owed-catalog.ts';
import type { Stack } from './stack.ts';

const PAIRS = 5;
const MESSAGES = 6_000;

/**
 * Events per second that a publisher forwards to a standard queue, against the same messages sent with the AWS SDK alone, in full
 * batches and with as many calls at once. A process of its own for each, on the same SQS; the order alternates.
 */
export async function forward(stack: Stack): Promise<Figure[]> {
  const catalog = await OwedCatalog.open(stack.postgresUrl, 'bench_forward', MESSAGES);
  const bench = new ForwardBench(catalog, stack.env);
  try {
    const pairs: { ours: ForwardReport; raw: ForwardReport }[] = [];
    for (let pair = 0; pair <= PAIRS; pair += 1) {
      const first = pair % 2 === 0 ? await bench.raw(MESSAGES) : undefined;
      const ours = await bench.forwarded('forwarded', MESSAGES);
      const raw = first ?? (await bench.raw(MESSAGES));
      // The first pair warms the servers.
      if (pair > 0) pairs.push({ ours, raw });
    }
    const fifo = await bench.forwarded('forwarded.fifo', MESSAGES);
    const ratios = pairs.map(({ ours, raw }) => perSecond(ours) / perSecond(raw));
    const median = (of: (pair: (typeof pairs)[number]) => number): number =>
      Math.round(percentile(pairs.map(of), 0.5));
    return [
      atLeast('sqs_forward_ratio', percentile(ratios, 0.5), 0.6, {
        messages: MESSAGES,
        ratios: ratios.map(rounded),
        forwardedPerSecond: median(({ ours }) => perSecond(ours)),
        rawPerSecond: median(({ raw }) => perSecond(raw)),
        forwardCpuMs: median(({ ours }) => ours.cpu),
        rawCpuMs: median(({ raw }) => raw.cpu),
        rssMb: Math.max(...pairs.map(({ ours }) => ours.rss)),
        fifoPerSecond: Math.round(perSecond(fifo)),
        loadAverage: rounded(loadavg()[0] ?? 0),
      }),
    ];
  } finally {
    bench.close();
    await catalog.close();
  }
}
