import type { z } from 'zod';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import type { FieldPath, YamlFile } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;

const WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list ([a, b])',
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

/**
 * What a schema found, as problems at their places under `base`. `knownKeys` lists the keys that are understood at a
 * path, for the cure of an unknown one. Values are never repeated: they may be secrets.
 */
export function schemaProblems(
  yaml: YamlFile,
  base: FieldPath,
  value: unknown,
  error: z.ZodError,
  knownKeys: (path: FieldPath) => readonly string[],
): readonly Problem[] {
  return error.issues.flatMap((issue) => issueProblems(yaml, base, value, issue, knownKeys));
}

function issueProblems(
  yaml: YamlFile,
  base: FieldPath,
  value: unknown,
  issue: Issue,
  knownKeys: (path: FieldPath) => readonly string[],
): readonly Problem[] {
  const local = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const path = [...base, ...local];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(local);
    return issue.keys.map((key) => yaml.problemAtKey([...path, key], ...unknownKey(key, known)));
  }
  if (issue.code === 'invalid_key') {
    const [problem, cure] = words(issue.issues[0]?.message ?? issue.message);
    return [yaml.problemAtKey(path, problem, cure)];
  }
  if (
    issue.code === 'invalid_union' &&
    issue.discriminator !== undefined &&
    valueAt(value, local) !== undefined
  ) {
    const options = optionsOf(issue);
    const found = valueAt(value, local);
    const cure =
      typeof found === 'string'
        ? suggest(found, options, 'choose another', 'closed')
        : `write one of ${options.join(', ')}`;
    return [yaml.problem(path, 'this kind is not known', cure)];
  }
  const meant = issue.code === 'invalid_union' ? meantOption(issue.errors) : undefined;
  if (meant !== undefined) {
    const below = (inner: FieldPath): readonly string[] => knownKeys([...local, ...inner]);
    return meant.flatMap((inner) => issueProblems(yaml, path, valueAt(value, local), inner, below));
  }
  if (valueAt(value, local) === undefined && local.length > 0) {
    return [yaml.problem(path, 'this field is missing', missingCure(issue))];
  }
  return [yaml.problem(path, ...issueWords(issue, valueAt(value, local)))];
}

/** Of several things that may stand at a place, the one that the author wrote, when only one is a text or a mapping as well. */
function meantOption(options: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const [meant, second] = options.filter(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  );
  return second === undefined ? meant : undefined;
}

/** Keys of the stages that have inputs. */
const JOIN_KEYS = ['inputs', 'when', 'deadline', 'on_unsettled', 'on_restatement', 'max_restated_labels'];

function unknownKey(key: string, known: readonly string[]): [problem: string, cure: string] {
  if (/^(time_?zone|tz|zone)$/i.test(key) && known.includes('cron'))
    return ['a time zone does not stand in a schedule', 'write timezone: beside schedule'];
  if (JOIN_KEYS.includes(key) && known.includes('extract'))
    return ['an extract waits for no inputs', 'remove it'];
  if (/^(password|passwd|secret|user|username|host|port)$/i.test(key) && known.includes('url')) {
    return [
      'this key is not known',
      'remove it: url holds the whole address, as a reference such as "${env:NAME}"',
    ];
  }
  return ['this key is not known', suggest(key, known, 'remove it')];
}

function missingCure(issue: Issue): string {
  const field = String(issue.path.at(-1));
  if (issue.code === 'invalid_value') return `add ${field}: one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union' && optionsOf(issue).length > 0) {
    return `add ${field}: one of ${optionsOf(issue).join(', ')}`;
  }
  if (issue.code === 'invalid_type') return `add ${field}: ${WORDS[issue.expected] ?? issue.expected}`;
  return `add ${field}`;
}

/** zod names the discriminators that it knows, though not yet in the type of the issue. */
function optionsOf(issue: Issue): readonly string[] {
  const options: unknown = 'options' in issue ? issue.options : undefined;
  return Array.isArray(options) ? options.map(String) : [];
}

function issueWords(issue: Issue, found: unknown): [problem: string, cure: string] {
  switch (issue.code) {
    case 'invalid_type':
      return (
        split(issue.message) ?? [
          `this is ${foundWords(found)}`,
          `write ${WORDS[issue.expected] ?? issue.expected}`,
        ]
      );
    case 'invalid_value':
      return [
        'this value is not known',
        typeof found === 'string'
          ? suggest(found, issue.values.map(String), 'choose another', 'closed')
          : `write one of ${issue.values.map(String).join(', ')}`,
      ];
    case 'invalid_union':
      return [`this is ${foundWords(found)}`, 'write a text or a mapping (key: value)'];
    case 'too_small':
      return issue.origin === 'array'
        ? ['this list is empty', 'name at least one']
        : (split(issue.message) ?? ['this number is too small', `write ${String(issue.minimum)} or more`]);
    case 'too_big':
      return split(issue.message) ?? ['this number is too large', `write ${String(issue.maximum)} or less`];
    default:
      return words(issue.message);
  }
}

function foundWords(found: unknown): string {
  if (found === null) return 'empty';
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object') return 'a mapping';
  if (typeof found === 'string') return 'a text';
  return typeof found === 'boolean' ? 'true or false' : 'a number';
}

/** Takes apart what `message()` in config/field.ts put together. */
function split(text: string): [problem: string, cure: string] | undefined {
  const at = text.indexOf('\n');
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}

function words(text: string): [problem: string, cure: string] {
  return split(text) ?? ['this value is not understood', 'see the JSON Schema for what may stand here'];
}

function valueAt(value: unknown, path: FieldPath): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}
