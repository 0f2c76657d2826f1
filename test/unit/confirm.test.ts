import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { confirm } from '../../cli/confirm.ts';

describe('a question at the terminal', () => {
  test.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('takes %j for %s', async (answer, agreed) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(answer);
    expect(await confirm('Apply this?', input, output)).toBe(agreed);
    expect(String(output.read())).toContain('Apply this? [y/N] ');
  });
});
