/** Unchanged lines shown around a change. */
const CONTEXT = 2;
/** Beyond so many pairs of lines the middle is shown as replaced as a whole: a diff of it would take seconds. */
const MOST_PAIRS = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * The differences of two texts as a unified diff: `@@ -3,4 +3,5 @@`, then lines that begin with a blank (both have it),
 * `-` (only `before`) or `+` (only `after`). Equal texts give nothing.
 */
export function lineDiff(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const lines = compareLines(linesOf(before), linesOf(after));
  return hunks(lines).flatMap(({ from, to }) => hunkLines(lines, from, to));
}

/** The end of the last line is no line of its own, but its absence is a difference. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') return lines.slice(0, -1);
  return text === '' ? [] : [...lines.slice(0, -1), `${lines.at(-1) ?? ''} (no line end)`];
}

function compareLines(before: readonly string[], after: readonly string[]): readonly Line[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => ({ mark: ' ', text }));
  return [
    ...same(before.slice(0, head)),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

/** Walks along the longest common subsequence. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly Line[] {
  const width = after.length + 1;
  const lengths = before.length * after.length > MOST_PAIRS ? undefined : commonLengths(before, after, width);
  const lines: Line[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [old, fresh] = [before[left], after[right]];
    if (lengths !== undefined && old !== undefined && old === fresh) {
      lines.push({ mark: ' ', text: old });
      left += 1;
      right += 1;
    } else if (old !== undefined && (fresh === undefined || dropsFirst(lengths, width, left, right))) {
      lines.push({ mark: '-', text: old });
      left += 1;
    } else {
      lines.push({ mark: '+', text: fresh ?? '' });
      right += 1;
    }
  }
  return lines;
}

function dropsFirst(lengths: Uint32Array | undefined, width: number, left: number, right: number): boolean {
  if (lengths === undefined) return true;
  return (lengths[(left + 1) * width + right] ?? 0) >= (lengths[left * width + right + 1] ?? 0);
}

/** At `left * width + right`: how many lines the rests of both texts have in common. */
function commonLengths(before: readonly string[], after: readonly string[], width: number): Uint32Array {
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      const at = left * width + right;
      lengths[at] =
        before[left] === after[right]
          ? (lengths[at + width + 1] ?? 0) + 1
          : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
    }
  }
  return lengths;
}

/** Ranges of lines to show, changes that are near each other in one. */
function hunks(lines: readonly Line[]): readonly { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [at, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    const [from, to] = [Math.max(0, at - CONTEXT), Math.min(lines.length, at + CONTEXT + 1)];
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else found.push({ from, to });
  }
  return found;
}

function hunkLines(lines: readonly Line[], from: number, to: number): readonly string[] {
  const count = (range: readonly Line[], without: Line['mark']): number =>
    range.filter(({ mark }) => mark !== without).length;
  const [ahead, shown] = [lines.slice(0, from), lines.slice(from, to)];
  const range = (without: Line['mark']): string => {
    const size = count(shown, without);
    // As diff does: a range without lines names the line before it.
    return `${String(count(ahead, without) + (size === 0 ? 0 : 1))},${String(size)}`;
  };
  return [`@@ -${range('+')} +${range('-')} @@`, ...shown.map(({ mark, text }) => `${mark}${text}`)];
}
