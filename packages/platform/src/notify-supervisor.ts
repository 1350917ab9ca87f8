import { execFile } from 'node:child_process';

/** What a supervisor is told about this process. */
export type Notice = 'ready' | 'stopping';

const ANSWER_WITHIN_MS = 5_000;

/**
 * Tells systemd how this process is, when systemd asked for it (NOTIFY_SOCKET; `Type=notify` and `NotifyAccess=all` in the
 * unit). Node has no datagrams of Unix sockets, so systemd's own `systemd-notify` sends it. Resolves to false when nobody
 * asked or it could not be told; a process does not fail for that.
 * @source sd_notify(3)
 */
export function notifySupervisor(
  environment: Readonly<Record<string, string | undefined>>,
  notice: Notice,
): Promise<boolean> {
  const socket = environment['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '' || process.platform !== 'linux') return Promise.resolve(false);
  const asked = notice === 'ready' ? ['--ready'] : ['--stopping'];
  return new Promise((resolve) => {
    execFile(
      'systemd-notify',
      [...asked, `--pid=${process.pid}`],
      { timeout: ANSWER_WITHIN_MS, env: { NOTIFY_SOCKET: socket, PATH: environment['PATH'] } },
      (error) => {
        resolve(error === null);
      },
    );
  });
}
