import { loadavg } from 'node:os';
import { reported, rounded, type Figure } from './figure.ts';
import { ForwardBench, perSecond } from './forward-bench.ts';
import { OwedCatalog } from './owed-catalog.ts';
import type { Stack } from './stack.ts';

const MILLION = 1_000_000;
/** Messages that are sent with the AWS SDK alone, before and after. */
const RAW = 60_000;

/**
 * Forwards a million messages that an endpoint is owed to a standard queue of the embedded SQS: the rate against raw calls before and
 * after, and the memory of the forwarding process on the way. It takes minutes, so it is measured only when it is named.
 */
export async function drainMillion(stack: Stack): Promise<Figure[]> {
  const catalog = await OwedCatalog.open(stack.postgresUrl, 'bench_million', MILLION);
  const bench = new ForwardBench(catalog, stack.env);
  try {
    const before = await bench.raw(RAW);
    const forwarded = await bench.forwarded('million', MILLION);
    const after = await bench.raw(RAW);
    const { rssAfterCalls: rss } = forwarded;
    const rssAt = (part: number): number | undefined => rss[Math.round(part * rss.length) - 1];
    const raw = (2 * RAW * 1000) / (before.milliseconds + after.milliseconds);
    return [
      reported('sqs_million_ratio', perSecond(forwarded) / raw, {
        messages: forwarded.messages,
        seconds: Math.round(forwarded.milliseconds / 1000),
        forwardedPerSecond: Math.round(perSecond(forwarded)),
        rawPerSecond: [before, after].map((report) => Math.round(perSecond(report))),
        rssMbAt: { '10%': rssAt(0.1), '50%': rssAt(0.5), '100%': rssAt(1) },
        peakRssMb: forwarded.rss,
        loadAverage: rounded(loadavg()[0] ?? 0),
      }),
    ];
  } finally {
    bench.close();
    await catalog.close();
  }
}
