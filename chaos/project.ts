import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dice } from './dice.ts';

/** A pipeline of the random project: hours of one source table, down to a served summary of each day. */
export interface DrawnPipeline {
  readonly name: string;
  readonly load: 'append' | 'merge';
  readonly format: 'parquet' | 'csv.zst';
}

/** UTC milliseconds. */
export const FIRST_DAY = Date.UTC(2020, 2, 1);

export function drawPipelines(dice: Dice): readonly DrawnPipeline[] {
  return Array.from({ length: dice.between(1, 3) }, (_, at) => ({
    name: `p${String(at)}`,
    load: dice.pick(['append', 'merge'] as const),
    format: dice.pick(['parquet', 'csv.zst'] as const),
  }));
}

/** Writes the project as a user would have it. Schedules never tick by themselves: the days are long over. */
export async function writeProject(dir: string, pipelines: readonly DrawnPipeline[]): Promise<void> {
  await mkdir(join(dir, 'pipelines'), { recursive: true });
  await mkdir(join(dir, 'sql'), { recursive: true });
  await writeFile(join(dir, 'reefline.yaml'), SETTINGS);
  for (const pipeline of pipelines) {
    await writeFile(join(dir, 'pipelines', `${pipeline.name}.yaml`), stagesOf(pipeline));
    await writeFile(join(dir, 'sql', `${pipeline.name}.sql`), summaryOf(pipeline.name));
  }
}

const SETTINGS = `connections:
  shop: { kind: postgres, url: '\${env:CHAOS_SOURCE_URL}' }
  lake: { kind: s3, bucket: chaos-lake, prefix: stage }
  catalog: { kind: glue }
  warehouse: { kind: redshift, workgroup: chaos, database: dev }
  serving: { kind: postgres, url: '\${env:CHAOS_SERVING_URL}' }
endpoints:
  customers: { kind: sqs, queueUrl: '\${env:CHAOS_QUEUE_URL}' }
`;

function stagesOf({ name, load, format }: DrawnPipeline): string {
  const key = load === 'merge' ? ', key: [id]' : '';
  // Tables in Glue read no CSV with line breaks, so only Parquet is registered.
  const register =
    format === 'parquet' ? `  - register: { register: lake.shop.${name}, to: catalog.shop.${name} }\n` : '';
  return `pipeline: ${name}
stages:
  - fetch:
      extract: shop.public.${name}
      to: lake.shop.${name}
      mode: incremental_append
      cursor: at
      format: ${format}
      schedule: { cron: '10 * * * *', from: 2020-03-01T00:00:00Z, until: 2020-04-01T00:00:00Z }
${register}  - load: { load: lake.shop.${name}, to: warehouse.analytics.${name}, mode: ${load}${key} }
  - summary: { transform: sql/${name}.sql, to: warehouse.marts.${name}, mode: append, every: 1d }
  - publish: { publish: warehouse.marts.${name}, to: serving.public.${name}, key: [day] }
`;
}

function summaryOf(name: string): string {
  return `select cast(at as date) as day, count(*) as orders, sum(amount) as amount
  from analytics.${name}
 where at >= :interval_start and at < :interval_end
 group by 1
`;
}
