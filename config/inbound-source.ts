import type { z } from 'zod';
import { parseDataset } from '../pipeline/dataset.ts';
import type { InboundRule, InboundSource } from '../pipeline/inbound.ts';
import type { OutsideDataset } from '../pipeline/outside-dataset.ts';
import type { inboundRuleSchema, inboundSchema } from './inbound-schema.ts';

export type InboundFields = z.infer<typeof inboundSchema>;
export type RuleFields = z.infer<typeof inboundRuleSchema>;
type Scalar = string | number | boolean;

/** The source that its fields in reefline.yaml mean: short forms are written out, and datasets found. */
export function inboundSourceOf(
  name: string,
  fields: InboundFields,
  datasets: readonly OutsideDataset[],
): InboundSource {
  const { events = [], ...others } = fields;
  return { name, ...others, events: events.map((rule) => ruleOf(rule, datasets)) } as InboundSource;
}

function ruleOf(fields: RuleFields, datasets: readonly OutsideDataset[]): InboundRule {
  const { dataset, when, timelabel, status, type = '', schema = '', table = '', ...others } = fields;
  const outside = datasets.find((each) => each.dataset === dataset);
  const name = parseDataset(dataset ?? '');
  return {
    ...(dataset === undefined ? {} : { dataset }),
    ...(outside === undefined ? {} : { period: outside.period }),
    type: outside?.type ?? type,
    schema: name?.schema ?? schema,
    table: name?.table ?? table,
    ...(when === undefined ? {} : { when: mapValues(when, listOf) }),
    ...(timelabel === undefined ? {} : { timelabel: timelabelOf(timelabel) }),
    ...(status === undefined ? {} : { status: statusOf(status) }),
    ...others,
  } as InboundRule;
}

function timelabelOf(written: NonNullable<RuleFields['timelabel']>): object {
  return { format: '{timelabel}', ...(typeof written === 'string' ? { path: written } : written) };
}

function statusOf(written: NonNullable<RuleFields['status']>): InboundRule['status'] {
  if (typeof written === 'string') return written;
  const { path, success, failure } = written;
  return { path, success: listOf(success), failure: failure === undefined ? [] : listOf(failure) };
}

function listOf(value: Scalar | readonly Scalar[]): readonly Scalar[] {
  return typeof value === 'object' ? value : [value];
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
