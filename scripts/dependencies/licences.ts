/** SPDX identifiers (https://spdx.org/licenses/) that ask for no more than their notice. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

/** Packages that say nothing which can be read, or whose licence suits them alone, and what a person found in them. */
const EXCEPTIONS: Readonly<Record<string, { readonly licence: string; readonly reason: string }>> = {
  'caniuse-lite': {
    licence: 'CC-BY-4.0',
    reason:
      'Data about browsers that the bundler of workflows reads; it is used as it is and credited by its own files.',
  },
  'simple-lru-cache': {
    licence: 'none',
    reason: 'Its package.json names MIT in the old member licenses, and its LICENSE is MIT.',
  },
  unionfs: { licence: 'none', reason: 'Its LICENSE is the Unlicense.' },
};

/** An installed package, as its package.json says it. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** `none` when package.json has no text there. */
  readonly licence: string;
}

/** One sentence for each package whose licence is not allowed. */
export function licenceProblems(packages: readonly InstalledPackage[]): readonly string[] {
  return packages
    .filter(({ name, licence }) => EXCEPTIONS[name]?.licence !== licence && !isAllowed(licence))
    .map(
      ({ name, version, licence }) =>
        `${name} ${version} has the licence "${licence}". Replace it, or read its licence and name it in scripts/dependencies/licences.ts with the reason.`,
    );
}

/** An SPDX expression of AND, OR and brackets; `WITH` and whatever else it may hold is not allowed. */
export function isAllowed(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/gu) ?? [];
  let at = 0;
  const alternatives = (): boolean => {
    let allowed = together();
    while (tokens[at] === 'OR') {
      at += 1;
      allowed = together() || allowed;
    }
    return allowed;
  };
  const together = (): boolean => {
    let allowed = one();
    while (tokens[at] === 'AND') {
      at += 1;
      allowed = one() && allowed;
    }
    return allowed;
  };
  const one = (): boolean => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token !== '(') return ALLOWED.has(token);
    const allowed = alternatives();
    const closed = tokens[at] === ')';
    at += 1;
    return allowed && closed;
  };
  return alternatives() && at === tokens.length;
}
