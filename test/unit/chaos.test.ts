import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { readArguments } from '../../chaos/arguments.ts';
import { wrongRecords, wrongRefusals } from '../../chaos/compare-org.ts';
import { differences } from '../../chaos/compare-tables.ts';
import { Dice } from '../../chaos/dice.ts';
import { openGate } from '../../chaos/gate.ts';
import { failingTasks } from '../../chaos/histories.ts';
import { HOSTILE } from '../../chaos/hostile.ts';
import { signalOf } from '../../chaos/message-faults.ts';
import { drawPipelines } from '../../chaos/project.ts';
import { shiftClock } from '../../chaos/shift-clock.ts';
import { drawWrongness } from '../../chaos/wrongness.ts';

describe('the fault suite', () => {
  test('draws the same for the same seed, and something else for another', () => {
    const drawn = (seed: number): unknown => {
      const dice = new Dice(seed);
      return [drawPipelines(dice, true), Array.from({ length: 50 }, () => dice.between(1, 1_000_000))];
    };
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
  });

  test('draws rows of PostgreSQL and of MySQL, and without MySQL the same pipelines but for that', () => {
    const drawn = (withMysql: boolean) =>
      Array.from({ length: 50 }, (_, seed) => drawPipelines(new Dice(seed), withMysql)).flat();
    const [both, one] = [drawn(true), drawn(false)];
    expect(new Set(both.map(({ source }) => source))).toEqual(new Set(['postgres', 'mysql']));
    expect(one).toEqual(both.map((pipeline) => ({ ...pipeline, source: 'postgres' })));
  });

  test('draws whole numbers between both ends, and every one of them', () => {
    const dice = new Dice(1);
    const drawn = new Set(Array.from({ length: 500 }, () => dice.between(3, 7)));
    expect([...drawn].sort()).toEqual([3, 4, 5, 6, 7]);
    expect(dice.shuffle([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4]);
  });

  test('sends a hostile message many times without a signal that the server would refuse for its size', () => {
    const signals = HOSTILE.map(signalOf);
    for (const signal of signals) {
      expect(signal.length).toBeGreaterThan(1);
      expect(Buffer.byteLength(JSON.stringify(signal))).toBeLessThan(2 * 1024 * 1024);
    }
    expect(signals.map(({ length }) => length)).toContain(100);
  });

  test('finds a row that is missing, doubled, changed or too many', () => {
    const rows = (...list: readonly string[]): Map<string, number> => {
      const counts = new Map<string, number>();
      for (const row of list) counts.set(row, (counts.get(row) ?? 0) + 1);
      return counts;
    };
    expect(differences('t', rows('a', 'b', 'b'), rows('b', 'a', 'b'))).toEqual([]);
    expect(differences('t', rows('a', 'b'), rows('a'))).toEqual([
      't has the row b 0 times, and the source 1 times',
    ]);
    expect(differences('t', rows('a'), rows('a', 'a'))).toEqual([
      't has the row a 2 times, and the source 1 times',
    ]);
    expect(differences('t', rows('a'), rows('A'))).toHaveLength(2);
  });

  test('finds a record of Salesforce that is missing, old or too many, and a refused row that is not kept once', () => {
    const days = [
      { day: '2020-03-01', orders: 3, amount: 9_999 },
      { day: '2020-03-02', orders: 4, amount: -10_000 },
    ];
    const right = '3 orders of 9999';
    // What it refused now, it may have taken before.
    for (const before of [[], [['2020-03-02', '2 orders of 7']]] as [string, string][][])
      expect(wrongRecords(days, new Map([['2020-03-01', right], ...before]))).toEqual([]);
    expect(wrongRecords(days, new Map())).toEqual([
      `Salesforce has nothing for 2020-03-01, and the source ${right}`,
    ]);
    expect(wrongRecords(days, new Map([['2020-03-01', '3 orders of 1']]))).toHaveLength(1);
    expect(wrongRecords([], new Map([['2020-03-01', right]]))).toHaveLength(1);
    expect(wrongRefusals(days, ['2020-03-02'])).toEqual([]);
    expect(wrongRefusals(days, [])).toHaveLength(1);
    expect(wrongRefusals(days, ['2020-03-02', '2020-03-02'])).toHaveLength(1);
    expect(wrongRefusals(days, ['2020-03-01', '2020-03-02'])).toHaveLength(1);
  });

  test('finds a task that is pending after many attempts, and none that was tried a few times', () => {
    const workflow = (
      attempt: number,
      pendingActivities: object[] = [],
    ): Parameters<typeof failingTasks>[0] => ({
      workflowId: 'router/p0',
      raw: { pendingWorkflowTask: { attempt }, pendingActivities },
    });
    expect(failingTasks(workflow(2, [{ attempt: 5 }]))).toEqual([]);
    expect(failingTasks({ workflowId: 'router/p0', raw: {} })).toEqual([]);
    const closing = { activityType: { name: 'closeRun' }, attempt: 9, lastFailure: { message: 'no rights' } };
    expect(failingTasks(workflow(7, [closing]))).toEqual([
      'router/p0: attempt 7 of its workflow task',
      'router/p0: attempt 9 of its activity closeRun (no rights)',
    ]);
  });

  test('draws clocks that are wrong by minutes and by hours, ahead and behind, and none that is nearly right', () => {
    const dice = new Dice(3);
    const drawn = Array.from({ length: 400 }, () => drawWrongness(dice) / 60_000);
    expect(drawn.every((minutes) => Math.abs(minutes) >= 6 && Math.abs(minutes) <= 36 * 60)).toBe(true);
    for (const side of [1, -1]) {
      const sizes = drawn.map((minutes) => minutes * side).filter((minutes) => minutes > 0);
      expect(sizes.some((minutes) => minutes < 60)).toBe(true);
      expect(sizes.some((minutes) => minutes > 600)).toBe(true);
    }
  });

  test('sets the clock of a process wrong for everybody who asks for the time, and leaves instants that are named', () => {
    const right = Date.now();
    const setRight = shiftClock(7_200_000);
    try {
      const told = [Date.now(), new Date().getTime(), Date.parse(Date())];
      for (const time of told) expect(Math.round((time - right) / 3_600_000)).toBe(2);
      expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
      expect(new Date(2020, 1, 1).getDate()).toBe(1);
      expect(new Date() instanceof Date && new Date().constructor === Date).toBe(true);
    } finally {
      setRight();
    }
    expect(Math.abs(Date.now() - right)).toBeLessThan(3_600_000);
  });

  test('refuses minutes and seeds that are none, and repeats a seed that it was given', () => {
    const draw = (): number => 5;
    expect(readArguments([], draw)).toEqual({ minutes: 2, seed: 5, help: false });
    expect(readArguments(['--seed', '9', '--minutes', '0.5'], draw)).toEqual({
      minutes: 0.5,
      seed: 9,
      help: false,
    });
    expect(readArguments(['--minutes', 'soon'], draw)).toContain('"soon" is none');
    expect(readArguments(['--seed', '-1'], draw)).toContain('--seed');
    expect(readArguments(['--sead', '1'], draw)).toContain('Usage: npm run chaos');
  });
});

describe('a gate', () => {
  async function withServer(work: (address: string) => Promise<void>, heard: string[] = []): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        heard.push(bytes.toString());
        socket.write(Buffer.concat([bytes, Buffer.alloc(1_000, '.')]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** What comes back for a word; `reset` or `closed` when nothing does. */
  async function answer(address: string): Promise<string> {
    const { connect } = await import('node:net');
    const [host = '', port = ''] = address.split(':');
    return new Promise((resolve) => {
      const socket = connect(Number(port), host, () => socket.write('word'));
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString();
        if (text.length >= 1_004) socket.end();
      });
      socket.once('error', () => resolve('reset'));
      socket.once('close', () => resolve(text === '' ? 'closed' : text));
    });
  }

  test('lets pass, refuses, answers as an overloaded service, or breaks answers off, as it is set', async () => {
    await withServer(async (address) => {
      const gate = await openGate(address);
      try {
        expect(await answer(gate.address)).toBe(`word${'.'.repeat(1_000)}`);
        gate.set('refusing');
        expect(await answer(gate.address)).toBe('reset');
        gate.set('failing');
        expect(await answer(gate.address)).toMatch(/^HTTP\/1.1 503 Slow Down\r\n/);
        gate.set('throttling');
        expect(await answer(gate.address)).toMatch(/^HTTP\/1.1 403 Forbidden\r\n[^]*REQUEST_LIMIT_EXCEEDED/);
        gate.set('truncating');
        expect(await answer(gate.address)).toHaveLength(120);
        gate.set('open');
        expect(await answer(gate.address)).toHaveLength(1_004);
      } finally {
        await gate.close();
      }
    });
  });

  test('that is silent holds bytes back until it is open again, and loses none', async () => {
    await withServer(async (address) => {
      const gate = await openGate(address);
      try {
        gate.set('silent');
        const answering = answer(gate.address);
        const first = await Promise.race([
          answering,
          new Promise((resolve) => setTimeout(() => resolve('nothing yet'), 150)),
        ]);
        expect(first).toBe('nothing yet');
        gate.set('open');
        expect(await answering).toBe(`word${'.'.repeat(1_000)}`);
      } finally {
        await gate.close();
      }
    });
  });

  test('that is slow loses and reorders nothing, and one that is aimed anew leads to the other server', async () => {
    await withServer(async (address) => {
      const gate = await openGate(address);
      try {
        gate.set('slow');
        const answering = answer(gate.address);
        setTimeout(() => gate.set('open'), 20);
        expect(await answering).toBe(`word${'.'.repeat(1_000)}`);
        gate.aim('127.0.0.1:1');
        expect(await answer(gate.address)).toMatch(/^(reset|closed)$/);
        await withServer(async (other) => {
          gate.aim(other);
          expect(await answer(gate.address)).toHaveLength(1_004);
        });
      } finally {
        await gate.close();
      }
    });
  });

  test('holds a connection at the request that it waits for, before the server has it or before its answer is known', async () => {
    const heard: string[] = [];
    await withServer(async (address) => {
      const gate = await openGate(address);
      try {
        expect(await gate.trap({ pattern: /word/, moment: 'asked' }, 1)).toBe(false);
        for (const [moment, reached] of [
          ['asked', 0],
          ['answered', 1],
        ] as const) {
          const trapped = gate.trap({ pattern: /^word$/, moment }, 10_000);
          const answering = answer(gate.address);
          expect(await trapped).toBe(true);
          expect(heard.splice(0)).toHaveLength(reached);
          gate.cut();
          expect(await answering).toMatch(/^(reset|closed)$/);
        }
        expect(await answer(gate.address)).toHaveLength(1_004);
      } finally {
        await gate.close();
      }
    }, heard);
  });
});
