import type { Explanation } from '../pipeline/explanation.ts';
import type { NextStep } from '../pipeline/explanation-step.ts';
import type { CliContext } from './context.ts';
import { cureOf } from './cure.ts';
import { isoMinutes } from './moments.ts';

type Screen = Pick<CliContext, 'columns' | 'paint'>;

/** Widest line of text; commands are never broken. */
const WIDEST = 100;
const TIME = '2020-03-03T11:25Z'.length;
const INDENT = '  ';
/** Lines of a timeline that are shown at its beginning and at its end. */
const FIRST = 6;
const LAST = 24;

/** The answer, what happened, and what to type next. */
export function whyText(screen: Screen, { answer, timeline, next }: Explanation): string {
  const width = Math.min(WIDEST, screen.columns ?? WIDEST);
  const left = timeline.length - FIRST - LAST;
  const gap = { time: '…', text: `${String(left)} more lines, which --json has.` };
  const lines = timeline.map(({ at, text }) => ({ time: at === null ? 'now' : isoMinutes(at), text }));
  const shown = left <= 1 ? lines : [...lines.slice(0, FIRST), gap, ...lines.slice(-LAST)];
  const moments = shown.flatMap(({ time, text }) => momentLines(screen, time, text, width));
  const steps = next.flatMap((step) => stepLines(step, width));
  return [
    wrapped(answer, width).join('\n'),
    ...(moments.length === 0 ? [] : [moments.join('\n')]),
    ...(steps.length === 0 ? [] : [['Next:', ...steps].join('\n')]),
  ].join('\n\n');
}

function momentLines({ paint }: Screen, time: string, text: string, width: number): readonly string[] {
  const before = INDENT.length + TIME + INDENT.length;
  const [first = '', ...more] = wrapped(text, width - before);
  const head = `${INDENT}${paint('dim', time.padEnd(TIME))}${INDENT}${first}`;
  return [head, ...more.map((line) => ' '.repeat(before) + line)];
}

function stepLines(step: NextStep, width: number): readonly string[] {
  if (step.kind === 'nothing') return wrapped(step.what, width - INDENT.length).map((line) => INDENT + line);
  const { what, command } = commandOf(step);
  const words = wrapped(`${what}:`, width - INDENT.length).map((line) => INDENT + line);
  return [...words, `${INDENT}${INDENT}${command}`];
}

/** A step with its exact command, also in JSON. */
export function commandOf(step: Exclude<NextStep, { kind: 'nothing' }>): { what: string; command: string } {
  if (step.kind === 'command') return { what: step.what, command: step.command };
  return cureOf(step);
}

/** Breaks a text at its blanks; a word that is wider than a line stays whole, for it may be copied. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
