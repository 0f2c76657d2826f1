import { tokens, type Token } from './expression-tokens.ts';
import { GlueFault } from './fault.ts';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A literal is kept as its text: the service reads it by the type of the column that it is compared with. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | {
      readonly kind: 'compare';
      readonly column: string;
      readonly operator: Comparison;
      readonly literal: string;
    }
  | { readonly kind: 'in'; readonly column: string; readonly literals: readonly string[] }
  | { readonly kind: 'between'; readonly column: string; readonly low: string; readonly high: string }
  | { readonly kind: 'like'; readonly column: string; readonly pattern: string }
  | { readonly kind: 'null'; readonly column: string };

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
/** `5 < year` is `year > 5`. */
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'BETWEEN', 'LIKE', 'IS', 'NULL', 'DATE', 'TIMESTAMP']);
/** Bounds the recursion: an expression has at most 2048 characters, so real ones never come near. */
const MAX_DEPTH = 100;

/**
 * Reads the WHERE-like language of GetPartitions: = <> > >= < <= AND OR NOT IN BETWEEN LIKE IS NULL and parentheses,
 * NOT binding closer than AND, AND closer than OR. Everything else is refused with InvalidInputException.
 */
export function parseExpression(text: string): Expression {
  const reader = new Reader(tokens(text));
  const expression = either(reader, 0);
  if (!reader.atEnd()) throw reader.unsupported();
  return expression;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  /** Takes the next token when it is this keyword or symbol. */
  takes(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'symbol')) return false;
    if (token.text.toUpperCase() !== text) return false;
    this.#at += 1;
    return true;
  }

  needs(text: string): void {
    if (!this.takes(text)) throw this.unsupported();
  }

  comparison(): Comparison | undefined {
    const token = this.#tokens[this.#at];
    const operator = token?.kind === 'symbol' ? COMPARISONS[token.text] : undefined;
    if (operator !== undefined) this.#at += 1;
    return operator;
  }

  column(): string | undefined {
    const token = this.#tokens[this.#at];
    const isName =
      token?.kind === 'name' || (token?.kind === 'word' && !this.#isKeyword(token.text.toUpperCase()));
    if (!isName) return undefined;
    this.#at += 1;
    return token.text;
  }

  /** A string, a number, or a string behind DATE or TIMESTAMP. */
  literal(): string {
    if (!this.takes('DATE')) this.takes('TIMESTAMP');
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'string' && token?.kind !== 'number') throw this.unsupported();
    this.#at += 1;
    return token.text;
  }

  unsupported(): GlueFault {
    const rest = this.#tokens.slice(this.#at).map((token) => token.text);
    return new GlueFault('InvalidInputException', `Unsupported expression '${rest.join(' ')}'`);
  }

  /** `date` and `timestamp` are keywords only before a string; otherwise they are columns of that name. */
  #isKeyword(word: string): boolean {
    if (word !== 'DATE' && word !== 'TIMESTAMP') return KEYWORDS.has(word);
    return this.#tokens[this.#at + 1]?.kind === 'string';
  }
}

function either(reader: Reader, depth: number): Expression {
  let left = both(reader, depth);
  while (reader.takes('OR')) left = { kind: 'or', left, right: both(reader, depth) };
  return left;
}

function both(reader: Reader, depth: number): Expression {
  let left = negated(reader, depth);
  while (reader.takes('AND')) left = { kind: 'and', left, right: negated(reader, depth) };
  return left;
}

function negated(reader: Reader, depth: number): Expression {
  if (depth > MAX_DEPTH) throw reader.unsupported();
  if (reader.takes('NOT')) return { kind: 'not', of: negated(reader, depth + 1) };
  if (!reader.takes('(')) return condition(reader);
  const inner = either(reader, depth + 1);
  reader.needs(')');
  return inner;
}

function condition(reader: Reader): Expression {
  const column = reader.column();
  if (column === undefined) return mirrored(reader);
  const operator = reader.comparison();
  if (operator !== undefined) return { kind: 'compare', column, operator, literal: reader.literal() };
  if (reader.takes('IS')) {
    const not = reader.takes('NOT');
    reader.needs('NULL');
    return inverted(not, { kind: 'null', column });
  }
  const not = reader.takes('NOT');
  return inverted(not, membership(reader, column));
}

function membership(reader: Reader, column: string): Expression {
  if (reader.takes('LIKE')) return { kind: 'like', column, pattern: reader.literal() };
  if (reader.takes('BETWEEN')) {
    const low = reader.literal();
    reader.needs('AND');
    return { kind: 'between', column, low, high: reader.literal() };
  }
  reader.needs('IN');
  reader.needs('(');
  const literals = [reader.literal()];
  while (reader.takes(',')) literals.push(reader.literal());
  reader.needs(')');
  return { kind: 'in', column, literals };
}

function mirrored(reader: Reader): Expression {
  const literal = reader.literal();
  const operator = reader.comparison();
  const column = operator === undefined ? undefined : reader.column();
  if (operator === undefined || column === undefined) throw reader.unsupported();
  return { kind: 'compare', column, operator: MIRRORED[operator], literal };
}

function inverted(not: boolean, of: Expression): Expression {
  return not ? { kind: 'not', of } : of;
}
