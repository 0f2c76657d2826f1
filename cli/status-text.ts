import type { PausedScope } from '../catalog/pauses.ts';
import { instantOf } from '../pipeline/timelabel.ts';
import type { CliContext } from './context.ts';
import { GLYPHS, LABEL_STATES, showsUtf8 } from './label-state.ts';
import { age, duration, isoMinutes } from './moments.ts';
import type { GridPipeline, GridRow } from './status-grid.ts';

type Screen = Pick<CliContext, 'env' | 'columns' | 'paint' | 'now'>;

/** Blanks at the left of a row, between its columns, and the width of the newest label. */
const INDENT = 2;
const GAP = 2;
const LABEL_WIDTH = 17;
const PAUSED = ' paused';

/** Labels that fit beside the names of the stages on this terminal; `wanted` when it is wide enough. */
function fitting(screen: Screen, left: number, wanted: number): number {
  if (screen.columns === undefined) return wanted;
  return Math.max(1, Math.min(wanted, screen.columns - left - GAP - LABEL_WIDTH));
}

/** The grid, the summary of each pipeline, and the legend of what is shown. */
export function statusText(screen: Screen, pipelines: readonly GridPipeline[]): string {
  const rows = pipelines.flatMap(({ stages }) => stages);
  if (rows.length === 0) return 'The configuration in force has no stages.';
  const names = Math.max(...rows.map(({ name }) => name.length));
  const periods = Math.max(...rows.map(({ period }) => period.length));
  const count = fitting(
    screen,
    INDENT + names + GAP + periods + GAP + (rows.some(({ pause }) => pause !== null) ? PAUSED.length : 0),
    Math.max(...rows.map(({ labels }) => labels.length)),
  );
  const line = (row: GridRow): string => {
    const start = `${' '.repeat(INDENT)}${row.name.padEnd(names)}  ${screen.paint('dim', row.period.padEnd(periods))}`;
    return `${start}  ${cells(screen, row, count)}${rowEnd(screen, row)}`;
  };
  const blocks = pipelines.map((each) =>
    [
      `${screen.paint('bold', each.pipeline)}${pauseMark(screen, each.pause)}`,
      ...each.stages.map(line),
      ...summaryLines(screen, each, count),
    ].join('\n'),
  );
  return [...blocks, legend(screen, rows)].filter((block) => block !== '').join('\n\n');
}

function cells(screen: Screen, { labels }: GridRow, count: number): string {
  const shown = labels.slice(-count);
  const glyphs = shown.map(({ state }) => screen.paint(GLYPHS[state].style, glyphOf(screen, state)));
  return `${' '.repeat(count - shown.length)}${glyphs.join('')}`;
}

function glyphOf(screen: Screen, state: keyof typeof GLYPHS): string {
  return showsUtf8(screen.env) ? GLYPHS[state].utf8 : GLYPHS[state].ascii;
}

function rowEnd(screen: Screen, { labels, pause }: GridRow): string {
  const newest = labels.at(-1);
  const end = newest === undefined ? 'no labels yet' : isoMinutes(new Date(instantOf(newest.timelabel)));
  return `  ${screen.paint('dim', end)}${pause === null ? '' : screen.paint('magenta', PAUSED)}`;
}

function pauseMark(screen: Screen, pause: PausedScope | null): string {
  return pause === null ? '' : screen.paint('magenta', PAUSED);
}

function summaryLines(
  screen: Screen,
  { oldestWaiting, waiting, pause, stages }: GridPipeline,
  count: number,
): string[] {
  const shown = stages.flatMap(({ labels }) => labels.slice(-count).map(({ state }) => state));
  const parts = LABEL_STATES.flatMap((state) => {
    const number = shown.filter((each) => each === state).length;
    return number === 0 || state === 'absent' ? [] : [`${number} ${state}`];
  });
  const indent = ' '.repeat(INDENT);
  const lines = [`${indent}${parts.length === 0 ? 'nothing has run yet' : parts.join(', ')}`];
  if (oldestWaiting !== null) {
    const { stage, timelabel, since, missing } = oldestWaiting;
    const lacks = missing === null ? '' : `, lacks ${missing.dataset} ${missing.timelabel}`;
    const waited = duration(screen.now() - since.getTime());
    lines.push(`${indent}${waiting} waiting, the oldest for ${waited}: ${stage} ${timelabel}${lacks}`);
  }
  for (const { scope, pausedBy, since: pausedAt, reason } of [
    pause,
    ...stages.map((row) => row.pause),
  ].filter((each) => each !== null))
    lines.push(
      `${indent}${scope} was paused by ${pausedBy} ${age(new Date(pausedAt), screen.now())}: ${reason}`,
    );
  return lines;
}

function legend(screen: Screen, rows: readonly GridRow[]): string {
  const present = new Set(rows.flatMap(({ labels }) => labels.map(({ state }) => state)));
  const entries = LABEL_STATES.filter((state) => present.has(state)).map(
    (state) => `${screen.paint(GLYPHS[state].style, glyphOf(screen, state))} ${state}`,
  );
  if (entries.length === 0) return '';
  return `${entries.join('  ')}   (one mark a label, the newest at the right; its start in UTC beside it)`;
}
