import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { diffText } from '../../cli/diff-text.ts';
import {
  countChanges,
  diffProjects,
  EMPTY_PROJECT,
  isEmptyDiff,
  type ConfigDiff,
} from '../../pipeline/config-diff.ts';
import { changesJoin, joinEffect } from '../../pipeline/join-effect.ts';
import { lineDiff } from '../../pipeline/line-diff.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { valueChanges } from '../../pipeline/value-diff.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const BASE = projectOf(
  [
    { name: 'hours', period: '1h', cron: '10 * * * *' },
    { name: 'days', period: '1d', reads: ['hours', OUTSIDE] },
    { name: 'news', period: '1d', reads: ['days'] },
  ],
  [{ name: 'crm', kind: 'sqs', queueUrl: '${env:CRM}' }],
);

/** The project with one stage changed. */
function withStage(name: string, change: Partial<StageDefinition>, project = BASE): Project {
  const stages = project.stages.map((stage) => (stage.name === name ? { ...stage, ...change } : stage));
  return { ...project, stages };
}

const days = BASE.stages[1]!;

/** As the catalog gives it back: jsonb keeps no order of keys. */
function throughCatalog<T>(value: T): T {
  const reversed = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(reversed);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part)
        .reverse()
        .map(([key, inner]) => [key, reversed(inner)]),
    );
  };
  return JSON.parse(JSON.stringify(reversed(value))) as T;
}

const aProject = fc
  .record({
    names: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 6 }),
    sql: fc.array(fc.constantFrom('select 1', 'from a', 'where b', ''), { maxLength: 8 }),
    endpoints: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 3 }),
    attempts: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ names, sql, endpoints, attempts }) => {
    const sketches = names.map((name, at) => ({
      name,
      period: '1d' as const,
      maxAttempts: attempts,
      reads: at === 0 ? [OUTSIDE] : [names[at - 1]!],
    }));
    const project = projectOf(
      sketches,
      endpoints.map((name) => ({ name, kind: 'sqs' as const, queueUrl: 'q' })),
    );
    const stages = project.stages.map((stage) => ({
      ...stage,
      work: { ...stage.work, sql: sql.join('\n') } as StageDefinition['work'],
    }));
    return { ...project, stages };
  });

describe('the diff of a project', () => {
  test('with itself is empty, whatever the order of its keys and named parts', () => {
    fc.assert(
      fc.property(aProject, (project) => {
        const shuffled = {
          ...throughCatalog(project),
          stages: [...throughCatalog(project).stages].reverse(),
        };
        const diff = diffProjects(project, shuffled);
        expect(isEmptyDiff(diff)).toBe(true);
        expect(diffText(diff, (_style, text) => text)).toBe('');
      }),
    );
  });

  test('names every field that differs, and nothing else', () => {
    const edits: Readonly<Record<string, (stage: StageDefinition) => StageDefinition>> = {
      period: (stage) => ({ ...stage, period: '1w' }),
      output: (stage) => ({ ...stage, output: `${stage.output}_2` }),
      timeoutSeconds: (stage) => ({ ...stage, timeoutSeconds: stage.timeoutSeconds + 1 }),
      maxAttempts: (stage) => ({ ...stage, maxAttempts: stage.maxAttempts + 1 }),
      when: (stage) => ({ ...stage, when: 'any' }),
      deadline: (stage) => ({ ...stage, deadline: { seconds: 60, then: 'partial' } }),
      schedule: (stage) => ({ ...stage, schedule: { cron: '1 0 * * *' } }),
      onUnsettled: (stage) => ({ ...stage, onUnsettled: 'run' }),
      maxRestatedLabels: (stage) => ({ ...stage, maxRestatedLabels: 5 }),
      'work.sql': (stage) => ({
        ...stage,
        work: { ...stage.work, sql: 'select 42' } as StageDefinition['work'],
      }),
    };
    const inputEdits: typeof edits = {
      'window of': (stage) => ({
        ...stage,
        inputs: stage.inputs.map((input) => ({ ...input, window: 'latest' })),
      }),
      'on of': (stage) => ({
        ...stage,
        inputs: stage.inputs.map((input) => ({ ...input, on: ['FAILURE'] })),
      }),
    };
    const all = { ...edits, ...inputEdits };
    fc.assert(
      fc.property(
        aProject,
        fc.subarray(Object.keys(all), { minLength: 1 }),
        fc.nat(),
        (project, names, pick) => {
          const at = pick % project.stages.length;
          const before = project.stages[at]!;
          const after = names.reduce((stage, name) => all[name]!(stage), before);
          const diff = diffProjects(project, { ...project, stages: project.stages.with(at, after) });
          const expected = names.map((name) =>
            name.endsWith(' of') ? `${name} ${before.inputs[0]!.dataset}` : name,
          );
          expect(diff.stages.changed.map(({ id }) => id)).toEqual([before.id]);
          expect(diff.stages.changed[0]!.changes.map(({ field }) => field).sort()).toEqual(expected.sort());
          expect([diff.stages.added, diff.stages.removed]).toEqual([[], []]);
        },
      ),
    );
  });

  test('finds any difference of two JSON values, however deep, and is symmetric', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        const there = valueChanges({ a }, { a: b });
        expect(there.length === 0).toBe(same);
        const back = valueChanges({ a: b }, { a });
        expect(back.map(({ field }) => field).sort()).toEqual(there.map(({ field }) => field).sort());
      }),
    );
  });

  test('lists what comes, goes and changes by kind, with the schedules that follow', () => {
    const after: Project = {
      ...BASE,
      connections: { ...BASE.connections, lake: { kind: 's3', bucket: 'b' } },
      endpoints: [{ name: 'ops', kind: 'sqs', queueUrl: 'q' }],
      datasets: [],
      stages: [{ ...BASE.stages[0]!, schedule: { cron: '20 * * * *' } }, days],
    };
    const diff = diffProjects(BASE, after);
    expect(diff).toMatchObject({
      connections: { added: ['lake'], removed: [], changed: [] },
      endpoints: { added: ['ops'], removed: ['crm'] },
      datasets: { removed: [OUTSIDE] },
      stages: { added: [], removed: ['p.news'], changed: [{ id: 'p.hours' }] },
      schedules: { create: [], update: ['tick/p.hours'], remove: [] },
    } satisfies Partial<Record<keyof ConfigDiff, unknown>>);
    expect(countChanges(diff)).toEqual({ added: 2, changed: 1, removed: 3 });
    expect(diffProjects(EMPTY_PROJECT, BASE).schedules.create).toEqual(['tick/p.hours']);
  });

  test('shows the number of routers of a pipeline, which is 1 when nothing is said', () => {
    const spread: Project = { ...BASE, routers: { p: 4 } };
    const diff = diffProjects(BASE, spread);
    expect(diffText(diff, (_style, text) => text)).toBe('~ pipeline p\n    routers: 1 -> 4');
    expect(isEmptyDiff(diff)).toBe(false);
    expect(countChanges(diff)).toEqual({ added: 0, changed: 1, removed: 0 });
    expect(diffText(diffProjects(spread, BASE), (_style, text) => text)).toContain('routers: 4 -> 1');
    expect(isEmptyDiff(diffProjects(spread, throughCatalog(spread)))).toBe(true);
    const gone = diffProjects({ ...BASE, pipelines: ['p', 'q'], routers: { q: 2 } }, BASE);
    expect(gone).toMatchObject({ pipelines: { removed: ['q'], changed: [] }, settings: [] });
  });

  test('shows a window in words and SQL line by line', () => {
    const sql = 'select day,\n  sum(price)\nfrom orders\ngroup by 1\n';
    const work = { kind: 'transform', sql, file: 'sql/days.sql', mode: 'append', key: [] } as const;
    const before = withStage('days', { work });
    const after = withStage('days', {
      work: { ...work, sql: sql.replace('sum(price)', 'sum(price * count)') },
      inputs: days.inputs.map((input) => (input.window === 'all' ? { ...input, window: 'last 24' } : input)),
    });
    expect(diffText(diffProjects(before, after), (_style, text) => text)).toBe(
      [
        '~ stage p.days',
        '    work.sql:',
        '      @@ -1,4 +1,4 @@',
        '       select day,',
        '      -  sum(price)',
        '      +  sum(price * count)',
        '       from orders',
        '       group by 1',
        '    window of warehouse.main.hours: all -> last 24',
      ].join('\n'),
    );
  });

  test('takes a removed and an added stage of the same definition for a new name', () => {
    const after = withStage('news', { id: 'p.bulletin', name: 'bulletin' });
    const diff = diffProjects(BASE, after);
    expect(diff.renamed).toEqual([{ from: 'p.news', to: 'p.bulletin' }]);
    const other = withStage('news', { id: 'p.bulletin', name: 'bulletin', maxAttempts: 9 });
    expect(diffProjects(BASE, other).renamed).toEqual([]);
  });
});

describe('the diff of two texts', () => {
  const aText = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.map((line) => `${line}\n`).join(''));

  test('turns the one into the other', () => {
    fc.assert(
      fc.property(aText, aText, (before, after) => {
        expect(patched(before, lineDiff(before, after))).toBe(after);
      }),
    );
  });

  test('tells a missing line end, and is empty for equal texts', () => {
    expect(lineDiff('a\n', 'a')).toEqual(['@@ -1,1 +1,1 @@', '-a', '+a (no line end)']);
    fc.assert(fc.property(aText, (text) => lineDiff(text, text).length === 0));
  });
});

describe('a waiting label', () => {
  const label = '20010105000000' as Timelabel;

  test.each<[string, Partial<StageDefinition>, boolean]>([
    ['an input goes', { inputs: days.inputs.slice(1) }, true],
    ['a window changes', { inputs: days.inputs.map((input) => ({ ...input, window: 'latest' })) }, true],
    ['fewer inputs are enough', { when: 'any' }, true],
    ['the period changes', { period: '1w' }, true],
    ['the deadline changes', { deadline: { seconds: 60, then: 'fail' } }, true],
    ['it writes elsewhere', { output: 'warehouse.main.elsewhere' }, true],
    ['only the order of inputs changes', { inputs: [...days.inputs].reverse() }, false],
    ['only the SQL changes', { work: { ...days.work, sql: 'select 2' } as StageDefinition['work'] }, false],
    ['only the attempts change', { maxAttempts: 7 }, false],
  ])('and whether the change concerns it: %s', (_what, change, concerned) => {
    expect(changesJoin(days, { ...days, ...change })).toBe(concerned);
    expect(joinEffect(label, days, { ...days, ...change }, 'keep')).toBe(concerned ? 'kept' : undefined);
  });

  test('is closed without its stage, and when it looks again as no label of the new period', () => {
    expect(joinEffect(label, days, undefined, 'keep')).toBe('closed');
    // 2001-01-05 was a Friday.
    expect(joinEffect(label, days, { ...days, period: '1w' }, 're-evaluate')).toBe('closed');
    expect(joinEffect(label, days, { ...days, period: '1w' }, 'keep')).toBe('kept');
    expect(joinEffect(label, days, { ...days, when: 'any' }, 're-evaluate')).toBe('re-evaluated');
  });
});

/** Keys in order and, as the diff sees them, lists of distinct names as objects. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const parts = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Applies a unified diff. */
function patched(before: string, diff: readonly string[]): string {
  const rest = before.split('\n').slice(0, -1);
  const result: string[] = [];
  let at = 0;
  for (const line of diff) {
    const start = /^@@ -(\d+),(\d+)/.exec(line);
    if (start !== null) {
      const first = Number(start[1]) - (start[2] === '0' ? 0 : 1);
      result.push(...rest.slice(at, first));
      at = first;
    } else if (line.startsWith('+')) result.push(line.slice(1));
    else {
      expect(rest[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) result.push(line.slice(1));
      at += 1;
    }
  }
  return [...result, ...rest.slice(at)].map((line) => `${line}\n`).join('');
}
