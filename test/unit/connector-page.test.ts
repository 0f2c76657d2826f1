import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS =
  '{activities,catalog,cli,client,config,connectors,local,pipeline,signals,stage,workers,workflows}';
const KIND = "'(?:postgres|mysql|s3|glue|redshift|athena|snowflake|salesforce)'";
/** A switch, a comparison, a schema or a list. */
const KNOWS_KINDS = new RegExp(
  `\\bConnectionKind\\b|case ${KIND}:|\\.kind [!=]== ${KIND}|literal\\(${KIND}\\)`,
);

/** Its `s3` is a form of messages, not a connection. */
const OF_MESSAGES = 'pipeline/inbound-parts.ts';

function textOf(file: string): string {
  return readFileSync(`${ROOT}${file}`, 'utf8');
}

test('the page about adding a connector lists every file that tells connection kinds apart', () => {
  const rows = textOf('docs/add-a-connector.md').matchAll(/^\| \[`([^`]+\.ts)`\]/gm);
  const listed = [...rows].map(([, file = '']) => file);
  const known = globSync(`${FOLDERS}/**/*.ts`, { cwd: ROOT }).filter(
    (file) => file !== OF_MESSAGES && KNOWS_KINDS.test(textOf(file)),
  );
  expect(listed.toSorted()).toEqual(known.toSorted());
});
