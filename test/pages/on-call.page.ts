import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkPage } from '../support/checked-page.ts';
import { openOnCallShop, type OnCallShop } from '../support/on-call-shop.ts';
import { playTheWeek, scenesOf } from '../support/on-call-story.ts';

/* docs/on-call.md is played from top to bottom on real systems: its commands are typed, and print what it shows. */

let shop: OnCallShop;

beforeAll(async () => {
  shop = await openOnCallShop();
  await playTheWeek(shop);
}, 300_000);

afterAll(() => shop.close());

/** What differs between two runs: durations, ids, checksums, ports, and the widths that follow from them. */
function alike(output: string): string {
  return output
    .replaceAll(/\b[\d.]+ (ms|s|m \d\d s)\b/g, 'T')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'CHECKSUM')
    .replaceAll(/\b\d+ attempts?\b/g, 'N attempts')
    .replaceAll(/next attempt (due|in T)/g, 'next attempt')
    .replaceAll(/^bytes .*/gm, 'bytes')
    .replaceAll(/ {2,}/g, '  ');
}

test('the commands of the page print what the page says', async () => {
  const scenes = scenesOf(shop);
  const examples = await checkPage({
    page: new URL('../../docs/on-call.md', import.meta.url),
    alike,
    scene: async (name) => {
      const scene = scenes[name];
      if (scene === undefined) throw new Error(`The story has no scene "${name}".`);
      await scene();
    },
    print: (command) => {
      const [program = '', ...words] = command.split(' ');
      if (program === 'reefline') return shop.reefline(words.join(' '));
      const sql = /"([^"]+)"$/.exec(command)?.[1] ?? '';
      return shop.psql(sql, program === 'psql' && command.includes('CATALOG') ? 'catalog' : 'warehouse');
    },
  });
  expect(examples).toBeGreaterThan(30);
}, 300_000);
