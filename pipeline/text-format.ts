/**
 * A text with a time in it, as `rates/{year}/{month}/{day}/*.csv`: `{year}` is four digits, `{month}`, `{day}`, `{hour}`
 * and `{minute}` are two, `{timelabel}` is fourteen. `*` is any text without a slash, also none, `**` any text at all;
 * everything else stands for itself.
 */
export interface TextFormat {
  readonly tokens: readonly Token[];
  readonly parts: readonly TimePart[];
}

export type TimePart = keyof typeof DIGITS;
type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'part'; readonly part: TimePart }
  | { readonly kind: 'any'; readonly slashes: boolean };

const DIGITS = { year: 4, month: 2, day: 2, hour: 2, minute: 2, timelabel: 14 } as const;
/** Longest text that is looked at, in UTF-16 units: a key of S3 has at most 1,024 bytes. */
const LONGEST = 4_096;

/** Reads a format, or says what is wrong with it, as a sentence without a full stop. */
export function parseTextFormat(text: string): TextFormat | { readonly problem: string } {
  const tokens: Token[] = [];
  const parts: TimePart[] = [];
  for (const [piece] of text.matchAll(/\{[^{}]*\}|\*\*|\*|[^{}*]+|[{}]/g)) {
    if (piece === '*' || piece === '**') tokens.push({ kind: 'any', slashes: piece === '**' });
    else if (!/^[{}]/.test(piece)) tokens.push({ kind: 'text', text: piece });
    else {
      const name = piece.slice(1, -1);
      if (!Object.hasOwn(DIGITS, name)) return { problem: `${piece} is no part of a time` };
      const part = name as TimePart;
      if (parts.includes(part)) return { problem: `${piece} stands twice in it` };
      tokens.push({ kind: 'part', part });
      parts.push(part);
    }
  }
  return missingPart(parts) ?? { tokens, parts };
}

/** A day needs its month, and so on: what is left out is the first of its kind. */
function missingPart(parts: readonly TimePart[]): { readonly problem: string } | undefined {
  if (parts.includes('timelabel'))
    return parts.length === 1 ? undefined : { problem: '{timelabel} is a whole time and stands alone' };
  const order = ['year', 'month', 'day', 'hour', 'minute'] as const;
  const last = order.findLastIndex((part) => parts.includes(part));
  const missing = order.slice(0, last + 1).find((part) => !parts.includes(part));
  return missing === undefined ? undefined : { problem: `{${missing}} is missing in it` };
}

/**
 * The digits of each part when the whole text has this format, else undefined. Takes time in proportion to the lengths
 * of both, whatever they are.
 */
export function matchTextFormat(
  { tokens }: TextFormat,
  text: string,
): Partial<Readonly<Record<TimePart, string>>> | undefined {
  if (text.length > LONGEST) return undefined;
  const reaches = reachable(tokens, text);
  if (reaches[0]?.[0] !== true) return undefined;
  const found: Partial<Record<TimePart, string>> = {};
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'part') found[token.part] = text.slice(at, at + DIGITS[token.part]);
    if (token.kind !== 'any') at += widthAt(token, text, at) ?? 0;
    // As much as leaves the rest something to fit: names are at the end of keys, and times before them.
    else while (reaches[index + 1]?.[at] !== true) at += 1;
  }
  return found;
}

/** Whether the tokens from one on fit the text from a place on, for all of both: from the last backwards. */
function reachable(tokens: readonly Token[], text: string): readonly (readonly boolean[])[] {
  const table: boolean[][] = [];
  table[tokens.length] = Array.from({ length: text.length + 1 }, (_, at) => at === text.length);
  for (let index = tokens.length - 1; index >= 0; index -= 1) {
    const token = tokens[index] as Token;
    const after = table[index + 1] ?? [];
    const row: boolean[] = new Array<boolean>(text.length + 1).fill(false);
    for (let at = text.length; at >= 0; at -= 1) {
      if (token.kind === 'any') {
        const goesOn = at < text.length && (token.slashes || text[at] !== '/') && row[at + 1] === true;
        row[at] = after[at] === true || goesOn;
      } else {
        const width = widthAt(token, text, at);
        row[at] = width !== undefined && after[at + width] === true;
      }
    }
    table[index] = row;
  }
  return table;
}

/** How many characters the token takes at this place; undefined when it does not fit there. */
function widthAt(token: Exclude<Token, { kind: 'any' }>, text: string, at: number): number | undefined {
  if (token.kind === 'text') return text.startsWith(token.text, at) ? token.text.length : undefined;
  const width = DIGITS[token.part];
  for (let digit = at; digit < at + width; digit += 1) {
    const code = text.charCodeAt(digit);
    if (!(code >= 48 && code <= 57)) return undefined;
  }
  return width;
}
