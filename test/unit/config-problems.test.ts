import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { type ProjectFiles, SHOP_PROJECT, withProject } from '../support/project-files.ts';
import type { BrokenProject } from './broken-projects/broken-project.ts';
import { ENDPOINTS } from './broken-projects/endpoints.ts';
import { INBOUND } from './broken-projects/inbound.ts';
import { MEANING } from './broken-projects/meaning.ts';
import { TIME_AND_JOINS } from './broken-projects/time-and-joins.ts';
import { NAMES_AND_SHAPES } from './broken-projects/names-and-shapes.ts';

const CASES = [...NAMES_AND_SHAPES, ...MEANING, ...TIME_AND_JOINS, ...ENDPOINTS, ...INBOUND];

function filesOf({ edits = [], files = {} }: BrokenProject): ProjectFiles {
  const result = new Map(Object.entries(SHOP_PROJECT));
  for (const [file, find, put] of edits) {
    const text = result.get(file) ?? '';
    expect(text).toContain(find);
    result.set(
      file,
      text.replace(find, () => put),
    );
  }
  for (const [file, text] of Object.entries(files)) {
    if (text === null) result.delete(file);
    else result.set(file, text);
  }
  return Object.fromEntries(result);
}

async function problemsOf(files: ProjectFiles): Promise<readonly Problem[]> {
  const reading = await withProject(files, readProject);
  return 'problems' in reading ? reading.problems : [];
}

describe('a broken project', () => {
  test.each(CASES.map((each) => [each.name, each] as const))(
    '%s: says where, what and the cure',
    async (_, each) => {
      const problems = await problemsOf(filesOf(each));
      expect(problems.map(({ file, line, field }) => ({ file, line, field }))).toEqual(
        each.expected.map(({ file, line, field }) => ({ file, line, field })),
      );
      for (const [index, { problem, cure }] of each.expected.entries()) {
        expect(problems[index]?.problem).toMatch(problem);
        expect(problems[index]?.cure).toMatch(cure);
      }
    },
  );

  test('problems of all files come at once, in the order of files and lines', async () => {
    const problems = await problemsOf({
      ...SHOP_PROJECT,
      'reefline.yaml': (SHOP_PROJECT['reefline.yaml'] ?? '').replace('workgroup: main', 'workgruop: main'),
      'pipelines/orders.yaml': (SHOP_PROJECT['pipelines/orders.yaml'] ?? '')
        .replace('mode: merge', 'mode: append')
        .replace(', cursor: created_at', ''),
      'sql/daily_revenue.sql': 'select from where',
    });
    expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'pipelines/orders.yaml:3',
      'pipelines/orders.yaml:5',
      'reefline.yaml:5',
      'sql/daily_revenue.sql:1',
    ]);
  });

  test('no problem repeats the value of a field that may hold a secret', async () => {
    const secret = 'hunter2';
    const values = [
      `"postgres://app:${secret}@db/shop"`,
      `postgres://app:${secret}@db/shop, x: y`,
      `{${secret}: 1}`,
      `["${secret}"]`,
      `"x", "postgres://app:${secret}@db": 1`,
      `"x", { a: ${secret} }: 1`,
      `"${secret}`,
      `*${secret}`,
      `"$\{${secret}}"`,
      `"mysql://h/?password=${secret}"`,
      secret,
    ];
    for (const value of values) {
      const settings = (SHOP_PROJECT['reefline.yaml'] ?? '').replace('"${env:SHOP_URL}"', () => value);
      const problems = await problemsOf({ ...SHOP_PROJECT, 'reefline.yaml': settings });
      expect(problems).not.toEqual([]);
      expect(problems.map(formatProblem).join('\n')).not.toContain(secret);
    }
  });

  test('aliases that unfold without end are refused', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]\n`,
    );
    const problems = await problemsOf({
      ...SHOP_PROJECT,
      'pipelines/bomb.yaml': `l0: &l0 [x]\n${levels.join('')}`,
    });
    expect(problems.map(({ file, problem }) => `${file} ${problem}`)).toEqual([
      'pipelines/bomb.yaml the aliases of this file unfold without end',
    ]);
  });

  test('never throws, whatever is cut out of or put into a file, and every problem has a place and a cure', async () => {
    const damage = fc.record({
      file: fc.constantFrom(...Object.keys(SHOP_PROJECT)),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(40),
      put: fc.constantFrom(
        '',
        ' ',
        '\n',
        '{',
        '[',
        '}',
        "'",
        '"',
        ':',
        '- ',
        '*a',
        '&a ',
        '!!x',
        '|',
        '#',
        '\t',
        'null',
        '~',
        '__proto__: {}',
        'constructor',
        '1',
        '<<: *b',
        '😀',
        '?',
        '--- ',
        '%',
        '\u0000',
        '(',
        ';',
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const files = new Map(Object.entries(SHOP_PROJECT));
        for (const { file, from, cut, put } of damages) {
          const text = files.get(file) ?? '';
          const start = Math.floor(from * text.length);
          files.set(file, text.slice(0, start) + put + text.slice(start + cut));
        }
        for (const { file, line, column, problem, cure } of await problemsOf(Object.fromEntries(files))) {
          expect(files.has(file)).toBe(true);
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual((files.get(file) ?? '').split('\n').length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(problem.trim()).not.toBe('');
          expect(cure.trim()).not.toBe('');
        }
      }),
      { numRuns: 200 },
    );
  });
});
