import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { TIME_WRITINGS } from '../pipeline/foreign-label.ts';
import { looksLikePath } from '../pipeline/message-path.ts';
import { EVENT_TYPES } from '../pipeline/stage.ts';
import { parseTextFormat } from '../pipeline/text-format.ts';
import type { InboundFields, RuleFields } from './inbound-source.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { queueProblems } from './queue-rules.ts';
import type { FieldPath, YamlFile } from './yaml-file.ts';

/** What the schema of one source cannot say: fields that do not go together, datasets that nobody declares, queues that meet. */
export function inboundProblems(
  yaml: YamlFile,
  sources: readonly (readonly [name: string, fields: InboundFields])[],
  datasets: ReadonlySet<string>,
  endpoints: readonly EndpointDefinition[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const queues = new Map<string, string>();
  for (const endpoint of endpoints)
    if (endpoint.kind === 'sqs') queues.set(endpoint.queueUrl, `endpoint ${endpoint.name}`);
  for (const [name, fields] of sources) {
    const base = ['inbound', name];
    const other = queues.get(fields.queueUrl);
    if (other !== undefined)
      problems.push(
        yaml.problem(
          [...base, 'queueUrl'],
          `this is the queue of ${other}`,
          'give each its own queue, or messages reach only one of the two',
        ),
      );
    queues.set(fields.queueUrl, `source ${name}`);
    if (fields.deadLetterQueueUrl === fields.queueUrl)
      problems.push(
        yaml.problem(
          [...base, 'deadLetterQueueUrl'],
          'messages that cannot be taken would come back for ever',
          'name another queue, or remove it',
        ),
      );
    problems.push(...queueProblems(yaml, base, fields), ...envelopeProblems(yaml, base, fields));
    for (const [at, rule] of (fields.events ?? []).entries())
      problems.push(...ruleProblems(yaml, [...base, 'events', at], rule, fields, datasets));
  }
  return problems;
}

function envelopeProblems(yaml: YamlFile, base: FieldPath, fields: InboundFields): readonly Problem[] {
  const { mapping, events } = fields;
  const useless = (field: 'each' | 'events' | 'unmatched', why: string): readonly Problem[] =>
    fields[field] === undefined ? [] : [yaml.problemAtKey([...base, field], why, 'remove it')];
  if (mapping === 'data-event') {
    const why = 'messages of mapping data-event are data events already';
    return (['each', 'events', 'unmatched'] as const).flatMap((field) => useless(field, why));
  }
  if (mapping === 's3' && fields.each !== undefined)
    return useless('each', 'a notification of S3 is taken apart by its Records');
  if (events !== undefined) return [];
  if (mapping === 's3' || mapping === 'json')
    return [
      yaml.problem(
        [...base, 'mapping'],
        `nothing says which events the messages of mapping ${mapping} are`,
        'add events: with a rule',
      ),
    ];
  return useless('unmatched', 'without events there are no rules that could fit');
}

function ruleProblems(
  yaml: YamlFile,
  base: FieldPath,
  rule: RuleFields,
  { mapping }: InboundFields,
  datasets: ReadonlySet<string>,
): readonly Problem[] {
  const problems = [...targetProblems(yaml, base, rule, datasets)];
  const add = (field: string, problem: string, cure: string): void => {
    problems.push(yaml.problemAtKey([...base, field], problem, cure));
  };
  for (const field of ['bucket', 'key'] as const)
    if (mapping !== 's3' && rule[field] !== undefined)
      add(field, `messages of mapping ${mapping} have no ${field}`, 'write a condition under when:');
  const { timelabel, status, key = '' } = rule;
  const inKey = mapping === 's3' && hasTime(key);
  if (timelabel === undefined && !inKey)
    problems.push(
      yaml.problem(
        [...base, 'timelabel'],
        'nothing says which timelabel the event has',
        mapping === 's3'
          ? 'write {year}, {month} … where they stand in key, or add timelabel'
          : 'add timelabel: with the path to it',
      ),
    );
  if (timelabel !== undefined && inKey)
    add('timelabel', 'the key holds the time already', 'remove it, or write * for the time in key');
  if (typeof timelabel === 'object') {
    const { format = '{timelabel}', interval } = timelabel;
    const read = parseTextFormat(format);
    const named = TIME_WRITINGS.some((writing) => writing === format);
    if (!('problem' in read) && read.parts.length === 0 && !named)
      add(
        'timelabel',
        'the format has no part of a time',
        suggest(format, TIME_WRITINGS, 'write {year} and what follows where it stands'),
      );
    if (interval !== undefined && rule.dataset === undefined)
      add(
        'timelabel',
        'an interval needs the period of a dataset',
        'write dataset instead of type, schema, table',
      );
  }
  if (typeof status === 'string' && !looksLikePath(status) && !/^(SUCCESS|FAILURE)$/.test(status))
    problems.push(
      yaml.problem(
        [...base, 'status'],
        'this is no status',
        'write SUCCESS, FAILURE, or a path to one of them',
      ),
    );
  return problems;
}

function targetProblems(
  yaml: YamlFile,
  base: FieldPath,
  rule: RuleFields,
  datasets: ReadonlySet<string>,
): readonly Problem[] {
  const { dataset, type } = rule;
  const fields = ['type', 'schema', 'table'] as const;
  if (dataset === undefined) {
    const missing = fields.find((field) => rule[field] === undefined);
    if (missing !== undefined)
      return [
        yaml.problem(
          [...base, 'dataset'],
          'nothing says which dataset the event is about',
          'add dataset: with one that is declared under datasets:, or type, schema and table',
        ),
      ];
    if (type === undefined || looksLikePath(type) || EVENT_TYPES.some((known) => known === type)) return [];
    return [
      yaml.problem(
        [...base, 'type'],
        'this type is not known',
        suggest(type, EVENT_TYPES, 'choose another', 'closed'),
      ),
    ];
  }
  const twice = fields.find((field) => rule[field] !== undefined);
  if (twice !== undefined)
    return [yaml.problemAtKey([...base, twice], 'dataset says this already', 'remove it, or remove dataset')];
  if (datasets.has(dataset)) return [];
  return [
    yaml.problem(
      [...base, 'dataset'],
      `dataset ${dataset} is not declared`,
      suggest(dataset, datasets, 'declare it under datasets: with every and type'),
    ),
  ];
}

function hasTime(format: string): boolean {
  const read = parseTextFormat(format);
  return !('problem' in read) && read.parts.length > 0;
}
