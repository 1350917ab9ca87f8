import { AppError } from '@sekisho/core/errors.ts';
import { repositoryOwner } from '@sekisho/core/ids.ts';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OBJECT_BYTES_MAX, REFUSED_BODY_BYTES_MAX } from '../limits.ts';
import { listObjects } from '../store/list-objects.ts';
import type { MediaStore } from '../store/media-store.ts';
import { removeObject } from '../store/remove-object.ts';
import type { Caller, Repository } from '../store/repository.ts';
import type { ObjectName, ObjectType } from '../store/repository-paths.ts';
import { storeObject } from '../store/store-object.ts';
import { parseRange } from './parse-range.ts';
import type { Target } from './parse-target.ts';
import { sendFile } from './send-file.ts';
import { sendProblem, toAppError } from './send-problem.ts';

const V1 = 'application/vnd.x.restic.rest.v1';
const V2 = 'application/vnd.x.restic.rest.v2';
const LIST_BATCH_CHARACTERS = 64 * 1024;

interface Exchange {
  readonly store: MediaStore;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
}

/** Answers one request of the REST protocol, version 2 (P, the table). The caller's right to the repository was checked. */
export async function serveRepository(exchange: Exchange, target: Target): Promise<void> {
  const { request, response } = exchange;
  try {
    await dispatch(exchange, target);
  } catch (error) {
    const refusal = toAppError(error);
    if (response.headersSent && response.destroyed) return; // the reader went away
    if (refusal.code === 'INTERNAL') exchange.store.log.error({ error, url: request.url }, 'request failed');
    else exchange.store.log.info({ code: refusal.code, method: request.method, url: request.url }, 'refused');
    if (!(await readToEnd(request))) response.setHeader('Connection', 'close');
    if (!response.destroyed) sendProblem(request, response, refusal);
  }
}

async function dispatch(exchange: Exchange, target: Target): Promise<void> {
  const { method } = exchange.request;
  switch (target.kind) {
    case 'repository':
      if (method === 'DELETE') throw new AppError('APPEND_ONLY');
      if (method !== 'POST') throw new AppError('ROUTE_UNKNOWN');
      return createRepository(exchange, target);
    case 'list':
      if (method !== 'GET') throw new AppError('ROUTE_UNKNOWN');
      return sendList(exchange, target);
    case 'object':
      if (method === 'GET' || method === 'HEAD') return sendObject(exchange, target);
      if (method === 'POST') return receiveObject(exchange, target);
      if (method === 'DELETE') return deleteObject(exchange, target);
      throw new AppError('ROUTE_UNKNOWN');
  }
}

async function createRepository(
  { store, response }: Exchange,
  target: Extract<Target, { kind: 'repository' }>,
): Promise<void> {
  if (!target.create) throw new AppError('REPOSITORY_CREATE_INVALID');
  const repository = await store.createOf(repositoryOwner(target.repository), target.repository);
  if (repository.sealed) throw new AppError('REPOSITORY_SEALED');
  sendDone(response);
}

async function sendList(
  { store, request, response }: Exchange,
  target: Extract<Target, { kind: 'list' }>,
): Promise<void> {
  const v2 = request.headers.accept === V2;
  response.writeHead(200, { 'Content-Type': v2 ? V2 : V1 });
  const repository = await store.find(target.repository);
  await pipeline(Readable.from(listText(repository, target.type, v2)), response);
}

async function* listText(
  repository: Repository | undefined,
  type: ObjectType,
  v2: boolean,
): AsyncGenerator<string> {
  let text = '[';
  let first = true;
  if (repository !== undefined) {
    for await (const { id, bytes } of listObjects(repository, type)) {
      text += `${first ? '' : ','}${v2 ? `{"name":"${id}","size":${bytes}}` : `"${id}"`}`;
      first = false;
      if (text.length < LIST_BATCH_CHARACTERS) continue;
      yield text;
      text = '';
    }
  }
  yield `${text}]`;
}

async function sendObject(
  { store, request, response }: Exchange,
  target: Extract<Target, { kind: 'object' }>,
): Promise<void> {
  const repository = await store.find(target.repository);
  const file = repository === undefined ? undefined : await openObject(repository, target.object);
  if (file === undefined) throw new AppError('OBJECT_UNKNOWN');
  try {
    const { size } = await file.stat();
    if (request.method === 'HEAD') {
      response.writeHead(200, objectHeaders(size)).end();
      return;
    }
    const range = parseRange(request.headers.range, size);
    if (size === 0) {
      response.writeHead(200, objectHeaders(0)).end();
      return;
    }
    const { first, last } = range ?? { first: 0, last: size - 1 };
    response.writeHead(range === undefined ? 200 : 206, {
      ...objectHeaders(last - first + 1),
      ...(range === undefined ? {} : { 'Content-Range': `bytes ${first}-${last}/${size}` }),
    });
    await sendFile(file, response, { first, last });
  } finally {
    await file.close();
  }
}

async function openObject(repository: Repository, object: ObjectName) {
  try {
    return await open(repository.path(object), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function receiveObject(
  { store, request, response, caller }: Exchange,
  target: Extract<Target, { kind: 'object' }>,
): Promise<void> {
  const { object } = target;
  const lengthBytes = contentLength(request);
  const limitBytes = OBJECT_BYTES_MAX[object.type];
  if (lengthBytes > limitBytes) throw new AppError('BODY_TOO_LARGE', { limitBytes });
  const repository = await store.get(target.repository);
  await storeObject(store, { repository, object, caller, lengthBytes, body: request });
  sendDone(response);
}

async function deleteObject(
  { store, response, caller }: Exchange,
  target: Extract<Target, { kind: 'object' }>,
): Promise<void> {
  const { object } = target;
  if (object.type === 'config') throw new AppError('APPEND_ONLY');
  if (caller.kind === 'client' && object.type !== 'locks') throw new AppError('APPEND_ONLY');
  const repository = await store.find(target.repository);
  if (repository !== undefined) await removeObject(store, repository, object, caller);
  sendDone(response);
}

function contentLength(request: IncomingMessage): number {
  const raw = request.headers['content-length'];
  if (raw === undefined || request.headers['transfer-encoding'] !== undefined || !/^\d{1,15}$/.test(raw))
    throw new AppError('OBJECT_LENGTH_REQUIRED');
  return Number(raw);
}

const objectHeaders = (lengthBytes: number): Record<string, string | number> => ({
  'Content-Type': 'application/octet-stream',
  'Content-Length': lengthBytes,
  'Accept-Ranges': 'bytes',
});

/** 200 and nothing else: restic takes 201 and 204 for failures. */
function sendDone(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Length': 0 }).end();
}

/** Reads and drops the rest of a refused upload, so that the client hears the reason; false when it is too much. */
async function readToEnd(request: IncomingMessage): Promise<boolean> {
  if (request.readableEnded || request.destroyed) return !request.destroyed;
  if (Number(request.headers['content-length'] ?? 0) > REFUSED_BODY_BYTES_MAX) return false;
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > REFUSED_BODY_BYTES_MAX) return false;
    }
    return true;
  } catch {
    return false; // cut: nobody to answer
  }
}
