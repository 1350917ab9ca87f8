import type { Caller } from '@sekisho/core/wire/client.ts';

export async function startRotation(_call: Caller, kind: string): Promise<string> {
  throw new Error(`${kind} is not rotated yet`);
}
export async function endOfRotation(_call: Caller, _id: string, _withinMs: number): Promise<string> {
  return 'done';
}
