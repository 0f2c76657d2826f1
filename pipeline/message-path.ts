/**
 * A way into a JSON value, as people write it: `$.detail.date`, `@.files[0].name`, `$['detail-type']`. `$` is the whole
 * message and `@` the part of it that one event is made of. Names are written behind a dot when they are of letters,
 * digits, `_` and `-` and begin with a letter or `_`; any other stands in `['…']`. `[0]` is the first of a list.
 */
export interface MessagePath {
  readonly from: 'message' | 'part';
  readonly steps: readonly (string | number)[];
}

/** A message, and the part of it that is looked at. */
export interface MessagePart {
  readonly message: unknown;
  readonly part: unknown;
}

const STEP = /\.([\p{L}_][\p{L}\p{N}_-]*)|\[(\d{1,6})\]|\['([^']*)'\]/uy;

/** True for a text that is meant as a path: nothing else that a rule says begins so. */
export function looksLikePath(text: string): boolean {
  return /^[$@]/.test(text);
}

/** Reads a path; undefined when the text is none. */
export function parsePath(text: string): MessagePath | undefined {
  if (!looksLikePath(text)) return undefined;
  const steps: (string | number)[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text);
    if (step === null) return undefined;
    steps.push(step[2] === undefined ? (step[1] ?? step[3] ?? '') : Number(step[2]));
  }
  return { from: text.startsWith('$') ? 'message' : 'part', steps };
}

/** What is at the end of the path; undefined when there is nothing. Only what the JSON itself says is found. */
export function valueAt({ from, steps }: MessagePath, { message, part }: MessagePart): unknown {
  let value = from === 'message' ? message : part;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    if (Array.isArray(value) !== (typeof step === 'number')) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
