import { describe, expect, test } from '@jest/globals';
import { StageFailure } from '../../pipeline/failure.ts';
import { resolveConnection, resolveText } from '../../workers/secrets.ts';

const environment = { SHOP_URL: 'postgres://shop:geheim@db/shop', EMPTY: '', ODD: 'a$&b${env:SHOP_URL}' };

function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('references to secrets', () => {
  test('are replaced inside a worker, also within a longer text', () => {
    expect(resolveText('${env:SHOP_URL}', environment)).toBe('postgres://shop:geheim@db/shop');
    expect(resolveText('x${env:SHOP_URL}?a=${env:SHOP_URL}', environment)).toBe(
      'xpostgres://shop:geheim@db/shop?a=postgres://shop:geheim@db/shop',
    );
  });

  test('a value is taken as it is, whatever it looks like', () => {
    expect(resolveText('${env:ODD}', environment)).toBe('a$&b${env:SHOP_URL}');
  });

  test('a missing or empty variable is named, and no value is', () => {
    for (const name of ['MISSING', 'EMPTY']) {
      const failure = failureOf(() => resolveText(`\${env:SHOP_URL} \${env:${name}}`, environment));
      expect(failure).toBeInstanceOf(StageFailure);
      expect((failure as StageFailure).failureClass).toBe('invalid_config');
      expect((failure as StageFailure).message).toContain(name);
      expect((failure as StageFailure).message).not.toContain('geheim');
    }
  });

  test('a connection keeps everything else', () => {
    const connection = { kind: 'postgres', url: '${env:SHOP_URL}', concurrency: 3 } as const;
    expect(resolveConnection(connection, environment)).toEqual({ ...connection, url: environment.SHOP_URL });
    expect(connection.url).toBe('${env:SHOP_URL}');
  });
});
