import { describe, expect, test } from '@jest/globals';
import { keyFolders, keyText, parseKeyState, type KeyState } from '../../pipeline/key-state.ts';

const STATE: KeyState = {
  version: 1,
  key: ['id int64'],
  runs: [{ url: 's3://b/k', bytes: 10, keys: 2 }],
  gone: null,
};

describe('the keys that an extract remembers', () => {
  test('are read as they were written', () => {
    const gone = { url: 's3://b/gone', bytes: 4, keys: 1 };
    for (const state of [STATE, { ...STATE, gone }])
      expect(parseKeyState(JSON.stringify(state))).toEqual(state);
    const id = { name: 'id', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: false } as const;
    expect(keyText([id])).toEqual(['id decimal(9,2)']);
  });

  test.each([
    ['no JSON', 'state'],
    ['no object', '[]'],
    ['of another version', JSON.stringify({ ...STATE, version: 2 })],
    ['without runs', JSON.stringify({ ...STATE, runs: undefined })],
    ['with a run of no size', JSON.stringify({ ...STATE, runs: [{ url: 's3://b/k', keys: 2 }] })],
    ['without a word on what is gone', JSON.stringify({ ...STATE, gone: undefined })],
  ])('are refused when they are %s', (_, text) => {
    expect(parseKeyState(text)).toBeUndefined();
  });
});

describe('the folders of keys', () => {
  const folder = (attempt: number): string => `stage/shop/t/_keys/20010105080000/r1/a${String(attempt)}`;
  const objects = (
    attempt: number,
    modified: number,
    ...names: string[]
  ): { key: string; modified: number }[] =>
    names.map((name) => ({ key: `${folder(attempt)}/${name}`, modified }));

  test('are complete with a state, dead without one when all of it is old, and left alone otherwise', () => {
    const living = [...objects(3, 50, 'keys-00000.run'), ...objects(3, 200, 'keys-00001.run')];
    const listed = [
      ...objects(1, 50, 'keys-00000.run', 'state.json'),
      ...objects(2, 50, 'gone.run', 'keys-00000.run'),
      ...living,
      { key: 'stage/shop/t/_keys/notes.txt', modified: 0 },
    ];
    expect(keyFolders(listed, 100)).toEqual({
      complete: [
        {
          state: `${folder(1)}/state.json`,
          objects: [`${folder(1)}/keys-00000.run`, `${folder(1)}/state.json`],
        },
      ],
      dead: [`${folder(2)}/gone.run`, `${folder(2)}/keys-00000.run`],
    });
  });
});
