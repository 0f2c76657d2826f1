import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The two programs of an installed MariaDB that the local cloud uses. */
export interface MariadbPrograms {
  readonly server: string;
  /** Creates the system tables of a new data folder. */
  readonly installDb: string;
}

/** What to tell a person on whose machine there is no MariaDB. */
export const MARIADB_INSTALL =
  'No MariaDB server is installed on this machine. ' +
  'Install it with "apt-get install mariadb-server" (Debian, Ubuntu), "dnf install mariadb-server" (Fedora) or ' +
  '"brew install mariadb" (macOS); a running service is not needed.';

/** Where distributions keep servers although PATH does not name it. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/libexec', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The programs of the system's MariaDB, or undefined when it is not installed. */
export function findMariadb(path = process.env['PATH'] ?? ''): MariadbPrograms | undefined {
  const folders = [...path.split(delimiter), ...MORE_FOLDERS];
  const find = (name: string): string | undefined =>
    folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  const server = find('mariadbd');
  const installDb = find('mariadb-install-db');
  return server === undefined || installDb === undefined ? undefined : { server, installDb };
}
