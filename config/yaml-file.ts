import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  visit,
  LineCounter,
  parseDocument,
  type Document,
  type YAMLError,
} from 'yaml';
import type { Problem } from './problem.ts';
import { holdsPassword } from './secret-reference.ts';

export type FieldPath = readonly (string | number)[];

/** A YAML file that remembers where everything stands. */
export interface YamlFile {
  readonly file: string;
  /** Undefined when the text is no YAML; then `problems` says why. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** A problem at the value of a path, or at the nearest part of the path that exists. */
  problem(path: FieldPath, problem: string, cure: string): Problem;
  /** A problem at the key that ends a path. */
  problemAtKey(path: FieldPath, problem: string, cure: string): Problem;
}

/** Reads YAML 1.2. `label` turns a path into the field name that people see. */
export function readYaml(file: string, text: string, label: (path: FieldPath) => string): YamlFile {
  const lines = new LineCounter();
  // Pretty errors would quote the line, and a line may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const name = (path: FieldPath): string => label(path.map(hideSecret));
  const at = (offset: number, field: string, problem: string, cure: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), field, problem, cure };
  };
  const problems = firstErrors(document.errors).map((error) =>
    at(error.pos[0], name(pathAt(document, error.pos[0])), ...explain(error)),
  );
  // What the parser makes of a broken file has odd keys that nobody wrote.
  for (const offset of document.errors.length === 0 ? oddKeys(document) : []) {
    const cure = 'write a text before the colon, and quotes around a value that begins with { or [';
    problems.push(at(offset, name(pathAt(document, offset)), 'a key of this mapping is no text', cure));
  }
  let value: unknown;
  if (problems.length === 0) {
    try {
      value = document.toJS();
    } catch {
      problems.push(
        at(
          0,
          '',
          'the aliases of this file unfold without end',
          'write the values out instead of using aliases',
        ),
      );
    }
  }
  const offsetOf = (path: FieldPath, key: boolean): number => locate(document, path, key);
  return {
    file,
    value,
    problems,
    problem: (path, problem, cure) => at(offsetOf(path, false), name(path), problem, cure),
    problemAtKey: (path, problem, cure) => at(offsetOf(path, true), name(path), problem, cure),
  };
}

/** Repeated names, and the first error of the grammar: those after it are mostly its consequences. */
function firstErrors(errors: readonly YAMLError[]): readonly YAMLError[] {
  const broken = errors.find((error) => error.code !== 'DUPLICATE_KEY');
  return broken === undefined ? errors : [broken];
}

/** Mappings, lists and aliases as keys: legal YAML that means nothing here, and would be printed as a name. */
function oddKeys(document: Document): readonly number[] {
  const offsets: number[] = [];
  visit(document, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) offsets.push(startOf(pair.key) ?? startOf(pair.value) ?? 0);
    },
  });
  return offsets;
}

/** A value in the place of a key is part of a field's name. */
function hideSecret(part: string | number): string | number {
  return typeof part === 'string' && holdsPassword(part) ? '(hidden)' : part;
}

/** Offset of the value (or key) at a path; of the deepest part that exists when the path does not. */
function locate(document: Document, path: FieldPath, key: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === String(part)) : undefined;
    const next: unknown = isSeq(node) && typeof part === 'number' ? node.items[part] : pair?.value;
    if (pair === undefined && next === undefined) return offset;
    const keyOffset = startOf(pair?.key);
    if (key && depth === path.length - 1 && keyOffset !== undefined) return keyOffset;
    offset = startOf(next) ?? keyOffset ?? offset;
    node = next;
  }
  return offset;
}

/** The path of the deepest pair that holds an offset, for errors of the parser. */
function pathAt(document: Document, offset: number): FieldPath {
  const path: (string | number)[] = [];
  let node: unknown = document.contents;
  for (;;) {
    const items: readonly unknown[] = isMap(node) || isSeq(node) ? node.items : [];
    const at = items.findLastIndex((item) => (startOf(isPair(item) ? item.key : item) ?? Infinity) <= offset);
    const item = items[at];
    if (item === undefined) return path;
    path.push(isPair(item) ? keyText(item.key) : at);
    node = isPair(item) ? item.value : item;
  }
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : undefined;
}

/** The parser's own messages may quote the text, so each code has its own words here. */
function explain(error: YAMLError): [problem: string, cure: string] {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return ['this name is used twice', 'rename one of them or remove it'];
    case 'TAB_AS_INDENT':
      return ['a tab indents this line', 'indent with spaces'];
    case 'BAD_INDENT':
      return [
        'broken YAML: this line is not indented like its neighbours',
        'align it with the entries of its block, or close a bracket above it',
      ];
    case 'MISSING_CHAR':
      return [
        'broken YAML: a quote, a comma or a closing bracket is missing',
        'close what was opened here or on a line above',
      ];
    case 'BAD_ALIAS':
      return ['broken YAML: this alias has no anchor', 'put quotes around a value that starts with *'];
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return [
        'broken YAML: a second "key: value" on one line',
        'put it on its own line, or quotes around a value with ": " in it',
      ];
    case 'MULTIPLE_DOCS':
      return ['the file holds more than one YAML document', 'remove the line --- and what follows it'];
    default:
      return [
        `broken YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
        'check quotes, brackets and indentation around this place',
      ];
  }
}
