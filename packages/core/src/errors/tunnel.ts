import type { ErrorTable } from './table.ts';

/** Refusals of tunnels: hosts in a DMZ that reach the management server through a media server (T-60 … T-62). */
export const tunnelErrors = {
  TUNNEL_TARGET_REFUSED: {
    status: 403,
    en: {
      words: 'This media server opens no tunnel to {target}.',
      hint: 'It passes on to the management servers of its signed list alone: give the address and port that stand there (--server ADDRESS:PORT).',
    },
    ja: {
      words: 'このメディアサーバーは {target} へのトンネルを開きません。',
      hint: '中継先は、署名されたリストにある管理サーバーだけです。そこにあるアドレスとポートを指定してください (--server ADDRESS:PORT)。',
    },
  },
  TUNNEL_REQUEST_INVALID: {
    status: 400,
    en: {
      words: 'This is not a request for a tunnel.',
      hint: 'A tunnel is asked for with CONNECT ADDRESS:PORT over TLS, with no body and no credentials.',
    },
    ja: {
      words: 'トンネルの要求として正しくありません。',
      hint: 'トンネルは TLS 上の CONNECT ADDRESS:PORT で要求します。本文と認証情報は付けられません。',
    },
  },
  TUNNELS_TOO_MANY: {
    status: 429,
    en: {
      words: 'Too many tunnels are open already; no more than {limit} are allowed here.',
      hint: 'Wait until others have ended; agents try again by themselves, and through other media servers.',
    },
    ja: {
      words: 'すでに多くのトンネルが開いています。上限は {limit} です。',
      hint: '他のトンネルが終わるまでお待ちください。エージェントは自動的に再試行し、別のメディアサーバーも使います。',
    },
  },
  TUNNEL_SERVER_UNREACHABLE: {
    status: 502,
    en: {
      words: 'This media server cannot reach the management server {server} ({detail}).',
      hint: 'Check that the management server runs, and the way to it from the media server: sekisho agent status there.',
    },
    ja: {
      words: 'このメディアサーバーから管理サーバー {server} に接続できません ({detail})。',
      hint: '管理サーバーが動作しているか、メディアサーバーからの経路があるかを確認してください。メディアサーバーでは sekisho agent status を実行します。',
    },
  },
  TUNNEL_TOKEN_REQUIRED: {
    status: 401,
    en: {
      words:
        'A request through a tunnel always needs an authorization token: none came with the one for {name}.',
      hint: 'Ask an administrator for a token (sekisho token create --name …): neither the security level nor an earlier registration helps here. A host that has a host ID already needs one for a reissue.',
    },
    ja: {
      words: 'トンネル経由の要求には必ず認証トークンが必要です。{name} の要求にはトークンがありません。',
      hint: '管理者にトークンの作成 (sekisho token create --name …) を依頼してください。トンネル経由では、セキュリティレベルや事前登録にかかわらず必要です。すでにホスト ID を持つホストには再発行トークンが必要です。',
    },
  },
  TUNNEL_CLIENT_LEGACY: {
    status: 403,
    en: {
      words: 'A legacy host cannot use a tunnel: it speaks no TLS.',
      hint: 'Both ends of a tunnel must be current: install the agent on this host, then sekisho agent setup --relay ADDRESS.',
    },
    ja: {
      words: 'レガシーホストは TLS を使わないため、トンネルを利用できません。',
      hint: 'トンネルの両端は現行のホストでなければなりません。このホストにエージェントをインストールし、sekisho agent setup --relay ADDRESS を実行してください。',
    },
  },
  RELAY_LEGACY: {
    status: 403,
    en: {
      words: 'The media server {host} is a legacy host: no tunnel goes through it.',
      hint: 'Both ends of a tunnel must be current: bring the agent of the media server up to date and deploy its certificate.',
    },
    ja: {
      words: 'メディアサーバー {host} はレガシーホストのため、トンネルを中継できません。',
      hint: 'トンネルの両端は現行のホストでなければなりません。メディアサーバーのエージェントを更新し、証明書を配備してください。',
    },
  },
  RELAY_NOT_MEDIA_SERVER: {
    status: 403,
    en: {
      words: 'The host {host} is not a media server: it may not relay for others.',
      hint: 'Only media servers relay; an administrator gives the role: sekisho host media --help',
    },
    ja: {
      words: 'ホスト {host} はメディアサーバーではないため、中継できません。',
      hint: '中継できるのはメディアサーバーだけです。役割は管理者が設定します: sekisho host media --help',
    },
  },
} as const satisfies ErrorTable;
