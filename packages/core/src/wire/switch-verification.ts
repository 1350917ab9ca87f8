import { z } from 'zod';
import { GROUPS_MAX } from '../limits.ts';
import { changeEffect } from './groups.ts';
import { route } from './route.ts';
import { count, epochMs, groupId } from './scalars.ts';
import { verificationSetting } from './verification.ts';

const groupRef = z.object({ id: groupId, name: z.string() });
/** With `dryRun` nothing is changed, and the reply says what would be. */
const dryRun = z.boolean().default(false);

/**
 * F-20 Lets the agents of a group, and of those below that inherit it, go without verifying their management server until an end: a day from
 * now unless one is given, 14 days at most. On: at once, whatever the end was.
 */
export const switchVerification = route({
  method: 'PUT',
  path: '/v1/groups/:id/verification',
  right: 'security.write',
  scope: 'group',
  params: z.object({ id: groupId }),
  body: z.discriminatedUnion('state', [
    z.object({ state: z.literal('on'), dryRun }),
    z.object({ state: z.literal('off'), untilMs: epochMs.optional(), dryRun }),
  ]),
  reply: z.object({
    group: groupRef,
    /** What holds for the group then. */
    verification: verificationSetting,
    effect: changeEffect,
  }),
});

/** A group whose agents do not verify their server at the moment. */
export const unverifiedGroup = z.object({
  group: groupRef,
  /** Which group says so; null: the default of the server. */
  from: groupRef,
  hosts: count,
  sinceMs: epochMs,
  untilMs: epochMs,
});

/** F-20 The standing warning: where verification is off, until when, and how many hosts that concerns. */
export const listUnverified = route({
  method: 'GET',
  path: '/v1/verification',
  right: 'group.read',
  scope: 'group',
  reply: z.object({ hosts: count, groups: z.array(unverifiedGroup).max(GROUPS_MAX) }),
});
export type Unverified = z.infer<typeof listUnverified.reply>;
