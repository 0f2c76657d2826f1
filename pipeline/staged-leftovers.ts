/** An object of a stage store, as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  /** Milliseconds since 1970 at which it was written. */
  readonly modified: number;
}

/** A revision of a label with files that its manifest may not name. */
export interface SuspectRevision {
  /** Key of its folder, without the last slash. */
  readonly folder: string;
  /** Files of rows in it that no living attempt can have written. */
  readonly files: readonly string[];
}

/** `…/<timelabel>/r<revision>/a<attempt>/part-00000.<ending>`: a file of rows or of deleted keys, and nothing else, may ever go. */
const FILE =
  /^(?<folder>.*\/\d{14}\/r\d+)\/(?<attempt>a\d+)\/(?:(?:part|deleted)-\d{5,}\.[a-z.]+|deleted\.json)$/u;

/**
 * The revisions among the listed objects that may hold leftovers of dead attempts: those without a manifest, and those with
 * files of several attempts. Only files that were written before `deadline` count: an attempt that wrote one after it
 * may still live. Of a listing that was cut, the last revision is left out, for its manifest may stand behind the cut.
 */
export function suspectRevisions(
  objects: readonly ListedObject[],
  { deadline, cut }: { readonly deadline: number; readonly cut: boolean },
): readonly SuspectRevision[] {
  const keys = new Set(objects.map(({ key }) => key));
  const revisions = new Map<string, { readonly attempts: Set<string>; readonly files: string[] }>();
  for (const { key, modified } of objects) {
    const { folder, attempt } = FILE.exec(key)?.groups ?? {};
    if (folder === undefined || attempt === undefined) continue;
    const revision = revisions.get(folder) ?? { attempts: new Set<string>(), files: [] };
    revisions.set(folder, revision);
    revision.attempts.add(attempt);
    if (modified < deadline) revision.files.push(key);
  }
  const last = cut ? objects.at(-1)?.key : undefined;
  return [...revisions]
    .filter(([folder, { attempts, files }]) => {
      if (files.length === 0 || last?.startsWith(`${folder}/`) === true) return false;
      return attempts.size > 1 || !keys.has(`${folder}/manifest.json`);
    })
    .map(([folder, { files }]) => ({ folder, files }));
}

/** The files of a revision that go: those that its manifest does not name; all when it has none. */
export function leftovers({ files }: SuspectRevision, named: ReadonlySet<string>): readonly string[] {
  return files.filter((key) => !named.has(key));
}
