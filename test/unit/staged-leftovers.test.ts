import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { leftovers, suspectRevisions, type ListedObject } from '../../pipeline/staged-leftovers.ts';

const DEADLINE = 1_000;

/** A dataset's folder as kills may leave it: revisions with files of some attempts, and a manifest that names one's. */
interface Revision {
  readonly folder: string;
  readonly files: readonly ListedObject[];
  /** Keys that the manifest names; null when there is none. */
  readonly named: readonly string[] | null;
}

const anyRevisions: fc.Arbitrary<readonly Revision[]> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 10, max: 30 }), fc.integer({ min: 1, max: 12 })), {
    selector: ([day, revision]) => `${String(day)}/${String(revision)}`,
    maxLength: 8,
  })
  .chain((places) =>
    fc.tuple(
      ...places.map(([day, revision]) => {
        const folder = `stage/shop/orders/202001${String(day)}000000/r${String(revision)}`;
        return fc
          .record({
            attempts: fc.uniqueArray(
              fc.record({
                number: fc.integer({ min: 1, max: 12 }),
                times: fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1 }),
              }),
              { selector: ({ number }) => number, maxLength: 4 },
            ),
            published: fc.option(fc.nat()),
          })
          .map(({ attempts, published }): Revision => {
            const files = attempts.flatMap(({ number, times }) =>
              times.map((modified, at) => ({
                key: `${folder}/a${String(number)}/part-${String(at).padStart(5, '0')}.parquet`,
                modified,
              })),
            );
            const own = attempts[(published ?? 0) % Math.max(attempts.length, 1)];
            const named = files
              .map(({ key }) => key)
              .filter((key) => key.includes(`/a${String(own?.number)}/`));
            return { folder, files, named: published === null ? null : named };
          });
      }),
    ),
  );

function listingOf(revisions: readonly Revision[]): readonly ListedObject[] {
  return revisions
    .flatMap(({ folder, files, named }) => [
      ...files,
      { key: `${folder}/a1/keys-00000.parquet`, modified: 0 },
      { key: `${folder}/a1/deletes.json`, modified: 0 },
      ...(named === null ? [] : [{ key: `${folder}/manifest.json`, modified: 0 }]),
    ])
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** What a collection of the listed objects removes. */
function removed(
  revisions: readonly Revision[],
  objects: readonly ListedObject[],
  cut: boolean,
): readonly string[] {
  return suspectRevisions(objects, { deadline: DEADLINE, cut }).flatMap((suspect) => {
    const found = revisions.find(({ folder }) => folder === suspect.folder);
    return leftovers(suspect, new Set(found?.named ?? []));
  });
}

describe('The collection of leftovers', () => {
  test('removes only files of rows that are old enough and that no manifest names, wherever the listing is cut', () => {
    fc.assert(
      fc.property(anyRevisions, fc.nat(), (revisions, length) => {
        const listing = listingOf(revisions);
        const seen = listing.slice(0, length % (listing.length + 1));
        const named = new Set(revisions.flatMap((revision) => revision.named ?? []));
        const young = new Set(listing.filter(({ modified }) => modified >= DEADLINE).map(({ key }) => key));
        for (const key of removed(revisions, seen, seen.length < listing.length)) {
          expect(key).toMatch(/\/part-\d+\.parquet$/u);
          expect(named).not.toContain(key);
          expect(young).not.toContain(key);
        }
      }),
    );
  });

  test('leaves nothing of a dead attempt where the manifest names another one, or there is none', () => {
    fc.assert(
      fc.property(anyRevisions, (revisions) => {
        const listing = listingOf(revisions);
        const gone = new Set(removed(revisions, listing, false));
        for (const { files, named } of revisions) {
          const dead = files.filter(
            ({ key, modified }) => modified < DEADLINE && !(named ?? []).includes(key),
          );
          for (const { key } of dead) expect(gone).toContain(key);
        }
      }),
    );
  });
});
