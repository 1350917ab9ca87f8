import { stat } from 'node:fs/promises';

/** Bytes of a file, or undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** True when something is there. */
export const exists = async (path: string): Promise<boolean> => (await fileSize(path)) !== undefined;
