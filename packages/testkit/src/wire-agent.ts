import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import {
  CHANNEL_PATH,
  postHeartbeat,
  postSpool,
  serverFrame,
  type AgentFrame,
  type Heartbeat,
  type HeartbeatReply,
  type ServerFrame,
  type SpoolItem,
} from '@sekisho/core/wire/agent.ts';
import { orderPayload, type OrderPayload } from '@sekisho/core/wire/documents.ts';
import type { RunningServer } from '@sekisho/server/main.ts';
import { WebSocket } from 'ws';
import { eventually } from './eventually.ts';
import type { FakeClock } from './fake-clock.ts';
import type { HasAfter } from './temp-folder.ts';
import type { Answer, Identity, TrustServer } from './trust-server.ts';

type FrameOf<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;

const held = (serial: number) => ({
  bundleGeneration: serial,
  listSerial: serial,
  assignmentSerial: serial,
  policySerial: serial,
  crlNumber: serial,
});
/** Serials of an agent that has fetched everything, and of one that has nothing yet. */
export const HOLDS_ALL = held(9_000_000_000_000_000);
export const HOLDS_NOTHING = held(0);

/** An agent of which a test decides every frame: real mutual TLS, a real WebSocket, no mind of its own. */
export class WireAgent {
  readonly #trust: TrustServer;
  readonly identity: Identity;
  readonly frames: ServerFrame[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  /** Pings are answered. */
  answers = true;
  bootId = 'boot-1';
  #socket: WebSocket | undefined;
  #seq = 0;
  #spooled = 0;

  constructor(t: HasAfter, trust: TrustServer, identity: Identity) {
    this.#trust = trust;
    this.identity = identity;
    t.after(() => {
      this.#socket?.terminate();
    });
  }

  /** Enrols a host with a token. */
  static async enrol(
    t: HasAfter,
    trust: TrustServer,
    name: string,
    options: { media?: boolean } = {},
  ): Promise<WireAgent> {
    const media = options.media ?? false;
    const token = await trust.token({ media });
    return new WireAgent(t, trust, await trust.enrol({ name, names: [name], media }, { token }));
  }

  get hostId(): HostId {
    return this.identity.hostId;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Another process with the same identity. */
  twin(t: HasAfter, identity: Identity = this.identity): WireAgent {
    return new WireAgent(t, this.#trust, identity);
  }

  /** Opens the channel; rejects when the upgrade is refused. */
  async open(port = this.#trust.server.ports.agent): Promise<void> {
    const socket = new WebSocket(`wss://127.0.0.1:${port}${CHANNEL_PATH}`, {
      ...this.identity.tls,
      rejectUnauthorized: false,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const frame = serverFrame.parse(JSON.parse(data.toString()));
      if (frame.type === 'ping' && this.answers) this.send({ type: 'pong', nonce: frame.nonce });
      else this.frames.push(frame);
    });
    socket.on('close', (code, reason) => this.closes.push({ code, reason: reason.toString() }));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
  }

  close(): void {
    this.#socket?.close(1000);
  }

  send(frame: AgentFrame): void {
    this.sendRaw(JSON.stringify(frame));
  }

  sendRaw(text: string | Buffer): void {
    this.#socket?.send(text);
  }

  /** The next frame of a type, taken out of what has come. */
  next<Type extends ServerFrame['type']>(type: Type): Promise<FrameOf<Type>> {
    return eventually(`a frame ${type} comes`, () => {
      const at = this.frames.findIndex((frame) => frame.type === type);
      return at < 0 ? undefined : (this.frames.splice(at, 1)[0] as FrameOf<Type>);
    });
  }

  /** The code with which the server ended the channel. */
  async closed(): Promise<string> {
    const { reason, code } = await eventually('the channel is closed', () => this.closes.shift());
    return reason === '' ? String(code) : reason;
  }

  body(change: Partial<Heartbeat> = {}): Heartbeat {
    return {
      sentAtMs: this.#trust.clock.nowMs(),
      ...HOLDS_ALL,
      certificates: [this.identity.certificate.fingerprint],
      version: '0.1.0',
      bootId: this.bootId,
      health: [],
      spooled: 0,
      ...change,
    };
  }

  /** A heartbeat over the channel, and its answer. */
  async heartbeat(change: Partial<Heartbeat> = {}): Promise<HeartbeatReply> {
    this.#seq += 1;
    this.send({ type: 'heartbeat', seq: this.#seq, body: this.body(change) });
    return (await this.next('heartbeat.reply')).body;
  }

  /** Spooled items over the channel, and what is acknowledged. */
  async spool(...items: SpoolItem[]): Promise<string[]> {
    this.send({ type: 'spool', items });
    return (await this.next('spool.ack')).spoolIds;
  }

  /** Takes an order. */
  accept(jobId: JobId): Promise<string[]> {
    this.#spooled += 1;
    return this.spool({
      kind: 'offer',
      spoolId: `offer-${this.#spooled}`,
      jobId,
      accepted: true,
      code: null,
      params: {},
      startedAtMs: this.#trust.clock.nowMs(),
    });
  }

  /** A request of pull mode. */
  post(path: string, body: unknown): Promise<Answer> {
    return this.#trust.agentRequest({
      method: 'POST',
      path,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      tls: this.identity.tls,
    });
  }

  async pullHeartbeat(change: Partial<Heartbeat> = {}): Promise<HeartbeatReply> {
    const answer = await this.post(postHeartbeat.path, this.body(change));
    return postHeartbeat.reply.parse(JSON.parse(answer.body));
  }

  async pullSpool(...items: SpoolItem[]): Promise<string[]> {
    const answer = await this.post(postSpool.path, { items });
    return postSpool.reply.parse(JSON.parse(answer.body)).spoolIds;
  }
}

/** What a signed order says; its signature is looked at elsewhere. */
export function readOrder(jws: string): OrderPayload {
  const [, payload = ''] = jws.split('.');
  return orderPayload.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
}

/** Time goes on in steps in which the servers keep reading their change feeds: in one leap they would lose sight of them. */
export async function passTime(
  clock: FakeClock,
  durationMs: number,
  servers: readonly RunningServer[],
): Promise<void> {
  for (let leftMs = durationMs; leftMs > 0; leftMs -= SECOND_MS) {
    await clock.advance(Math.min(SECOND_MS, leftMs));
    for (const server of servers) await server.context.feed.catchUp();
  }
}
