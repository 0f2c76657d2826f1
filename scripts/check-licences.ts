import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type InstalledPackage, licenceProblems } from './dependencies/licences.ts';

/* Reads the licence of every package that is installed for production, those that others bring along included. */

const root = new URL('../', import.meta.url);
const lock = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });
const manifest = z.object({ name: z.string(), version: z.string(), license: z.unknown().optional() });

function installed(): readonly InstalledPackage[] {
  const { packages } = lock.parse(readJson(new URL('package-lock.json', root)));
  return Object.entries(packages).flatMap(([folder, { dev = false }]) => {
    const file = new URL(`${folder}/package.json`, root);
    // Packages for other platforms are in the lock file and not on this machine.
    if (folder === '' || dev || !existsSync(file)) return [];
    const { name, version, license } = manifest.parse(readJson(file));
    return [{ name, version, licence: typeof license === 'string' ? license : 'none' }];
  });
}

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

const packages = installed();
const problems = licenceProblems(packages);
for (const line of problems) console.error(line);
if (packages.length === 0) console.error('No packages are installed. Run: npm run setup');
if (problems.length > 0 || packages.length === 0) process.exitCode = 1;
