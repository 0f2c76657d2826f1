import type { Day } from './calendar.ts';
import { hoursOf, labelOf, readable } from './calendar.ts';
import type { EventRow, RunRow, Snapshot } from './ledger.ts';

/** A stage as a row of the grid. */
export interface GridStage {
  readonly id: string;
  readonly name: string;
  readonly period: string;
}

export interface Grid {
  readonly stages: readonly GridStage[];
  readonly days: readonly Day[];
  /** Columns of the terminal. Days that do not fit are left out, the oldest first. */
  readonly width: number;
}

type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'bold';
/** Puts a text in a colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { green: 32, red: 31, yellow: 33, cyan: 36, dim: 2, bold: 1 };

export function painter(coloured: boolean): Paint {
  return (colour, text) => (coloured ? `\x1b[${String(CODES[colour])}m${text}\x1b[0m` : text);
}

const LEGEND = '· not yet  ○ waits for inputs  ◍ runs  ● done  2 done again, revision 2  ✗ failed';
const GAP = '  ';

/** One line per stage, one mark per label: an hour is one column, a day stands at the first column of its hours. */
export function gridLines(grid: Grid, runs: readonly RunRow[], paint: Paint): readonly string[] {
  const newest = new Map(runs.map((run) => [`${run.stage} ${run.timelabel}`, run]));
  const nameWidth = Math.max(...grid.stages.map((stage) => stage.name.length));
  const fitting = Math.max(1, Math.floor((grid.width - 1 - nameWidth) / (24 + GAP.length)));
  const days = grid.days.slice(-fitting);
  const heading = ' '.repeat(nameWidth) + days.map((day) => GAP + day.date.padEnd(24)).join('');
  const rows = grid.stages.map((stage) => {
    const cells = days.map((day) => {
      const labels = stage.period === '1h' ? hoursOf(day).map(labelOf) : [day.label];
      const marks = labels.map((label) => markOf(newest.get(`${stage.id} ${label}`)));
      return GAP + painted(marks, paint) + ' '.repeat(24 - labels.length);
    });
    return stage.name.padEnd(nameWidth) + cells.join('');
  });
  return [paint('dim', heading), ...rows];
}

interface Mark {
  readonly sign: string;
  readonly colour: Colour;
}

function markOf(run: RunRow | undefined): Mark {
  if (run === undefined) return { sign: '·', colour: 'dim' };
  switch (run.status) {
    case 'WAITING':
      return { sign: '○', colour: 'yellow' };
    case 'RUNNING':
      return { sign: '◍', colour: 'cyan' };
    case 'FAILURE':
      return { sign: '✗', colour: 'red' };
    case 'SUCCESS':
      return run.revision === 1
        ? { sign: '●', colour: 'green' }
        : { sign: String(run.revision % 10), colour: 'bold' };
  }
}

/** Neighbours of one colour are painted together, so that a redraw is a few kilobytes at most. */
function painted(marks: readonly Mark[], paint: Paint): string {
  const pieces: Mark[] = [];
  for (const { sign, colour } of marks) {
    const last = pieces.at(-1);
    if (last?.colour === colour) pieces[pieces.length - 1] = { sign: last.sign + sign, colour };
    else pieces.push({ sign, colour });
  }
  return pieces.map(({ sign, colour }) => paint(colour, sign)).join('');
}

/** `22:31:05  warehouse.analytics.flights  2001-01-02 16:00  r1  SUCCESS  1003 rows` */
export function eventLine(event: EventRow, paint: Paint): string {
  const outcome = paint(event.outcome === 'FAILURE' ? 'red' : 'dim', event.outcome);
  const rows = event.rows === null ? '' : `${String(event.rows)} rows`;
  const columns = [
    event.at.toISOString().slice(11, 19),
    event.dataset.padEnd(30),
    readable(event.timelabel),
    `r${String(event.revision)}`,
    outcome,
    rows,
  ];
  return columns.join('  ').trimEnd();
}

/** Where the demo writes: a terminal, or anything else. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Terminals that know it show everything between the two at once; the others ignore it. */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';
/** Milliseconds between two progress lines where nothing can be redrawn. */
const PROGRESS_PAUSE = 5_000;

/**
 * Lines that stay, and below them on a terminal a block that is redrawn in place. Every update is one write, and lines
 * are overwritten rather than cleared first, so that nothing flickers.
 */
export class View {
  readonly paint: Paint;
  readonly #out: Output;
  readonly #live: boolean;
  #grid: Omit<Grid, 'width'> | undefined;
  #block: readonly string[] = [];
  #drawn = 0;
  #progress = '';
  #progressAt = 0;

  constructor(out: Output, environment: { readonly NO_COLOR?: string; readonly TERM?: string }) {
    this.#out = out;
    this.#live = out.isTTY === true && environment.TERM !== 'dumb';
    this.paint = painter(this.#live && (environment.NO_COLOR ?? '') === '');
  }

  /** From now on snapshots are shown. */
  open(grid: Omit<Grid, 'width'>): void {
    this.#grid = grid;
    if (this.#live) this.#out.write(HIDE_CURSOR);
  }

  /** Writes a line that stays. */
  say(line = ''): void {
    this.#update(`${line}\n`);
  }

  show(snapshot: Snapshot): void {
    if (this.#grid === undefined) return;
    if (!this.#live) {
      this.#showProgress(snapshot);
      return;
    }
    const width = this.#out.columns ?? 80;
    this.#block = [
      '',
      ...gridLines({ ...this.#grid, width }, snapshot.runs, this.paint),
      '',
      this.paint('dim', LEGEND),
      '',
      ...snapshot.events.map((event) => eventLine(event, this.paint)),
    ]
      // What is higher than the terminal cannot be redrawn in place.
      .slice(0, Math.max(0, (this.#out.rows ?? 24) - 2))
      .map((line) => cut(line, width - 1));
    this.#update('');
  }

  /** Leaves the last block where it is and gives the cursor back. */
  close(): void {
    if (this.#live && this.#grid !== undefined) this.#out.write(SHOW_CURSOR);
    this.#grid = undefined;
    this.#block = [];
    this.#drawn = 0;
  }

  #update(text: string): void {
    if (!this.#live) {
      if (text !== '') this.#out.write(text);
      return;
    }
    const up = this.#drawn === 0 ? '' : `\x1b[${String(this.#drawn)}A\r`;
    const lines = this.#block.map((line) => `${line}\x1b[K\n`).join('');
    this.#out.write(`${BEGIN_UPDATE}${up}${text.replaceAll('\n', '\x1b[K\n')}${lines}\x1b[J${END_UPDATE}`);
    this.#drawn = this.#block.length;
  }

  #showProgress({ runs }: Snapshot): void {
    const now = Date.now();
    if (now - this.#progressAt < PROGRESS_PAUSE) return;
    const of = (status: RunRow['status']): number => runs.filter((run) => run.status === status).length;
    const line = `  runs: ${of('SUCCESS')} done, ${of('RUNNING')} running, ${of('WAITING')} waiting, ${of('FAILURE')} failed`;
    this.#progressAt = now;
    if (line !== this.#progress) this.#out.write(`${line}\n`);
    this.#progress = line;
  }
}

/** The first `width` visible characters; escape sequences have no width, and colours end where the text is cut. */
function cut(line: string, width: number): string {
  let seen = 0;
  let kept = '';
  for (const piece of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (piece.startsWith('\x1b')) kept += piece;
    else {
      kept += piece.slice(0, Math.max(0, width - seen));
      seen += piece.length;
    }
  }
  return kept;
}
