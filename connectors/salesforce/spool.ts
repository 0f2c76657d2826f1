import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Texts on disk, one after the other, in a file without a name: it is gone with the process, however that ends. */
export interface Spool {
  /** Returns how to read the text again. */
  append(text: string): Promise<() => Promise<string>>;
  close(): Promise<void>;
}

/** Opens an empty one in the folder for temporary files. */
export async function openSpool(): Promise<Spool> {
  const file = await openUnnamed();
  let end = 0;
  return {
    async append(content) {
      const start = end;
      await file.appendFile(content, 'utf8');
      end += Buffer.byteLength(content);
      const last = end - 1;
      return () => text(file.createReadStream({ start, end: last, autoClose: false }));
    },
    close: () => file.close(),
  };
}

async function openUnnamed(): Promise<FileHandle> {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-salesforce-'));
  try {
    return await open(join(dir, 'rows.csv'), 'wx+', 0o600);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
