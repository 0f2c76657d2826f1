import { expect } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const FOLDER = new URL('../fixtures/openlineage/', import.meta.url);
const SPEC = 'https://openlineage.io/spec/2-0-2/OpenLineage.json';

// The schemas of OpenLineage have examples and documentation in words of their own.
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.json')))
  ajv.addSchema(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as object);

/** Holds an event to the schema of OpenLineage, and each of its facets that are standard ones to theirs. */
export function expectOpenLineage(event: unknown): void {
  expectSchema(SPEC, event);
  expectSchema((event as { schemaURL: string }).schemaURL, event);
  for (const facet of facetsIn(event))
    if (facet._schemaURL.startsWith('https:')) expectSchema(facet._schemaURL, facet);
}

function expectSchema(id: string, value: unknown): void {
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`There is no schema ${id}.`);
  if (validate(value) === true) return;
  expect({ id, value, errors: validate.errors }).toEqual({ id, value, errors: null });
}

function facetsIn(node: unknown): readonly { readonly _schemaURL: string }[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = '_schemaURL' in node ? [node as { readonly _schemaURL: string }] : [];
  return [...own, ...Object.values(node).flatMap(facetsIn)];
}
