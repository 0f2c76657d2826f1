import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import {
  describeDeleteLimit,
  exceedsDeleteLimit,
  parseDeleteLimit,
  USUAL_DELETE_LIMIT,
} from '../../pipeline/delete-limit.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';

const STAGE = 'publish: warehouse.marts.daily_revenue, to: serving.app.revenue, key: [day]';

async function readStage(stage: string) {
  const pipeline = `${SHOP_PROJECT['pipelines/orders.yaml'] ?? ''}  - serve: { ${stage} }\n`;
  return withProject({ ...SHOP_PROJECT, 'pipelines/orders.yaml': pipeline }, readProject);
}

describe('the limit of deletes', () => {
  test('when nothing is said lets half of the rows go and never all of them', () => {
    expect(exceedsDeleteLimit(USUAL_DELETE_LIMIT, 10, 5)).toBe(false);
    expect(exceedsDeleteLimit(USUAL_DELETE_LIMIT, 10, 6)).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (rows) => {
        expect(exceedsDeleteLimit(USUAL_DELETE_LIMIT, rows, rows)).toBe(true);
      }),
    );
  });

  test('is never exceeded when nothing is deleted, and at 100% never at all', () => {
    const limit = fc.oneof(
      fc.record({ rows: fc.nat() }),
      fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
    );
    fc.assert(
      fc.property(limit, fc.nat(), fc.nat(), (some, there, share) => {
        expect(exceedsDeleteLimit(some, there, 0)).toBe(false);
        expect(exceedsDeleteLimit({ percent: 100 }, there, Math.min(share, there))).toBe(false);
      }),
    );
  });

  test('is read as it is written, and nothing else is read', () => {
    for (const limit of [{ rows: 0 }, { rows: 7 }, { percent: 0 }, { percent: 100 }]) {
      const text = describeDeleteLimit(limit);
      expect(parseDeleteLimit('rows' in limit ? limit.rows : text)).toEqual(limit);
    }
    for (const text of ['', '101%', '5', '-1%', '5.5%']) expect(parseDeleteLimit(text)).toBeUndefined();
  });
});

describe('a publish that deletes', () => {
  test.each([
    ['mode: replace', { mode: 'replace' }],
    ['mode: replace, max_deleted: 100%', { mode: 'replace', maxDeleted: { percent: 100 } }],
    ['deletes: propagate, max_deleted: 20', { deletes: 'propagate', maxDeleted: { rows: 20 } }],
    ['mode: upsert, deletes: keep', {}],
  ])('with %s is understood', async (fields, work) => {
    const reading = await readStage(`${STAGE}, ${fields}`);
    if (!('project' in reading)) throw new Error(reading.problems.map(formatProblem).join('\n'));
    const stage = reading.project.stages.find(({ name }) => name === 'serve');
    expect(stage?.work).toEqual({
      kind: 'publish',
      from: 'warehouse.marts.daily_revenue',
      key: ['day'],
      rows: 'label',
      ...work,
    });
  });

  test.each([
    ['mode: replace, deletes: propagate', /deletes: mode replace deletes every row.*Remove deletes/],
    ['max_deleted: 5', /max_deleted: this publish deletes no rows.*deletes: propagate/],
    ['deletes: propagate, max_deleted: 150%', /max_deleted: .*one such as 50%/],
  ])('with %s is refused with a cure', async (fields, message) => {
    const reading = await readStage(`${STAGE}, ${fields}`);
    expect('problems' in reading ? reading.problems.map(formatProblem).join('\n') : '').toMatch(message);
  });
});
