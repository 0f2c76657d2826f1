/** Measures what routing by data events costs against bare Temporal, and what moving rows costs against plain clients. */
import { parseArgs } from 'node:util';
import { burst } from './burst.ts';
import { capacityError } from './capacity-error.ts';
import { catalogCost } from './catalog-cost.ts';
import { extractMysql } from './extract-mysql.ts';
import { extractPostgres } from './extract-postgres.ts';
import type { Figure } from './figure.ts';
import { drain } from './drain.ts';
import { drainMillion } from './drain-million.ts';
import { eventCost } from './event-cost.ts';
import { findDeletes } from './find-deletes.ts';
import { forward } from './forward.ts';
import { eventToStage } from './latency.ts';
import { loadCopies, merge, pgToPg } from './load-postgres.ts';
import { describeMachine, type Machine } from './machine.ts';
import { chainOfFour, hundredPartitions } from './partitions.ts';
import { processes } from './processes.ts';
import { removeAbandonedFolders } from './scratch-folder.ts';
import { startStack, type Stack } from './stack.ts';
import { wideBurst } from './wide-burst.ts';

type Measurement = (stack: Stack, say: (line: string) => void) => Promise<Figure[]>;

/** Each measurement and the names of the figures that it gives; one that takes minutes is made only when it is named. */
const MEASUREMENTS: readonly {
  readonly names: readonly string[];
  readonly measure: Measurement;
  readonly whenNamed?: true;
}[] = [
  { names: ['event_to_stage_p50_ratio', 'event_to_stage_p99_ratio'], measure: eventToStage },
  { names: ['routed_run_cpu_ratio', 'routed_runs_per_second_ratio'], measure: burst },
  { names: ['chain_of_four_ms'], measure: chainOfFour },
  { names: ['hundred_partitions_seconds'], measure: hundredPartitions },
  { names: ['wide_burst_seconds'], measure: wideBurst },
  { names: ['catalog_event_ms', 'catalog_growth_ratio'], measure: catalogCost },
  { names: ['event_cost_growth_ratio'], measure: eventCost, whenNamed: true },
  { names: ['capacity_error_percent'], measure: capacityError, whenNamed: true },
  { names: ['worker_start_seconds', 'idle_cpu_percent', 'idle_memory_mb'], measure: processes },
  { names: ['sqs_forward_ratio'], measure: forward },
  { names: ['sqs_drain_growth_ratio'], measure: drain },
  { names: ['sqs_million_ratio'], measure: drainMillion, whenNamed: true },
  { names: ['extract_mysql_ratio'], measure: extractMysql },
  {
    names: ['extract_parquet_ratio', 'extract_csv_ratio', 'extract_rss_mb'],
    measure: extractPostgres,
  },
  { names: ['load_copy_ratio', 'load_rss_mb'], measure: loadCopies },
  { names: ['pg_to_pg_ratio'], measure: pgToPg },
  { names: ['merge_ratio'], measure: merge },
  { names: ['find_deletes_ratio'], measure: findDeletes },
];

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, only: { type: 'string' }, profile: { type: 'string' } },
  });
  const { only, profile } = values;
  const known = MEASUREMENTS.flatMap(({ names }) => names);
  if (only !== undefined && !known.includes(only))
    throw new Error(`There is no figure "${only}". Known are ${known.join(', ')}.`);
  removeAbandonedFolders();
  say('starting the local cloud and the two workers');
  const stack = await startStack(() => undefined, profile);
  try {
    const machine = await describeMachine(stack.client, stack.db);
    const figures: Figure[] = [];
    for (const { names, measure, whenNamed = false } of MEASUREMENTS) {
      if (only === undefined ? whenNamed : !names.includes(only)) continue;
      say(`measuring ${names.join(', ')}`);
      figures.push(...(await measure(stack, say)));
    }
    const chosen = figures.filter(({ name }) => only === undefined || name === only);
    print(machine, chosen, values.json === true);
    if (chosen.some(({ ok }) => ok === false)) process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}

function print(machine: Machine, figures: readonly Figure[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ machine, figures }, null, 2)}\n`);
    return;
  }
  for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(20)} ${String(value)}`);
  console.log('');
  for (const { name, value, bar, ok, detail } of figures) {
    const verdict = ok === null ? '' : ok ? 'ok' : 'MISSED';
    console.log(
      `${name.padEnd(30)} ${String(value).padStart(8)}  bar ${String(bar ?? '-').padStart(4)}  ${verdict}`,
    );
    console.log(`  ${JSON.stringify(detail)}`);
  }
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
