import { GlueFault } from './fault.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string }
  /** A quoted name, which is never a keyword. */
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string };

const TOKEN =
  /\s+|(?<string>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")+"|`[^`]+`)|(?<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<symbol><>|!=|<=|>=|[=<>(),])/uy;

/** Cuts a partition expression into tokens. Throws InvalidInputException at the first character that is none. */
export function tokens(expression: string): readonly Token[] {
  const found: Token[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < expression.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(expression)?.groups;
    if (groups === undefined) {
      throw new GlueFault('InvalidInputException', `Unsupported expression '${expression.slice(at)}'`);
    }
    const token = asToken(groups);
    if (token !== undefined) found.push(token);
  }
  return found;
}

function asToken(groups: Readonly<Record<string, string | undefined>>): Token | undefined {
  const string = groups['string'];
  if (string !== undefined) return { kind: 'string', text: string.slice(1, -1).replaceAll("''", "'") };
  const name = groups['name'];
  if (name !== undefined) return { kind: 'name', text: name.slice(1, -1).replaceAll('""', '"') };
  for (const kind of ['number', 'word', 'symbol'] as const) {
    const text = groups[kind];
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}
