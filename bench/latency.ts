import { atMost, percentile, rounded, type Figure } from './figure.ts';
import { bareOne, routedOne, type Latency } from './run-one.ts';
import type { Stack } from './stack.ts';

const WARM_UP = 20;
/** With 200 of them the medians of two runs differ by a twentieth. */
const MEASURED = 600;

/**
 * One event at a time against one bare workflow at a time, alternately: from sending to the first line of the stage.
 * The clock stops at the stage's own first line, after the ledger was visited, which favours the bare side.
 */
export async function eventToStage(stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  const bare: Latency[] = [];
  const routed: Latency[] = [];
  for (let round = 0; round < WARM_UP + MEASURED; round += 1) {
    const [a, b] = [await bareOne(stack), await routedOne(stack, 'single', 'single', 'single')];
    if (round < WARM_UP) continue;
    bare.push(a);
    routed.push(b);
    if ((round - WARM_UP) % 100 === 0)
      say(`event to stage: ${String(round - WARM_UP)} of ${String(MEASURED)}`);
  }
  return [figure('event_to_stage_p50_ratio', 0.5, 2.5), figure('event_to_stage_p99_ratio', 0.99, 4)];

  function figure(name: string, part: number, bar: number): Figure {
    const at = (values: readonly Latency[], field: keyof Latency): number =>
      percentile(
        values.map((value) => value[field]),
        part,
      );
    const baseline = at(bare, 'toStage');
    return atMost(name, at(routed, 'toStage') / baseline, bar, {
      bareMs: rounded(baseline),
      routedMs: rounded(at(routed, 'toStage')),
      routedToActivityMs: rounded(at(routed, 'toActivity')),
      events: MEASURED,
      endpoints: 0,
    });
  }
}
