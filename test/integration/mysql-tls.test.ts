import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withMysql } from '../../connectors/mysql/connection.ts';
import { findMariadb, MARIADB_INSTALL } from '../../local/mariadb-programs.ts';
import { startMariadb, type LocalMariadb } from '../../local/mariadb.ts';

const missing =
  findMariadb() === undefined
    ? MARIADB_INSTALL
    : spawnSync('openssl', ['version']).status === 0
      ? undefined
      : 'The program openssl, which makes the certificates, is not installed.';
const describeTls =
  missing === undefined
    ? describe
    : (name: string, suite: () => void) => {
        describe.skip(`${name} (skipped: ${missing})`, suite);
      };

describeTls('A connection to MySQL with TLS', () => {
  let folder: string;
  let server: LocalMariadb;
  let stopped = false;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reefline-mysql-tls-'));
    chmodSync(folder, 0o711);
    for (const name of ['right', 'wrong']) makeCertificate(folder, name);
    mkdirSync(join(folder, 'server'));
    server = await startMariadb({
      dir: join(folder, 'server'),
      keep: false,
      announce: () => undefined,
      tls: { cert: join(folder, 'right.pem'), key: join(folder, 'right.key') },
    });
  });
  afterAll(async () => {
    if (!stopped) await server.stop();
    stopped = true;
    rmSync(folder, { recursive: true, force: true });
  });

  async function cipherWith(query: string, host = '127.0.0.1'): Promise<string> {
    const url = `${server.url.replace('127.0.0.1', host)}?${query}`;
    return withMysql({ connection: 'shop', url }, 'look', async (session) => {
      const [row] = await session.query<{ Value: string }>("show status like 'Ssl_cipher'");
      return row?.Value ?? '';
    });
  }

  test.each(['ssl-mode=required', 'ssl-mode=verify_ca&ssl-ca=RIGHT'])(
    'is encrypted with %s',
    async (query) => {
      expect(await cipherWith(query.replace('RIGHT', join(folder, 'right.pem')))).not.toBe('');
    },
  );

  test('proves the name of the server with verify_identity, and refuses an address, which has none', async () => {
    const query = `ssl-mode=verify_identity&ssl-ca=${join(folder, 'right.pem')}`;
    expect(await cipherWith(query, 'localhost')).not.toBe('');
    await expect(cipherWith(query)).rejects.toMatchObject({ failureClass: 'invalid_config' });
  });

  test('is not encrypted without', async () => {
    expect(await cipherWith('ssl-mode=disabled')).toBe('');
  });

  test.each(['ssl-mode=verify_ca', 'ssl-mode=verify_ca&ssl-ca=WRONG', 'ssl-ca=WRONG'])(
    'is refused as an invalid configuration when the certificate proves nothing: %s',
    async (query) => {
      await expect(
        cipherWith(query.replace('WRONG', join(folder, 'wrong.pem')), 'localhost'),
      ).rejects.toMatchObject({
        name: 'StageFailure',
        failureClass: 'invalid_config',
      });
    },
  );
});

function makeCertificate(folder: string, name: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject],
    { stdio: 'ignore' },
  );
  chmodSync(join(folder, `${name}.key`), 0o644);
}
