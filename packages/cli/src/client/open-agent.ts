import { createClient, type Caller } from '@sekisho/core/wire/client.ts';
import type { Cli } from '../cli.ts';
import { AGENT_DAEMON, agentFolder, findSocket } from './data-folder.ts';
import { socketTransport } from './open-server.ts';

/** Runs work with the control socket of the agent whose data folder is named. Refusals: AGENT_NOT_SET_UP, AGENT_NOT_RUNNING,
 * AGENT_SOCKET_FORBIDDEN, and whatever the agent refuses. */
export async function withAgent<Result>(
  cli: Cli,
  data: string | undefined,
  work: (call: Caller, folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = agentFolder(cli, data);
  const socketPath = await findSocket(cli, folder, AGENT_DAEMON);
  const { transport, close } = socketTransport(cli, folder, socketPath, AGENT_DAEMON);
  try {
    return await work(createClient(transport), folder);
  } finally {
    await close();
  }
}
