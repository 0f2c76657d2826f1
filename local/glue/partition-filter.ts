import { parseExpression, type Comparison, type Expression } from './expression.ts';
import { GlueFault } from './fault.ts';
import type { Column } from './model.ts';
import { familyOf, readKeyValue, type KeyFamily, type KeyValue } from './partition-value.ts';

type Test = (values: readonly string[]) => boolean;

interface Key {
  readonly at: number;
  readonly type: string;
  readonly family: KeyFamily;
}

/**
 * The test of a GetPartitions expression over a partition's values. Literals are read by the type of their column.
 * Throws InvalidInputException for an expression, column, type or literal that the service refuses; the test throws
 * InvalidStateException for a stored value that is not of its key's type, as the service does.
 */
export function partitionFilter(expression: string | undefined, keys: readonly Column[]): Test {
  if (expression === undefined || expression.trim() === '') return () => true;
  return compile(parseExpression(expression), keys);
}

function compile(expression: Expression, keys: readonly Column[]): Test {
  switch (expression.kind) {
    case 'and': {
      const [left, right] = [compile(expression.left, keys), compile(expression.right, keys)];
      return (values) => left(values) && right(values);
    }
    case 'or': {
      const [left, right] = [compile(expression.left, keys), compile(expression.right, keys)];
      return (values) => left(values) || right(values);
    }
    case 'not': {
      const of = compile(expression.of, keys);
      return (values) => !of(values);
    }
    case 'compare': {
      const key = findKey(expression.column, keys);
      const literal = readLiteral(key, expression.literal);
      return (values) => compare(expression.operator, valueOf(key, values), literal);
    }
    case 'in': {
      const key = findKey(expression.column, keys);
      const literals = new Set(expression.literals.map((literal) => readLiteral(key, literal)));
      return (values) => literals.has(valueOf(key, values));
    }
    case 'between': {
      const key = findKey(expression.column, keys);
      const [low, high] = [readLiteral(key, expression.low), readLiteral(key, expression.high)];
      return (values) =>
        compare('>=', valueOf(key, values), low) && compare('<=', valueOf(key, values), high);
    }
    case 'like': {
      const key = findKey(expression.column, keys);
      if (key.family !== 'text') {
        throw new GlueFault(
          'InvalidInputException',
          `Data type '${key.type}' does not support operation 'LIKE'`,
        );
      }
      const pattern = likePattern(expression.pattern);
      return (values) => pattern.test(values[key.at] ?? '');
    }
    case 'null': {
      // The values of a partition are texts: the service finds none to be null.
      findKey(expression.column, keys);
      return () => false;
    }
  }
}

function findKey(column: string, keys: readonly Column[]): Key {
  const at = keys.findIndex((key) => key.Name.toLowerCase() === column.toLowerCase());
  const type = keys[at]?.Type ?? 'string';
  if (at < 0) throw new GlueFault('InvalidInputException', `Unknown column '${column}'`);
  const family = familyOf(type);
  if (family === undefined) throw new GlueFault('InvalidInputException', `Unknown type : '${type}'`);
  return { at, type, family };
}

function readLiteral(key: Key, literal: string): KeyValue {
  const value = readKeyValue(key.family, literal);
  if (value === undefined) {
    throw new GlueFault('InvalidInputException', `"${literal}" is not a value of type ${key.type}.`);
  }
  return value;
}

function valueOf(key: Key, values: readonly string[]): KeyValue {
  const text = values[key.at] ?? '';
  const value = readKeyValue(key.family, text);
  if (value === undefined) {
    throw new GlueFault('InvalidStateException', `"${text}" is not a value of type ${key.type}.`);
  }
  return value;
}

function compare(operator: Comparison, left: KeyValue, right: KeyValue): boolean {
  switch (operator) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

/** `%` is any text, `_` any one character, a backslash takes the next character literally. */
function likePattern(pattern: string): RegExp {
  let source = '';
  let literal = false;
  for (const character of pattern) {
    if (!literal && character === '\\') literal = true;
    else {
      source += literal ? plain(character) : wildcard(character);
      literal = false;
    }
  }
  return new RegExp(`^${source}$`, 'su');
}

function wildcard(character: string): string {
  if (character === '%') return '.*';
  return character === '_' ? '.' : plain(character);
}

function plain(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
