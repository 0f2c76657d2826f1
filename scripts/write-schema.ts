import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { settingsSchema } from '../config/settings-schema.ts';
import { pipelineSchema } from '../config/stage-schema.ts';

/*
 * Writes the JSON Schemas that editors use, from the schemas that read the files. With --check it writes nothing
 * and fails when a committed schema is not what it would write.
 */

const SCHEMAS = { 'reefline.schema.json': settingsSchema, 'pipeline.schema.json': pipelineSchema };
const folder = new URL('../schema/', import.meta.url);
const check = process.argv.includes('--check');

await mkdir(folder, { recursive: true });
for (const [name, schema] of Object.entries(SCHEMAS)) {
  const url = new URL(name, folder);
  const text = `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2)}\n`;
  if (!check) {
    await writeFile(url, text);
    continue;
  }
  const committed = await readFile(url, 'utf8').catch(() => '');
  if (committed !== text) {
    console.error(`schema/${name} is out of date. Run: node scripts/write-schema.ts`);
    process.exitCode = 1;
  }
}
