import type { LabelHead } from '../catalog/status-views.ts';
import type { Style } from './context.ts';

/** How one label of a stage stands, in the order of the legend. */
export const LABEL_STATES = [
  'done',
  'running',
  'restating',
  'waiting',
  'late',
  'failed',
  'quarantined',
  'missing',
  'held',
  'paused',
  'skipped',
  'superseded',
  'closed',
  'absent',
] as const;
export type LabelState = (typeof LABEL_STATES)[number];

/** One character of the grid: for a UTF-8 terminal, for any other, and its colour. */
export const GLYPHS: Readonly<Record<LabelState, { utf8: string; ascii: string; style: Style }>> = {
  done: { utf8: '●', ascii: '*', style: 'green' },
  running: { utf8: '▶', ascii: '>', style: 'blue' },
  restating: { utf8: '↻', ascii: 'R', style: 'blue' },
  waiting: { utf8: '○', ascii: 'o', style: 'yellow' },
  late: { utf8: '◷', ascii: 'L', style: 'magenta' },
  failed: { utf8: '✗', ascii: 'F', style: 'red' },
  quarantined: { utf8: '⊘', ascii: 'Q', style: 'red' },
  missing: { utf8: '?', ascii: '?', style: 'red' },
  held: { utf8: '◫', ascii: 'H', style: 'magenta' },
  paused: { utf8: '‖', ascii: 'P', style: 'magenta' },
  skipped: { utf8: '–', ascii: '-', style: 'dim' },
  superseded: { utf8: '×', ascii: 'x', style: 'dim' },
  closed: { utf8: '□', ascii: 'c', style: 'dim' },
  absent: { utf8: '·', ascii: '.', style: 'dim' },
};

/**
 * How a label stands, from its newest revision. Without any it is `missing` when a clock or a deadline asks for it, and
 * `absent` otherwise.
 */
export function labelState(head: LabelHead | undefined, expected: boolean): LabelState {
  if (head === undefined) return expected ? 'missing' : 'absent';
  if (head.status === 'RUNNING') return head.madeBefore ? 'restating' : 'running';
  if (head.held !== null) return head.held === 'paused' ? 'paused' : 'held';
  switch (head.status) {
    case 'SUCCESS':
      return 'done';
    case 'WAITING':
      if (head.outcome === 'MISSING') return 'missing';
      return head.late ? 'late' : 'waiting';
    case 'SKIPPED':
      return 'skipped';
    case 'SUPERSEDED':
      return 'superseded';
    case 'CLOSED':
      return 'closed';
    default:
      return failedState(head.outcome);
  }
}

function failedState(outcome: string | null): LabelState {
  if (outcome === 'QUARANTINED') return 'quarantined';
  if (outcome === 'MISSING') return 'missing';
  if (outcome === 'SKIPPED') return 'skipped';
  return 'failed';
}

/** True when the environment says that the terminal shows UTF-8 (POSIX: LC_ALL before LC_CTYPE before LANG). */
export function showsUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return /utf-?8/i.test(locale ?? '');
}
