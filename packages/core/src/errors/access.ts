import type { ErrorTable } from './table.ts';

/** Refusals of API keys, single sign-on, passkeys, and rights that are limited to groups. */
export const accessErrors = {
  API_KEY_REFUSED: {
    status: 401,
    en: {
      words: 'The API key was refused.',
      hint: 'Check that it was copied whole. An administrator sees in the audit log why, and can make another: sekisho key create.',
    },
    ja: {
      words: 'API キーは拒否されました。',
      hint: 'キー全体が正しくコピーされていることを確認してください。理由は管理者が監査ログで確認でき、新しいキーを作成できます: sekisho key create',
    },
  },
  API_KEY_IN_ADDRESS: {
    status: 400,
    en: {
      words:
        'An API key stood in the address of the request: it may now lie in logs and must be taken as leaked.',
      hint: 'Revoke that key (sekisho key revoke), make another, and send it in the header: Authorization: Bearer KEY.',
    },
    ja: {
      words:
        '要求の URL に API キーが含まれていました。ログに残っている可能性があるため、漏えいしたものとして扱ってください。',
      hint: 'そのキーを取り消し (sekisho key revoke)、新しいキーを作成して、ヘッダーで送信してください: Authorization: Bearer KEY',
    },
  },
  API_KEY_MAY_NOT: {
    status: 403,
    en: {
      words: 'An API key cannot do this: it changes no account, makes no other key, and opens no session.',
      hint: 'Sign in as yourself and try again.',
    },
    ja: {
      words:
        'API キーではこの操作を実行できません。アカウントの変更、他のキーの作成、セッションの開始はできません。',
      hint: '自分のアカウントでサインインしてから、もう一度実行してください。',
    },
  },
  API_KEY_SCOPE_TOO_WIDE: {
    status: 403,
    en: {
      words: 'The key would get the right {right}, which {owner} does not hold there.',
      hint: 'Leave that right out, or name a group in which {owner} holds it.',
    },
    ja: {
      words:
        'このキーに権限 {right} を与えることはできません。{owner} はその範囲でこの権限を持っていません。',
      hint: 'その権限を外すか、{owner} がその権限を持つグループを指定してください。',
    },
  },
  API_KEY_SCOPE_NEVER: {
    status: 400,
    en: {
      words: 'No API key gets the right {right}.',
      hint: 'Administrators are made and changed by people who are signed in.',
    },
    ja: {
      words: '権限 {right} を API キーに与えることはできません。',
      hint: '管理者の作成と変更は、サインインした本人だけが実行できます。',
    },
  },
  API_KEY_OWNER_NEEDED: {
    status: 400,
    en: {
      words: 'Nobody is signed in on this socket: say whose key it is.',
      hint: 'Name an administrator: sekisho key create --owner NAME …',
    },
    ja: {
      words: 'このソケットではサインインした管理者がいないため、キーの所有者を指定する必要があります。',
      hint: '管理者を指定してください: sekisho key create --owner NAME …',
    },
  },
  API_KEY_OWNER_OTHER: {
    status: 403,
    en: {
      words: 'A key can only be made for yourself.',
      hint: 'Leave the owner out; {owner} signs in and makes the key.',
    },
    ja: {
      words: 'キーは自分自身のためにのみ作成できます。',
      hint: '所有者の指定を外してください。{owner} のキーは本人がサインインして作成します。',
    },
  },
  API_KEYS_TOO_MANY: {
    status: 409,
    en: {
      words: '{owner} has {limit} active API keys already.',
      hint: 'Revoke those that are no longer used: sekisho key list, sekisho key revoke.',
    },
    ja: {
      words: '{owner} には有効な API キーが既に {limit} 個あります。',
      hint: '使われていないキーを取り消してください: sekisho key list、sekisho key revoke',
    },
  },
  PLAN_RUN_BEYOND_GROUPS: {
    status: 403,
    en: {
      words: 'The plan {plan} also covers hosts outside your groups, so it cannot be run as a whole.',
      hint: 'Name hosts of your groups: sekisho backup run {planId} --host NAME (in the API: "hosts").',
    },
    ja: {
      words: 'プラン {plan} には担当グループ以外のホストも含まれるため、全体を実行することはできません。',
      hint: '担当グループのホストを指定してください: sekisho backup run {planId} --host NAME (API では "hosts")',
    },
  },
  OIDC_PROVIDER_UNREACHABLE: {
    status: 502,
    en: {
      words: '{provider} does not answer, or not as an OpenID provider does.',
      hint: 'Sign in with your password meanwhile, if you have one; the server log names the cause.',
    },
    ja: {
      words: '{provider} が応答しないか、OpenID プロバイダーとしての応答を返しません。',
      hint: 'パスワードがある場合は、その間パスワードでサインインしてください。原因はサーバーのログに記録されています。',
    },
  },
  OIDC_SECRET_UNREADABLE: {
    status: 500,
    en: {
      words: 'The client secret for {provider} cannot be read from {place}.',
      hint: 'Put the secret there, readable for the server alone; the setting is oidc in server.json.',
    },
    ja: {
      words: '{provider} のクライアントシークレットを {place} から読み取れません。',
      hint: 'サーバーだけが読める形でシークレットを置いてください。設定は server.json の oidc です。',
    },
  },
  OIDC_BROWSER_OTHER: {
    status: 400,
    en: {
      words: 'This browser did not begin this sign-in, or its cookies are gone.',
      hint: 'Begin the sign-in again here, and stay in the same browser window.',
    },
    ja: {
      words: 'このサインインはこのブラウザーで開始されたものではないか、Cookie が失われています。',
      hint: 'ここでサインインをやり直し、同じブラウザーで続けてください。',
    },
  },
  OIDC_DENIED: {
    status: 403,
    en: {
      words: '{provider} did not sign you in: {reason}.',
      hint: 'Try again; if it stays so, ask whoever administers {provider}.',
    },
    ja: {
      words: '{provider} でサインインできませんでした: {reason}',
      hint: 'もう一度実行してください。続く場合は {provider} の管理者に問い合わせてください。',
    },
  },
  OIDC_ANSWER_INVALID: {
    status: 403,
    en: {
      words:
        'What {provider} answered was not accepted: it is not for this server, not from this provider, or not of now.',
      hint: 'Check issuer, client ID and redirect address on both sides, and both clocks; the server log names the cause.',
    },
    ja: {
      words:
        '{provider} からの応答は受け入れられませんでした。このサーバー宛てでない、別の発行者による、または時刻が合わない応答です。',
      hint: '両側の発行者、クライアント ID、リダイレクト URI と時刻を確認してください。原因はサーバーのログに記録されています。',
    },
  },
  OIDC_NOT_LINKED: {
    status: 403,
    en: {
      words: 'No account here is tied to your identity at {provider} ({subject}).',
      hint: 'Ask an administrator for an invitation, or to tie it: sekisho admin link-oidc NAME --provider {providerId} --subject {subject}',
    },
    ja: {
      words: '{provider} での識別情報 ({subject}) に関連付けられたアカウントはありません。',
      hint: '管理者に招待か関連付けを依頼してください: sekisho admin link-oidc NAME --provider {providerId} --subject {subject}',
    },
  },
  OIDC_IDENTITY_TAKEN: {
    status: 409,
    en: {
      words: 'This identity is tied to another account.',
      hint: 'Untie it there first, or use the other account.',
    },
    ja: {
      words: 'この識別情報は既に別のアカウントに関連付けられています。',
      hint: '先にそちらの関連付けを解除するか、そのアカウントを使ってください。',
    },
  },
  OIDC_LINK_PURPOSE: {
    status: 409,
    en: {
      words: 'Single sign-on cannot be set up with this link.',
      hint: 'Use it with a password; an administrator can tie your identity afterwards.',
    },
    ja: {
      words: 'このリンクではシングルサインオンを設定できません。',
      hint: 'パスワードを設定してください。識別情報の関連付けは、その後管理者が行えます。',
    },
  },
  PASSKEY_REFUSED: {
    status: 401,
    en: {
      words: 'The passkey was refused.',
      hint: 'Try again under the address where the passkey was made; otherwise sign in with your password.',
    },
    ja: {
      words: 'パスキーは拒否されました。',
      hint: 'パスキーを作成したときと同じアドレスで試すか、パスワードでサインインしてください。',
    },
  },
  PASSKEY_COPIED: {
    status: 401,
    en: {
      words: 'The passkey was refused: its counter went back, so a copy of it may be in use.',
      hint: 'Sign in with your password, remove this passkey and make a new one.',
    },
    ja: {
      words: 'パスキーは拒否されました。カウンターが後退しているため、複製が使われている可能性があります。',
      hint: 'パスワードでサインインし、このパスキーを削除して新しいものを作成してください。',
    },
  },
  PASSKEY_NEEDS_NAME: {
    status: 400,
    en: {
      words: 'Passkeys need a server name; {host} is an address.',
      hint: 'Open the server under one of its names; they are the setting addresses in server.json.',
    },
    ja: {
      words: 'パスキーにはサーバーの名前が必要です。{host} は IP アドレスです。',
      hint: 'サーバーの名前で開いてください。名前は server.json の addresses で設定します。',
    },
  },
  PASSKEY_SIGN_IN_AGAIN: {
    status: 403,
    en: {
      words: 'Passkeys are made and removed shortly after signing in; this session is older.',
      hint: 'Sign out, sign in again, and do it then.',
    },
    ja: {
      words: 'パスキーの作成と削除はサインインの直後にのみ行えます。このセッションは時間が経過しています。',
      hint: 'サインアウトして、もう一度サインインしてから操作してください。',
    },
  },
  PASSKEY_KNOWN: {
    status: 409,
    en: {
      words: 'This passkey is registered already.',
      hint: 'Use another authenticator, or remove the passkey where it is registered.',
    },
    ja: {
      words: 'このパスキーは既に登録されています。',
      hint: '別の認証器を使うか、登録済みのパスキーを削除してください。',
    },
  },
  PASSKEYS_TOO_MANY: {
    status: 409,
    en: {
      words: 'You have {limit} passkeys already.',
      hint: 'Remove those that you no longer use.',
    },
    ja: {
      words: 'パスキーは既に {limit} 個登録されています。',
      hint: '使わなくなったパスキーを削除してください。',
    },
  },
} as const satisfies ErrorTable;
