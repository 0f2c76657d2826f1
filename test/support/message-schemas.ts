import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { MessageFormat } from '../../pipeline/endpoint.ts';
import { expectOpenLineage } from './open-lineage-spec.ts';

export type MessageSchema =
  | 'data-event'
  | 'metadata-event'
  | 'endpoint-event'
  | 'probe'
  | 'cloudevents'
  | 'openlineage'
  | 'openlineage-partition'
  | 'openlineage-labels';

type Json = Readonly<Record<string, unknown>>;

const compiled = new Map<MessageSchema, ValidateFunction>();

/**
 * Holds a message to its published schema, by a validator that shares no code with what writes schema or message; and to a
 * copy that allows no fields but those of the schema, so that none is sent that is not published.
 */
export function expectValid(name: MessageSchema, message: unknown): void {
  const validate = compiled.get(name) ?? compile(name);
  if (validate(message)) return;
  expect({ message, errors: validate.errors }).toEqual({ message, errors: null });
}

/** The same for the body of a message of an endpoint with this format. */
export function expectValidBody(format: MessageFormat, body: string): void {
  const message = JSON.parse(body) as { readonly event_type?: string };
  const ofEvents = {
    data: 'data-event',
    metadata: 'metadata-event',
    endpoint: 'endpoint-event',
    probe: 'probe',
  } as const;
  const own = ofEvents[message.event_type as keyof typeof ofEvents];
  expectValid(format === 'data-event' ? own : format, message);
  if (format === 'openlineage') expectOpenLineage(message);
}

function compile(name: MessageSchema): ValidateFunction {
  const text = readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), 'utf8');
  const { $id, ...published } = JSON.parse(text) as Json & { readonly $id: string };
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  formats.default(ajv);
  const { $schema: _dialect, ...strict } = closed(published) as Json;
  const validate = ajv.compile({ $id, allOf: [published, strict] });
  compiled.set(name, validate);
  return validate;
}

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) copy[key] = closed(value);
  const isObject = copy['type'] === 'object' && 'properties' in copy;
  return isObject ? { ...copy, additionalProperties: false } : copy;
}
