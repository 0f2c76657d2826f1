import { describe, expect, test } from '@jest/globals';
import { readProject } from '../../config/project.ts';
import { SHOP_PROJECT, shopWith, withProject } from '../support/project-files.ts';

describe('the limit for those who signal', () => {
  const withSignals = (text: string): ReturnType<typeof readProject> =>
    withProject(shopWith(`signals: ${text}`), readProject);

  test('is in the project, and absent when nothing is said', async () => {
    expect(await withSignals('{ maxEventsPerSecond: 200 }')).toMatchObject({
      project: { signals: { maxEventsPerSecond: 200 } },
    });
    const reading = await withProject(SHOP_PROJECT, readProject);
    expect('project' in reading && 'signals' in reading.project).toBe(false);
  });

  test.each([
    ['{ maxEventsPerSecond: 0 }', 'signals.maxEventsPerSecond', 'write a whole number from 1 to 10000'],
    ['{ maxEventsPerSecond: fast }', 'signals.maxEventsPerSecond', 'write a whole number from 1 to 10000'],
    ['{ maxEventPerSecond: 200 }', 'signals.maxEventPerSecond', 'maxEventsPerSecond'],
    ['{}', 'signals.maxEventsPerSecond', ''],
  ])('is refused with a cure: %s', async (text, field, cure) => {
    expect(await withSignals(text)).toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ file: 'reefline.yaml', field, cure: expect.stringContaining(cure) }),
      ]),
    });
  });
});
