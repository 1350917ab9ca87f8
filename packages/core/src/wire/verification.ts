import { z } from 'zod';
import { epochMs } from './scalars.ts';

/**
 * F-20 Do agents verify their management server by its certificate? Off: from the moment at which an administrator said so until its end.
 * Whether that end is allowed is for `rules/verification.ts` to say, at the server and at each agent.
 */
export const verificationSetting = z.discriminatedUnion('state', [
  z.object({ state: z.literal('on') }),
  z.object({ state: z.literal('off'), sinceMs: epochMs, untilMs: epochMs }),
]);
