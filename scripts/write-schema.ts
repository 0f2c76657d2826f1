import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { MESSAGE_SCHEMAS } from '../config/message-schema.ts';
import { pipelineSchema } from '../config/pipeline-schema.ts';
import { settingsSchema } from '../config/settings-schema.ts';

/*
 * Writes the JSON Schemas: those that editors use, from the schemas that read the files, and those of the messages that
 * endpoints receive. With --check it writes nothing and fails when a committed schema is not what it would write.
 */

interface Published {
  readonly schema: z.ZodType;
  /** `$id` of a schema that messages name; files of editors have none. */
  readonly id?: string;
}

const SCHEMAS: Readonly<Record<string, Published>> = {
  'reefline.schema.json': { schema: settingsSchema },
  'pipeline.schema.json': { schema: pipelineSchema },
  ...MESSAGE_SCHEMAS,
};
const folder = new URL('../schema/', import.meta.url);
const check = process.argv.includes('--check');

await mkdir(folder, { recursive: true });
for (const [name, { schema, id }] of Object.entries(SCHEMAS)) {
  const url = new URL(name, folder);
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  const written = { $schema, ...(id === undefined ? {} : { $id: id }), ...rest };
  const text = `${JSON.stringify(written, undefined, 2)}\n`;
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
