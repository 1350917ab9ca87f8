import { AppError } from '@sekisho/core/errors.ts';
import { parseSha256Hex, type ServerId, type Sha256Hex } from '@sekisho/core/ids.ts';
import type { ListedServerEntry } from '@sekisho/core/wire/server-lists.ts';
import { parseEndpoint, type Endpoint } from '../flag.ts';

const AGENT_PORT_DEFAULT = 13_000;
const HTTP_PORT_DEFAULT = 8014;
const PRIORITY_MAX = 100;

/** `[https://|http://]ADDRESS[:PORT][=PRIORITY]`. Refusal: USAGE_ENDPOINT_INVALID. */
export function parseServerEntry(
  raw: string,
  serverId: ServerId,
  acceptedKeys: readonly Sha256Hex[] = [],
): ListedServerEntry {
  const found = /^(?:(https?):\/\/)?(.+?)(?:=(\d{1,3}))?$/.exec(raw);
  const priority = Number(found?.[3] ?? 1);
  if (found?.[2] === undefined || priority < 1 || priority > PRIORITY_MAX)
    throw new AppError('USAGE_ENDPOINT_INVALID', { option: '<server>', value: raw });
  const protocol = found[1] === 'http' ? 'http' : 'https';
  const { address, port } = parseEndpoint(
    found[2],
    '<server>',
    protocol === 'http' ? HTTP_PORT_DEFAULT : AGENT_PORT_DEFAULT,
  );
  return { priority, serverId, address, port, protocol, acceptedKeys: [...acceptedKeys] };
}

/** A server of a list as `ADDRESS[:PORT]`. Refusal: USAGE_ENDPOINT_INVALID. */
export const parseListedPlace = (raw: string): Endpoint => parseEndpoint(raw, '<server>', AGENT_PORT_DEFAULT);

/** SHA-256 of public keys. Refusal: USAGE_CHOICE_INVALID. */
export const parseAcceptedKeys = (raw: readonly string[]): Sha256Hex[] =>
  raw.map((one) => {
    const key = parseSha256Hex(one.replaceAll(':', '').toLowerCase());
    if (key === undefined)
      throw new AppError('USAGE_CHOICE_INVALID', {
        option: '--accept-key',
        value: one,
        choices: 'SHA-256',
        example: '--accept-key 0123…cdef',
      });
    return key;
  });
