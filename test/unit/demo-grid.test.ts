import { describe, expect, test } from '@jest/globals';
import { planOf } from '../../examples/flights/calendar.ts';
import type { RunRow, Snapshot } from '../../examples/flights/ledger.ts';
import { gridLines, type Output, painter, View } from '../../examples/flights/view.ts';

const STAGES = [
  { id: 'flights.fetch', name: 'fetch', period: '1h' },
  { id: 'delays.summary', name: 'summary', period: '1d' },
];
const { days } = planOf(3);
const plain = painter(false);

function run(stage: string, timelabel: string, revision: number, status: RunRow['status']): RunRow {
  return { stage, timelabel, revision, status };
}

const RUNS = [
  run('flights.fetch', '20010101000000', 1, 'SUCCESS'),
  run('flights.fetch', '20010101010000', 1, 'SUCCESS'),
  run('flights.fetch', '20010101010000', 2, 'SUCCESS'),
  run('flights.fetch', '20010101020000', 1, 'RUNNING'),
  run('flights.fetch', '20010102230000', 1, 'FAILURE'),
  run('delays.summary', '20010101000000', 1, 'WAITING'),
];

describe('the grid of stages and labels', () => {
  test('has one mark per hour, the newest revision of each', () => {
    const [heading, fetch, summary] = gridLines({ stages: STAGES, days, width: 200 }, RUNS, plain);
    const dots = '·'.repeat(24);
    expect(heading?.trimEnd()).toBe(
      `         2001-01-01${' '.repeat(14)}  2001-01-02${' '.repeat(14)}  2001-01-03`,
    );
    expect(fetch).toBe(`fetch    ●2◍${'·'.repeat(21)}  ${'·'.repeat(23)}✗  ${dots}`);
    expect(summary?.trimEnd()).toBe(`summary  ○${' '.repeat(25)}·${' '.repeat(25)}·`);
  });

  test('leaves out the oldest days where the terminal is narrow, and never exceeds its width', () => {
    const lines = gridLines({ stages: STAGES, days, width: 62 }, RUNS, plain);
    expect(lines[0]).toContain('2001-01-02');
    expect(lines[0]).not.toContain('2001-01-01');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(62);
  });
});

class Recorder implements Output {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

const SNAPSHOT: Snapshot = { runs: RUNS, events: [] };

describe('the live view', () => {
  test('redraws in place on a terminal, without colours when NO_COLOR is set, and gives the cursor back', () => {
    const out = new Recorder(true);
    const view = new View(out, { NO_COLOR: '1' });
    view.open({ stages: STAGES, days });
    view.show(SNAPSHOT);
    const first = out.text;
    view.show(SNAPSHOT);
    view.close();
    const lines = first.split('\n').length - 1;
    expect(out.text.slice(first.length)).toContain(`\x1b[${String(lines)}A`);
    expect(out.text.endsWith('\x1b[?25h')).toBe(true);
    expect(out.text).not.toMatch(/\x1b\[\d+m/);
  });

  test('writes plain progress lines and no control sequence where nothing can be redrawn', () => {
    const out = new Recorder(false);
    const view = new View(out, {});
    view.open({ stages: STAGES, days });
    view.say('a story');
    view.show(SNAPSHOT);
    view.show(SNAPSHOT);
    view.close();
    expect(out.text).toBe('a story\n  runs: 3 done, 1 running, 1 waiting, 1 failed\n');
  });
});
