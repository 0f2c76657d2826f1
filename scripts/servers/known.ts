import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A server that the sources are tested against, and where its programs come from. */
export type KnownServer = PostgresPrograms | MysqlPrograms;

/** A version of the npm package that the local cloud uses too. */
export interface PostgresPrograms {
  readonly kind: 'postgres';
  readonly name: string;
  readonly version: string;
  /** Of the package for Linux on x64, as the registry states it. */
  readonly integrity: string;
}

/** Packages of Ubuntu: the server and every library that it needs, the C library included. */
export interface MysqlPrograms {
  readonly kind: 'mysql';
  readonly name: string;
  readonly version: string;
  /** SHA-256 of each package by its path in the archive. */
  readonly files: Readonly<Record<string, string>>;
}

const POSTGRES: Readonly<Record<string, readonly [version: string, integrity: string]>> = {
  'postgres-12': [
    '12.22.0-beta.15',
    'sha512-iG+VySdss+bA5SLDIRrowxKuV57GTc/ePu7NzN0Vnk4t+guX4bW3JP1h4t5MFzZ5SZEJ9tV+fDPjkwPTh2kzuw==',
  ],
  'postgres-13': [
    '13.23.0-beta.16',
    'sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==',
  ],
  'postgres-14': [
    '14.23.0-beta.17',
    'sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
  ],
  'postgres-15': [
    '15.18.0-beta.17',
    'sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
  ],
  'postgres-16': [
    '16.14.0-beta.17',
    'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
  ],
  'postgres-17': [
    '17.10.0-beta.17',
    'sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
  ],
};

const packages = z.record(
  z.string(),
  z.object({ version: z.string(), files: z.record(z.string(), z.string()) }),
);
const MYSQL = packages.parse(
  JSON.parse(readFileSync(new URL('mysql-packages.json', import.meta.url), 'utf8')),
);

export const KNOWN_SERVERS: readonly KnownServer[] = [
  ...Object.entries(POSTGRES).map(([name, [version, integrity]]) => ({
    ...({ kind: 'postgres', name } as const),
    version,
    integrity,
  })),
  ...Object.entries(MYSQL).map(([name, programs]) => ({
    ...({ kind: 'mysql', name } as const),
    ...programs,
  })),
];
