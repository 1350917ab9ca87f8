import { parseAdministratorId, type AdministratorId } from '@sekisho/core/ids.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { DEVICE_COOKIE, readCookie, setCookie } from '../../http/cookies.ts';

/** A browser is known for so long after its last sign-in. */
export const DEVICE_KNOWN_MS = 180 * DAY_MS;
const DEVICE_BYTES = 16;
const SEALED_LENGTH_MAX = 2_048;
const CONTEXT = 'device-cookie';

const device = z.object({
  administrator: z.string().transform((raw) => parseAdministratorId(raw)),
  device: z.string().regex(/^[0-9a-f]{32}$/),
  untilMs: z.int(),
});

/**
 * Marks the browser as one in which this administrator has signed in. It opens nothing: it only keeps somebody else's
 * failed tries, from the same address too, from using up this browser's budget.
 */
export function giveDeviceCookie(
  { clock, keys, random }: Pick<ServerContext, 'clock' | 'keys' | 'random'>,
  administratorId: AdministratorId,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const known = knownDevice({ clock, keys }, administratorId, request);
  const sealed = keys.seal(
    Buffer.from(
      JSON.stringify({
        administrator: administratorId,
        device: known ?? Buffer.from(random.bytes(DEVICE_BYTES)).toString('hex'),
        untilMs: clock.nowMs() + DEVICE_KNOWN_MS,
      }),
    ),
    CONTEXT,
  );
  setCookie(reply, DEVICE_COOKIE, Buffer.from(sealed).toString('base64url'), DEVICE_KNOWN_MS / SECOND_MS);
}

/** The browser's ID, when this administrator signed in there before. */
export function knownDevice(
  { clock, keys }: Pick<ServerContext, 'clock' | 'keys'>,
  administratorId: AdministratorId | undefined,
  request: FastifyRequest,
): string | undefined {
  const cookie = readCookie(request, DEVICE_COOKIE);
  if (cookie === undefined || cookie.length > SEALED_LENGTH_MAX) return undefined;
  try {
    const opened = keys.open(Buffer.from(cookie, 'base64url').toString('utf8'), CONTEXT);
    const parsed = device.parse(JSON.parse(Buffer.from(opened).toString('utf8')));
    // opened in any case: how long it takes does not say whether there is such an administrator
    const fits =
      administratorId !== undefined &&
      parsed.administrator === administratorId &&
      parsed.untilMs > clock.nowMs();
    return fits ? parsed.device : undefined;
  } catch {
    return undefined; // forged, or sealed with another key: a stranger
  }
}
