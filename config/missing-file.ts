/** Turns "no such file" into undefined; every other error of the file system is thrown on. */
export function missingFile(error: unknown): undefined {
  if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
  throw error;
}

/** The same for a file, where a folder of that name is no file either. */
export function missingOrFolder(error: unknown): undefined {
  if (!isCode(error, 'EISDIR')) missingFile(error);
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
