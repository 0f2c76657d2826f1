import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';

export interface StagedFolders {
  /** Folder of this batch's files and of nothing else, `s3://…/`. */
  readonly partition: string;
  /** Folder above the labels, `s3://…/`. */
  readonly table: string;
}

/**
 * Where a reader that lists folders finds the batch. Hive tables have no lists of files: everything in a partition's
 * folder is data, so the folder must hold all files of the manifest and not the manifest itself. A batch without
 * files gets the folder `empty/` beside its manifest, into which nothing is ever written.
 */
export function stagedFolders(manifestUri: string, manifest: Manifest): StagedFolders {
  const beside = folderOf(manifestUri);
  const [first, ...others] = new Set(manifest.entries.map((entry) => folderOf(entry.url)));
  if (others.length > 0 || first === beside) {
    throw new StageFailure(
      'data_error',
      `The files of manifest ${manifestUri} cannot be registered: Glue reads whole folders, so all files must lie in ` +
        'one folder, and the manifest outside of it.',
      { facts: { uri: manifestUri, folders: others.length + 1 } },
    );
  }
  const partition = first ?? `${beside}empty/`;
  return { partition, table: aboveLabel(partition, manifest.reefline.timelabel) };
}

function folderOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/') + 1);
}

/** The part before the folder of the label; the folder's own parent when the path does not name the label. */
function aboveLabel(folder: string, timelabel: string): string {
  const parts = folder.slice(0, -1).split('/');
  const label = parts.findIndex((part) => part === timelabel || part === `timelabel=${timelabel}`);
  const above = parts.slice(0, label < 0 ? -1 : label).join('/');
  return above === 's3:/' ? folder : `${above}/`;
}
