import type { ErrorTable } from './table.ts';

/** Refusals of the command line when it administers a server from another machine. */
export const remoteErrors = {
  USAGE_SERVER_INVALID: {
    status: 400,
    en: {
      words: '{value} is not the address of a management server.',
      hint: 'Give a host with its administration port, for example --server https://backup.example:13291',
    },
    ja: {
      words: '{value} は管理サーバーの宛先ではありません。',
      hint: 'ホストと管理ポートを指定してください。例: --server https://backup.example:13291',
    },
  },
  USAGE_LOCAL_ONLY: {
    status: 400,
    en: {
      words: '{command} works only on the machine itself, not with --server.',
      hint: 'Sign in on that machine and run it there, without --server.',
    },
    ja: {
      words: '{command} はそのマシン上でのみ実行でき、--server は使用できません。',
      hint: '対象のマシンにログインし、--server を付けずに実行してください。',
    },
  },
  USAGE_LOCAL_ONLY_VARIABLE: {
    status: 400,
    en: {
      words: '{command} works on this machine alone, but SEKISHO_SERVER names a server elsewhere.',
      hint: 'If this machine is meant, name its data folder: {corrected}',
    },
    ja: {
      words: '{command} はこのマシンだけを対象としますが、SEKISHO_SERVER に別のサーバーが指定されています。',
      hint: 'このマシンを対象とする場合は、データフォルダーを指定してください: {corrected}',
    },
  },
  TASK_UNKNOWN: {
    status: 404,
    en: { words: 'There is no task {given}.', hint: 'See the newest ones: sekisho task list' },
    ja: {
      words: 'タスク {given} は存在しません。',
      hint: '最近のタスクを確認してください: sekisho task list',
    },
  },
  TASK_WAIT_INTERRUPTED: {
    status: 503,
    en: {
      words: 'Watching was stopped; the task goes on.',
      hint: 'Look at it again: sekisho task show {id}',
    },
    ja: {
      words: '監視を終了しました。タスクは続行しています。',
      hint: '状態を確認してください: sekisho task show {id}',
    },
  },
  REMOTE_FINGERPRINT_NEEDED: {
    status: 400,
    en: {
      words: 'Without the CA fingerprint nobody can tell whether {server} is your management server.',
      hint: 'Run sekisho server fingerprint on the server, and give it here: --ca-fingerprint HEX, or SEKISHO_CA_FINGERPRINT.',
    },
    ja: {
      words: 'CA 指紋がないため、{server} が目的の管理サーバーかどうかを確認できません。',
      hint: 'サーバー上で sekisho server fingerprint を実行し、--ca-fingerprint HEX または SEKISHO_CA_FINGERPRINT で指定してください。',
    },
  },
  REMOTE_API_KEY_NEEDED: {
    status: 401,
    en: {
      words: 'There is no API key for {server}.',
      hint: 'Put one into SEKISHO_API_KEY, or into a file: --api-key-file FILE. An administrator makes one with sekisho key create.',
    },
    ja: {
      words: '{server} の API キーがありません。',
      hint: 'SEKISHO_API_KEY に設定するか、ファイルで指定してください: --api-key-file FILE。キーは管理者が sekisho key create で作成します。',
    },
  },
  REMOTE_FINGERPRINT_WRONG: {
    status: 403,
    en: {
      words: 'The CA fingerprint of {server} is {found}, not the expected {expected}. No key was sent.',
      hint: 'Compare it with the one your administrator gave you. If that one is right, another machine answers at this address: do not go on.',
    },
    ja: {
      words:
        '{server} の CA 指紋は {found} で、指定された {expected} と一致しません。キーは送信していません。',
      hint: '管理者から受け取った指紋と比べてください。それが正しい場合は別のマシンが応答しているため、続行しないでください。',
    },
  },
  REMOTE_UNREACHABLE: {
    status: 503,
    en: {
      words: 'The management server {server} cannot be reached ({reason}).',
      hint: 'Check the address, that it runs, and that nothing between blocks the port. HTTP proxies are not used.',
    },
    ja: {
      words: '管理サーバー {server} に接続できません ({reason})。',
      hint: '宛先、サーバーが起動していること、途中でポートが遮断されていないことを確認してください。HTTP プロキシは使用しません。',
    },
  },
  REMOTE_PORT_WRONG: {
    status: 400,
    en: {
      words:
        '{server} is not the administration port of a management server: it is the one for agents, or the plain one.',
      hint: 'Use the administration port: {command}',
    },
    ja: {
      words: '{server} は管理サーバーの管理ポートではありません (エージェント用または平文用のポートです)。',
      hint: '管理ポートを使用してください: {command}',
    },
  },
  REMOTE_NOT_SEKISHO: {
    status: 502,
    en: {
      words: 'What answers at {server} is not a management server ({reason}). No key was sent.',
      hint: 'Check address and port; the administration port is 13291 unless it was changed.',
    },
    ja: {
      words: '{server} で応答しているのは管理サーバーではありません ({reason})。キーは送信していません。',
      hint: '宛先とポートを確認してください。管理ポートは、変更していなければ 13291 です。',
    },
  },
} as const satisfies ErrorTable;
